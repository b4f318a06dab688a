"""Run agents under Prometheus for a long time: does anything grow that should not?

    python benchmarks/monitoring_soak.py --minutes 60

Starts `tests/agent_traffic.py`, which makes every metric move without a pause worth mentioning,
and a Prometheus on our own configuration and rules (Debian package `prometheus`). Prints a line
per sample and, at the end, what grew, and the number of queries that were refused. Memory grows
in steps, as the allocator asks for more, so a trend needs hours.
"""

import argparse
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
MIB = 2**20


class Sample(NamedTuple):
    """What Prometheus knows about the process, and about itself, at a moment."""

    seconds: float
    runs: float
    memory_mib: float
    series: float
    in_flight: float
    scrape_ms: float
    rules_ms: float
    prometheus_mib: float


def main() -> None:
    """Run, print, and stop what was started."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--every", type=float, default=15, metavar="SECONDS")
    given = parser.parse_args()
    if shutil.which("prometheus") is None:
        sys.exit("Needs the Debian package prometheus")
    with ExitStack() as processes:
        folder = Path(processes.enter_context(tempfile.TemporaryDirectory()))
        target = processes.enter_context(agents())
        prometheus = processes.enter_context(watching(folder, target))
        time.sleep(30)
        samples = watch(prometheus, seconds=given.minutes * 60, every=given.every)
        report(samples)
        check = [sys.executable, "-m", "dashboards.check", "--prometheus", prometheus]
        done = subprocess.run(check, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603
        print(done.stdout.splitlines()[-1] if done.stdout else done.stderr)


def watch(prometheus: str, *, seconds: float, every: float) -> list[Sample]:
    """Take and print samples until the time is over."""
    print(*(f"{name:>14}" for name in Sample._fields))
    samples = []
    started = time.monotonic()
    while time.monotonic() - started < seconds:
        samples.append(take(prometheus, time.monotonic() - started))
        print(*(f"{value:14,.1f}" for value in samples[-1]), flush=True)
        time.sleep(every)
    return samples


def take(prometheus: str, seconds: float) -> Sample:
    """Ask Prometheus for one sample."""
    job = '{job="langchain-agents"}'
    open_now = ("agent_requests", "llm_requests", "tool_executions")
    return Sample(
        seconds,
        ask(prometheus, f"sum(agent_requests_total{job})"),
        ask(prometheus, f"process_resident_memory_bytes{job}") / MIB,
        ask(prometheus, f"scrape_samples_scraped{job}"),
        sum(ask(prometheus, f"sum({name}_in_flight{job})") for name in open_now),
        ask(prometheus, f"scrape_duration_seconds{job}") * 1000,
        ask(prometheus, "sum(prometheus_rule_group_last_duration_seconds)") * 1000,
        ask(prometheus, 'process_resident_memory_bytes{job="prometheus"}') / MIB,
    )


def report(samples: list[Sample]) -> None:
    """Print what grew between the first sample and the last."""
    first, last = samples[0], samples[-1]
    steps = sum(a.memory_mib != b.memory_mib for a, b in pairwise(samples))
    print(f"{last.runs - first.runs:,.0f} agent runs in {last.seconds / 60:.1f} minutes")
    print(f"memory {first.memory_mib:.1f} -> {last.memory_mib:.1f} MiB, in {steps} step(s)")
    print(f"series {first.series:,.0f} -> {last.series:,.0f}")
    print(f"scrapes {median(sample.scrape_ms for sample in samples):.0f} ms (median)")


@contextmanager
def agents() -> Iterator[str]:
    """Start the traffic, and say where its metrics are."""
    command = [sys.executable, str(ROOT / "tests" / "agent_traffic.py")]
    with running(command) as process:
        if process.stdout is None:
            raise RuntimeError
        yield f"127.0.0.1:{int(process.stdout.readline())}"


@contextmanager
def watching(folder: Path, target: str) -> Iterator[str]:
    """Start Prometheus on our files, scraping `target` and itself every five seconds."""
    address = f"127.0.0.1:{free_port()}"
    shutil.copytree(ROOT / "dashboards" / "prometheus", folder / "prometheus")
    config = folder / "prometheus" / "prometheus.yml"
    text = config.read_text().replace("_interval: 15s", "_interval: 5s")
    itself = f"\n  - job_name: prometheus\n    static_configs: [targets: ['{address}']]\n"
    config.write_text(text + itself)
    (folder / "prometheus/targets/agents.yml").write_text(f"- targets: ['{target}']\n")
    command = [
        "prometheus",
        f"--config.file={config}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={address}",
        "--log.level=error",
    ]
    with running(command):
        yield f"http://{address}"


@contextmanager
def running(command: list[str]) -> Iterator[subprocess.Popen[str]]:
    """Run a command until the block ends."""
    process = subprocess.Popen(  # noqa: S603  our own commands
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=30)


def ask(prometheus: str, expression: str) -> float:
    """Return the first value of an instant query, or 0."""
    url = f"{prometheus}/api/v1/query?{urllib.parse.urlencode({'query': expression})}"
    with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310  our own server
        result = json.load(answer)["data"]["result"]
    return float(result[0]["value"][1]) if result else 0.0


def free_port() -> int:
    """Find a port nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


if __name__ == "__main__":
    main()

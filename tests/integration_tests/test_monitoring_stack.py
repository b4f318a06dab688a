"""A real Prometheus and Alertmanager on our files, and a real process of agents to watch."""

import json
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from ports import keep_port

from dashboards.check import ask, panel_queries, rule_errors
from dashboards.source.promql import metrics_in

ROOT = Path(__file__).parents[2]
PROMETHEUS, ALERTMANAGER = shutil.which("prometheus"), shutil.which("prometheus-alertmanager")
FIRST_ALERT = "CallbackHandlerFailing"
SECONDS = 12  # of traffic before anything is asked

pytestmark = [
    pytest.mark.xdist_group("monitoring_stack"),  # or every worker starts one
    pytest.mark.enable_socket,
    pytest.mark.skipif(
        PROMETHEUS is None or ALERTMANAGER is None,
        reason="needs the Debian packages prometheus and prometheus-alertmanager",
    ),
]


class Stack(NamedTuple):
    prometheus: str
    alertmanager: str
    target: str


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("stack")
    with ExitStack() as open_processes:
        traffic = [sys.executable, str(ROOT / "tests" / "agent_traffic.py")]
        agents = open_processes.enter_context(process(traffic, folder / "agents.log"))
        assert agents.stdout is not None
        target = f"127.0.0.1:{int(agents.stdout.readline())}"
        alertmanager = open_processes.enter_context(running_alertmanager(folder))
        settings = {"scrape_interval": "1s", "evaluation_interval": "1s"}
        configure(folder, alertmanager=alertmanager, target=target, settings=settings)
        prometheus = open_processes.enter_context(running_prometheus(folder))
        wait_for(lambda: samples(prometheus, "count_over_time(up[5m])") >= SECONDS)
        yield Stack(prometheus, alertmanager, target)


def test_every_metric_is_scraped(stack):
    exported = fetch(f"http://{stack.target}/metrics").decode()
    names = set(re.findall(r"^([a-z]\w+)", exported, re.MULTILINE))
    assert "agent_requests_total" in names
    wait_for(lambda: names <= known_to(stack.prometheus))


def test_no_panel_is_refused_and_none_is_empty(stack):
    wait_for(lambda: firing(stack))
    queries, late = list(panel_queries()), time.monotonic() + 120
    assert len(queries) > 50
    while empty := empty_ones(stack, queries):
        assert time.monotonic() < late, empty
        time.sleep(1)


def test_every_rule_is_evaluated(stack):
    groups = get(stack.prometheus, "/api/v1/rules")["data"]["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    written = [rule for file in rule_files() for rule in rules_in(file)]
    assert len(rules) == len(written)
    wait_for(lambda: all(rule["health"] == "ok" for rule in rules_of(stack)))
    assert rule_errors(stack.prometheus) == {}


def test_alerts_are_answered_from_metrics_that_exist(stack):
    for rule in rules_in(ROOT / "dashboards/prometheus/rules/alerts.yml"):
        answer = get(stack.prometheus, "/api/v1/query", query=rule["expr"])
        assert answer["status"] == "success", rule["alert"]
        asked = metrics_in(rule["expr"])
        wait_for(lambda: asked <= known_to(stack.prometheus))  # noqa: B023 - called at once


def test_the_check_by_hand_says_the_same(stack):
    command = [sys.executable, "-m", "dashboards.check", "--prometheus", stack.prometheus]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stderr
    assert re.search(r"^\d+ queries, 0 refused, \d+ empty$", done.stdout, re.MULTILINE)


def test_semantic_conventions_carry_the_same_numbers(stack):
    theirs = "sum(gen_ai_invoke_agent_duration_seconds_count)"
    ours = "sum(agent_request_duration_seconds_count)"
    wait_for(lambda: samples(stack.prometheus, ours, time=f"{time.time() - 8:.3f}") > 0)
    now = time.time()
    before, alias, after = (
        samples(stack.prometheus, expression, time=f"{now - ago:.3f}")
        for expression, ago in ((ours, 8), (theirs, 4), (ours, 1))
    )
    assert 0 < before <= alias <= after


def test_an_alert_reaches_the_alertmanager(stack):
    alert = wait_for(lambda: delivered(stack))
    assert alert["labels"]["job"] == "langchain-agents"
    assert alert["labels"]["event"] == "on_custom_event"
    assert alert["receivers"] == [{"name": "ticket"}]
    assert alert["annotations"]["summary"] == "Callbacks fail to handle on_custom_event"
    assert alert["annotations"]["runbook"] == "dashboards/RUNBOOK.md#callbackhandlerfailing"


def test_no_alert_has_a_hole_in_its_text(stack):
    wait_for(lambda: delivered(stack))
    texts = [alert["annotations"] for alert in get(stack.alertmanager, "/api/v2/alerts")]
    assert [text for text in texts if re.search("<no value>|error|%!", json.dumps(text))] == []


def test_the_committed_configuration_starts_as_it_is(tmp_path):
    configure(tmp_path)
    with running_prometheus(tmp_path) as prometheus:
        groups = get(prometheus, "/api/v1/rules")["data"]["groups"]
        targets = wait_for(lambda: get(prometheus, "/api/v1/targets")["data"]["activeTargets"])
    assert sum(len(group["rules"]) for group in groups) > 50
    assert [target["labels"]["instance"] for target in targets] == ["host.docker.internal:9464"]


def configure(
    folder: Path,
    *,
    alertmanager: str = "",
    target: str = "",
    settings: dict[str, str] | None = None,
) -> None:
    """Copy our files, changing nothing but addresses and how often things happen."""
    shutil.copytree(ROOT / "dashboards" / "prometheus", folder / "prometheus")
    if settings:
        file = folder / "prometheus" / "prometheus.yml"
        config = yaml.safe_load(file.read_text())
        config["global"] |= settings
        file.write_text(yaml.safe_dump(config))
    for name, address in (("agents", target), ("alertmanager", alertmanager)):
        if address:
            found = [{"targets": [address.removeprefix("http://")]}]
            (folder / "prometheus" / "targets" / f"{name}.yml").write_text(yaml.safe_dump(found))


@contextmanager
def running_prometheus(folder: Path) -> Iterator[str]:
    kept = keep_port()
    address = f"127.0.0.1:{kept.getsockname()[1]}"
    command = [
        str(PROMETHEUS),
        f"--config.file={folder}/prometheus/prometheus.yml",
        f"--storage.tsdb.path={folder}/data",
        f"--web.listen-address={address}",
        "--log.level=warn",
    ]
    with kept, process(command, folder / "prometheus.log"):
        wait_for(lambda: fetch(f"http://{address}/-/ready"))
        wait_for(lambda: get(f"http://{address}", "/api/v1/rules")["data"]["groups"])
        yield f"http://{address}"


@contextmanager
def running_alertmanager(folder: Path) -> Iterator[str]:
    kept = keep_port()
    address = f"127.0.0.1:{kept.getsockname()[1]}"
    command = [
        str(ALERTMANAGER),
        f"--config.file={ROOT}/dashboards/alertmanager/alertmanager.yml",
        f"--storage.path={folder}/alerts",
        f"--web.listen-address={address}",
        "--cluster.listen-address=",
    ]
    with kept, process(command, folder / "alertmanager.log"):
        wait_for(lambda: fetch(f"http://{address}/-/ready"))
        yield f"http://{address}"


@contextmanager
def process(command: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as output:
        started = subprocess.Popen(  # noqa: S603  our own commands
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=output
        )
        try:
            yield started
        finally:
            started.terminate()
            started.communicate(timeout=60)


def empty_ones(stack: Stack, queries: list[str]) -> list[str]:
    answers = [ask(stack.prometheus, query, range_seconds=30, rate_seconds=8) for query in queries]
    pairs = list(zip(queries, answers, strict=True))
    assert [(query, answer.error) for query, answer in pairs if answer.error] == []
    return [query for query, answer in pairs if not answer.series]


def delivered(stack: Stack) -> Any:
    alerts = get(stack.alertmanager, "/api/v2/alerts")
    return next((a for a in alerts if a["labels"]["alertname"] == FIRST_ALERT), None)


def firing(stack: Stack) -> bool:
    return samples(stack.prometheus, 'count(ALERTS{alertstate="firing"})') > 0


def known_to(prometheus: str) -> set[str]:
    return set(get(prometheus, "/api/v1/label/__name__/values")["data"])


def rules_of(stack: Stack) -> list[dict[str, Any]]:
    groups = get(stack.prometheus, "/api/v1/rules")["data"]["groups"]
    return [rule for group in groups for rule in group["rules"]]


def rule_files() -> list[Path]:
    return sorted((ROOT / "dashboards/prometheus/rules").glob("*.yml"))


def rules_in(file: Path) -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(file.read_text())["groups"] for rule in group["rules"]]


def samples(prometheus: str, expression: str, **moment: str) -> float:
    result = get(prometheus, "/api/v1/query", query=expression, **moment)["data"]["result"]
    return float(result[0]["value"][1]) if result else 0


def get(server: str, path: str, **parameters: str) -> Any:
    query = f"?{urllib.parse.urlencode(parameters)}" if parameters else ""
    return json.loads(fetch(f"{server}{path}{query}"))


def fetch(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=60) as response:  # noqa: S310  our own servers
        return bytes(response.read())


def wait_for(condition: Callable[[], Any], seconds: float = 120) -> Any:
    deadline = time.monotonic() + seconds
    while True:
        try:
            found = condition()
        except (urllib.error.URLError, ConnectionError):
            found = None
        if found or time.monotonic() > deadline:
            assert found, f"not within {seconds} s"
            return found
        time.sleep(0.2)

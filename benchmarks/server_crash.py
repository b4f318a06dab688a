"""Does the service lose anything when it is killed under load?

    python benchmarks/server_crash.py --requests 1000 --kills 5

Runs `langchain-phase5 serve` on SQLite and a folder of images, and asks it from eight threads:
image uploads and reads, evaluations with their results, lists, and five percent of hostile
requests. It is killed (SIGKILL) again and again meanwhile, and started anew. What got no answer is
asked again, as any client would. In the end everything that was ever accepted is looked for.
"""

import argparse
import json
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from service import Served, png

API = "/api/v1"
EXAMPLES, CONCURRENCY, JOBS_AT_A_TIME = 6, 2, 2
AGENT = """
import os, time

def agent(inputs):
    with open({calls!r}, "a") as file:
        file.write(inputs["query"] + "\\n")
    time.sleep(0.02)
    return inputs["query"]
"""
HOSTILE: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("POST", f"{API}/eval/run", {"json": {"agent": "os:system", "dataset": {"name": "x"}}}),
    ("POST", f"{API}/eval/run", {"json": {"agent": "slow", "dataset": {"name": "../../etc"}}}),
    ("POST", f"{API}/eval/datasets", {"json": {"name": "a\x00b", "examples": []}}),
    ("POST", f"{API}/eval/datasets", {"content": b"[" * 100_000}),
    ("POST", f"{API}/images", {"files": {"image": b"\x89PNG\r\n\x1a\n" + b"\xff" * 500}}),
    ("POST", f"{API}/images", {"json": {"image": {"url": "http://169.254.169.254/latest"}}}),
    ("GET", f"{API}/images/..%2f..%2fetc%2fpasswd/content", {}),
    ("GET", f"{API}/eval/results/{'0' * 32}", {}),
)


class Load:
    """What was asked, and what was promised."""

    def __init__(self, server: Served, *, seed: int) -> None:
        self.server = server
        self.statuses: Counter[str] = Counter()
        self.broken = 0
        self.images: dict[str, bytes] = {}
        self.jobs: dict[str, str] = {}
        self.asked = 0
        self._random = random.Random(seed)  # noqa: S311 - traffic, not secrets
        self._lock = threading.Lock()
        self._clients = threading.local()

    def ask(self, kind: str, method: str, path: str, **options: Any) -> httpx.Response:
        """Ask until there is an answer."""
        client = getattr(self._clients, "http", None)
        if client is None:
            client = self._clients.http = httpx.Client(base_url=self.server.url, timeout=60)
        while True:
            try:
                answer: httpx.Response = client.request(method, path, **options)
            except httpx.TransportError:
                with self._lock:
                    self.broken += 1
                time.sleep(0.2)
                continue
            with self._lock:
                self.statuses[f"{kind:9} {answer.status_code}"] += 1
            if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                return answer
            time.sleep(0.2)

    def one(self, number: int) -> None:
        """Make one request of the mix."""
        with self._lock:
            draw, pick = self._random.random(), self._random.random()
            self.asked += 1
        if draw < 0.05:
            method, path, options = HOSTILE[int(pick * len(HOSTILE))]
            self.ask("hostile", method, path, **options)
        elif draw < 0.45:
            self._upload(number)
        elif draw < 0.65:
            self._read(pick)
        elif draw < 0.85:
            self._evaluate(f"job{number}")
        elif self.jobs and draw < 0.95:
            job_id = list(self.jobs.values())[int(pick * len(self.jobs))]
            self.ask("result", "GET", f"{API}/eval/results/{job_id}")
        else:
            self.ask("list", "GET", f"{API}/eval/results", params={"limit": 5})

    def _upload(self, number: int) -> None:
        picture = png((number % 256, number // 256 % 256, 90), size=(40, 30))
        answer = self.ask("upload", "POST", f"{API}/images", files={"image": picture})
        if answer.is_success:
            self.images[answer.json()["image_id"]] = picture

    def _read(self, pick: float) -> None:
        known = list(self.images)
        if known:
            image_id = known[int(pick * len(known))]
            self.ask("image", "GET", f"{API}/images/{image_id}/content")

    def _evaluate(self, name: str) -> None:
        examples = [{"query": f"{name}-{i}", "answer": f"{name}-{i}"} for i in range(EXAMPLES)]
        body = {"name": name, "examples": examples}
        self.ask("dataset", "POST", f"{API}/eval/datasets", json=body)
        asked = {"agent": "slow", "dataset": {"name": name}, "concurrency": CONCURRENCY}
        key = {"Idempotency-Key": name}
        answer = self.ask("run", "POST", f"{API}/eval/run", json=asked, headers=key)
        if answer.is_success:
            self.jobs[name] = answer.json()["id"]


def kill_now_and_then(load: Load, *, requests: int, kills: int) -> None:
    """Kill the server after every so many requests, and start it again."""
    for turn in range(1, kills + 1):
        while load.asked < requests * turn // (kills + 1):
            time.sleep(0.01)
        load.server.kill()
        load.server.start()


def lost(load: Load, calls: Path) -> dict[str, int]:
    """Look for everything that was accepted."""
    missing_images = sum(
        not load.ask("image", "GET", f"{API}/images/{image_id}/content").is_success
        for image_id in load.images
    )
    unfinished = incomplete = 0
    for name, job_id in load.jobs.items():
        while True:
            state = load.ask("result", "GET", f"{API}/eval/results/{job_id}").json()["state"]
            if state not in {"queued", "running"}:
                break
            time.sleep(0.2)
        if state != "succeeded":
            unfinished += 1
            continue
        report = load.ask("report", "GET", f"{API}/eval/results/{job_id}/report").json()
        outputs = sorted(result["outputs"] for result in report["results"])
        incomplete += outputs != sorted(f"{name}-{i}" for i in range(EXAMPLES))
    times = Counter(calls.read_text().split())
    total = load.ask("list", "GET", f"{API}/eval/results").json()["total"]
    return {
        "images accepted": len(load.images),
        "images lost": missing_images,
        "evaluations accepted": len(load.jobs),
        "evaluations not finished": unfinished,
        "evaluations with an example missing or graded twice": incomplete,
        "evaluations started twice": total - len(load.jobs),
        "examples": len(times),
        "examples asked again after a kill": times.total() - len(times),
    }


def main() -> None:
    """Print what was answered, and what was lost."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        calls = folder / "calls.txt"
        (folder / "slow.py").write_text(AGENT.format(calls=str(calls)), encoding="utf-8")
        settings = {"agents": {"slow": "slow:agent"}, "job_lease_seconds": 2, "ocr": False}
        limits = {"rate_limit": "1000000/minute", "max_concurrent_jobs": JOBS_AT_A_TIME}
        with Served(folder, **settings, **limits) as server:
            load = Load(server, seed=options.seed)
            count = {"requests": options.requests, "kills": options.kills}
            killer = threading.Thread(target=kill_now_and_then, args=(load,), kwargs=count)
            killer.start()
            with ThreadPoolExecutor(8) as threads:
                list(threads.map(load.one, range(options.requests)))
            killer.join()
            found = lost(load, calls)
    print(json.dumps(dict(sorted(load.statuses.items())), indent=1))
    print(f"{'requests':52}{options.requests:7}")
    print(f"{'kills':52}{options.kills:7}")
    print(f"{'requests without an answer, asked again':52}{load.broken:7}")
    for what, number in found.items():
        print(f"{what:52}{number:7}")


if __name__ == "__main__":
    main()

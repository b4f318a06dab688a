"""Load on the service from a second process over loopback, beside a bare FastAPI echo.

    python benchmarks/server_load.py [--seconds 3] [--rounds 5] [--connections 4] [--pairs 3000]

Both servers run uvicorn with one worker. The difference is what this service adds to FastAPI:
request id, log line, metrics, host, origin, key, rate and size checks.

- Overhead: one connection to each, asked alternately, so that whatever else the machine does hits
  both alike. The table gives quantiles, and the median of the differences with its 95 % interval.
- Throughput: many connections, the servers in turn, round by round. CPU time per request of the
  server itself is what a busy machine disturbs least.
"""

import argparse
import asyncio
import os
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path

import httpx
import numpy as np

from langchain_phase5.server import ServerSettings
from langchain_phase5.storage.api_keys import ApiKeyStore
from langchain_phase5.storage.database import Database

ECHO = """
from fastapi import FastAPI
from pydantic import BaseModel
class Text(BaseModel):
    query: str
app = FastAPI()
@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}
@app.post("/echo")
async def echo(text: Text) -> Text:
    return text
"""
TICKS = os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """A server in a process of its own."""

    def __init__(self, command: list[str], *, port: int, folder: str, **environment: str) -> None:
        self.url = f"http://127.0.0.1:{port}"
        with Path(folder, f"{port}.log").open("wb") as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own programs
                command, cwd=folder, env=os.environ | environment, stdout=log, stderr=log
            )
        while self.process.poll() is None:
            with suppress(httpx.TransportError):
                httpx.get(f"{self.url}/health")
                return
            time.sleep(0.2)
        raise RuntimeError(Path(folder, f"{port}.log").read_text())

    def cpu_seconds(self) -> float:
        """Processor time it has taken so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait(30)


def echo(folder: str) -> Server:
    """FastAPI and nothing else."""
    port = free_port()
    Path(folder, "echo_app.py").write_text(ECHO)
    options = ["--port", str(port), "--no-access-log", "--log-level", "warning"]
    return Server(
        [sys.executable, "-m", "uvicorn", "echo_app:app", *options], port=port, folder=folder
    )


def service(folder: str) -> tuple[Server, str]:
    """This service with a key required, and the key."""
    database = f"sqlite:///{folder}/service.db"
    with Database(database) as opened:
        key = ApiKeyStore(opened).create("load").key
    port = free_port()
    settings = ServerSettings(
        port=port,
        database=database,
        images=f"{folder}/images",
        ocr=False,
        require_key=True,
        rate_limit="100000000/minute",
        tools=("benchmark_tools:TOOLS",),
    )
    Path(folder, "benchmark_tools.py").write_text(
        "from langchain_core.tools import tool\n"
        "@tool\ndef get_weather(city: str) -> str:\n    'Say what the weather is like.'\n"
        "@tool\ndef send_mail(to: str) -> str:\n    'Send an e-mail.'\n"
        "TOOLS = [get_weather, send_mail]\n"
    )
    command = [str(Path(sys.executable).with_name("langchain-phase5")), "serve"]
    return Server(command, port=port, folder=folder, **settings.to_environment()), key


def alternately(one: Server, other: Server, *, key: str, pairs: int) -> np.ndarray:
    """Milliseconds of GET /health on each, asked in turn, shape (pairs, 2)."""
    connections = [HTTPConnection(server.url.removeprefix("http://")) for server in (one, other)]
    found = np.zeros((pairs, 2))
    for number in range(-pairs // 10, pairs):  # the first ones warm up
        for place in (0, 1) if number % 2 else (1, 0):
            connection = connections[place]
            started = time.perf_counter()
            connection.request("GET", "/health", headers={"Authorization": f"Bearer {key}"})
            connection.getresponse().read()
            if number >= 0:
                found[number, place] = 1000 * (time.perf_counter() - started)
    return found


def print_overhead(found: np.ndarray) -> None:
    """The paired times and the median of their differences."""
    for name, times in zip(("bare FastAPI", "service"), found.T, strict=True):
        p50, p90, p99 = np.quantile(times, [0.5, 0.9, 0.99])
        print(f"{name:30}p50 {p50:6.2f} ms   p90 {p90:6.2f} ms   p99 {p99:6.2f} ms")
    differences = np.sort(found[:, 1] - found[:, 0])
    half = 0.98 * len(differences) ** 0.5  # of the interval, in ranks: the sign test's
    low, high = (differences[int(len(differences) / 2 + side)] for side in (-half, half))
    print(f"{'the service adds':30}{np.median(differences):.2f} ms ({low:.2f} to {high:.2f})\n")


async def load(
    url: str, *, body: dict[str, str] | None, headers: dict[str, str], seconds: float, clients: int
) -> list[float]:
    """Ask as fast as so many connections can; return each answer's seconds."""
    times: list[float] = []
    end = time.perf_counter() + seconds

    async def one(client: httpx.AsyncClient) -> None:
        while time.perf_counter() < end:
            started = time.perf_counter()
            answer = await client.request("POST" if body else "GET", url, json=body)
            times.append(time.perf_counter() - started)
            answer.raise_for_status()

    limits = httpx.Limits(max_connections=clients)
    async with httpx.AsyncClient(headers=headers, limits=limits) as client:
        await asyncio.gather(*(one(client) for _ in range(clients)))
    return times


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--seconds", type=float, default=3)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--connections", type=int, default=4)
    options.add_argument("--pairs", type=int, default=3000)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bare = echo(folder)
        ours, key = service(folder)
        headers = {"Authorization": f"Bearer {key}"}
        question = {"query": "What is the weather like?"}
        cases = {
            "bare FastAPI, GET": (bare, "/health", None),
            "service, GET /health": (ours, "/health", None),
            "bare FastAPI, POST JSON": (bare, "/echo", question),
            "service, POST /tools/route": (ours, "/api/v1/tools/route", question),
            "service, GET /images (empty)": (ours, "/api/v1/images", None),
        }
        times: dict[str, list[list[float]]] = {name: [] for name in cases}
        cpu: dict[str, float] = dict.fromkeys(cases, 0.0)
        try:
            overhead = alternately(bare, ours, key=key, pairs=given.pairs)
            for number in range(given.rounds + 1):
                for name, (server, path, body) in cases.items():
                    before = server.cpu_seconds()
                    found = asyncio.run(
                        load(
                            server.url + path,
                            body=body,
                            headers=headers,
                            seconds=given.seconds if number else 1,
                            clients=given.connections,
                        )
                    )
                    if number:  # the first round warms up
                        times[name].append(found)
                        cpu[name] += server.cpu_seconds() - before
        finally:
            bare.stop()
            ours.stop()
    print(f"GET /health, {given.pairs} pairs, one connection each, alternately\n")
    print_overhead(overhead)
    print(
        f"{given.connections} connections, {given.rounds} rounds of {given.seconds:g} s, in turn\n"
    )
    print(f"{'':30}{'p50':>8}{'p99':>18}{'requests/s':>12}{'server CPU':>12}")
    for name, rounds in times.items():
        every = np.concatenate([np.array(one) for one in rounds]) * 1000
        p99 = [float(np.quantile(one, 0.99)) * 1000 for one in rounds]
        rate = len(every) / (given.rounds * given.seconds)
        print(
            f"{name:30}{np.median(every):5.2f} ms{np.median(p99):6.1f} "
            f"({min(p99):.1f}-{max(p99):.1f}) ms{rate:10.0f}{1000 * cpu[name] / len(every):9.2f} ms"
        )


if __name__ == "__main__":
    main()

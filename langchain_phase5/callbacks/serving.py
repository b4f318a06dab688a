"""Hand metrics to Prometheus: by a port, inside an ASGI app, or pushed by a job that ends."""

import os
from collections.abc import Iterable
from pathlib import Path
from threading import Thread
from typing import Any, cast
from wsgiref.simple_server import WSGIServer

from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    make_asgi_app,
    push_to_gateway,
    start_http_server,
)
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

_FILES = "PROMETHEUS_MULTIPROC_DIR"


def start_metrics_server(
    port: int = 9464, *, addr: str = "127.0.0.1", registry: CollectorRegistry = REGISTRY
) -> tuple[WSGIServer, Thread]:
    """Serve `/metrics` on a port of its own, from a daemon thread.

    With several worker processes, set `PROMETHEUS_MULTIPROC_DIR` to an empty directory before
    they start, and call this in one of them (or in their parent): it serves the sum over all.
    Workers are looked up by process id to notice those that were killed, so serve from the
    container that they run in.

    Args:
        port: 0 picks a free one: read it from `server.server_port`.
        addr: `0.0.0.0` opens it to other machines; metrics tell names and volumes, so mind who
            can reach it.
        registry: What to serve, unless several processes share their metrics by files.

    Returns:
        The server, whose `shutdown()` ends it, and its thread.

    Raises:
        OSError: The port is taken.
    """
    server, thread = start_http_server(port, addr=addr, registry=served_registry(registry))
    return server, thread


def metrics_app(*, registry: CollectorRegistry = REGISTRY) -> Any:
    """Return an ASGI app that answers with the metrics, to mount in an application.

    Example:
        >>> app = metrics_app()
        >>> # FastAPI().mount("/metrics", app)
    """
    return make_asgi_app(registry=served_registry(registry))


def push_metrics(
    gateway: str,
    *,
    job: str,
    registry: CollectorRegistry = REGISTRY,
    grouping_key: dict[str, str] | None = None,
) -> None:
    """Push to a Pushgateway before a batch job ends; call the handler's `flush()` first.

    Args:
        gateway: Host and port, or a URL.
        job: Name of the batch job; a later push of the same job and `grouping_key` replaces this.
        registry: What to push.
        grouping_key: More labels to tell pushes apart by, e.g. `{"instance": "a"}`.

    Raises:
        OSError: The gateway cannot be reached, or refuses.
    """
    push_to_gateway(gateway, job=job, registry=served_registry(registry), grouping_key=grouping_key)


def served_registry(registry: CollectorRegistry) -> CollectorRegistry:
    """Return what to serve: `registry`, or the sum of the files of all worker processes."""
    folder = os.environ.get(_FILES)
    if not folder:
        return registry
    if not Path(folder).is_dir():
        msg = f"{_FILES} must name a directory that exists; {folder!r} does not"
        raise ValueError(msg)
    shared = CollectorRegistry()
    shared.register(_LivingProcesses(folder))
    return shared


class _LivingProcesses(Collector):
    """Sums over processes, without the gauges of those that were killed.

    A worker that is killed cannot take its in-flight gauges back; its counters stay, as they
    must: they count what happened.
    """

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)
        self._all: Any = cast("Any", MultiProcessCollector)(None, path=folder)

    def collect(self) -> Iterable[Metric]:
        for pid in {_pid_of(file) for file in self._folder.glob("gauge_live*_*.db")}:
            if not _is_alive(pid):
                cast("Any", mark_process_dead)(pid, path=str(self._folder))
        found: Iterable[Metric] = self._all.collect()
        return found


def _pid_of(file: Path) -> int:
    return int(file.stem.rpartition("_")[2])


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True

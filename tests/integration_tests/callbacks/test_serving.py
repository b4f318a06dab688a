"""Metrics over real sockets on this machine."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.request import urlopen

import pytest
from fakes import FakeChatModel
from loopback import running
from prometheus_client import CollectorRegistry

from langchain_phase5.callbacks import (
    PrometheusCallbackHandler,
    push_metrics,
    start_metrics_server,
)

pytestmark = pytest.mark.enable_socket


@pytest.fixture
def registry():
    made = CollectorRegistry()
    handler = PrometheusCallbackHandler(registry=made)
    FakeChatModel().invoke("Hi", {"callbacks": [handler]})
    return made


def test_server(registry):
    server, thread = start_metrics_server(0, registry=registry)
    try:
        assert server.server_address[0] == "127.0.0.1"
        with urlopen(f"http://127.0.0.1:{server.server_port}/metrics", timeout=60) as answer:
            assert b"llm_requests_total" in answer.read()
    finally:
        server.shutdown()
        server.server_close()
        thread.join(60)


def test_port_that_is_taken(registry):
    server, thread = start_metrics_server(0, registry=registry)
    try:
        with pytest.raises(OSError, match="in use"):
            start_metrics_server(server.server_port, registry=registry)
    finally:
        server.shutdown()
        server.server_close()
        thread.join(60)


def test_server_of_several_processes(registry, tmp_path, monkeypatch):
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    server, thread = start_metrics_server(0, registry=registry)
    try:
        url = f"http://127.0.0.1:{server.server_port}/metrics"
        with urlopen(url, timeout=60) as answer:
            assert answer.read().strip() == b""  # no process has written yet
    finally:
        server.shutdown()
        server.server_close()
        thread.join(60)
    assert list(Path(tmp_path).iterdir()) == []


class Gateway(BaseHTTPRequestHandler):
    def do_PUT(self):
        length = int(self.headers["Content-Length"])
        self.server.received.append((self.path, self.rfile.read(length)))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args):
        pass


@pytest.fixture
def gateway():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
    server.received = []
    with running(server):
        yield server


def test_push(registry, gateway):
    address = f"127.0.0.1:{gateway.server_port}"
    push_metrics(address, job="nightly", registry=registry, grouping_key={"instance": "a"})
    ((path, body),) = gateway.received
    assert path == "/metrics/job/nightly/instance/a"
    assert b"llm_requests_total" in body


def test_push_to_nobody(registry):
    with pytest.raises(OSError, match="refused"):
        push_metrics("127.0.0.1:9", job="nightly", registry=registry)

"""How many may be connected at once."""

import socket
import threading
import time
from contextlib import ExitStack

import httpx
import pytest
from service import SETTINGS

from langchain_phase5.server import ServerSettings, create_app
from langchain_phase5.server.run_server import uvicorn_options

uvicorn = pytest.importorskip("uvicorn", reason="the server extra is not installed")
pytestmark = pytest.mark.enable_socket


@pytest.fixture
def address():
    settings = ServerSettings(**SETTINGS, max_connections=3)
    options = uvicorn_options(settings) | {"port": 0, "log_config": None}
    server = uvicorn.Server(uvicorn.Config(create_app(settings), **options))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.02)
    yield server.servers[0].sockets[0].getsockname()
    server.should_exit = True
    thread.join(30)


@pytest.mark.parametrize("path", ["/health", "/api/v1/images", "/nowhere"])
def test_who_comes_beyond_is_told_to_come_again(address, path):
    url = "http://{}:{}".format(*address)
    with ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(socket.create_connection(address))
        assert httpx.get(f"{url}/health", timeout=60).status_code == 200
        stack.enter_context(socket.create_connection(address))

        refused = httpx.get(url + path, timeout=60)
        assert refused.status_code == 503
        assert refused.headers["content-type"] == "application/problem+json"
        assert (refused.headers["retry-after"], refused.headers["connection"]) == ("1", "close")
        told = refused.json()
        assert told["type"].endswith(":busy")
        assert "too many connections" in told["detail"]
        assert told["request_id"] == refused.headers["x-request-id"]

    deadline = time.monotonic() + 60
    while (
        httpx.get(f"{url}/health", timeout=60).status_code != 200
    ):  # until it has noticed who left
        assert time.monotonic() < deadline

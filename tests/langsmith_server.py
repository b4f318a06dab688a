"""A local server that answers as much of LangSmith's API as datasets and experiments need."""

import json
import uuid
from contextlib import AbstractContextManager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from loopback import running

_TIME = {"created_at": "2026-01-01T00:00:00Z", "modified_at": "2026-01-01T00:00:00Z"}
_BATCHES = {
    "use_multipart_endpoint": False,
    "size_limit": 100,
    "size_limit_bytes": 20_971_520,
    "scale_up_nthreads_limit": 1,
    "scale_up_qsize_trigger": 1000,
    "scale_down_nempty_trigger": 4,
}


def langsmith_server() -> AbstractContextManager["Server"]:
    """Serve on a free port of 127.0.0.1 until the block ends."""
    return running(Server())


class Server(ThreadingHTTPServer):
    """Keeps what it is sent: datasets, examples, experiments, their runs and the scores."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.datasets: list[dict[str, Any]] = []
        self.examples: list[dict[str, Any]] = []
        self.experiments: dict[str, dict[str, Any]] = {}
        self.runs: dict[str, dict[str, Any]] = {}
        self.feedback: list[dict[str, Any]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(address.query).items()}
        if address.path == "/info":
            self._send({"version": "0.12.0", "batch_ingest_config": _BATCHES})
        elif address.path == "/datasets":
            self._send([each for each in self.server.datasets if each["name"] == query["name"]])
        elif address.path == "/examples":
            kept = [e for e in self.server.examples if e["dataset_id"] == query["dataset"]]
            self._send(kept[int(query["offset"]) :][: int(query["limit"])])
        elif address.path == "/sessions":
            self._send(list(self.server.experiments.values())[:1])
        else:
            self._send({"detail": f"no such route: {self.path}"}, status=404)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        path = urlsplit(self.path).path
        if path == "/datasets":
            self.server.datasets.append(_TIME | {"id": str(uuid.uuid4())} | body)
            self._send(self.server.datasets[-1])
        elif path == "/examples/bulk":
            made = [{"id": str(uuid.uuid4())} | each | _TIME for each in body]
            self.server.examples += made
            self._send(made)
        elif path == "/sessions":
            started = {"start_time": _TIME["created_at"], "tenant_id": str(uuid.uuid4())}
            self.server.experiments[body["id"]] = body | started
            self._send(self.server.experiments[body["id"]])
        elif path == "/feedback":
            self.server.feedback.append(body)
            self._send(body)
        elif path == "/runs/batch":
            for run in [*body.get("post", ()), *body.get("patch", ())]:
                self.server.runs[run["id"]] = self.server.runs.get(run["id"], {}) | run
            self._send({})
        else:
            self._send({"detail": f"no such route: {self.path}"}, status=404)

    def do_PATCH(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        experiment = self.server.experiments[self.path.rsplit("/", 1)[1]]
        experiment |= {key: value for key, value in body.items() if value is not None}
        self._send(experiment)

    def _send(self, payload: Any, *, status: int = 200) -> None:
        data = json.dumps(payload).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Keep the test output clean."""

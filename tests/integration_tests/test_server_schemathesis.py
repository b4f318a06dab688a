"""The service does what its OpenAPI description says, whatever a generator thinks up."""

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from service import TESTS, Served, png

pytest.importorskip("schemathesis")
pytest.importorskip("uvicorn")
pytestmark = [pytest.mark.enable_socket, pytest.mark.xdist_group("server")]

CONFIG = """\
hooks = "schemathesis_hooks"

[checks.negative_data_rejection]
# 413 besides its own list: what exceeds `maxItems` may well exceed the body limit first.
expected-statuses = [
    "400", "401", "403", "404", "405", "406", "409", "413", "415", "422", "428", "429", "5xx",
]
"""


@pytest.fixture
def served(tmp_path):
    with Served(
        tmp_path,
        agents={"echo": "service:echo"},
        retriever="service:MANUALS",
        tools=("service:TOOLS",),
        fetch_urls=False,
        rate_limit="1000000/minute",
    ) as server:
        for path in ("analyze", "ocr", "compare", "chart-data"):  # what loads late is loaded now
            files = [("images" if path == "compare" else "image", png())] * 2
            httpx.post(f"{server.url}/api/v1/vision/{path}", files=files, timeout=120)
        yield server


def test_every_check_on_every_operation_passes(served, tmp_path):
    (tmp_path / "schemathesis.toml").write_text(CONFIG)
    command = [
        str(Path(sys.executable).with_name("schemathesis")),
        *("run", f"{served.url}/openapi.json", "--checks", "all", "--seed", "1"),
        *("--max-examples", "2", "--request-timeout", "60", "--max-response-time", "60"),
        *("--continue-on-failure", "--no-color"),
    ]
    done = subprocess.run(  # noqa: S603 - its own program
        command,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(TESTS)},
        capture_output=True,
        check=False,
    )
    report = done.stdout.decode(errors="replace") + done.stderr.decode(errors="replace")
    assert done.returncode == 0, report[-6000:]
    assert "Traceback" not in served.log.read_text()

"""What `/metrics` of the service says when several processes answer."""

import os
import subprocess
import sys

import pytest
from prometheus_client.parser import text_string_to_metric_families

pytest.importorskip("fastapi", reason="the server extra is not installed")

TWO_WORKERS = """
import os
from fastapi.testclient import TestClient
from langchain_phase5.server import ServerSettings, create_app

app = create_app(ServerSettings(database="sqlite://", images="memory://"))
child = os.fork()
client = TestClient(app, base_url="http://127.0.0.1")
for _ in range(3 if child else 5):
    assert client.get("/health").status_code == 200
if child:
    assert os.waitpid(child, 0)[1] == 0
    print(client.get("/metrics").text)
else:
    os._exit(0)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_each_worker_tells_the_work_of_all(tmp_path):
    run = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", TWO_WORKERS],
        env=os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert run.returncode == 0, run.stderr
    assert len(list(tmp_path.glob("counter_*.db"))) == 2
    looks = [
        sample.value
        for family in text_string_to_metric_families(run.stdout)
        for sample in family.samples
        if sample.name == "http_requests_total" and sample.labels["route"] == "/health"
    ]
    assert sum(looks) == 8

"""Mixed traffic, some of it hostile, while the service is killed and started again.

`benchmarks/server_crash.py` does the same with a thousand requests and evaluations among them.
"""

import pytest
from mixed_traffic import run_traffic
from service import Served

pytest.importorskip("uvicorn")
pytestmark = [pytest.mark.enable_socket, pytest.mark.xdist_group("server")]


def test_no_image_that_was_accepted_is_lost(tmp_path):
    with Served(tmp_path, ocr=False, rate_limit="1000000/minute") as server:
        found = run_traffic(server, requests=120, kills=1)
    assert found.kills == 1
    assert len(found.accepted) > 20
    assert found.hostile > 0
    assert found.lost == []
    assert found.let_in == []
    assert found.unexpected == []

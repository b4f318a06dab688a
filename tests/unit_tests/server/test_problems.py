"""Every error is a problem that says what to do, under an id that the log knows."""

import logging

import pytest
from sqlalchemy.exc import OperationalError

PROBLEM = "application/problem+json"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/api/v1/images/", 404),
        ("PUT", "/health", 405),
        ("TRACE", "/health", 405),
        ("GET", "/api/v1/vision/ocr", 405),
        ("POST", "/api/v1/vision/ocr", 415),
        ("GET", "/api/v1/images?limit=x", 422),
    ],
)
def test_errors_are_problems(client, method, path, status):
    answer = client.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == PROBLEM
    problem = answer.json()
    assert problem["status"] == status
    assert problem["type"].startswith("urn:langchain-phase5:problem:")
    assert len(problem["detail"]) > 20
    assert problem["request_id"] == answer.headers["x-request-id"]


def test_a_wrong_method_is_told_the_right_ones(client):
    assert "GET" in client.put("/health").headers["allow"]


@pytest.mark.parametrize("mine", ["abc", "a.b-c_9", "x" * 64])
def test_a_request_may_bring_its_id(client, mine):
    assert client.get("/health", headers={"x-request-id": mine}).headers["x-request-id"] == mine


@pytest.mark.parametrize("odd", ["", "a b", "x" * 65, "a\tb", "<script>", "é"])
def test_an_odd_id_is_replaced(client, odd):
    answer = client.get("/health", headers={"x-request-id": odd.encode()})
    assert len(answer.headers["x-request-id"]) == 32


def failing(client, monkeypatch, error):
    def fail(**_):
        raise error

    async def afail(**_):
        raise error

    monkeypatch.setattr(client.app.state.services.images, "alist", afail)
    return client.get("/api/v1/images", headers={"x-request-id": "find-me"})


def test_the_unexpected_is_logged_and_tells_nothing(client, monkeypatch, caplog):
    answer = failing(client, monkeypatch, RuntimeError("password is 1234"))
    assert answer.status_code == 500
    assert answer.headers["content-type"] == PROBLEM
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "1234" not in answer.text
    assert "find-me" in answer.json()["detail"]
    logged = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert "find-me" in logged[0].getMessage()
    assert "1234" in str(logged[0].exc_info[1])


def test_a_database_that_is_gone_is_worth_another_try(client, monkeypatch):
    answer = failing(client, monkeypatch, OperationalError("SELECT", {}, Exception("gone")))
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert "SELECT" not in answer.text


def test_every_request_is_one_line_without_its_query(client, caplog):
    caplog.set_level(logging.INFO, "langchain_phase5.server")
    client.get("/api/v1/images?limit=1&secret=1234", headers={"x-request-id": "find-me"})
    (line,) = [record.getMessage() for record in caplog.records if "images" in record.getMessage()]
    assert "GET /api/v1/images 200" in line
    assert "find-me" in line
    assert "1234" not in line


def test_a_path_cannot_forge_a_line(client, caplog):
    caplog.set_level(logging.INFO, "langchain_phase5.server")
    client.get("/a%0A2026 INFO all is well")
    assert all("\n" not in record.getMessage() for record in caplog.records)


@pytest.mark.parametrize("path", ["/health", "/nothing", "/api/v1/images"])
def test_browsers_are_told_to_be_careful(client, path):
    headers = client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "access-control-allow-origin" not in headers

"""What an operator's machinery asks."""

import threading

from prometheus_client.parser import text_string_to_metric_families
from service import Manuals, png

from langchain_phase5 import __version__


def test_a_living_process_says_so(client):
    assert client.get("/health").json() == {"status": "ok", "version": __version__}


def test_a_whole_service_is_ready(make_client):
    answer = make_client(parts={"retriever": Manuals()}).get("/ready")
    assert answer.status_code == 200
    assert answer.json()["checks"] == {
        "database": "ok",
        "images": "ok",
        "index": "ok",
        "ocr": "ok",
    }


def test_what_is_missing_is_listed(make_client, monkeypatch):
    client = make_client()
    services = client.app.state.services
    services.ocr, services.analyzer.no_ocr = None, "Tesseract is not installed."

    def gone(image_id):
        raise OSError("secret bucket")

    monkeypatch.setattr(services.images, "describe", gone)
    answer = client.get("/ready")
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    wrong = {one["pointer"]: one["detail"] for one in answer.json()["errors"]}
    assert wrong.keys() == {"images", "ocr"}
    assert wrong["ocr"] == "Tesseract is not installed."
    assert "secret" not in answer.text


def test_a_database_that_is_gone_is_no_secret(make_client, monkeypatch):
    client = make_client()
    client.app.state.services.database.engine.dispose()
    monkeypatch.setattr(client.app.state.services.database, "begin", lambda: 1 / 0)
    assert client.get("/ready").json()["errors"][0]["pointer"] == "database"


def test_what_hangs_is_not_ready(make_client, monkeypatch):
    client, go_on = make_client(is_running=True), threading.Event()
    monkeypatch.setattr("langchain_phase5.server.health_routes._SECONDS", 0.01)
    monkeypatch.setattr(
        client.app.state.services.images, "describe", lambda image_id: go_on.wait(60)
    )
    errors = client.get("/ready").json()["errors"]
    go_on.set()
    assert "images" in {one["pointer"] for one in errors}


def test_ocr_that_nobody_wants_is_not_missed(make_client):
    checks = make_client(ocr=False).get("/ready").json()["checks"]
    assert checks["ocr"] == "not configured"


def samples(client):
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(client.get("/metrics").text)
        for sample in family.samples
    }


def test_requests_are_counted_by_template(client):
    client.post("/api/v1/images", files={"image": png()})
    for number in range(3):
        client.get(f"/api/v1/images/{number:064x}")
        client.get(f"/nothing/{number}")
    client.request("BREW", "/health")
    found = samples(client)

    def count(method, route, status):
        labels = [("method", method), ("route", route), ("status", status)]
        return found["http_requests_total", *labels]

    assert count("GET", "/api/v1/images/{image_id}", "404") == 3
    assert count("GET", "unmatched", "404") == 3
    assert count("POST", "/api/v1/images", "201") == 1
    assert count("OTHER", "/health", "405") == 1
    assert found[("http_requests_in_flight",)] == 1

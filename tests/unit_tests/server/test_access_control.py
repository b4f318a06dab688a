"""Who may ask."""

import pytest
from starlette.testclient import TestClient

from langchain_phase5.server.layers.rate_limit import RateLimit

SOME = "/api/v1/images"


def key_of(client, name="tests"):
    return client.app.state.services.keys.create(name)


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8000", "127.0.0.1:9", "[::1]:8000", "[::1]", "LOCALHOST"]
)
def test_its_own_names_are_answered(client, host):
    assert client.get("/health", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io", ""])
def test_a_name_that_points_here_is_not_enough(client, host):
    answer = client.get("/health", headers={"host": host})
    assert answer.status_code == 421
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_operator_may_add_names(make_client):
    client = make_client(allowed_hosts=("Phase5.example",))
    assert client.get("/health", headers={"host": "phase5.example:8000"}).status_code == 200


def test_elsewhere_any_name_will_do(make_client):
    client = make_client(host="0.0.0.0", require_key=True)  # noqa: S104 - nothing listens
    assert client.get("/health", headers={"host": "phase5.example"}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://localhost:3000"},
        {"origin": "http://localhost", "sec-fetch-site": "cross-site"},
    ],
)
def test_pages_of_other_sites_are_refused(client, headers):
    answer = client.post(f"{SOME}", headers=headers, files={"image": b"x"})
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers


def test_its_own_page_may_ask(client):
    headers = {"origin": "http://localhost", "sec-fetch-site": "same-origin"}
    assert client.get(SOME, headers=headers).status_code == 200


@pytest.mark.parametrize("style", ["bearer", "header"])
def test_a_key_opens(make_client, style):
    client = make_client(require_key=True)
    key = key_of(client).key
    headers = {"authorization": f"Bearer {key}"} if style == "bearer" else {"x-api-key": key}
    assert client.get(SOME, headers=headers).status_code == 200
    assert client.get(SOME, headers=headers).status_code == 200


@pytest.mark.parametrize("path", [SOME, "/metrics", "/openapi.json", "/nothing", "/page/../api"])
def test_without_a_key_nothing_opens(make_client, path):
    answer = make_client(require_key=True).get(path)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "keys create" in answer.json()["detail"]


@pytest.mark.parametrize("path", ["/", "/health", "/ready"])
def test_what_holds_nothing_needs_no_key(make_client, path):
    assert make_client(require_key=True).get(path).status_code == 200


def wrong_keys(key):
    return [
        "",
        "x",
        key[:-1],
        key + "0",
        key.upper(),
        key[:17] + "0" * 64,
        "lp5_000000000000_" + key[17:],
        "' OR 1=1 --",
        "lp5__",
        "ключ",
    ]


def test_wrong_keys_do_not_open(make_client):
    client = make_client(require_key=True)
    for wrong in wrong_keys(key_of(client).key):
        assert client.get(SOME, headers={"x-api-key": wrong.encode()}).status_code == 401


def test_a_revoked_key_stops_within_seconds(make_client, monkeypatch):
    client = make_client(require_key=True)
    made = key_of(client)
    headers = {"x-api-key": made.key}
    assert client.get(SOME, headers=headers).status_code == 200
    client.app.state.services.keys.revoke(made.key_id)
    monkeypatch.setattr(
        "langchain_phase5.server.layers.access_control.time.monotonic", lambda: 1e12
    )
    assert client.get(SOME, headers=headers).status_code == 401


def test_too_many_requests_are_put_off(make_client):
    client = make_client(rate_limit="3/day")
    assert [client.get(SOME).status_code for _ in range(4)] == [200, 200, 200, 429]
    answer = client.get(SOME)
    assert 1 <= int(answer.headers["retry-after"]) <= 2 * 86_400
    assert client.get("/health").status_code == 200


def test_each_key_has_its_own_share(make_client):
    client = make_client(rate_limit="2/day", require_key=True)
    for name in ("one", "two"):
        headers = {"x-api-key": key_of(client, name).key}
        statuses = [client.get(SOME, headers=headers).status_code for _ in range(3)]
        assert statuses == [200, 200, 429]


def test_guessing_keys_is_put_off(make_client):
    client = make_client(rate_limit="2/day", require_key=True)
    statuses = [client.get(SOME, headers={"x-api-key": "guess"}).status_code for _ in range(3)]
    assert statuses == [401, 401, 429]


def test_many_keys_are_remembered_and_forgotten(make_client, monkeypatch):
    monkeypatch.setattr("langchain_phase5.server.layers.access_control._KEYS_REMEMBERED", 1)
    client = make_client(require_key=True)
    for made in [key_of(client, "a"), key_of(client, "b")]:
        assert client.get(SOME, headers={"x-api-key": made.key}).status_code == 200


@pytest.mark.parametrize(
    ("rate", "storage"), [("fast", "async+memory://"), ("1/minute", "what://")]
)
def test_a_limit_that_makes_no_sense_is_refused(rate, storage):
    with pytest.raises(ValueError, match="600/minute"):
        RateLimit(rate, storage=storage)


def test_other_clients_are_told_apart_by_address(make_client):
    client = make_client(rate_limit="1/day")
    other = TestClient(client.app, base_url="http://localhost", client=("10.0.0.9", 5))
    assert [client.get(SOME).status_code, other.get(SOME).status_code] == [200, 200]

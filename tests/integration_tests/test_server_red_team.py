"""What an attacker tries first, against the real server on loopback: all of it is refused."""

import base64
import gzip
import io
import json
import select
import socket
import struct
import time
import zipfile
import zlib
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from loopback import running
from service import Served, inline, png

from langchain_phase5.storage.api_keys import ApiKeyStore
from langchain_phase5.storage.database import Database

pytest.importorskip("uvicorn")
pytestmark = [pytest.mark.enable_socket, pytest.mark.xdist_group("server")]

ANALYZE = "/api/v1/vision/analyze"
HEAD = "Host: localhost\r\nConnection: close\r\n"
REFUSED = {400, 401, 403, 404, 405, 408, 411, 413, 415, 421, 422, 431}


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with Served(
        tmp_path_factory.mktemp("served"),
        max_body_bytes=300_000,
        max_pixels=1_000_000,
        rate_limit="1000000/minute",
        ocr=False,
    ) as server:
        yield server


@pytest.fixture(scope="module")
def hurried(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hurried")
    limits = {"header_seconds": 5, "body_seconds": 5, "rate_limit": "1000000/minute"}
    with Served(folder, ocr=False, **limits) as server:
        yield server


@pytest.fixture(scope="module")
def locked(tmp_path_factory):
    folder = tmp_path_factory.mktemp("locked")
    with Database(f"sqlite:///{folder}/service.db") as database:
        key = ApiKeyStore(database).create("red team").key
    with Served(folder, require_key=True, rate_limit="30/day", ocr=False) as server:
        server.key = key
        yield server


@pytest.fixture
def client(served):
    with httpx.Client(base_url=served.url, timeout=60) as client:
        yield client
        assert client.get("/health").status_code == 200  # it is still there


def raw(port, data, *, seconds=60):
    """Send bytes as they are; return all that comes back until the server closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection:
        connection.sendall(data)
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
    return received


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/images/../../../../etc/passwd",
        "/api/v1/images/..%2f..%2f..%2fetc%2fpasswd/content",
        "/api/v1/images/%2e%2e/%2e%2e/etc/passwd",
        "/api/v1/images/....//....//etc/passwd/thumbnail",
        "/api/v1/images//etc/passwd/content",
        "/api/v1/images/" + "0" * 64 + "%00.png",
        "/page/../../../etc/passwd",
        "/page/..%2f..%2fpyproject.toml",
        "/page/..%5c..%5csettings.py",
        "/page/%252e%252e%252fservice.db",
        "//etc/passwd",
        "/\\..\\etc\\passwd",
    ],
)
def test_paths_lead_nowhere(served, path):
    answer = raw(served.port, f"GET {path} HTTP/1.1\r\n{HEAD}\r\n".encode())
    assert int(answer.split(b" ", 2)[1]) in REFUSED
    assert b"root:" not in answer


@pytest.mark.parametrize(
    "image",
    [
        {"id": "../../../etc/passwd"},
        {"id": "/etc/passwd"},
        {"url": "file:///etc/passwd"},
        {"url": "FILE:///etc/passwd"},
        {"path": "/etc/passwd"},
        {"base64": "/etc/passwd"},
        {"source_type": "file", "path": "/etc/passwd"},
        "/etc/passwd",
    ],
)
def test_files_of_the_machine_are_out_of_reach(client, image):
    answer = client.post(ANALYZE, json={"image": image})
    assert answer.status_code in REFUSED
    assert "root:" not in answer.text


def test_a_files_name_in_an_upload_means_nothing(client):
    upload = {"image": ("../../../../tmp/evil.png", png())}
    kept = client.post("/api/v1/images", files=upload).json()
    assert kept["metadata"] == {}


class Canary(BaseHTTPRequestHandler):
    """A service of the machine that nobody outside should reach."""

    visits: list[str] = []

    def do_GET(self):
        self.visits.append(self.path)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(png())

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def canary():
    with running(ThreadingHTTPServer(("127.0.0.1", 0), Canary)) as server:
        yield server.server_port


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "0.0.0.0",  # noqa: S104 - a host to ask for
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.0.0.1.",
        "user@127.0.0.1",
        "example.com@127.0.0.1",
        "127.0.0.1#@example.com",
        "169.254.169.254",
        "10.0.0.1",
        "metadata.google.internal",
        "①②⑦.0.0.1",
    ],
)
@pytest.mark.parametrize("port", ["", "canary"])
def test_it_is_nobodys_hand_inside_the_network(client, canary, host, port):
    colon = f":{canary}" if port else ""
    for scheme in ("http", "https"):
        answer = client.post(ANALYZE, json={"image": {"url": f"{scheme}://{host}{colon}/x.png"}})
        assert answer.status_code in REFUSED
    assert Canary.visits == []


@pytest.mark.parametrize("scheme", ["gopher", "ftp", "dict", "ldap", "jar", "data", "javascript"])
def test_other_protocols_are_not_spoken(client, canary, scheme):
    url = f"{scheme}://127.0.0.1:{canary}/x"
    assert client.post(ANALYZE, json={"image": {"url": url}}).status_code in REFUSED
    assert Canary.visits == []


def test_what_is_too_large_is_cut_off(served, client):
    big = b"x" * 400_000
    assert client.post(ANALYZE, files={"image": big}).status_code == 413
    assert client.post(ANALYZE, json={"image": inline(big)}).status_code == 413
    assert client.post("/api/v1/tools/route", json={"query": "x" * 400_000}).status_code == 413
    head = f"POST {ANALYZE} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    announced = raw(served.port, f"{head}Content-Length: 99999999999\r\n\r\n".encode())
    assert b" 413 " in announced


def test_what_does_not_say_how_large_it_is_is_counted(client):
    def endless():
        yield b'{"image": "'
        while True:
            yield b"x" * 10_000

    headers = {"content-type": "application/json"}
    try:
        answer = client.post(ANALYZE, content=endless(), headers=headers)
    except httpx.TransportError:
        return  # the server hung up in the middle of a sentence
    assert answer.status_code == 413


def chunk(kind, data):
    checksum = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)


def png_bomb(side, *, body=b""):
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    )


def zip_bomb():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", b"\0" * 50_000_000)
    return out.getvalue()


BOMBS = {
    "pixels": png_bomb(60_000),
    "zeros": png_bomb(7_000, body=zlib.compress(b"\0" * 7_000 * 3 * 7_000, 9)[:250_000]),
    "more than the header says": png_bomb(10, body=zlib.compress(b"\0" * 100_000_000, 9)),
    "text": b"\x89PNG\r\n\x1a\n"
    + chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0))
    + chunk(b"zTXt", b"k\0\0" + zlib.compress(b"x" * 100_000_000, 9)),
    "zip": zip_bomb(),
    "gzip": gzip.compress(b"\0" * 100_000_000),
    "svg": b'<?xml version="1.0"?><!DOCTYPE s [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    b'<svg xmlns="http://www.w3.org/2000/svg"><text>&x;</text></svg>',
    "postscript": b"%!PS-Adobe-3.0\n(/etc/passwd) (r) file",
    "pdf": b"%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 1 0 R/Kids[1 0 R]>>endobj\n"
    b"trailer<</Root 1 0 R>>",
    "gif": b"GIF89a" + struct.pack("<HH", 65535, 65535) + b"\xf7\0\0" + b"\0" * 768,
    "nothing": b"",
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_do_not_go_off(client, name):
    started = time.monotonic()
    for answer in (
        client.post(ANALYZE, files={"image": BOMBS[name]}),
        client.post("/api/v1/images", json={"image": inline(BOMBS[name])}),
    ):
        harmless = {200, 201} if name == "more than the header says" else set()
        assert answer.status_code in REFUSED | harmless
        assert "root:" not in answer.text
    assert time.monotonic() - started < 60


def test_packed_bodies_are_not_unpacked(client):
    packed = gzip.compress(json.dumps({"query": "x" * 50_000_000}).encode())
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    answer = client.post("/api/v1/tools/route", content=packed, headers=headers)
    assert answer.status_code in REFUSED


@pytest.mark.parametrize("path", [ANALYZE, "/api/v1/tools/route", "/api/v1/eval/datasets"])
@pytest.mark.parametrize(
    "body", [b"[" * 200_000, b'{"a":' * 40_000, b"1" * 200_000, b'"\\ud800"', b"\xff\xfe", b"NaN"]
)
def test_json_that_is_a_trap_is_refused(client, path, body):
    answer = client.post(path, content=body, headers={"content-type": "application/json"})
    assert answer.status_code in REFUSED


def test_a_form_of_a_thousand_parts_is_refused(client):
    files = [("images", ("a.png", png())) for _ in range(200)]
    assert client.post("/api/v1/vision/compare", files=files).status_code in REFUSED


def test_whoever_dribbles_is_shown_the_door(hurried):
    """Slow loris: fifty connections that never finish asking, some idle, some a byte at a time."""
    crowd = [socket.create_connection(("127.0.0.1", hurried.port)) for _ in range(50)]
    try:
        for one in crowd:
            one.setblocking(False)
        for one in crowd[::2]:
            one.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nX-A: ")
        late = time.monotonic() + 60
        while not all(_is_closed(one) for one in crowd):
            assert time.monotonic() < late
            for one in crowd[::2]:
                with suppress(OSError):
                    one.sendall(b"a")
            with suppress(httpx.RemoteProtocolError):  # if even this was too slow
                assert httpx.get(f"{hurried.url}/health", timeout=60).status_code == 200
            time.sleep(0.5)
    finally:
        for one in crowd:
            one.close()


def _is_closed(connection):
    try:
        while connection.recv(65536):
            pass
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def test_a_body_that_dribbles_is_cut_off(hurried):
    head = f"POST {ANALYZE} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    answer = b""
    for _ in range(5):  # a byte that is sent after the answer may cost the answer
        with (
            suppress(ConnectionError),
            socket.create_connection(("127.0.0.1", hurried.port), timeout=60) as connection,
        ):
            connection.sendall(f"{head}Content-Length: 5000\r\n\r\n".encode())
            for _ in range(300):
                if select.select([connection], [], [], 0.2)[0]:
                    answer = connection.recv(65536)
                    break
                connection.sendall(b" ")
        if answer:
            break
    assert b" 408 " in answer


@pytest.mark.parametrize(
    "request_text",
    [
        b"GET /health HTTP/1.1\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: a\r\nHost: localhost\r\n\r\n",
        b"POST " + ANALYZE.encode() + b" HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x HTTP/1.1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n1234",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Big: " + b"x" * 200_000 + b"\r\n\r\n",
        b"GET http://evil.example/health HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        b"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET /health HTTP/1.1\nHost: localhost\nX: a\r\r\n\n",
    ],
)
def test_odd_requests_are_refused(served, request_text):
    try:
        answer = raw(served.port, request_text)
    except OSError:
        return
    assert answer == b"" or int(answer.split(b" ", 2)[1]) in REFUSED | {200, 503}
    assert b" 200 " not in answer.split(b"\r\n", 1)[0] or b"evil" not in request_text


@pytest.mark.parametrize("agent", ["os:system", "../agent", "builtins:eval", "__import__('os')"])
def test_requests_do_not_name_code(client, agent):
    body = {"agent": agent, "dataset": {"name": "d"}, "metrics": ["os:system"]}
    assert client.post("/api/v1/eval/run", json=body).status_code in REFUSED


def test_other_sites_and_rebound_names_are_refused(client):
    foreign = {"origin": "https://evil.example"}
    assert client.post("/api/v1/images", files={"image": png()}, headers=foreign).status_code == 403
    rebound = {"host": "evil.example"}
    assert client.get("/api/v1/images", headers=rebound).status_code == 421
    options = {"origin": "https://evil.example", "access-control-request-method": "POST"}
    preflight = client.options("/api/v1/images", headers=options)
    assert preflight.status_code == 403
    assert "access-control-allow-origin" not in preflight.headers


def test_keys_that_are_not_right_open_nothing_and_leave_no_trace(locked):
    key = locked.key
    secret = key.rpartition("_")[2]
    wrong = [key[:-1] + "x", key.upper(), "lp5_" + secret, base64.b64encode(key.encode()).decode()]
    with httpx.Client(base_url=locked.url, timeout=60) as client:
        for one in wrong:
            assert client.get("/api/v1/images", headers={"x-api-key": one}).status_code == 401
        assert client.get("/api/v1/images", params={"api_key": key}).status_code == 401
        assert client.get(f"/api/v1/images/{key}").status_code == 401
        assert client.get("/api/v1/images", auth=("user", key)).status_code == 401
        right = {"authorization": f"Bearer {key}"}
        assert client.get("/api/v1/images", headers=right).status_code == 200
        assert client.get(f"/api/v1/images/{key}", headers=right).status_code == 422
        raw(locked.port, f"GET / HTTP/1.1\r\nX-API-Key {key}\r\n\r\n".encode())
        statuses = [
            client.get("/api/v1/images", headers={"x-api-key": f"guess {number}"}).status_code
            for number in range(40)
        ]
        assert set(statuses[-5:]) == {429}
        assert client.get("/api/v1/images", headers=right).status_code == 200
    log = locked.log.read_text()
    assert "GET /api/v1/images" in log
    assert secret not in log


def test_it_stops_when_told_to(locked):
    locked.process.terminate()
    assert locked.process.wait(60) is not None
    log = locked.log.read_text()
    assert "Finished server process" in log
    assert "Traceback" not in log

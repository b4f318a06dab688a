import io
import socket
import ssl
import sys
import time
from contextlib import ExitStack, closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import trustme
from loopback import running
from PIL import Image

from langchain_phase5.vision import (
    ImageError,
    ImageFetcher,
    ImageLimits,
    ImageNotAllowedError,
    ImageNotFoundError,
    ImageTooLargeError,
    UnreadableImageError,
    aload_image,
    load_image,
)

pytestmark = pytest.mark.enable_socket


def png():
    out = io.BytesIO()
    Image.new("RGB", (30, 20), "teal").save(out, "PNG")
    return out.getvalue()


class Handler(BaseHTTPRequestHandler):
    """Answers by path, well or badly."""

    def do_GET(self):
        self.server.asked.append((self.headers["Host"], self.path))
        self.server.headers = dict(self.headers)
        name = self.path.strip("/").partition("/")[0].partition("?")[0]
        getattr(self, name, self.missing)()

    def answer(self, status=200, body=b"", **headers):
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key.replace("_", "-"), str(value))
        self.end_headers()
        self.wfile.write(body)

    def good(self):
        self.answer(body=png(), Content_Type="image/png")

    def untyped(self):
        self.answer(body=png())

    def some_bytes(self):
        self.answer(body=png(), Content_Type="application/octet-stream", Content_Length=len(png()))

    def other_bytes(self):
        self.answer(body=png(), Content_Type="Binary/Octet-Stream; x=y")

    def document(self):
        out = io.BytesIO()
        Image.new("RGB", (30, 20), "teal").save(out, "PDF", resolution=200)
        self.answer(body=out.getvalue(), Content_Type="application/pdf")

    def missing(self):
        self.answer(404)

    def gone(self):
        self.answer(410)

    def failing(self):
        self.answer(503)

    def page(self):
        self.answer(body=b"<html>", Content_Type="text/html; charset=utf-8")

    def lying(self):
        self.answer(body=b"<html>", Content_Type="image/png")

    def packed(self):
        self.answer(body=b"x", Content_Type="image/png", Content_Encoding="gzip")

    def announced(self):
        self.answer(Content_Type="image/png", Content_Length="99999999999")

    def endless(self):
        self.answer(Content_Type="image/png")
        self.trickle(bytes(65536), pause=0)

    def slow_body(self):
        self.answer(Content_Type="image/png")
        self.trickle(b"x", pause=0.05)

    def slow_head(self):
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        self.trickle(b"X-A: b\r\n", pause=0.05)

    def trickle(self, piece, pause):
        try:
            for _ in range(200):
                self.wfile.write(piece)
                time.sleep(pause)
        except OSError:
            pass

    def away(self):
        self.answer(302, Location="/good")

    def twice(self):
        self.answer(301, Location="/away")

    def round_and_round(self):
        self.answer(307, Location="/round_and_round")

    def inwards(self):
        self.answer(302, Location=f"http://inside.example:{self.server.server_port}/good")

    def to_file(self):
        self.answer(302, Location="file:///etc/hostname")

    def to_ftp(self):
        self.answer(302, Location=f"ftp://pictures.example:{self.server.server_port}/good")

    def to_nothing(self):
        self.answer(302)

    def to_other_port(self):
        self.answer(302, Location="http://pictures.example:22/")

    def nonsense(self):
        self.wfile.write(b"SSH-2.0-OpenSSH_9.6\r\n")

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    with running(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as server:
        server.asked = []
        yield server


class Names:
    """A name server of our own; `inside.example` is inside, everything else is the test server."""

    def __init__(self):
        self.asked = []

    def __call__(self, host, port):
        self.asked.append(host)
        return ["10.0.0.1"] if host == "inside.example" else ["127.0.0.1"]


@pytest.fixture
def names():
    return Names()


@pytest.fixture
def fetcher(server, names, monkeypatch):
    # The one thing these tests must pretend: that the loopback address is out on the internet.
    monkeypatch.setattr(
        "langchain_phase5.vision.fetch.is_public", lambda address: address == "127.0.0.1"
    )
    return ImageFetcher(ports=[server.server_port], resolve=names, max_seconds=60.0)


def url(server, path, host="pictures.example"):
    return f"http://{host}:{server.server_port}/{path}"


@pytest.mark.parametrize("path", ["good", "good?token=geheim", "away", "twice"])
@pytest.mark.parametrize("async_", [False, True])
async def test_an_image_is_downloaded(server, fetcher, path, async_):
    source = url(server, path)
    loaded = (
        await aload_image(source, fetcher=fetcher)
        if async_
        else load_image(source, fetcher=fetcher)
    )
    assert (loaded.format, loaded.width, loaded.height) == ("PNG", 30, 20)
    assert server.asked[0] == (f"pictures.example:{server.server_port}", f"/{path}")


@pytest.mark.parametrize("path", ["untyped", "some_bytes", "other_bytes"])
def test_a_body_of_just_the_size_that_is_allowed_is_read_whatever_it_is_called(
    server, fetcher, path
):
    limits = ImageLimits(max_bytes=len(png()))
    assert load_image(url(server, path), fetcher=fetcher, limits=limits).width == 30


def test_a_pdf_is_downloaded_too(server, fetcher):
    assert load_image(url(server, "document"), fetcher=fetcher).format == "PDF"


@pytest.mark.parametrize(
    ("path", "error", "word"),
    [
        ("missing", ImageNotFoundError, "404"),
        ("gone", ImageNotFoundError, "410"),
        ("failing", UnreadableImageError, "503"),
        ("page", UnreadableImageError, "'text/html'"),
        ("lying", UnreadableImageError, "HTML"),
        ("packed", UnreadableImageError, "compressed"),
        ("nonsense", UnreadableImageError, "failed"),
        ("announced", ImageTooLargeError, "99,999,999,999"),
        ("endless", ImageTooLargeError, "bytes"),
        ("round_and_round", ImageNotAllowedError, "3 times"),
        ("inwards", ImageNotAllowedError, "public internet"),
        ("to_file", ImageNotAllowedError, "Only http and https"),
        ("to_ftp", ImageNotAllowedError, "Only http and https"),
        ("to_nothing", ImageNotAllowedError, "redirects"),
        ("to_other_port", ImageNotAllowedError, "Port 22"),
    ],
)
def test_servers_that_misbehave_get_nowhere(server, fetcher, path, error, word):
    limits = ImageLimits(max_bytes=1_000_000)
    with pytest.raises(error, match=word) as failure:
        load_image(url(server, path + "?token=geheim"), fetcher=fetcher, limits=limits)
    assert "geheim" not in str(failure.value)


@pytest.mark.parametrize("path", ["slow_body", "slow_head"])
def test_a_server_that_dribbles_costs_no_more_than_the_deadline(server, fetcher, path):
    fetcher._max_seconds = 1.0
    with pytest.raises(ImageTooLargeError, match="1 s"):
        load_image(url(server, path), fetcher=fetcher)


def test_redirects_are_counted(server, fetcher):
    for most, expected in ((2, 30), (1, None)):
        patient = ImageFetcher(
            ports=[server.server_port], resolve=fetcher._resolve, max_redirects=most
        )
        if expected:
            assert load_image(url(server, "twice"), fetcher=patient).width == expected
        else:
            with pytest.raises(ImageNotAllowedError, match="more than 1 times"):
                load_image(url(server, "twice"), fetcher=patient)
        assert [path for _, path in server.asked] == ["/twice", "/away", "/good"][: most + 1]
        server.asked.clear()


def test_a_request_tells_nothing_but_what_it_wants(server, fetcher, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    load_image(url(server, "good"), fetcher=fetcher)
    assert server.headers == {
        "Host": f"pictures.example:{server.server_port}",
        "Accept": "image/*, application/pdf",
        "Accept-Encoding": "identity",
        "User-Agent": "langchain-phase5",
    }


def test_the_next_address_is_tried_where_one_does_not_answer(server, fetcher, monkeypatch):
    monkeypatch.setattr("langchain_phase5.vision.fetch.is_public", lambda address: True)
    fetcher._resolve = lambda host, port: ["127.0.0.2", "127.0.0.1"]
    assert load_image(url(server, "good"), fetcher=fetcher).width == 30


def test_the_connection_goes_to_the_address_that_was_checked(server, monkeypatch):
    monkeypatch.setattr("langchain_phase5.vision.fetch.is_public", lambda address: True)
    server.asked = []
    with running(ThreadingHTTPServer(("127.0.0.2", server.server_port), Handler)) as other:
        other.asked = []
        elsewhere = ImageFetcher(ports=[server.server_port], resolve=lambda *_: ["127.0.0.2"])
        assert load_image(url(server, "good", host="localhost"), fetcher=elsewhere).width == 30
    assert (len(other.asked), server.asked) == (1, [])


@pytest.mark.skipif(sys.platform != "linux", reason="others answer although nobody accepts")
def test_a_server_that_does_not_accept_costs_no_more_than_the_deadline(fetcher):
    with ExitStack() as stack:
        full = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):  # who comes now gets no answer at all
            caller = stack.enter_context(closing(socket.socket()))
            caller.setblocking(False)
            caller.connect_ex(full.getsockname())
        port = full.getsockname()[1]
        patient = ImageFetcher(ports=[port], resolve=fetcher._resolve, max_seconds=0.3)
        with pytest.raises(ImageTooLargeError, match=r"0\.3 s"):
            load_image(f"http://pictures.example:{port}/good", fetcher=patient)


def test_a_name_is_resolved_once_and_the_connection_goes_there(server, fetcher, names):
    load_image(url(server, "good"), fetcher=fetcher)
    assert names.asked == ["pictures.example"]


def test_a_name_that_changes_its_meaning_is_refused(server, fetcher, names):
    answers = iter([["127.0.0.1"], ["169.254.169.254"]])
    fetcher._resolve = lambda host, port: next(answers)
    with pytest.raises(ImageNotAllowedError, match="public internet"):
        load_image(url(server, "away"), fetcher=fetcher)  # the redirect asks anew, and is checked
    assert len(server.asked) <= 1


def test_a_server_that_is_not_there_is_not_found(fetcher, server):
    server.shutdown()
    server.server_close()
    with pytest.raises(ImageNotFoundError, match="connection"):
        load_image(url(server, "good"), fetcher=fetcher)


@pytest.fixture
def certified(server, fetcher):
    """Serve over TLS as pictures.example, by an authority that the fetcher trusts."""
    authority = trustme.CA()
    ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("pictures.example").configure_cert(ours)
    server.socket = ours.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    authority.configure_trust(fetcher._ssl_context)
    return fetcher


def https(server, path, host="pictures.example"):
    return url(server, path, host).replace("http://", "https://")


def test_an_image_is_downloaded_over_https(server, certified, names):
    assert load_image(https(server, "good"), fetcher=certified).width == 30
    assert load_image(https(server, "good?token=geheim"), fetcher=certified).width == 30
    assert names.asked == ["pictures.example"] * 2


@pytest.mark.parametrize("path", ["slow_body", "slow_head"])
def test_the_deadline_holds_over_https_too(server, certified, path):
    certified._max_seconds = 1.0
    with pytest.raises(ImageTooLargeError, match="1 s"):
        load_image(https(server, path), fetcher=certified)


def test_a_certificate_of_another_host_is_refused(server, certified):
    with pytest.raises(UnreadableImageError, match="failed"):
        load_image(https(server, "good", host="other.example"), fetcher=certified)
    assert server.asked == []


def test_a_server_that_does_not_answer_the_handshake_costs_no_more_than_the_deadline(fetcher):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        patient = ImageFetcher(ports=[port], resolve=fetcher._resolve, max_seconds=0.5)
        with pytest.raises(ImageTooLargeError, match=r"0\.5 s"):
            load_image(f"https://pictures.example:{port}/good", fetcher=patient)


def test_without_a_resolver_the_system_resolves(server, fetcher):
    plain = ImageFetcher(ports=[server.server_port])
    assert load_image(url(server, "good", host="127.0.0.1"), fetcher=plain).width == 30
    with pytest.raises(ImageNotAllowedError, match="public internet"):
        load_image(url(server, "good", host="127.0.0.2"), fetcher=plain)


def test_https_checks_certificates(server, fetcher):
    source = url(server, "good").replace("http://", "https://")
    with pytest.raises(UnreadableImageError, match="failed"):
        load_image(source, fetcher=fetcher)


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost.",
        "LOCALHOST",
        "127.1",
        "0",
        "0x7f.1",
        "0x7f000001",
        "2130706433",
        "017700000001",
        "0177.0.0.1",
        "[::ffff:7f00:1]",
        "[0:0:0:0:0:0:0:1]",
    ],
)
def test_odd_spellings_of_this_machine_are_resolved_before_they_are_judged(host):
    with pytest.raises(ImageError, match=r"public internet|no host|malformed"):
        load_image(f"http://{host}/a.png", fetcher=ImageFetcher())

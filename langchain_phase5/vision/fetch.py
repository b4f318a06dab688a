"""Downloads images from the public internet, and from nowhere else."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Collection, Iterable
from contextlib import closing, suppress
from functools import cached_property
from ssl import SSLContext

import httpcore
import httpx

from langchain_phase5.vision.addresses import is_public
from langchain_phase5.vision.errors import (
    ImageNotAllowedError,
    ImageNotFoundError,
    ImageTooLargeError,
    UnreadableImageError,
)
from langchain_phase5.vision.paths import too_many_bytes

Resolver = Callable[[str, int], list[str]]
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_HEADERS = {
    "Accept": "image/*, application/pdf",
    "Accept-Encoding": "identity",  # a few compressed bytes may unpack to gigabytes
    "User-Agent": "langchain-phase5",
}


class ImageFetcher:
    """Fetches http(s) URLs that a stranger chose, without becoming the stranger's hands.

    Every host, that of each redirect too, is resolved once; one address that is not globally
    routable refuses it, and the connection goes to the address that was checked, so that a name
    cannot mean something else a moment later. No environment variable, proxy or cookie plays a
    part, and errors never repeat the path or query of a URL, which may hold a secret.

    Example:
        ```python
        from langchain_phase5.vision import ImageFetcher, ImageNotAllowedError, load_image

        try:
            load_image("http://169.254.169.254/latest/meta-data/", fetcher=ImageFetcher())
        except ImageNotAllowedError as error:
            print(error)
        ```
    """

    def __init__(
        self,
        *,
        allowed_hosts: Collection[str] | None = None,
        ports: Collection[int] = (80, 443),
        max_redirects: int = 3,
        max_seconds: float = 10.0,
        resolve: Resolver | None = None,
    ) -> None:
        """Fetch from the whole public internet, or from a few hosts.

        Args:
            allowed_hosts: The only host names to fetch from; they must still be public.
            ports: The only ports to connect to.
            max_redirects: How many times a server may send us elsewhere.
            max_seconds: For everything together: names, connections, redirects, body.
            resolve: Turns host and port into addresses; by default the system does.
        """
        self._allowed_hosts = None if allowed_hosts is None else set(allowed_hosts)
        self._ports = frozenset(ports)
        self._max_redirects = max_redirects
        self._max_seconds = max_seconds
        self._resolve = resolve or _resolve

    def fetch(self, url: str, *, max_bytes: int) -> bytes:
        """Return the body.

        Raises:
            ImageNotAllowedError: The URL, or one it redirects to, is refused.
            ImageNotFoundError: There is no such host or page.
            ImageTooLargeError: The body is larger than `max_bytes`, or it all took too long.
            UnreadableImageError: The server answered with an error or a web page.
        """
        deadline = time.monotonic() + self._max_seconds
        backend = _PublicBackend(resolve=self._resolve, deadline=deadline)
        try:
            with httpcore.ConnectionPool(
                ssl_context=self._ssl_context, network_backend=backend
            ) as pool:
                return self._follow(pool, url, max_bytes=max_bytes)
        except (httpcore.TimeoutException, TimeoutError):
            msg = (
                f"Downloading took more than {self._max_seconds:g} s. "
                "Try later, send the image itself, or raise ImageFetcher(max_seconds=...)."
            )
            raise ImageTooLargeError(msg) from None
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            msg = f"The download failed ({type(error).__name__}). Send the image itself."
            raise UnreadableImageError(msg) from None

    async def afetch(self, url: str, *, max_bytes: int) -> bytes:
        """Return the body without blocking the event loop; see `fetch`."""
        return await asyncio.to_thread(self.fetch, url, max_bytes=max_bytes)

    @cached_property
    def _ssl_context(self) -> SSLContext:
        return httpx.create_ssl_context(trust_env=False)

    def _follow(self, pool: httpcore.ConnectionPool, text: str, *, max_bytes: int) -> bytes:
        url = self._checked(text)
        for _ in range(self._max_redirects + 1):
            with closing(pool.handle_request(_request(url))) as response:
                if response.status not in _REDIRECTS:
                    return _body(response, max_bytes=max_bytes)
                headers = httpx.Headers(response.headers)
            url = self._checked(headers.get("location", ""), base=url)
        msg = f"The URL redirects more than {self._max_redirects} times. Pass the final one."
        raise ImageNotAllowedError(msg)

    def _checked(self, text: str, *, base: httpx.URL | None = None) -> httpx.URL:
        try:
            url = httpx.URL(text) if base is None else base.join(text)
        except (httpx.InvalidURL, UnicodeError):
            msg = "The URL is malformed. Pass one like https://example.com/picture.png."
            raise ImageNotAllowedError(msg) from None
        if url.scheme not in {"http", "https"} or not url.host:
            msg = "Only http and https URLs with a host are downloaded."
            raise ImageNotAllowedError(msg)
        if url.userinfo:
            msg = "URLs with a user name or password are not downloaded. Leave them out."
            raise ImageNotAllowedError(msg)
        if _port(url) not in self._ports:
            msg = f"Port {_port(url)} is not downloaded from; allowed are {sorted(self._ports)}."
            raise ImageNotAllowedError(msg)
        if self._allowed_hosts is not None and url.host not in self._allowed_hosts:
            msg = f"Images are only downloaded from {', '.join(sorted(self._allowed_hosts))}."
            raise ImageNotAllowedError(msg)
        return url


def _port(url: httpx.URL) -> int:
    return url.port or (443 if url.scheme == "https" else 80)


def _request(url: httpx.URL) -> httpcore.Request:
    target = httpcore.URL(
        scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
    )
    headers = {"Host": url.netloc.decode("ascii"), **_HEADERS}
    return httpcore.Request("GET", target, headers=list(headers.items()))


def _body(response: httpcore.Response, *, max_bytes: int) -> bytes:
    _check_answer(response.status, httpx.Headers(response.headers), max_bytes=max_bytes)
    body = bytearray()
    for chunk in response.iter_stream():
        body += chunk
        if len(body) > max_bytes:
            raise ImageTooLargeError(too_many_bytes(len(body), max_bytes))
    return bytes(body)


def _check_answer(status: int, headers: httpx.Headers, *, max_bytes: int) -> None:
    if status in {404, 410}:
        msg = f"There is no image at that URL (HTTP {status})."
        raise ImageNotFoundError(msg)
    if status != 200:  # noqa: PLR2004 - OK
        msg = f"The server answered HTTP {status} instead of an image. Send the image itself."
        raise UnreadableImageError(msg)
    kind = headers.get("content-type", "image").partition(";")[0].strip().lower()
    if not kind.startswith(("image", "application/pdf", "application/octet", "binary/octet")):
        msg = f"The URL leads to {kind[:40]!r}, not to an image. Pass the URL of the image itself."
        raise UnreadableImageError(msg)
    if headers.get("content-encoding", "identity") != "identity":
        msg = "The server compressed the image although asked not to. Send the image itself."
        raise UnreadableImageError(msg)
    length = headers.get("content-length", "0")
    if length.isdigit() and int(length) > max_bytes:
        raise ImageTooLargeError(too_many_bytes(int(length), max_bytes))


def _resolve(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


class _PublicBackend(httpcore.NetworkBackend):
    """Connects to checked addresses only, and gives every wait no more than the time left."""

    def __init__(self, *, resolve: Resolver, deadline: float) -> None:
        self._resolve = resolve
        self._deadline = deadline
        self._system = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        for address in self._addresses(host, port):
            with suppress(httpcore.ConnectError):
                stream = self._system.connect_tcp(
                    address, port, _left(self._deadline), local_address, socket_options
                )
                return _TimedStream(stream, deadline=self._deadline)
        msg = f"No connection to {host} could be made."
        raise ImageNotFoundError(msg)

    def _addresses(self, host: str, port: int) -> list[str]:
        addresses = _within(lambda: self._resolve(host, port), seconds=_left(self._deadline))
        if not addresses:
            msg = f"There is no host {host!r}. Check the URL."
            raise ImageNotFoundError(msg)
        if not all(is_public(address) for address in addresses):
            msg = (
                f"{host!r} is not on the public internet, so it is not downloaded from. "
                "Send the image itself."
            )
            raise ImageNotAllowedError(msg)
        return addresses


class _TimedStream(httpcore.NetworkStream):
    """A connection whose every wait ends at one deadline: a byte a minute helps no one."""

    def __init__(self, stream: httpcore.NetworkStream, *, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(self._deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(self._deadline))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        inner = self._stream.start_tls(ssl_context, server_hostname, _left(self._deadline))
        return _TimedStream(inner, deadline=self._deadline)

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _within(resolve: Callable[[], list[str]], *, seconds: float) -> list[str]:
    """Wait for a name no longer than this: the system's own patience has no setting."""
    found: list[str] = []
    failures: list[Exception] = []

    def work() -> None:
        try:
            found.extend(resolve())
        except (OSError, UnicodeError):
            found.clear()
        except Exception as error:  # noqa: BLE001 - raised in the thread that waits
            failures.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise TimeoutError
    for failure in failures:
        raise failure
    return found

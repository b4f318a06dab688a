"""Who may ask: the right host, no other site's page, a key, and not too often."""

import asyncio
import hashlib
import math
import time
from collections import OrderedDict
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from langchain_phase5.server.layers.rate_limit import RateLimit
from langchain_phase5.server.problems import Forbidden, Unauthorized, WrongHost
from langchain_phase5.server.settings import ServerSettings
from langchain_phase5.storage.api_keys import ApiKey, ApiKeyStore

OPEN_PATHS = frozenset({"/", "/health", "/ready"})
"""What needs no key: the page, which holds nothing, and what a load balancer asks."""
OPEN_FOLDER = "/page/"
"""The page's own files."""
_UNCOUNTED = frozenset({"/health", "/ready"})
_LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]", "::1"})
_KEY_SECONDS = 5.0
_KEYS_REMEMBERED = 1_000


class AccessControl:
    """Refuses what should not be here before its body is read.

    - A host name that is not ours: a page elsewhere may have its own name point at this machine.
    - Another site's page: a browser sends simple requests anywhere, and says whose they are.
    - No key or a wrong one, where keys are needed.
    - More requests than a key, or an address, is granted; wrong keys count too.
    """

    def __init__(
        self, app: ASGIApp, *, settings: ServerSettings, keys: ApiKeyStore, limit: RateLimit
    ) -> None:
        self._app = app
        self._keys = _RecentKeys(keys) if settings.require_key else None
        self._limit = limit
        self._hosts = _accepted_hosts(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with a problem, or let the request pass."""
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            self._check_host(headers)
            _check_origin(headers)
            if scope["path"] not in _UNCOUNTED:
                await self._limit.check(await self._client(scope, headers))
        await self._app(scope, receive, send)

    async def _client(self, scope: Scope, headers: Headers) -> str:
        """Who is asking, for the rate limit."""
        address = scope["client"][0] if scope.get("client") else "unknown"
        path = scope["path"]
        if self._keys is None or path in OPEN_PATHS or path.startswith(OPEN_FOLDER):
            return f"address:{address}"
        given = _given_key(headers)
        found = await self._keys.find(given) if given else None
        if found is None:
            await self._limit.check(f"address:{address}")
            what = "That API key is unknown or revoked" if given else "This needs an API key"
            msg = (
                f"{what}. Send one as `Authorization: Bearer KEY` or `X-API-Key: KEY`; "
                "the operator makes them with `langchain-phase5 keys create`."
            )
            raise Unauthorized(msg, headers={"WWW-Authenticate": "Bearer"})
        scope["state"]["key_id"] = found.key_id
        return f"key:{found.key_id}"

    def _check_host(self, headers: Headers) -> None:
        if self._hosts and _without_port(headers.get("host", "")) not in self._hosts:
            msg = (
                f"This service answers to {', '.join(sorted(self._hosts))} only. The operator "
                "may add a name with `serve --allowed-host`."
            )
            raise WrongHost(msg)


class _RecentKeys:
    """Keys that were right a moment ago, so that not every request asks the database."""

    def __init__(self, keys: ApiKeyStore) -> None:
        self._keys = keys
        self._recent: OrderedDict[bytes, tuple[ApiKey, float]] = OrderedDict()

    async def find(self, key: str) -> ApiKey | None:
        digest = hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()
        found, until = self._recent.get(digest, (None, -math.inf))
        if time.monotonic() < until:
            return found
        found = await asyncio.to_thread(self._keys.verify, key)
        if found is not None:
            self._recent[digest] = found, time.monotonic() + _KEY_SECONDS
            while len(self._recent) > _KEYS_REMEMBERED:
                self._recent.popitem(last=False)
        return found


def _accepted_hosts(settings: ServerSettings) -> frozenset[str]:
    """The host names to answer to; none for all."""
    own = _LOOPBACK_NAMES | {settings.host} if settings.is_loopback else frozenset()
    return frozenset(name.lower() for name in {*own, *settings.allowed_hosts})


def _without_port(host: str) -> str:
    name, colon, port = host.lower().rpartition(":")
    return name if colon and port.isdigit() else host.lower()


def _check_origin(headers: Headers) -> None:
    origin = headers.get("origin")
    is_foreign = headers.get("sec-fetch-site") == "cross-site" and "origin" in headers
    if origin is not None and (
        is_foreign or urlsplit(origin).netloc.lower() != headers.get("host", "").lower()
    ):
        msg = (
            "Pages of other sites may not use this service from a browser. Call it from a program."
        )
        raise Forbidden(msg)


def _given_key(headers: Headers) -> str | None:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    return headers.get("x-api-key")

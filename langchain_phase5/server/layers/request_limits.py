"""What one request may cost: bytes, seconds, and a place among the others."""

import asyncio
from asyncio import Timeout

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from langchain_phase5.server.problems import BodyTooLarge, Busy, TimeLimit, TooSlow
from langchain_phase5.server.settings import ServerSettings

_ALWAYS = frozenset({"/health", "/ready", "/metrics"})
"""Answered however busy the service is, or nobody could see that it is: as long as there are not
too many connections."""


class RequestLimits:
    """Cuts off bodies that are too long or too slow, answers that take too long, and crowds."""

    def __init__(self, app: ASGIApp, *, settings: ServerSettings) -> None:
        self._app = app
        self._settings = settings
        self._in_flight = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request pass as long as it keeps to the limits."""
        if scope["type"] == "http":
            self._check_connections(scope)
        if scope["type"] != "http" or scope["path"] in _ALWAYS:
            await self._app(scope, receive, send)
            return
        if self._in_flight >= self._settings.max_concurrent_requests:
            msg = "There are too many requests at the moment. Try again in a second."
            raise Busy(msg, headers={"Retry-After": "1"})
        body = _Body(receive, settings=self._settings)
        body.check_announced(Headers(scope=scope))
        self._in_flight += 1
        try:
            await self._within_time(scope, body, send)
        finally:
            self._in_flight -= 1

    def _check_connections(self, scope: Scope) -> None:
        if len(scope["state"].get("connections", ())) > self._settings.max_connections:
            msg = "There are too many connections at the moment. Try again in a second."
            raise Busy(msg, headers={"Retry-After": "1", "Connection": "close"})

    async def _within_time(self, scope: Scope, receive: Receive, send: Send) -> None:
        timer: Timeout

        async def send_in_time(message: Message) -> None:
            timer.reschedule(None)  # what has begun may go on, as long as somebody reads it
            await self._sent(send, message)

        try:
            async with asyncio.timeout(self._settings.request_seconds) as timer:
                await self._app(scope, receive, send_in_time)
        except TimeoutError:
            if not timer.expired():
                raise
            msg = (
                f"The answer was not ready within {self._settings.request_seconds:g} s. Send a "
                "smaller image, or ask the operator to raise the limit."
            )
            raise TimeLimit(msg) from None

    async def _sent(self, send: Send, message: Message) -> None:
        try:
            async with asyncio.timeout(self._settings.body_seconds):
                await send(message)
        except TimeoutError:
            msg = f"The answer was not read within {self._settings.body_seconds:g} s."
            raise TooSlow(msg) from None


class _Body:
    """Hands on a request's body, while there is time and room for it."""

    def __init__(self, receive: Receive, *, settings: ServerSettings) -> None:
        self._receive = receive
        self._most = settings.max_body_bytes
        self._seconds = settings.body_seconds
        self._deadline: float | None = None
        self._size = 0
        self._is_complete = False

    def check_announced(self, headers: Headers) -> None:
        """Refuse a body whose length is announced, before any of it is read."""
        length = headers.get("content-length", "")
        if length.isdigit() and int(length) > self._most:
            raise self._too_large()

    async def __call__(self) -> Message:
        if self._is_complete:
            return await self._receive()
        now = asyncio.get_running_loop().time()
        self._deadline = self._deadline or now + self._seconds
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError:
            msg = f"The body did not arrive within {self._seconds:g} s. Send it faster, or less."
            raise TooSlow(msg, headers={"Connection": "close"}) from None
        self._size += len(message.get("body", b""))
        self._is_complete = not message.get("more_body", False)
        if self._size > self._most:
            raise self._too_large()
        return message

    def _too_large(self) -> BodyTooLarge:
        msg = f"The request's body exceeds {self._most:,} bytes. Send a smaller or fewer images."
        return BodyTooLarge(msg, headers={"Connection": "close"})

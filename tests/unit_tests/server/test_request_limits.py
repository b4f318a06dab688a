"""What one request may cost."""

import asyncio

import httpx
import pytest
from service import SETTINGS, png

from langchain_phase5.server import ServerSettings, create_app
from langchain_phase5.server.problems import Busy
from langchain_phase5.server.work_slots import WorkSlots

UPLOAD = "/api/v1/images"
FORM = {"content-type": "multipart/form-data; boundary=x"}


async def ask(app, messages, *, path=UPLOAD, headers=FORM):
    """Send a body message by message, None for a wait without end; return status and headers."""
    sent = []
    waiting = list(messages)

    async def receive():
        message = waiting.pop(0) if waiting else None
        if message is None:
            await asyncio.Event().wait()
        return {"type": "http.request", "body": message, "more_body": bool(waiting)}

    async def send(message):
        sent.append(message)

    names = {"host": "localhost", **headers}
    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in names.items()],
        "client": ("127.0.0.1", 1),
        "server": ("localhost", 80),
        "scheme": "http",
        "http_version": "1.1",
    }
    await app(scope, receive, send)
    return sent[0]["status"], dict(sent[0]["headers"])


@pytest.fixture
def make_app():
    made = []

    def make(**settings):
        made.append(create_app(ServerSettings(**SETTINGS | settings)))
        return made[-1]

    yield make
    for app in made:
        app.state.services.database.close()


async def test_an_announced_size_is_refused_before_it_arrives(make_app):
    status, headers = await ask(
        make_app(max_body_bytes=2000), [None], headers=FORM | {"content-length": "2001"}
    )
    assert status == 413
    assert headers[b"connection"] == b"close"


async def test_the_body_of_a_stranger_is_not_waited_for(make_app):
    status, _ = await asyncio.wait_for(ask(make_app(require_key=True), [None]), 60)
    assert status == 401


@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=x", "application/json"])
async def test_a_size_that_is_not_announced_is_counted(make_app, kind):
    start = b'--x\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n'
    pieces = [start, *[b"x" * 500] * 10, None]
    headers = {"content-type": kind}
    status, _ = await ask(make_app(max_body_bytes=2000), pieces, headers=headers)
    assert status == 413


async def test_a_declared_json_body_is_counted_too(make_app):
    status, _ = await ask(
        make_app(max_body_bytes=2000),
        [b"[", b" " * 3000, None],
        path="/api/v1/tools/route",
        headers={"content-type": "application/json"},
    )
    assert status == 413


@pytest.mark.parametrize("messages", [[None], [b"--x\r\n", None]])
async def test_a_body_that_does_not_arrive_is_given_up(make_app, messages):
    status, _ = await ask(make_app(body_seconds=0.05), messages)
    assert status == 408


@pytest.mark.parametrize("field", ["x" * 70_000, None])
async def test_a_form_of_too_many_or_too_large_fields_is_refused(make_app, field):
    transport = httpx.ASGITransport(make_app())
    fields = {"caption": field} if field else {f"f{number}": "x" for number in range(20)}
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        answer = await client.post(UPLOAD, files={"image": png()}, data=fields)
    assert answer.status_code == 400


async def test_an_answer_that_takes_too_long_is_given_up(make_app, monkeypatch):
    app = make_app(request_seconds=0.05)

    async def slow(**_):
        await asyncio.sleep(60)

    monkeypatch.setattr(app.state.services.images, "alist", slow)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        answer = await client.get(UPLOAD)
        assert answer.status_code == 504
        assert (await client.get("/health")).status_code == 200


async def test_an_error_of_time_inside_is_not_the_time_limit(make_app, monkeypatch):
    app = make_app()

    async def slow(**_):
        raise TimeoutError

    monkeypatch.setattr(app.state.services.images, "alist", slow)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        assert (await client.get(UPLOAD)).status_code == 500


async def test_a_crowd_is_turned_away(make_app, monkeypatch):
    app = make_app(max_concurrent_requests=2)
    both, go_on = asyncio.Barrier(3), asyncio.Event()

    async def wait(**_):
        await both.wait()
        await go_on.wait()
        return []

    monkeypatch.setattr(app.state.services.images, "alist", wait)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        waiting = [asyncio.create_task(client.get(UPLOAD)) for _ in range(2)]
        await both.wait()
        refused = await client.get(UPLOAD)
        alive = await client.get("/health")
        go_on.set()
        statuses = [(await one).status_code for one in waiting]
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert alive.status_code == 200
    assert statuses == [200, 200]


async def test_a_reader_that_stops_reading_does_not_keep_its_place(make_app):
    app = make_app(body_seconds=0.05, max_concurrent_requests=1)
    transport = httpx.ASGITransport(app)

    async def send(message):
        await asyncio.Event().wait()

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {
        "type": "http",
        "method": "GET",
        "path": UPLOAD,
        "query_string": b"",
        "headers": [(b"host", b"localhost")],
        "client": None,
    }
    await asyncio.wait_for(app(scope, receive, send), 60)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        assert (await client.get(UPLOAD)).status_code == 200


async def test_work_waits_for_a_slot_and_is_turned_away_in_the_end():
    slots = WorkSlots(1, queue_seconds=0.05)
    go_on = asyncio.Event()
    first = asyncio.create_task(slots.run(go_on.wait))
    await asyncio.sleep(0)
    with pytest.raises(Busy) as refused:
        await slots.run(go_on.wait)
    assert refused.value.headers == {"Retry-After": "1"}
    go_on.set()
    assert await first
    assert await slots.run(go_on.wait)


async def test_whoever_gives_up_keeps_the_slot_until_the_work_ends():
    slots = WorkSlots(1, queue_seconds=0.05)
    go_on = asyncio.Event()

    async def work():
        await go_on.wait()
        raise ValueError("nobody looks")

    first = asyncio.create_task(slots.run(work))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    with pytest.raises(Busy):
        await slots.run(go_on.wait)
    go_on.set()
    await asyncio.sleep(0.01)
    assert await slots.run(go_on.wait)

"""Requests of every kind, one in twenty hostile, to a service that is killed in between."""

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import httpx
from service import Served, inline, png

HOSTILE = 20
"""One in so many requests."""


@dataclass
class Traffic:
    """What became of it."""

    answers: dict[int, int] = field(default_factory=dict)
    """How often each status came; 0 where the connection broke, as it does in a kill."""
    accepted: dict[str, str] = field(default_factory=dict)
    """Caption by id, of every image whose upload was answered with 201."""
    lost: list[str] = field(default_factory=list)
    """Accepted images that are not there, whole and with their caption, in the end."""
    let_in: list[str] = field(default_factory=list)
    """Hostile requests that were answered with success."""
    unexpected: list[str] = field(default_factory=list)
    """Honest requests that were answered with an error."""
    hostile: int = 0
    kills: int = 0


def run_traffic(server: Served, *, requests: int, kills: int, clients: int = 4) -> Traffic:
    """Send so many requests, killing the service so many times while some are on their way."""
    traffic = Traffic()
    each = requests // (kills + 1)
    for part in range(kills + 1):
        with ThreadPoolExecutor(clients + 1) as pool:
            sent = [
                pool.submit(_send, traffic, server.url, number)
                for number in range(part * each, (part + 1) * each)
            ]
            if part < kills:
                sent[each // 2].result()
                server.kill()
                traffic.kills += 1
            for one in sent:
                one.result()
        if part < kills:
            server.start()
    with httpx.Client(base_url=server.url, timeout=60) as client:
        traffic.lost = [
            image_id
            for image_id, caption in traffic.accepted.items()
            if not _is_kept(client, image_id, caption)
        ]
    return traffic


def _is_kept(client, image_id, caption):
    record = client.get(f"/api/v1/images/{image_id}")
    content = client.get(f"/api/v1/images/{image_id}/content")
    thumbnail = client.get(f"/api/v1/images/{image_id}/thumbnail")
    return (
        record.status_code == content.status_code == thumbnail.status_code == 200
        and record.json()["metadata"]["caption"] == caption
        and len(content.content) == record.json()["size"]
    )


def _send(traffic, url, number):
    draw = random.Random(number)  # noqa: S311 - not for secrets
    is_hostile = number % HOSTILE == 0
    method, path, options = draw.choice(_ATTACKS) if is_hostile else _honest(draw, number)
    try:
        with httpx.Client(base_url=url, timeout=60) as client:
            answer = client.request(method, path, **options)
    except httpx.TransportError:
        traffic.answers[0] = traffic.answers.get(0, 0) + 1
        return
    traffic.answers[answer.status_code] = traffic.answers.get(answer.status_code, 0) + 1
    what = f"{method} {path} {answer.status_code}"
    if is_hostile:
        traffic.hostile += 1
        if answer.is_success:
            traffic.let_in.append(what)
    elif answer.status_code == 201:
        traffic.accepted[answer.json()["image_id"]] = str(number)
    elif answer.status_code not in {200, 503}:  # 503: a crowd is told to come back
        traffic.unexpected.append(what)


def _honest(draw, number):
    color = tuple(draw.randrange(256) for _ in range(3))
    picture = png(color, size=(32 + number % 17, 24 + number // 17))  # each its own
    kind = draw.randrange(6)
    if kind < 3:
        options = {"files": {"image": picture}, "data": {"caption": str(number)}}
        return "POST", "/api/v1/images", options
    if kind == 3:
        return "POST", "/api/v1/vision/analyze", {"json": {"image": inline(picture)}}
    if kind == 4:
        tools = [{"name": "get_weather"}, {"name": "send_mail"}]
        return "POST", "/api/v1/tools/route", {"json": {"query": "weather", "tools": tools}}
    return "GET", "/api/v1/images", {"params": {"limit": 5}}


_ATTACKS = [
    ("GET", "/api/v1/images/..%2f..%2fetc%2fpasswd", {}),
    ("POST", "/api/v1/vision/analyze", {"json": {"image": {"url": "http://127.0.0.1:22/"}}}),
    ("POST", "/api/v1/vision/analyze", {"json": {"image": {"path": "/etc/passwd"}}}),
    ("POST", "/api/v1/images", {"files": {"image": b"MZ" + b"\0" * 10_000}}),
    ("POST", "/api/v1/images", {"content": b"[" * 100_000}),
    ("GET", "/health", {"headers": {"host": "evil.example"}}),
    ("POST", "/api/v1/images", {"headers": {"origin": "https://evil.example"}}),
    ("DELETE", "/api/v1/images/" + "0" * 64, {}),
]

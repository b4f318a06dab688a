"""Ask the model hub for weights only where it answers."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_PATIENCE = 5.0


@contextmanager
def hub_if_reachable() -> Iterator[bool]:
    """Have the hub's client look only into its cache if the hub does not answer within 5 seconds.

    By itself it tries each of several files six times, with warnings and growing waits: a minute
    and a half until open_clip gives up, and as long before it uses what is in the cache. Here one
    request decides, by the client's own session, so that proxies and `HF_ENDPOINT` count.

    Yields:
        Whether weights can be fetched.
    """
    from huggingface_hub import constants, get_session  # noqa: PLC0415 - comes with open_clip

    offline: bool = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = offline or not _answers(get_session(), constants.ENDPOINT)
    try:
        yield not constants.HF_HUB_OFFLINE
    finally:
        constants.HF_HUB_OFFLINE = offline


def _answers(session: Any, address: str) -> bool:
    try:
        session.head(address, timeout=_PATIENCE)
    except Exception:  # noqa: BLE001 - whatever it is, weights will not come this way
        return False
    return True

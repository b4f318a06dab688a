"""`run_server`: the service as a process, by uvicorn."""

import os
import tempfile
from functools import partial
from typing import Any

from langchain_phase5.server.settings import ServerSettings
from langchain_phase5.server.warm_up import warm_app
from langchain_phase5.storage.api_keys import ApiKeyStore
from langchain_phase5.storage.database import Database

_SHARED_METRICS = "PROMETHEUS_MULTIPROC_DIR"


def run_server(settings: ServerSettings) -> None:
    """Serve until told to stop; what is under way may finish first.

    Raises:
        ImportError: An extra is missing.
        OSError: The port is taken.
        ValueError: The settings make no sense, or would leave the service open to strangers.
    """
    try:
        import uvicorn  # noqa: PLC0415 - the extra may be missing
    except ImportError as error:
        msg = "The service needs more packages: pip install 'langchain-phase5[server]'"
        raise ImportError(msg) from error
    check_exposure(settings)
    if settings.workers == 1:
        uvicorn.run(warm_app(settings), **uvicorn_options(settings))
        return
    os.environ.update(settings.to_environment())
    with tempfile.TemporaryDirectory(prefix="langchain-phase5-metrics-") as folder:
        os.environ.setdefault(_SHARED_METRICS, folder)
        uvicorn.run(
            "langchain_phase5.server.warm_up:warm_app",
            factory=True,
            workers=settings.workers,
            **uvicorn_options(settings),
        )


def check_exposure(settings: ServerSettings) -> None:
    """Refuse to listen where other machines can ask, unless they need a key, and there is one.

    Raises:
        ValueError: What is missing, and how to mend it.
    """
    if settings.is_loopback:
        return
    if not settings.require_key:
        msg = (
            f"{settings.host} can be reached by other machines, so every request needs an API key: "
            "add --require-key, or listen on 127.0.0.1."
        )
        raise ValueError(msg)
    with Database(settings.database) as database:
        if not ApiKeyStore(database).has_keys():
            msg = (
                f"{settings.host} can be reached by other machines, and there is no API key yet. "
                "Make one: langchain-phase5 keys create NAME"
            )
            raise ValueError(msg)


def uvicorn_options(settings: ServerSettings) -> dict[str, Any]:
    """How uvicorn has to be run for the limits in the settings to hold."""
    from langchain_phase5.server.layers.header_deadline import HeaderDeadlineProtocol  # noqa: PLC0415
    from langchain_phase5.server.logs import log_config  # noqa: PLC0415

    return {
        "host": settings.host,
        "port": settings.port,
        "http": partial(HeaderDeadlineProtocol, header_seconds=settings.header_seconds),
        "ws": "none",
        "timeout_graceful_shutdown": settings.shutdown_seconds,
        "log_config": log_config(settings.log_level),
        "access_log": False,  # ours has the request id, and no query string
        "server_header": False,
        "proxy_headers": False,  # or whoever asks says where from
    }

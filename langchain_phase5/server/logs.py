"""How the service logs: one line a record, with the request's id, and never a key."""

import logging
import re
from typing import Any

from langchain_phase5.server.layers.request_context import REQUEST_ID

_KEY = re.compile(r"(lp5_[0-9a-f]{12})_[0-9a-f]+")


class LogFormatter(logging.Formatter):
    """Adds the request's id, and hides what looks like an API key, wherever it came from.

    Example:
        >>> record = logging.makeLogRecord({"msg": "lp5_0123456789ab_" + "0" * 64})
        >>> "lp5_0123456789ab_***" in LogFormatter("%(message)s").format(record)
        True
    """

    def format(self, record: logging.LogRecord) -> str:
        """The record as text, its traceback included."""
        record.request_id = REQUEST_ID.get()
        return _KEY.sub(r"\1_***", super().format(record))


def log_config(level: str) -> dict[str, Any]:
    """The configuration for `logging.config.dictConfig`.

    Args:
        level: Of this package and of uvicorn.
    """
    chosen = {"handlers": ["console"], "level": level.upper(), "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": "langchain_phase5.server.logs.LogFormatter",
                "format": "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s",
            }
        },
        "handlers": {
            "console": {
                "class": "logging.StreamHandler",
                "formatter": "line",
                "stream": "ext://sys.stderr",
            }
        },
        "loggers": {"langchain_phase5": chosen, "uvicorn": chosen},
        "root": {"handlers": ["console"], "level": "WARNING"},
    }

"""Tell callback handlers what happened, if there are any."""

import logging
from functools import partial
from typing import Any

from langchain_core.callbacks import adispatch_custom_event, dispatch_custom_event

from langchain_phase5.sync_or_async import Call, Steps

logger = logging.getLogger(__name__)


def report(event: str, data: dict[str, Any]) -> Steps[None]:
    """Dispatch one of LangChain's custom events; outside a run, where nobody listens, do nothing.

    Args:
        event: The name that handlers tell events apart by.
        data: Plain values.
    """
    try:
        yield Call(
            now=partial(dispatch_custom_event, event, data),
            later=partial(adispatch_custom_event, event, data),
        )
    except RuntimeError:
        logger.debug("Nobody listens to %s", event)

"""The log names requests and hides keys."""

import io
import logging
import logging.config

from langchain_phase5.server.logs import log_config
from langchain_phase5.storage.api_keys import ApiKeyStore
from langchain_phase5.storage.database import Database


def test_a_key_is_hidden_wherever_it_stands():
    with Database("sqlite://") as database:
        key = ApiKeyStore(database).create("me").key
    # Part by part: `dictConfig` would close the handlers that pytest listens with.
    parts = logging.config.DictConfigurator(log_config("info"))
    formatter = parts.configure_formatter(parts.config["formatters"]["line"])
    said = io.StringIO()
    handler = logging.StreamHandler(said)
    handler.setFormatter(formatter)
    logger = logging.getLogger("langchain_phase5.server.test_logs")
    logger.setLevel("INFO")
    logger.propagate = False
    logger.addHandler(handler)
    logger.info("path /%s", key)
    try:
        raise ValueError(key)
    except ValueError:
        logger.exception("failed")
    assert key not in said.getvalue()
    assert said.getvalue().count("_***") >= 2
    assert "[-]" in said.getvalue()

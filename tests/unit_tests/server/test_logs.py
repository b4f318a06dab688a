"""The log names requests and hides keys."""

import logging
import logging.config

from langchain_phase5.server.logs import log_config
from langchain_phase5.storage.api_keys import ApiKeyStore
from langchain_phase5.storage.database import Database


def test_a_key_is_hidden_wherever_it_stands(capsys):
    with Database("sqlite://") as database:
        key = ApiKeyStore(database).create("me").key
    package = logging.getLogger("langchain_phase5")
    before = package.handlers[:], package.level, package.propagate
    root = logging.getLogger()
    before_root = root.handlers[:], root.level
    try:
        logging.config.dictConfig(log_config("info"))
        logger = logging.getLogger("langchain_phase5.server.test")
        logger.info("path /%s", key)
        try:
            raise ValueError(key)
        except ValueError:
            logger.exception("failed")
    finally:
        package.handlers, package.level, package.propagate = before
        root.handlers, root.level = before_root
    said = capsys.readouterr().err
    assert key not in said
    assert said.count("_***") >= 2
    assert "[-]" in said

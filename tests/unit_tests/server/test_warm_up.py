"""A service loads what vision needs before anyone asks."""

import threading

import pytest
from service import SETTINGS

from langchain_phase5.server import ServerSettings
from langchain_phase5.server.warm_up import warm_app
from langchain_phase5.vision import OCREngine, OCRResult, TesseractNotFoundError


@pytest.fixture
def read(monkeypatch):
    pictures = []

    def note(_, loaded):
        pictures.append((loaded.width, loaded.height))
        return OCRResult(words=[], width=loaded.width, height=loaded.height, engine="none")

    monkeypatch.setattr(OCREngine, "read", note)
    return pictures


def started():
    app = warm_app(ServerSettings(**SETTINGS))
    for thread in threading.enumerate():
        if thread.name == "warm-up":
            thread.join()
    app.state.services.database.close()
    return app


def test_a_picture_is_read_before_anyone_asks(read):
    assert started().title == "langchain-phase5"
    assert read == [(64, 64)]


def test_the_service_starts_where_nothing_can_be_read(monkeypatch, caplog):
    def fail(*_):
        raise TesseractNotFoundError

    monkeypatch.setattr(OCREngine, "read", fail)
    assert started().title == "langchain-phase5"
    assert "first picture will take longer" in caplog.text

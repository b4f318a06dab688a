"""`warm_app`: a service whose first picture does not wait for libraries and networks to load."""

import logging
import threading
from typing import TYPE_CHECKING

from PIL import Image

from langchain_phase5.server.app import create_app
from langchain_phase5.server.settings import ServerSettings
from langchain_phase5.vision import VisionAnalyzer

if TYPE_CHECKING:
    from fastapi import FastAPI

    from langchain_phase5.server.services import Services

logger = logging.getLogger(__name__)


def warm_app(settings: ServerSettings | None = None) -> "FastAPI":
    """Make the service as `create_app` does, and load in the background what vision needs.

    That takes two to three seconds of processor time, which the first request would have to wait
    for; the service answers meanwhile.

    Raises:
        ImportError: An extra is missing.
        ValueError: The settings make no sense.
    """
    app = create_app(settings)
    services = app.state.services
    threading.Thread(target=_look_once, args=(services,), name="warm-up", daemon=True).start()
    return app


def _look_once(services: "Services") -> None:
    """Look at an empty picture offline, so that no model is asked and paid."""
    analyzer = VisionAnalyzer(ocr=services.ocr, chart_reader=services.analyzer.chart_reader)
    try:
        analyzer.analyze_image_sync(Image.new("RGB", (64, 64), "white"))
    except Exception:  # whatever it is, the first request will say it to whoever asks
        logger.warning("Warming up failed; the first picture will take longer", exc_info=True)

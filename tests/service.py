"""Services to ask in tests, and what to send them."""

import base64
import io
from typing import Any

from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from langchain_core.tools import tool
from PIL import Image, ImageDraw, ImageFont

SETTINGS: dict[str, Any] = {"database": "sqlite://", "images": "memory://"}
"""Of a service that keeps everything in memory."""


def png(color="teal", *, size=(64, 48), text=None, kind="PNG"):
    """The bytes of a picture."""
    picture = Image.new("RGB", size, color)
    if text:
        font = ImageFont.load_default(36)
        ImageDraw.Draw(picture).text((20, 20), text, fill="black", font=font)
    out = io.BytesIO()
    picture.save(out, kind)
    return out.getvalue()


def inline(data):
    """An image in a JSON request."""
    return {"base64": base64.b64encode(data).decode()}


class Manuals(BaseRetriever):
    """Finds the same page whatever the image."""

    def _get_relevant_documents(self, query, *, run_manager, k=4):
        page = Document("How to change the filter", id="manual-7", metadata={"score": 0.9})
        return [page][:k]


MANUALS = Manuals()


@tool
def get_weather(city: str) -> str:
    """Say what the weather is like in a city."""
    return city


@tool
def send_mail(to: str) -> str:
    """Send an e-mail."""
    return to


TOOLS = [get_weather, send_mail]

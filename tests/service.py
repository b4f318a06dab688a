"""Services to ask in tests, and what to send them."""

import base64
import io
import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from langchain_core.tools import tool
from PIL import Image, ImageDraw, ImageFont
from ports import keep_port

from langchain_phase5.server import ServerSettings

TESTS = Path(__file__).parent
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


def echo(inputs):
    """Answers with the question."""
    return inputs


class Served:
    """The service in a process of its own, on loopback, with settings from the environment."""

    def __init__(self, folder, **settings):
        self.folder = folder
        self.log = folder / "log"
        self._kept = keep_port()
        self.port = settings.get("port") or self._kept.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        given = {"database": f"sqlite:///{folder}/service.db", "images": str(folder / "images")}
        self._settings = ServerSettings(**given | settings | {"port": self.port})
        self.process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self._kept.close()
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(120)

    def start(self):
        command = [str(Path(sys.executable).with_name("langchain-phase5")), "serve"]
        environment = os.environ | self._settings.to_environment() | {"PYTHONPATH": str(TESTS)}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own program
                command, env=environment, stderr=log, stdout=log, cwd=self.folder
            )
        deadline = time.monotonic() + 180
        while time.monotonic() < deadline and self.process.poll() is None:
            with suppress(httpx.TransportError):
                if httpx.get(f"{self.url}/health").status_code == 200:
                    return
            time.sleep(0.1)
        raise RuntimeError(self.log.read_text())

    def kill(self):
        self.process.kill()
        self.process.wait(60)

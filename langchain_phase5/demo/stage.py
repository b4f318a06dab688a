"""Everything the tour plays with: pictures, tools, model, router, index, metrics, database."""

import os
import random
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from langchain.agents import create_agent
from langchain.chat_models import init_chat_model
from langchain_core.language_models import BaseChatModel
from langchain_core.tools import BaseTool
from prometheus_client import CollectorRegistry

from langchain_phase5.callbacks import InteractionRecorder, PrometheusCallbackHandler
from langchain_phase5.demo import tiny_drawings
from langchain_phase5.demo.business import all_tools
from langchain_phase5.demo.pictures import draw_all
from langchain_phase5.demo.scripted_model import ScriptedChatModel
from langchain_phase5.retrievers import CLIPImageRetriever, OpenCLIPEmbeddings
from langchain_phase5.routing import ToolRouter, ToolRouterMiddleware
from langchain_phase5.storage import Database
from langchain_phase5.vision import VisionAnalyzer, VisionToolkit

AGENT = "ridgeline-assistant"
ALBUM_SIZE = 60


@dataclass(frozen=True)
class Stage:
    """What is set up once and used by every part of the tour.

    Args:
        folder: Where pictures, database and report are written.
        model: Answers the questions; a real one, or `ScriptedChatModel`.
        registry: Holds the metrics.
    """

    folder: Path
    model: BaseChatModel
    registry: CollectorRegistry
    handler: PrometheusCallbackHandler
    recorder: InteractionRecorder
    router: ToolRouter
    retriever: CLIPImageRetriever
    analyzer: VisionAnalyzer
    database: Database

    @property
    def model_name(self) -> str:
        """What to write where the model speaks; `scripted` if it is no real one."""
        if isinstance(self.model, ScriptedChatModel):
            return "scripted"
        return str(getattr(self.model, "model_name", None) or self.model.get_name())

    @property
    def pictures(self) -> Path:
        """The folder that the vision tools may read."""
        return self.folder / "pictures"

    def tools(self) -> list[BaseTool]:
        """Return the business tools of a fresh company, and the vision tools."""
        toolkit = VisionToolkit(self.analyzer, retriever=self.retriever, roots=[self.pictures])
        return [*all_tools(), *toolkit.get_tools()]

    def agent(self, *, routed: bool) -> Any:
        """Build the agent, as a user would, with or without the router."""
        middleware = [ToolRouterMiddleware(self.router)] if routed else []
        return create_agent(self.model, self.tools(), middleware=middleware, name=AGENT)

    @cached_property
    def assistant(self) -> Any:
        """The routed agent that the tour talks to."""
        return self.agent(routed=True)

    @property
    def callbacks(self) -> list[Any]:
        """Return the handlers that watch every run."""
        return [self.handler, self.recorder]

    def close(self) -> None:
        """Write what is still queued and close the database."""
        self.recorder.close()
        self.database.close()


def set_stage(folder: Path, *, model_name: str | None) -> Stage:
    """Draw the pictures, index the album and connect the parts.

    Args:
        folder: Is created if need be.
        model_name: Any name `init_chat_model` knows; without one `openai:gpt-4o` if
            `OPENAI_API_KEY` is set, else the scripted stand-in.
    """
    draw_all(folder / "pictures")
    if model_name is None and os.environ.get("OPENAI_API_KEY"):
        model_name = "openai:gpt-4o"
    model = init_chat_model(model_name) if model_name else ScriptedChatModel()
    retriever = CLIPImageRetriever(
        embeddings=OpenCLIPEmbeddings.from_local(tiny_drawings.path()), k=3
    )
    retriever.add_images(draw_album(folder / "album"))
    registry = CollectorRegistry()
    database = Database(f"sqlite:///{_fresh(folder / 'demo.db')}")
    return Stage(
        folder=folder,
        model=model,
        registry=registry,
        handler=PrometheusCallbackHandler(registry=registry, agent_type=AGENT),
        recorder=InteractionRecorder(database),
        router=ToolRouter("auto", top_k=3, history=database),
        retriever=retriever,
        analyzer=VisionAnalyzer(model if model_name else None, retriever=retriever),
        database=database,
    )


def draw_album(folder: Path) -> Path:
    """Draw a few dozen shapes, charts and pages for the image search, the same ones each time."""
    folder.mkdir(parents=True, exist_ok=True)
    pen = random.Random(7)  # noqa: S311 - drawings, not secrets
    for number, drawing in enumerate(_album()):
        name = _caption(drawing).removeprefix("a picture of ").replace(" ", "-")
        tiny_drawings.render(drawing, pen).save(folder / f"{number:02}-{name}.png")
    return folder


def draw_example(folder: Path) -> tuple[str, Path]:
    """Draw something from the album anew, elsewhere and otherwise; return what and where."""
    drawing, path = _album()[0], folder / "example.png"
    tiny_drawings.render(drawing, random.Random(8)).save(path)  # noqa: S311 - see above
    return _caption(drawing), path


def _album() -> list[tiny_drawings.Drawing]:
    return random.Random(7).sample(tiny_drawings.all_drawings(), ALBUM_SIZE)  # noqa: S311


def _caption(drawing: tiny_drawings.Drawing) -> str:
    return tiny_drawings.full_caption(drawing, random.Random(0))[0]  # noqa: S311


def _fresh(database: Path) -> Path:
    """Remove what an earlier tour learned, so that every tour starts alike."""
    for file in database.parent.glob(f"{database.name}*"):
        file.unlink()
    return database

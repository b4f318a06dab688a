"""`VisionToolkit`: the tools that let an agent see."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from langchain_core.retrievers import BaseRetriever
from langchain_core.tools import BaseTool, BaseToolkit
from pydantic import ConfigDict, PrivateAttr

from langchain_phase5.vision.analyzer import VisionAnalyzer
from langchain_phase5.vision.tools import VisionTools

if TYPE_CHECKING:
    from langchain_phase5.vision.fetch import ImageFetcher
    from langchain_phase5.vision.image_store import ImageStore


class VisionToolkit(BaseToolkit):
    """Tools for an agent: analyze, compare, read charts and text, search and upload images.

    Every tool returns text for the model and the typed result as `artifact`. What the model can
    mend (a wrong path, an unreadable chart) comes back as an error message for it; text found in
    images is marked as data that nobody should obey.

    !!! example

        ```python
        from langchain_phase5.vision import VisionToolkit

        tools = VisionToolkit().get_tools()
        print([tool.name for tool in tools])
        # agent = create_agent("openai:gpt-4o", tools=tools)
        ```
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    _analyzer: VisionAnalyzer = PrivateAttr()
    _show_images: bool = PrivateAttr(default=False)

    def __init__(
        self,
        analyzer: VisionAnalyzer | None = None,
        *,
        store: "ImageStore | None" = None,
        retriever: BaseRetriever | None = None,
        roots: Sequence[str | Path] = (),
        fetcher: "ImageFetcher | None" = None,
        show_images: bool = False,
    ) -> None:
        """Sets up the tools.

        Args:
            analyzer: Does the looking; without one an offline analyzer is made.
            store: Keeps uploads; `upload_image` is offered only with one.
            retriever: Finds images; `search_images` is offered only with one.
            roots: Folders below which the agent may name files. None may be named without.
            fetcher: Downloads URLs the agent names; without one they are refused.
            show_images: Also put the picture into the result of `analyze_image`, so that the
                agent's own model sees it. OpenAI's Chat Completions then needs
                `ToolImageMiddleware`.
        """
        super().__init__()
        self._show_images = show_images
        self._analyzer = analyzer or VisionAnalyzer(
            store=store, retriever=retriever, roots=roots, fetcher=fetcher
        )
        if analyzer is not None and (store or retriever or roots or fetcher):
            self._analyzer = analyzer.with_sources(
                store=store, retriever=retriever, roots=roots, fetcher=fetcher
            )

    def get_tools(self) -> list[BaseTool]:
        """The tools; those without their store or retriever are left out."""
        return VisionTools(self._analyzer, show_images=self._show_images).build()

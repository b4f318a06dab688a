"""The vision tools as an agent meets them."""

import asyncio
from pathlib import Path

import pytest
from fakes import FakeChatModel, call
from langchain.agents import create_agent
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from langchain_core.tools import BaseTool
from PIL import Image, ImageDraw

from langchain_phase5.vision import TesseractNotFoundError, VisionAnalyzer, VisionToolkit


class Collection(BaseRetriever):
    """Finds every one of its captions, for any query."""

    captions: list[str] = ["a red car", "a blue car"]
    asked: list = []

    def _get_relevant_documents(self, query, *, run_manager, k=5):
        self.asked.append(query)
        return [
            Document(id=str(n), page_content=caption, metadata={"score": 1 - n / 10})
            for n, caption in enumerate(self.captions[:k])
        ]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    Image.new("RGB", (64, 48), "teal").save(tmp_path / "teal.png")
    changed = Image.new("RGB", (64, 48), "teal")
    ImageDraw.Draw(changed).rectangle((10, 10, 19, 19), fill="red")
    changed.save(tmp_path / "changed.png")
    return tmp_path


@pytest.fixture
def tools(folder: Path) -> dict[str, BaseTool]:
    toolkit = VisionToolkit(VisionAnalyzer(ocr=None), roots=[folder], retriever=Collection())
    return {tool.name: tool for tool in toolkit.get_tools()}


@pytest.fixture(params=["sync", "async"])
def use(request, tools):
    """Calls a tool as an agent does; returns its message."""

    def invoke(name, config=None, /, **args):
        given = {"type": "tool_call", "name": name, "args": args, "id": "1"}
        if request.param == "sync":
            return tools[name].invoke(given, config)
        return asyncio.run(tools[name].ainvoke(given, config))

    return invoke


def test_tools_without_their_means_are_not_offered(folder):
    offered = [tool.name for tool in VisionToolkit(roots=[folder]).get_tools()]
    assert offered == ["analyze_image", "compare_images", "extract_chart_data", "read_text"]


def test_analysis_tells_what_is_known_and_who_looked(use):
    message = use("analyze_image", image="teal.png", query="Is it red?")
    assert message.artifact.engine == "offline"
    assert (message.artifact.width, message.artifact.height) == (64, 48)
    assert message.artifact.colors[0].name == "teal"
    assert message.artifact.answer is None
    assert "No model looked" in message.content


def test_comparison_finds_the_changed_region(use):
    message = use("compare_images", images=["teal.png", "changed.png"])
    region = message.artifact.measured[0].regions[0]
    assert (region.left, region.top, region.width, region.height) == (10, 10, 10, 10)
    assert "x 10-20, y 10-20" in message.content


@pytest.mark.parametrize(
    ("name", "args", "said"),
    [
        ("analyze_image", {"image": "/etc/passwd"}, "outside"),
        ("analyze_image", {"image": "gone.png"}, "gone.png"),
        ("analyze_image", {"image": "http://localhost/x.png"}, "not downloaded"),
        ("compare_images", {"images": ["teal.png"]}, "2 to 16"),
        ("extract_chart_data", {"image": "teal.png"}, "cannot be read surely"),
        ("read_text", {"image": "teal.png"}, "switched off"),
        ("search_images", {}, "a query, an image, or both"),
    ],
)
def test_what_the_model_can_mend_comes_back_as_an_error(use, name, args, said):
    message = use(name, **args)
    assert message.status == "error"
    assert said in message.content


def test_search_by_words_and_by_example(use, tools):
    by_words = use("search_images", query="car", top_k=1)
    by_example = use("search_images", image="teal.png", query="car")
    assert [match.caption for match in by_words.artifact.matches] == ["a red car"]
    assert "2. a blue car (score 0.900), id 1" in by_example.content


class Listener(BaseCallbackHandler):
    def __init__(self):
        self.events = []

    def on_custom_event(self, name, data, **kwargs):
        self.events.append((name, data["operation"], data["engine"], data["status"]))


def test_operations_are_reported_to_callbacks(use):
    listener = Listener()
    use("analyze_image", {"callbacks": [listener]}, image="teal.png")
    use("analyze_image", {"callbacks": [listener]}, image="gone.png")
    assert listener.events == [
        ("vision", "analyze", "offline", "success"),
        ("vision", "analyze", "offline", "error"),
    ]


def test_an_agent_uses_the_tools(tools):
    model = FakeChatModel(replies=[call("analyze_image", image="teal.png"), "It is teal."])
    agent = create_agent(model, tools=list(tools.values()))
    result = agent.invoke({"messages": [("user", "What color is teal.png?")]})
    assert "mainly teal" in result["messages"][2].content
    assert result["messages"][-1].content == "It is teal."


def test_the_model_is_told_what_to_install(tmp_path, monkeypatch):
    def missing() -> None:
        raise TesseractNotFoundError

    monkeypatch.setattr("langchain_phase5.vision.vision_steps.OCREngine", missing)
    Image.new("RGB", (20, 20)).save(tmp_path / "a.png")
    toolkit = VisionToolkit(VisionAnalyzer(roots=[tmp_path]))
    for tool in toolkit.get_tools():
        if tool.name in {"read_text", "analyze_image"}:
            assert "apt-get install tesseract-ocr" in tool.invoke({"image": "a.png"})

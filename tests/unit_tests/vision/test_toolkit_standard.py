"""LangChain's own tests for tools, for every tool of the toolkit."""

import tempfile
from pathlib import Path

import pytest
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from langchain_tests.integration_tests import ToolsIntegrationTests
from langchain_tests.unit_tests import ToolsUnitTests
from PIL import Image

from langchain_phase5.vision import ChartData, ImageStore, VisionAnalyzer, VisionToolkit


class Collection(BaseRetriever):
    """Finds one picture."""

    def _get_relevant_documents(self, query, *, run_manager):
        return [Document("a red car", id="1")]


@pytest.fixture(scope="module")
def folder():
    with tempfile.TemporaryDirectory() as name:
        Image.new("RGB", (64, 48), "teal").save(Path(name) / "a.png")
        Image.new("RGB", (64, 48), "navy").save(Path(name) / "b.png")
        points = [{"x": "North", "y": 12.0}, {"x": "South", "y": 30.0}, {"x": "West", "y": 21.0}]
        chart = ChartData(kind="bar", series=[{"points": points}])
        chart.redraw().save(Path(name) / "chart.png")
        yield Path(name)


class _Toolkit:
    """What the tests of every tool share."""

    named = ""
    arguments: dict = {}

    @pytest.fixture(autouse=True)
    def _make(self, folder):
        toolkit = VisionToolkit(
            VisionAnalyzer(), roots=[folder], retriever=Collection(), store=ImageStore("memory://")
        )
        self.tools = {tool.name: tool for tool in toolkit.get_tools()}

    @property
    def tool_constructor(self):
        return self.tools[self.named]

    @property
    def tool_invoke_params_example(self):
        return self.arguments


class _Analyze(_Toolkit):
    named = "analyze_image"
    arguments = {"image": "a.png"}


class _Compare(_Toolkit):
    named = "compare_images"
    arguments = {"images": ["a.png", "b.png"]}


class _Chart(_Toolkit):
    named = "extract_chart_data"
    arguments = {"image": "chart.png"}


class _Read(_Toolkit):
    named = "read_text"
    arguments = {"image": "chart.png"}


class _Search(_Toolkit):
    named = "search_images"
    arguments = {"query": "a car"}


class _Upload(_Toolkit):
    named = "upload_image"
    arguments = {"image": "a.png", "caption": "teal"}


class TestAnalyze(_Analyze, ToolsUnitTests):
    pass


class TestAnalyzeInvoked(_Analyze, ToolsIntegrationTests):
    pass


class TestCompare(_Compare, ToolsUnitTests):
    pass


class TestCompareInvoked(_Compare, ToolsIntegrationTests):
    pass


class TestChart(_Chart, ToolsUnitTests):
    pass


class TestChartInvoked(_Chart, ToolsIntegrationTests):
    pass


class TestRead(_Read, ToolsUnitTests):
    pass


class TestReadInvoked(_Read, ToolsIntegrationTests):
    pass


class TestSearch(_Search, ToolsUnitTests):
    pass


class TestSearchInvoked(_Search, ToolsIntegrationTests):
    pass


class TestUpload(_Upload, ToolsUnitTests):
    pass


class TestUploadInvoked(_Upload, ToolsIntegrationTests):
    pass

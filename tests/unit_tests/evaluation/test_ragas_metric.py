"""ragas' metrics behind our shape."""

import asyncio
import sys

import pytest

from langchain_phase5.evaluation import ragas_metric

pytest.importorskip("ragas", reason="the eval extra is not installed", exc_type=ImportError)
pytestmark = pytest.mark.filterwarnings("ignore")


def score(metric, outputs, reference):
    return asyncio.run(metric(inputs={"query": "?"}, outputs=outputs, reference_outputs=reference))


def test_a_text_metric():
    metric = ragas_metric("ExactMatch")
    assert score(metric, "Paris", {"answer": "Paris"})["score"] == 1
    assert score(metric, "Rome", {"answer": "Paris"})["score"] == 0
    assert score(metric, "Rome", None)["score"] is None


def test_a_tool_metric():
    metric = ragas_metric("ToolCallF1")
    made = {
        "messages": [
            {"role": "user", "content": "Weather?"},
            {
                "role": "assistant",
                "content": "",
                "tool_calls": [{"function": {"name": "weather", "arguments": '{"city": "Rome"}'}}],
            },
            {"role": "tool", "content": "Sun"},
            {"role": "assistant", "content": [{"type": "text", "text": "Sun"}]},
        ]
    }
    wanted = {"tool_calls": [{"name": "weather", "args": {"city": "Rome"}}]}
    assert score(metric, made, wanted)["score"] == 1


def test_an_unknown_metric_is_named():
    with pytest.raises(ValueError, match=r"ragas has no metric 'Truth'; there are: .*Faithfulness"):
        ragas_metric("Truth")


def test_a_ragas_that_cannot_be_imported_says_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "ragas.metrics", None)
    with pytest.raises(ImportError, match=r"langchain-phase5\[eval\]"):
        ragas_metric("ExactMatch")

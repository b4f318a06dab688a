"""Whatever targets return becomes JSON, and what they do becomes steps."""

import json
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pytest
from fakes import FakeChatModel
from langchain_core.documents import Document
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableLambda
from langchain_core.tools import tool
from pydantic import BaseModel

from langchain_phase5.evaluation import AgentEvaluator
from langchain_phase5.evaluation.plain import plain


class Model(BaseModel):
    number: float


@dataclass
class Data:
    inner: Model


class Color(StrEnum):
    RED = "red"


@pytest.mark.parametrize(
    ("value", "form"),
    [
        (Data(Model(number=1.5)), {"inner": {"number": 1.5}}),
        (Color.RED, "red"),
        (np.float64(0.5), 0.5),
        (np.array([[1, 2]]), [[1, 2]]),
        (float("inf"), "inf"),
        ({3, 1}, [1, 3]),
        (
            Document("text", id="1", metadata={"a": 1}),
            {"page_content": "text", "metadata": {"a": 1}, "id": "1"},
        ),
        (HumanMessage("hi"), {"role": "user", "content": "hi"}),
        (
            ToolMessage("no", tool_call_id="1", name="t", status="error"),
            {"role": "tool", "content": "no", "tool_call_id": "1", "name": "t", "status": "error"},
        ),
        (
            AIMessage("", tool_calls=[{"name": "t", "args": {"x": "\u00e4"}, "id": None}]),
            {
                "role": "assistant",
                "content": "",
                "tool_calls": [
                    {
                        "type": "function",
                        "id": "",
                        "function": {"name": "t", "arguments": '{"x": "\u00e4"}'},
                    }
                ],
            },
        ),
    ],
)
def test_values_become_json(value, form):
    assert plain(value) == form
    assert json.loads(json.dumps(plain(value), allow_nan=False)) == form


def test_circles_end():
    circle = []
    circle.append(circle)
    assert "nested deeper than" in json.dumps(plain(circle))


@tool
def fragile(order: str) -> str:
    """Look an order up."""
    if order == "bad":
        raise KeyError(order)
    return "x" * 10_000


class Shelf(BaseRetriever):
    def _get_relevant_documents(self, query, *, run_manager):
        if query == "bad":
            raise OSError("shelf is gone")
        return [Document(f"about {query}", id="d1")]


def steps_of(target, query):
    report = AgentEvaluator().evaluate(target, [{"inputs": {"query": query}}], ["recall_at_k"])
    return report.results[0]


def test_tools_are_recorded_with_their_errors():
    chain = RunnableLambda(lambda inputs: fragile.invoke({"order": inputs["query"]}))
    [step] = steps_of(chain, "good").steps
    assert (step["kind"], step["name"], step["input"]) == ("tool", "fragile", {"order": "good"})
    assert step["output"].endswith("(10000 characters)")
    failed = steps_of(chain, "bad")
    assert failed.error.type == "KeyError"
    assert failed.steps[0]["error"] == "KeyError: 'bad'"


def test_a_retriever_gets_the_query_and_its_documents_are_outputs():
    found = steps_of(Shelf(), "cats")
    assert found.outputs == [{"page_content": "about cats", "metadata": {}, "id": "d1"}]
    assert found.steps[0]["output"] == ["about cats"]
    assert steps_of(Shelf(), "bad").steps[0]["error"] == "OSError: shelf is gone"


def test_a_failing_model_is_recorded():
    found = steps_of(FakeChatModel(replies=[RuntimeError("overloaded")]), "hi")
    assert found.steps[0]["error"] == "RuntimeError: overloaded"
    assert found.error.type == "RuntimeError"

"""A metric of ragas that asks a model, through LangChain's client and real HTTP."""

import json

import pytest
from langchain_core.messages import AIMessage
from langchain_openai import ChatOpenAI
from openai_server import openai_server

from langchain_phase5.evaluation import AgentEvaluator, ragas_metric

pytest.importorskip("ragas", reason="the eval extra is not installed", exc_type=ImportError)
pytestmark = [pytest.mark.enable_socket, pytest.mark.filterwarnings("ignore")]

EXAMPLES = [
    {"id": "held", "inputs": {"query": "Where is Rome?"}},
    {"id": "half", "inputs": {"query": "Where is Rome, and how old?"}},
    {"id": "bare", "inputs": {"query": "Who are you?"}},
]
ANSWERS = {
    "Where is Rome?": {"answer": "Rome is in Italy.", "contexts": ["Rome is in Italy."]},
    "Where is Rome, and how old?": {
        "answer": "Rome is in Italy. Rome is young.",
        "contexts": ["Rome is in Italy."],
    },
    "Who are you?": {"answer": "Nobody."},
}


def judge(messages, tools):
    """Split an answer at its full stops; hold true what the context says word for word."""
    asked = json.loads(messages[-1].text.rpartition("input: ")[2].rpartition("Output:")[0])
    if "statements" not in asked:
        said = [f"{part}." for part in asked["answer"].rstrip(".").split(". ")]
        return AIMessage(json.dumps({"statements": said}))
    verdicts = [
        {"statement": each, "reason": "so it is", "verdict": int(each in asked["context"])}
        for each in asked["statements"]
    ]
    return AIMessage(json.dumps({"statements": verdicts}))


def test_a_model_judges_over_http():
    with openai_server(judge) as server:
        model = ChatOpenAI(base_url=server.base_url, api_key="made up", model="gpt-4o-mini")
        metric = ragas_metric("Faithfulness", llm=model)
        for _ in range(2):  # each run has a loop of its own, and the client outlives the first
            report = AgentEvaluator().evaluate(
                lambda inputs: ANSWERS[inputs["query"]], EXAMPLES, [metric]
            )
            scores = {result.example_id: result.scores for result in report.results}
            assert scores == {
                "held": {"Faithfulness": 1.0},
                "half": {"Faithfulness": 0.5},
                "bare": {},
            }
    assert {request["model"] for request in server.requests} == {"gpt-4o-mini"}


def test_a_server_that_fails_is_no_zero():
    def fail(messages, tools):
        msg = "out of order"
        raise RuntimeError(msg)

    with openai_server(fail) as server:
        model = ChatOpenAI(
            base_url=server.base_url, api_key="made up", model="gpt-4o-mini", max_retries=0
        )
        metric = ragas_metric("Faithfulness", llm=model)
        report = AgentEvaluator().evaluate(
            lambda inputs: ANSWERS[inputs["query"]], EXAMPLES[:1], [metric]
        )
    [result] = report.results
    assert result.scores == {}
    assert "Connection error" in result.metric_errors["Faithfulness"].message

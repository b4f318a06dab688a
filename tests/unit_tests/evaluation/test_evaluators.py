"""Evaluators of every shape plug in."""

import asyncio

import pytest
from langchain_core.runnables import RunnableLambda

from langchain_phase5.evaluation import AgentEvaluator
from langchain_phase5.evaluation.metrics import exact_match

EXAMPLE = {"id": "e", "inputs": {"query": "?"}, "outputs": {"answer": "a"}, "metadata": {"m": 7}}


class Result:
    key, score, comment = "custom", 0.5, None
    reasoning = "because"


def keyword_only(*, inputs, outputs, reference_outputs, **rest):
    return {"key": "kw", "score": float(outputs == reference_outputs["answer"]), "comment": "c"}


def positional(outputs, reference_outputs):
    return outputs == reference_outputs["answer"]


def passing_on(*, outputs, **rest):
    return float(rest == {})


def whatever(**rest):
    return float(sorted(rest) == ["inputs", "outputs", "reference_outputs"])


async def asynchronous(outputs, inputs):
    await asyncio.sleep(0)
    return {"score": 0.25}


def of_example(example, metadata):
    return example.metadata["m"] / 10 if metadata["m"] == 7 else 0


def undecided(outputs):
    return None


class AlwaysOne:
    def __call__(self, outputs):
        return 1


@pytest.mark.parametrize(
    ("evaluator", "scores"),
    [
        (keyword_only, {"kw": 1.0}),
        (positional, {"positional": 1.0}),
        (passing_on, {"passing_on": 1.0}),
        (whatever, {"whatever": 1.0}),
        (asynchronous, {"asynchronous": 0.25}),
        (of_example, {"of_example": 0.7}),
        (undecided, {}),
        (AlwaysOne(), {"AlwaysOne": 1.0}),
        (lambda outputs: Result(), {"custom": 0.5}),
        (lambda outputs: {"results": [{"key": "x", "score": 1}]}, {"x": 1.0}),
        (RunnableLambda(lambda v: v["outputs"] == "a", name="chain"), {"chain": 1.0}),
    ],
)
def test_evaluators_of_every_shape(evaluator, scores):
    report = AgentEvaluator().evaluate(lambda inputs: "a", [EXAMPLE], [evaluator])
    assert report.results[0].scores == scores
    assert not report.results[0].metric_errors


@pytest.mark.parametrize(
    ("evaluator", "message"),
    [
        (lambda outputs: float("nan"), "nan as a score"),
        (lambda outputs: {"verdict": 1}, "a dict with a 'score' was expected"),
        (lambda outputs: "good", "was expected"),
        (lambda outputs: 1 / 0, "division by zero"),
    ],
)
def test_a_failing_evaluator_is_an_error_of_its_own(evaluator, message):
    report = AgentEvaluator().evaluate(lambda inputs: "a", [EXAMPLE], [evaluator, "exact_match"])
    [failure] = report.results[0].metric_errors.values()
    assert message in failure.message
    assert report.score("exact_match").value == 1.0
    assert report.error_rate.value == 0


@pytest.mark.parametrize("evaluator", [lambda answer: 1, lambda *, outputs, model: 1])
def test_an_evaluator_that_needs_something_else_is_refused_before_the_run(evaluator):
    asked = []
    with pytest.raises(ValueError, match=r"needs (answer|model); evaluators get inputs"):
        AgentEvaluator().evaluate(asked.append, [EXAMPLE], [evaluator])
    assert not asked


def same_answer(run, example):
    """An evaluator in LangSmith's older shape."""
    same = run.outputs["output"] == example.outputs["answer"] and run.inputs == example.inputs
    return {"key": "same", "score": same}


async def same_answer_later(run, example):
    return same_answer(run, example)


def names_the_run_alone(run):
    return {"key": "same", "score": run.outputs == {"output": "a"}}


@pytest.mark.parametrize(
    ("evaluator", "scores"),
    [
        (same_answer, [1.0, 0.0]),
        (same_answer_later, [1.0, 0.0]),
        (names_the_run_alone, [1.0, 1.0]),
    ],
)
def test_langsmiths_older_evaluators_plug_in(evaluator, scores):
    assert older_scores(evaluator) == scores


@pytest.mark.parametrize("function", [same_answer, same_answer_later])
def test_langsmiths_run_evaluators_plug_in(function):
    from langsmith.evaluation import run_evaluator

    assert older_scores(run_evaluator(function)) == [1.0, 0.0]


def older_scores(evaluator):
    examples = [EXAMPLE, {"inputs": {"query": "?"}, "outputs": {"answer": "b"}}]
    report = AgentEvaluator().evaluate(lambda inputs: "a", examples, [evaluator])
    assert [each.metric_errors for each in report.results] == [{}, {}]
    return [each.scores["same"] for each in report.results]


def test_ours_plug_into_langsmith():
    """LangSmith normalizes evaluators by their parameters; ours must pass."""
    from langsmith.evaluation import run_evaluator
    from langsmith.schemas import Example, Run

    evaluator = run_evaluator(exact_match)
    fields = {"id": "00000000-0000-0000-0000-000000000001"}
    example = Example(inputs={}, outputs={"answer": "a"}, **fields)
    run = Run(
        name="r", run_type="chain", inputs={}, outputs={"answer": "A."},
        start_time="2026-01-01T00:00:00Z", trace_id=fields["id"], **fields,
    )  # fmt: skip
    assert evaluator.evaluate_run(run, example).score == 1.0

"""Metrics on cases whose right score is known."""

import asyncio
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.embeddings import DeterministicFakeEmbedding
from pydantic import BaseModel

from langchain_phase5.evaluation.metrics import (
    METRICS,
    answer_text,
    bert_score,
    bleu,
    chart_accuracy,
    chart_data_f1,
    chrf,
    contains,
    edit_distance,
    embedding_similarity,
    exact_match,
    json_match,
    ndcg_at_k,
    numeric_match,
    ocr_accuracy,
    precision_at_k,
    recall_at_k,
    reciprocal_rank,
    regex_match,
    schema_match,
    token_f1,
    tool_call_accuracy,
)


def score(metric, outputs, reference, **options):
    return metric(outputs=outputs, reference_outputs=reference, **options)["score"]


@pytest.mark.parametrize(
    ("metric", "answer", "accepted", "expected"),
    [
        (exact_match, "The Eiffel Tower!", "eiffel tower", 1),
        (exact_match, "Paris, France", "Paris", 0),
        (exact_match, "Tour", ["tower", "tour"], 1),
        (exact_match, "\uff11\uff12", "12", 1),
        (partial(exact_match, strict=True), "Paris", "paris", 0),
        (exact_match, 4, 4, 1),
        (contains, "It is in Paris, France.", "paris", 1),
        (contains, "comparison", "paris", 0),
        (contains, "北京是中国的首都", "中国", 1),
        (numeric_match, "So 3 x 14 = 42.", "42", 1),
        (numeric_match, "The total is $1,234.50", 1234.5, 1),
        (numeric_match, "42 of 100", "42", 0),
        (partial(numeric_match, anywhere=True), "42 of 100", "42", 1),
        (numeric_match, "it was \u22125 degrees", "-5", 1),
        (numeric_match, "2020-2021", "2021", 1),
        (numeric_match, "\u0661\u0662", "12", 1),
        (numeric_match, "none at all", "1", 0),
        (partial(numeric_match, tolerance=0.1), "95", "100", 1),
        (token_f1, "in Paris, France", "Paris", 0.5),
        (token_f1, "", "Paris", 0),
        (token_f1, "北京", "北海", 0.5),
        (ocr_accuracy, "Invoice  42", "Invoice 42", 1),
        (ocr_accuracy, "lnvoice 42", "Invoice 42", 0.9),
        (ocr_accuracy, "x" * 100, "abc", 0),
        (chart_accuracy, "about 104", "100", 1),
        (chart_accuracy, "about 106", "100", 0),
        (chart_accuracy, "Blue.", "blue", 1),
        (bleu, "the cat sat on the mat", "the cat sat on the mat", 1),
        (chrf, "the cat", "the cat", 1),
        (chrf, "zzz", "the cat", 0),
    ],
)
def test_answers_are_scored(metric, answer, accepted, expected):
    assert score(metric, {"answer": answer}, {"answer": accepted}) == pytest.approx(expected)


@pytest.mark.parametrize("name", METRICS)
def test_without_a_reference_there_is_no_score(name):
    found = METRICS[name](inputs={}, outputs={"answer": "x"}, reference_outputs=None)
    assert found["score"] is None
    assert found["comment"]


@pytest.mark.parametrize(
    ("outputs", "text"),
    [
        (None, ""),
        ("plain", "plain"),
        ({"answer": "a", "other": "b"}, "a"),
        ({"only": 3}, "3"),
        ({"x": 1, "y": 2}, '{"x": 1, "y": 2}'),
        ({"messages": [{"role": "user", "content": "q"}]}, ""),
        (
            {
                "messages": [
                    {"role": "assistant", "content": [{"type": "text", "text": "two "}, "parts"]},
                    {"role": "tool", "content": "ignored"},
                ]
            },
            "two parts",
        ),
        ({"role": "assistant", "content": "a message"}, "a message"),
    ],
)
def test_the_answer_is_found(outputs, text):
    assert answer_text(outputs) == text


def test_a_pattern_comes_from_the_reference_or_for_all():
    assert score(regex_match, "order 17", {"pattern": r"\d+"}) == 1
    assert score(partial(regex_match, pattern="^x"), "order 17", None) == 0


@pytest.mark.parametrize(
    ("outputs", "reference", "expected"),
    [
        ({"total": 3.0, "items": ["a"]}, {"total": 3, "items": ["a"]}, 1),
        ('```json\n{"total": 4, "items": ["a"]}\n```', {"total": 3, "items": ["a"]}, 0.5),
        ("no json", {"total": 3}, 0),
        ({"answer": '{"paid": true}'}, {"json": {"paid": 1}}, 0),
    ],
)
def test_fields_are_compared(outputs, reference, expected):
    assert score(json_match, outputs, reference) == expected


class Invoice(BaseModel):
    number: int


def test_the_shape_is_checked():
    evaluator = schema_match(Invoice)
    assert evaluator(outputs={"number": 3})["score"] == 1
    assert evaluator(outputs='```\n{"number": 3}\n```')["score"] == 1
    bad = evaluator(outputs={"answer": '{"number": "many"}'})
    assert bad["score"] == 0
    assert "number" in bad["comment"]


def calls(*names, **args):
    return {"tool_calls": [{"name": name, "args": args} for name in names]}


@pytest.mark.parametrize(
    ("made", "expected", "right"),
    [
        (calls("a", "b"), {"tool_calls": ["a"]}, 1),
        (calls("b"), {"tool_calls": ["a", "b"]}, 0.5),
        (calls("a", city="Rome"), calls("a", city="Rome"), 1),
        (calls("a", city="Rome"), calls("a", city="Paris"), 0),
        (calls("a", n=1.0), calls("a", n=1), 1),
        (calls("a", n=True), calls("a", n=1), 0),
        (calls("a"), {"tool_calls": []}, 0),
        ({"answer": "none"}, {"tool_calls": []}, 1),
        ("text", {"tool_calls": ["a"]}, 0),
        (calls("a"), {"tool_calls": ["a", "a"]}, 0.5),
        (
            {"tool_calls": [{"name": "a", "args": {"x": 1}}, {"name": "a", "args": {"x": 2}}]},
            {"tool_calls": ["a", {"name": "a", "args": {"x": 1}}]},
            1,
        ),
        (
            {"tool_calls": [{"function": {"name": "a", "arguments": "{broken"}}]},
            calls("a", x=1),
            0,
        ),
    ],
)
def test_tool_calls_are_matched(made, expected, right):
    assert score(tool_call_accuracy, made, expected) == right


RANKED = [{"id": "b"}, {"metadata": {"source": "a"}}, "c", "c"]


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        (partial(recall_at_k, k=2), 0.5),
        (partial(recall_at_k, k=3), 1),
        (partial(precision_at_k, k=2), 0.5),
        (reciprocal_rank, 0.5),
        (partial(ndcg_at_k, k=3), (1 / 1.584962500721156 + 1 / 2) / (1 + 1 / 1.584962500721156)),
    ],
)
def test_retrieval_is_ranked(metric, expected):
    found = score(metric, {"documents": RANKED}, {"relevant": ["a", "c"]})
    assert found == pytest.approx(expected)
    assert score(metric, {"documents": []}, {"relevant": ["a"]}) == 0
    assert score(metric, "nothing", {"relevant": {"a": 2.0}}) == 0


def test_chart_data_is_matched_by_label_and_value():
    wanted = {"data": {"Sales": {"Q1": 10, "Q2": 20}}}
    assert score(chart_data_f1, wanted, wanted) == 1
    assert score(chart_data_f1, {"sales": {"q2": 20, "q1": 10}}, wanted) == 1
    assert score(chart_data_f1, {"Sales": {"Q1": 10, "Q2": 10}}, wanted) == 0.75
    assert score(chart_data_f1, {"Sales": {"Q1": 10}}, wanted) == pytest.approx(2 / 3)
    assert score(chart_data_f1, "nothing", wanted) == 0


@given(st.text(max_size=12), st.text(max_size=12))
def test_edit_distance_is_a_distance(first, second):
    table = list(range(len(second) + 1))
    for i, a in enumerate(first, 1):
        above, table[0] = table[0], i
        for j, b in enumerate(second, 1):
            above, table[j] = table[j], min(above + (a != b), table[j] + 1, table[j - 1] + 1)
    assert edit_distance(first, second) == table[-1]


def test_embeddings_tell_how_close_answers_are():
    evaluator = embedding_similarity(DeterministicFakeEmbedding(size=16))

    def run(reference):
        return asyncio.run(evaluator(outputs="yes", reference_outputs=reference))["score"]

    assert run({"answer": ["no", "yes"]}) == pytest.approx(1)
    assert 0 <= run({"answer": "no"}) < 1
    assert run(None) is None


def test_bert_score_fetches_nothing(tmp_path):
    with pytest.raises(ValueError, match="takes a local transformers model"):
        bert_score(tmp_path / "roberta-large")

"""ROUGE against the reference package, and in the scripts that it cannot read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langchain_phase5.evaluation.metrics import rouge, rouge_1, rouge_2, rouge_l

scorer = pytest.importorskip("rouge_score.rouge_scorer")

METRICS = ("rouge1", "rouge2", "rougeL", "rougeLsum")
words = st.sampled_from(["the", "cats", "sat", "sitting", "on", "mats", "Mat-1", "x", "42", "é"])
texts = st.lists(words, max_size=12).map(" ".join)
pages = st.lists(texts, min_size=1, max_size=3).map("\n".join)


@pytest.mark.parametrize("stemmer", [False, True])
@given(prediction=pages, reference=pages)
def test_equals_the_reference_package(stemmer, prediction, reference):
    theirs = scorer.RougeScorer(METRICS, use_stemmer=stemmer).score(reference, prediction)
    for metric in METRICS:
        ours = rouge(prediction, reference, metric=metric, ascii_only=True, stemmer=stemmer)
        assert ours == pytest.approx(tuple(theirs[metric]), abs=1e-9)


@pytest.mark.parametrize(
    "text",
    [
        "北京是中国的首都",
        "Москва столица России",
        "القاهرة عاصمة مصر",
        "café crème",
        "東京都",
        "नमस्ते",
        "ไทย",
    ],
)
@pytest.mark.parametrize("metric", ["rouge1", "rougeL", "rougeLsum"])
def test_identical_texts_agree_in_every_script(text, metric):
    assert rouge(text, text, metric=metric).fmeasure == 1


def test_different_texts_in_other_scripts_differ():
    assert rouge("北京", "東京", metric="rouge1").fmeasure == 0.5
    assert rouge("Москва", "Киев").fmeasure == 0


def test_an_unknown_metric_is_named():
    with pytest.raises(ValueError, match="no metric 'rougeX'"):
        rouge("a", "b", metric="rougeX")


@pytest.mark.parametrize("metric", [rouge_1, rouge_2, rouge_l])
def test_the_closest_reference_counts(metric):
    answers = {"answer": ["something else", "a cat sat"]}
    assert metric(outputs="a cat sat", reference_outputs=answers)["score"] == 1

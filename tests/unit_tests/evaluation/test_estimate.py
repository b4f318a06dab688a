"""Intervals against scipy and against known values."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from langchain_phase5.evaluation import Estimate
from langchain_phase5.evaluation.estimate import (
    mean_estimate,
    quantile_estimate,
    t_quantile,
    wilson,
)

stats = pytest.importorskip("scipy.stats")


@given(p=st.floats(0.55, 0.999), df=st.integers(1, 5000))
def test_t_quantiles(p, df):
    assert t_quantile(p, df) == pytest.approx(stats.t.ppf(p, df), rel=1e-7)


@given(hits=st.integers(0, 60), extra=st.integers(0, 60))
def test_wilson(hits, extra):
    n = hits + extra
    if n:
        theirs = stats.binomtest(hits, n).proportion_ci(method="wilson")
        assert wilson(hits / n, n) == pytest.approx((theirs.low, theirs.high), abs=1e-12)
        ours = mean_estimate([1.0] * hits + [0.0] * extra)
        assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


@given(st.lists(st.floats(-50, 50), min_size=3, max_size=40))
def test_means_of_anything_else_get_students_t(values):
    values = [*values, -1.5, 2.5]  # certainly no scores, certainly not all equal
    ours, error = mean_estimate(values), stats.sem(values)
    theirs = stats.t.interval(0.95, len(values) - 1, np.mean(values), error)
    assert (ours.low, ours.high) == pytest.approx(theirs, rel=1e-6, abs=1e-9)


def test_clusters_count_as_one_each():
    values = [1.0, 1.0, 0.0, 0.0] * 5
    alone = mean_estimate(values)
    together = mean_estimate(values, clusters=["a", "a", "b", "b"] * 5)
    keyless = mean_estimate(values, clusters=[""] * 20)
    assert (alone.n, together.n, keyless.n) == (20, 2, 20)
    assert together.high - together.low > alone.high - alone.low


def test_scores_that_are_all_equal_are_not_certain():
    ours = mean_estimate([0.5] * 10)
    assert ours.low < 0.5 < ours.high


def test_a_mean_of_anything_is_the_mean():
    for values in ([1.0, 0.0, 0.0], [0.5, 0.75, 1.0], [-3.0, 8.0, 1.0], [7.0]):
        assert mean_estimate(values).value == pytest.approx(np.mean(values))


def test_only_scores_are_kept_within_0_and_1():
    scores, stars = mean_estimate([0.2, 1.0, 1.0]), mean_estimate([1.0, 1.9, 2.0])
    assert (scores.low, scores.high) == (0.0, 1.0)
    assert stars.high > 2 * stars.value - 1 > stars.low
    assert mean_estimate([-0.5, 0.5, 1.0]).low < -0.5


def test_confidence_is_passed_on_to_every_interval():
    for values in ([1.0] * 8 + [0.0] * 8, [0.5] * 16, [1.0, 5.0, 2.0, 7.0] * 4):
        sure, unsure = (mean_estimate(values, confidence=share) for share in (0.99, 0.8))
        assert sure.low < unsure.low <= unsure.high < sure.high


def test_a_share_is_never_beyond_all_or_nothing():
    for n in range(1, 200):
        low, high = wilson(1.0, n)
        assert 0 < low < high <= 1
        low, high = wilson(0.0, n)
        assert 0 <= low < high < 1


def test_nothing_and_one_value():
    assert mean_estimate([]) == Estimate()
    assert str(mean_estimate([])) == "unknown"
    assert mean_estimate([7.0]) == Estimate(value=7.0, n=1)
    assert str(mean_estimate([7.0])) == "7.000 n=1"
    assert quantile_estimate([], 0.5) == Estimate()


def test_quantiles_lie_in_their_interval():
    values = np.arange(1000) / 1000
    found = quantile_estimate(values, 0.95)
    assert found.low < 0.95 < found.high
    assert found.value == pytest.approx(np.quantile(values, 0.95))
    small = quantile_estimate([1.0, 2.0, 3.0], 0.99)
    assert (small.high, small.n) == (3.0, 3)


@pytest.mark.parametrize("q", [0.5, 0.9, 0.95])
def test_the_interval_of_a_quantile_covers_it_as_often_as_it_says(q):
    n = 1000
    found = quantile_estimate(np.arange(n, dtype=float), q)
    # The quantile lies between the order statistics if so many values fall below it.
    covered = stats.binom.cdf(found.high, n, q) - stats.binom.cdf(found.low, n, q)
    assert 0.95 <= covered <= 0.97
    assert quantile_estimate([3.0, 1.0, 2.0], 0.5).low == 1.0


def test_pass_fail_in_clusters_gets_no_interval_for_independent_values():
    values, clusters = [1.0, 1.0, 1.0, 0.0, 0.0, 1.0], ["a", "a", "b", "b", "c", "c"]
    found = mean_estimate(values, clusters=clusters)
    residuals = np.array([2 / 3, -1 / 3, -1 / 3])
    error = np.sqrt((residuals**2).sum() * 3 / 2) / 6
    assert found.high == pytest.approx(min(2 / 3 + stats.t.ppf(0.975, 2) * error, 1))
    assert found.low == pytest.approx(max(2 / 3 - stats.t.ppf(0.975, 2) * error, 0))


def test_forms():
    assert str(Estimate(value=0.5, low=0.25, high=0.75, n=8)) == "0.500 [0.250, 0.750] n=8"
    assert str(Estimate(value=0.5, low=0.25, n=8)) == "0.500 n=8", "half an interval is none"
    form = {"value": 0.5, "low": None, "high": None, "n": 0}
    assert Estimate(value=0.5).as_dict() == form

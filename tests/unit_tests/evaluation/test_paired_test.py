"""The paired test against brute force, and what its verdicts mean."""

import itertools
import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from langchain_phase5.evaluation.estimate import t_quantile
from langchain_phase5.evaluation.paired_test import holm, paired_test
from langchain_phase5.evaluation.sequential_test import SequentialTest


def by_brute_force(values):
    total = sum(values)
    sums = [
        sum(s * v for s, v in zip(signs, values, strict=True))
        for signs in itertools.product((1, -1), repeat=len(values))
    ]
    above = sum(s > total + 1e-9 for s in sums)
    equal = sum(abs(s - total) <= 1e-9 for s in sums)
    return (above + equal / 2) / len(sums)


@given(
    st.lists(st.sampled_from([-1, -0.6, -0.2, 0, 0.2, 0.4, 1]), min_size=1, max_size=9).filter(any)
)
def test_lattice_differences_get_the_exact_p_value(values):
    assert paired_test(values).p_value == pytest.approx(by_brute_force(values), abs=1e-9)


@settings(max_examples=10, deadline=None)
@given(st.lists(st.floats(-1, 1), min_size=6, max_size=9))
def test_other_differences_get_nearly_the_exact_p_value(values):
    values = [value + math.pi / 1000 for value in values]
    assert paired_test(values).p_value == pytest.approx(by_brute_force(values), abs=0.03)


def test_the_same_data_give_the_same_answer():
    values = np.random.default_rng(0).normal(size=300)
    assert paired_test(values) == paired_test(values)
    assert paired_test(values, seed=1) != paired_test(values)


def test_three_verdicts():
    assert paired_test([1.0] * 10 + [0.0] * 90).verdict(0.05) == "regression"
    assert paired_test([0.0] * 500).verdict(0.05) == "pass"
    assert paired_test([0.0] * 10).verdict(0.05) == "inconclusive", "ten agreeing pairs are few"
    assert paired_test([-1.0] * 30 + [0.0] * 70).verdict(0.05) == "pass"


def test_what_more_examples_would_buy():
    few = paired_test([1.0, -1.0, 0, 0, 0] * 10)
    many = paired_test([1.0, -1.0, 0, 0, 0] * 100)
    assert many.minimum_detectable_drop < few.minimum_detectable_drop
    assert few.units_needed(0.05) > 50
    assert many.units_needed(0.05) == pytest.approx(few.units_needed(0.05), rel=0.1)


def test_clusters_are_flipped_whole():
    values = [1.0] * 10 + [0.0] * 90
    alone = paired_test(values)
    together = paired_test(values, clusters=["one"] * 10 + [str(i) for i in range(90)])
    assert (alone.n, together.n) == (100, 91)
    assert alone.p_value < 0.01
    assert together.p_value == 0.25


def test_one_difference_is_no_evidence():
    assert paired_test([1.0], bounded=False).verdict(0.05) == "inconclusive"
    with pytest.raises(ValueError, match="nothing to compare"):
        paired_test([])


def test_long_lattices_are_resampled():
    values = [60.0 * (-1) ** i for i in range(1, 40_001)]
    assert paired_test(values, bounded=False).p_value == pytest.approx(0.5, abs=0.05)


def test_holm_adjusts_in_order():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.9, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


def test_a_sequence_of_looks_ends_when_it_is_clear_or_hopeless():
    plan = SequentialTest(looks=(1, 2, 4))
    assert plan.decided("regression", 1, 0.001)
    assert plan.decided("pass", 1, 0.5)
    assert not plan.decided("inconclusive", 1, 0.9)
    assert plan.decided("inconclusive", 2, 0.9)
    assert not plan.decided("inconclusive", 2, 0.3)
    assert plan.decided("inconclusive", 4, 0.3)
    once = SequentialTest(looks=(3,))
    assert not once.decided("inconclusive", 2, 0.9)
    assert once.decided("inconclusive", 3, 0.9)


def test_the_defaults_of_a_plan_keep_the_rate_of_false_alarms():
    """Four looks at growing data without a change, each run independent: the worst case."""
    plan = SequentialTest()
    runs = np.diff([0, *plan.looks])
    steps = np.random.default_rng(0).normal(size=(200_000, len(runs))) * np.sqrt(runs)
    at_looks = steps.cumsum(axis=1) / np.sqrt(plan.looks)
    limit = -NormalDist().inv_cdf(plan.level)
    assert (at_looks > limit).any(axis=1).mean() == pytest.approx(0.057, abs=0.002)
    assert plan.looks[-1] == 5
    assert plan.decided("inconclusive", plan.looks[1], plan.futility + 0.01)
    assert not plan.decided("inconclusive", plan.looks[1], plan.futility)


def test_the_bounds_are_students_t_after_one_loss_and_one_win_are_added():
    values = [0.5, 0.0, 0.25, -0.5, 0.75, 0.0, 1.0, 0.1]
    padded = np.array([*values, 1, -1])
    error = padded.std(ddof=1) / math.sqrt(len(padded))
    margin = t_quantile(0.95, len(padded) - 1) * error
    found = paired_test(values)
    assert found.low == pytest.approx(found.drop - margin)
    assert found.high == pytest.approx(found.drop + margin)
    z = NormalDist().inv_cdf(0.95) + NormalDist().inv_cdf(0.8)
    assert found.minimum_detectable_drop == pytest.approx(z * error)
    assert found.units_needed(0.1) == math.ceil((z * padded.std(ddof=1) / 0.1) ** 2)


def test_of_clusters_one_that_lost_and_one_that_won_all_are_added():
    values, keys = [0.5, 0.25, -0.5, 0.75, 0.0, 0.5], ["a", "a", "b", "b", "c", "c"]
    sums = np.array([0.75, 0.25, 0.5, 2, -2])
    error = sums.std(ddof=1) * math.sqrt(5) / (6 + 2 + 2)
    found = paired_test(values, clusters=keys)
    assert found.high - found.drop == pytest.approx(t_quantile(0.95, 4) * error)
    assert found.spread == pytest.approx(sums.std(ddof=1) / 2)


def test_two_differences_that_are_no_scores_have_one_degree_of_freedom():
    found = paired_test([1.0, 3.0], bounded=False)
    assert (found.low, found.high) == pytest.approx((2 - 6.313752, 2 + 6.313752))


def test_without_any_difference_both_ways_are_as_likely():
    found = paired_test([0.0] * 5)
    assert (found.p_value, found.p_improved) == (0.5, 0.5)


def test_sixty_repeats_still_have_the_exact_p_value():
    values = [1 / 60, 7 / 60, -11 / 60, 13 / 60, 17 / 60]
    assert paired_test(values).p_value == pytest.approx(by_brute_force(values), abs=1e-9)


def test_only_scores_have_bounds_of_one():
    few = [1.0, 0.9, 0.8]
    assert paired_test(few).high == 1.0
    assert paired_test([-value for value in few]).low == -1.0
    assert paired_test(few, bounded=False).high > 1.0


@pytest.mark.parametrize("value", [math.pi / 3, math.pi * 1_000])
def test_resampling_counts_half_of_what_is_equal(value):
    assert paired_test([value], bounded=False).p_value == pytest.approx(0.25, abs=0.02)


@pytest.mark.parametrize("value", [math.pi / 3, math.pi * 1_000_000])
def test_sums_that_differ_by_rounding_are_equal(value):
    ways = [math.comb(40, k) / 2**40 for k in range(41)]
    found = paired_test([value] * 25 + [-value] * 15, bounded=False)
    assert found.p_value == pytest.approx(sum(ways[26:]) + ways[25] / 2, abs=0.006)


def test_what_is_equal_counts_in_every_portion(monkeypatch):
    monkeypatch.setattr("langchain_phase5.evaluation.paired_test._SIGNS_AT_ONCE", 1_000)
    assert paired_test([math.pi / 3]).p_value == pytest.approx(0.25, abs=0.02)


def test_many_values_are_resampled_in_portions():
    values = np.random.default_rng(0).normal(size=1_000)
    z = values.sum() / np.sqrt((values**2).sum())
    found = paired_test(values, bounded=False)
    assert found.p_value == pytest.approx(1 - NormalDist().cdf(z), abs=0.02)


def test_resampling_never_says_that_something_cannot_be():
    values = [math.pi / (3 + i) for i in range(40)]
    assert paired_test(values).p_value == pytest.approx(0.5 / 10_000)


def test_the_level_of_a_verdict_is_five_percent():
    values = [1.0] * 9 + [-1.0] * 3 + [0.0] * 20  # p = 0.0461, by the binomial distribution
    found = paired_test(values)
    assert 0.045 < found.p_value < 0.05
    assert found.verdict(0.05) == "regression"
    assert found.verdict(0.05, alpha=0.045) == "inconclusive"


@pytest.mark.parametrize("value", [1.0, math.pi / 4])
def test_what_is_worse_one_way_is_better_the_other_way(value):
    values = [value] * 9 + [-value] * 3 + [0.0] * 20
    there, back = paired_test(values), paired_test([-each for each in values])
    assert there.p_improved == pytest.approx(1 - there.p_value)
    assert back.p_value == pytest.approx(there.p_improved, abs=0.01)
    assert (back.drop, back.low, back.high) == pytest.approx((-there.drop, -there.high, -there.low))


@pytest.mark.parametrize("sign", [1, -1])
def test_a_p_value_is_a_probability(sign):
    for n in range(1, 200):
        found = paired_test([1.0 * sign] * n)
        assert 0 <= found.p_value <= 1, n
        assert 0 <= found.p_improved <= 1, n

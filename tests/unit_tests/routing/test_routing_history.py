"""What the router learns from outcomes, source by source."""

import numpy as np
import pytest

from langchain_phase5.routing.history.outcome_trust import OutcomeTrust
from langchain_phase5.routing.history.rank_calibration import RankCalibration
from langchain_phase5.routing.history.success_rates import SuccessRates
from langchain_phase5.routing.history.tool_directions import ToolDirections


def unit(rows, dimensions, seed=0):
    found = np.random.default_rng(seed).standard_normal((rows, dimensions)).astype(np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


class TestToolDirections:
    def test_one_by_one_or_together_or_taken_back_is_the_same(self):
        vectors, question = list(unit(80, 16)), unit(1, 16, seed=2)[0]
        tools = [[i % 3] for i in range(80)]
        together, single = ToolDirections(), ToolDirections()
        together.change(vectors, tools=tools)
        for vector, places in zip(vectors, tools, strict=True):
            single.change([vector], tools=[places])
        extra = unit(1, 16, seed=3)
        single.change(list(extra), tools=[[1]])
        single.change(list(extra), tools=[[1]], remove=True)

        expected = together.scores(question, size=3)
        assert single.scores(question, size=3) == pytest.approx(expected, abs=1e-4)

    def test_it_is_ridge_regression(self):
        vectors, question = unit(50, 8), unit(1, 8, seed=2)[0]
        targets = np.eye(2)[np.arange(50) % 2]
        directions = ToolDirections()
        directions.change(list(vectors), tools=[[i % 2] for i in range(50)])

        normal = vectors.T @ vectors + 3 * np.eye(8)
        expected = question @ np.linalg.solve(normal, vectors.T @ targets)
        assert directions.scores(question, size=2) == pytest.approx(expected, abs=1e-5)

    def test_long_vectors_are_projected(self):
        directions = ToolDirections()
        vectors = unit(40, 1_536)
        directions.change(list(vectors), tools=[[i % 4] for i in range(40)])

        right = [directions.scores(v, size=4).argmax() == i % 4 for i, v in enumerate(vectors)]
        assert np.mean(right) > 0.9

    def test_nothing_learned_says_nothing(self):
        directions = ToolDirections()
        directions.change([], tools=[])

        assert directions.scores(unit(1, 8)[0], size=3).tolist() == [0, 0, 0]


class TestRankCalibration:
    @pytest.mark.parametrize("coverage", [0.7, 0.9, 0.95])
    def test_it_covers_as_promised(self, coverage):
        rng = np.random.default_rng(0)
        held = []
        for _ in range(200):
            calibration = RankCalibration(coverage=coverage)
            for rank in rng.geometric(0.3, size=60):
                calibration.add(rank)
            assert calibration.is_calibrated
            held.append(rng.geometric(0.3) <= calibration.k(100))

        assert np.mean(held) > coverage - 0.08

    def test_a_few_samples_promise_nothing(self):
        calibration = RankCalibration(coverage=0.9)
        calibration.add(50)

        assert not calibration.is_calibrated
        assert calibration.k(100) == 5
        assert calibration.k(2) == 2

    @pytest.mark.parametrize("coverage", [0, 1, 1.5])
    def test_an_impossible_coverage_is_refused(self, coverage):
        with pytest.raises(ValueError, match="coverage"):
            RankCalibration(coverage=coverage)


class TestSuccessRates:
    def test_the_order_in_which_calls_are_read_does_not_matter(self):
        calls = [("a", True, 0.0), ("a", False, 50.0), ("b", True, 100.0), ("a", True, 200.0)]
        found = []
        for read in (calls, calls[::-1]):
            rates = SuccessRates(half_life_seconds=100)
            for tool, success, time in read:
                rates.add(tool, success=success, time=time)
            found.append(dict(zip(rates.tools, rates.adjustments().tolist(), strict=True)))

        assert found[0] == pytest.approx(found[1])


def test_trust_forgets_the_distant_past():
    trust = OutcomeTrust()
    for _ in range(3_000):
        trust.add(0.75, share=0.9)
    trusted = trust.odds(0.75)
    for _ in range(3_000):
        trust.add(0.75, share=0.0)

    assert trusted == 3
    assert trust.odds(0.75) < 1

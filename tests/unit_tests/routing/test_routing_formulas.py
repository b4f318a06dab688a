"""The formulas that the docstrings state, computed by hand."""

import math
from datetime import UTC, datetime

import numpy as np
import pytest

from langchain_phase5.routing.history.outcome_index import OutcomeIndex
from langchain_phase5.routing.history.outcome_trust import OutcomeTrust
from langchain_phase5.routing.history.past_questions import PastQuestions
from langchain_phase5.routing.history.rank_calibration import RankCalibration
from langchain_phase5.routing.history.success_rates import SuccessRates
from langchain_phase5.routing.history.tool_directions import ToolDirections
from langchain_phase5.routing.ranking.coverage import rank_by_coverage
from langchain_phase5.routing.ranking.lexical_index import LexicalIndex
from langchain_phase5.routing.text.word_weight import rarity, word_weight
from langchain_phase5.storage.outcomes import ToolOutcome


def scores(*values):
    return np.array(values, dtype=np.float32)


def chance(odds):
    return odds / (1 + odds)


class TestOutcomeTrust:
    @pytest.mark.parametrize("similarity", [0.05, 0.35, 0.65, 0.95])
    def test_the_prior_falls_with_the_square_of_the_distance(self, similarity):
        assert chance(OutcomeTrust().odds(similarity)) == pytest.approx(0.25 * similarity**2)

    def test_between_two_centers_it_is_interpolated(self):
        trust = OutcomeTrust()
        low, high = chance(trust.odds(0.65)), chance(trust.odds(0.75))

        assert chance(trust.odds(0.70)) == pytest.approx((low + high) / 2)

    @pytest.mark.parametrize(
        ("noted", "center"), [(0.64, 0.65), (1.0, 0.95), (1.2, 0.95), (0.0, 0.05), (-0.4, 0.05)]
    )
    def test_the_prior_is_worth_two_samples(self, noted, center):
        trust = OutcomeTrust()
        for _ in range(3):
            trust.add(noted, share=0.5)

        expected = (3 * 0.5 + 2 * 0.25 * center**2) / 5
        assert chance(trust.odds(center)) == pytest.approx(expected)

    def test_what_was_noted_far_away_does_not_count(self):
        trust = OutcomeTrust()
        trust.add(0.95, share=1.0)

        assert chance(trust.odds(0.45)) == pytest.approx(0.25 * 0.45**2)

    def test_the_newest_two_thousand_samples_weigh_most(self):
        trust = OutcomeTrust()
        for share, count in ((0.5, 2_000), (0.0, 501)):
            for _ in range(count):
                trust.add(0.55, share=share)

        # With the first sample too many, all before it count half.
        expected = (500 + 2 * 0.25 * 0.55**2) / (2_001 / 2 + 500 + 2)
        assert chance(trust.odds(0.55)) == pytest.approx(expected)


class TestToolDirections:
    @pytest.mark.parametrize("parts", [[80], [40, 40], [1] * 80, [33, 1, 40, 6]], ids=str)
    def test_the_score_is_that_of_ridge_regression(self, parts):
        random = np.random.default_rng(5)
        questions = random.standard_normal((80, 8)).astype(np.float32)
        tools = [[number % 3] for number in range(80)]
        learned, start = ToolDirections(), 0
        for size in parts:
            end = start + size
            learned.change(questions[start:end], tools=tools[start:end])
            start = end
        for old in range(5):
            learned.change([questions[old]], tools=[tools[old]], remove=True)

        kept, wanted = questions[5:].astype(float), np.eye(3)[np.arange(5, 80) % 3]
        asked = random.standard_normal(8).astype(np.float32)
        expected = asked @ np.linalg.solve(kept.T @ kept + 3 * np.eye(8), kept.T @ wanted)
        assert learned.scores(asked, size=3).tolist() == pytest.approx(expected.tolist(), abs=1e-4)

    def test_long_vectors_are_projected_to_the_same_length(self):
        learned = ToolDirections()
        question = np.zeros(2_000, dtype=np.float32)
        question[7] = 1
        learned.change([question], tools=[[0]])
        assert learned.scores(question, size=1)[0] == pytest.approx(1 / (1 + 3), abs=0.04)


class TestRankCalibration:
    """The smallest rank that at least (n + 1) * coverage of n samples do not exceed."""

    @pytest.mark.parametrize(("samples", "k"), [(3, 5), (4, 40), (8, 80), (9, 80), (99, 800)])
    def test_the_rank_is_the_corrected_quantile(self, samples, k):
        calibration = RankCalibration(coverage=0.8)
        for rank in range(10 * samples, 0, -10):
            calibration.add(rank)

        assert calibration.k(10_000) == k
        assert calibration.is_calibrated is (samples > 3)


class TestPastQuestions:
    """Rare words that no question shares with another count alike: all shares are plain numbers."""

    @pytest.fixture
    def questions(self):
        return PastQuestions(max_questions=3, half_life_seconds=100)

    @staticmethod
    def ask(questions, text, vector=None, *, tool=0, time=0.0, success=True):
        place = questions.find(text)
        if place is None:
            place = questions.add(text, text.split(), vector)
        questions.call(place, tool, success=success, time=time)
        return place

    def test_a_shorter_past_question_is_as_alike_as_the_words_it_shares(self, questions):
        self.ask(questions, "quagga")

        votes = questions.votes(["quagga", "okapi"], None)
        assert votes.similarity == pytest.approx(rarity(1) / (rarity(1) + rarity(0)))

    def test_a_success_halves_the_failures_before_it(self, questions):
        for success in (False, True):
            self.ask(questions, "quagga", tool=0, success=success)
        assert questions.votes(["quagga"], None).shares == {0: pytest.approx(0.5 / 1.5 / 1.3)}
        for success in (False, False, True):
            self.ask(questions, "tapir", tool=1, success=success)
        assert questions.votes(["tapir"], None).shares == {}

    def test_who_makes_room_takes_no_words_from_those_who_stay(self, questions):
        for tool, text in enumerate(["quagga okapi", "quagga tapir", "zebu", "gnu"]):
            self.ask(questions, text, tool=tool)

        assert questions.votes(["okapi"], None) is None
        assert list(questions.votes(["quagga"], None).shares) == [1]

    def test_of_many_questions_those_with_the_rarest_words_are_looked_at(self):
        questions = PastQuestions(max_questions=1000, half_life_seconds=100)
        for number in range(700):
            self.ask(questions, f"the gnu number{number}", tool=0)
        self.ask(questions, "the quagga", tool=1)

        shares = questions.votes(["gnu", "the", "quagga"], None).shares
        assert max(shares, key=shares.get) == 1

    def test_one_alike_question_leaves_room_for_doubt(self, questions):
        self.ask(questions, "quagga okapi", tool=4)

        votes = questions.votes(["quagga", "okapi"], None)

        assert votes.shares == {4: pytest.approx(1 / 1.3)}
        assert votes.similarity == pytest.approx(1)

    def test_a_vote_falls_with_the_eighth_power_of_the_fit(self, questions):
        self.ask(questions, "quagga okapi", scores(1, 0), tool=0)
        self.ask(questions, "quagga tapir", scores(0.6, 0.8), tool=1)

        votes = questions.votes(["quagga", "okapi"], scores(1, 0))

        rare, shared = rarity(1), rarity(2)
        far = ((0.6 + 0.3 * shared / (rare + shared)) / 1.3) ** 8
        assert votes.shares == {
            0: pytest.approx(1 / (1 + far + 0.3)),
            1: pytest.approx(far / (1 + far + 0.3)),
        }
        assert votes.similarity == pytest.approx(1)

    def test_words_find_a_longer_question_less_surely(self, questions):
        self.ask(questions, "quagga okapi tapir zebu")

        votes = questions.votes(["quagga", "aardvark"], None)

        asked, known = rarity(1) + rarity(0), 4 * rarity(1)
        assert votes.similarity == pytest.approx(rarity(1) / asked * (asked / known) ** 0.5)
        assert questions.votes(["aardvark"], None) is None

    def test_after_the_half_life_a_vote_counts_half(self, questions):
        self.ask(questions, "quagga okapi", scores(1, 0), tool=0, time=0.0)
        self.ask(questions, "okapi quagga", scores(1, 0), tool=1, time=100.0)

        shares = questions.votes(["quagga", "okapi"], scores(1, 0)).shares

        assert shares == {0: pytest.approx(0.5 / 1.8), 1: pytest.approx(1 / 1.8)}

    def test_what_failed_as_often_as_it_worked_gets_no_vote(self, questions):
        for tool, outcomes in ((0, (True, True, False)), (1, (True, False)), (2, (False,))):
            for success in outcomes:
                self.ask(questions, "quagga", tool=tool, success=success)

        assert questions.votes(["quagga"], None).shares == {0: pytest.approx((1 / 3) / 1.3)}

    def test_one_question_may_be_left_out(self, questions):
        place = self.ask(questions, "quagga", scores(1, 0), tool=0)
        assert questions.votes(["quagga"], scores(1, 0), leave_out=place) is None
        self.ask(questions, "okapi", scores(0.8, 0.6), tool=1)

        votes = questions.votes(["quagga"], scores(1, 0), leave_out=place)

        assert list(votes.shares) == [1]
        assert votes.similarity == pytest.approx(0.8)

    def test_the_oldest_gives_way_and_is_forgotten(self, questions):
        assert questions.oldest() is None
        for tool, text in enumerate(("quagga", "okapi", "tapir")):
            self.ask(questions, text, tool=tool)
        assert questions.oldest() == questions.find("quagga") == 0

        self.ask(questions, "zebu", tool=7)

        assert len(questions) == 3
        assert questions.find("quagga") is None
        assert (questions.find("zebu"), questions.oldest()) == (0, 1)
        assert questions.votes(["quagga"], None) is None
        assert list(questions.votes(["zebu"], None).shares) == [7]

    def test_what_points_the_other_way_has_no_say(self, questions):
        self.ask(questions, "quagga", scores(-1, 0))

        assert questions.votes(["quagga"], scores(1, 0)) is None

    def test_vectors_of_another_length_are_no_help(self, questions):
        self.ask(questions, "quagga", scores(1, 0))

        assert questions.votes(["okapi"], scores(1, 0, 0)) is None
        assert questions.votes(["quagga"], scores(1, 0, 0)).similarity == pytest.approx(1)


class TestOutcomeIndex:
    WHEN = datetime(2026, 1, 1, tzinfo=UTC)
    OLDER = (rarity(2) / rarity(1)) ** 4
    """Vote of a question whose two words were rarer when it came."""

    def index(self, *outcomes, vectors=None):
        found = OutcomeIndex(max_questions=100, half_life_seconds=100, rate_half_life_seconds=100)
        for i, (query, tool, success) in enumerate(outcomes):
            outcome = ToolOutcome(
                query=query, tool_name=tool, success=success, recorded_at=self.WHEN
            )
            found.add([outcome], [vectors[i] if vectors else None])
        return found

    def rates(self, *outcomes):
        rates = SuccessRates(half_life_seconds=100)
        for _, tool, success in outcomes:
            rates.add(tool, success=success, time=self.WHEN.timestamp())
        return rates.adjustments()

    def test_votes_count_by_the_odds_that_they_are_right(self):
        outcomes = [("quagga okapi", "a", True), ("tapir zebu", "b", True)]
        found = self.index(*outcomes).evidence("okapi quagga", None)

        expected = self.rates(*outcomes) + np.array([OutcomeTrust().odds(1.0) / 1.3, 0])
        assert found.tolist() == pytest.approx(expected.tolist())

    def learned(self, *parts):
        """What the history says of "quagga" beyond the success rates."""
        found = OutcomeIndex(max_questions=100, half_life_seconds=100, rate_half_life_seconds=100)
        for tools in parts:
            outcomes = [
                ToolOutcome(query="quagga", tool_name=tool, success=True, recorded_at=self.WHEN)
                for tool in tools
            ]
            found.add(outcomes, [scores(1, 0)] * len(outcomes))
        rates = self.rates(*(("quagga", tool, True) for tools in parts for tool in tools))
        return (found.evidence("quagga", scores(1, 0)) - rates).tolist()

    def test_votes_and_the_learned_map_are_trusted_alike(self):
        odds = OutcomeTrust().odds(1.0)
        assert self.learned("a") == pytest.approx([odds * (1 / 1.3 + 1 / (1 + 3))], rel=1e-5)

    @pytest.mark.parametrize(
        "parts", [("a", "a"), ("aa",), ("a", "aaa")], ids=["later", "at once", "often"]
    )
    def test_the_same_answer_again_teaches_nothing_new(self, parts):
        assert self.learned(*parts) == pytest.approx(self.learned("a"), rel=1e-5)

    def test_another_tool_does_not_make_it_another_question(self):
        assert self.learned("a", "b") == pytest.approx(self.learned("ab"), rel=1e-5)

    def test_a_question_that_had_to_make_room_teaches_nothing_any_more(self):
        found = OutcomeIndex(max_questions=2, half_life_seconds=100, rate_half_life_seconds=100)
        outcomes = [("quagga", "a", True), ("tapir", "b", True), ("okapi", "c", True)]
        kinds = [scores(1, 0, 0), scores(0.5, 0.5**0.5, 0.5), scores(0, 0, 1)]
        for (query, tool, success), vector in zip(outcomes, kinds, strict=True):
            outcome = ToolOutcome(
                query=query, tool_name=tool, success=success, recorded_at=self.WHEN
            )
            found.add([outcome], [vector])

        forgotten, alike, _ = found.evidence("quagga", kinds[0]) - self.rates(*outcomes)
        assert forgotten == pytest.approx(0, abs=1e-6)
        assert alike > 0.01

    def test_a_question_like_none_before_is_left_to_the_rates(self):
        outcomes = [("quagga okapi", "a", True), ("tapir zebu", "b", False)]
        found = self.index(*outcomes).evidence("aardvark", None)

        assert found.tolist() == pytest.approx(self.rates(*outcomes).tolist())
        assert found[0] > 0 > found[1]
        assert len(self.index().evidence("aardvark", None)) == 0

    @pytest.mark.parametrize(("second", "right"), [("a", 1 / 1.3), ("b", 0.0)])
    def test_trust_is_what_the_others_would_have_said(self, second, right):
        outcomes = [("quagga okapi", "a", True), ("okapi quagga", second, True)]
        found = self.index(*outcomes).evidence("okapi quagga", None) - self.rates(*outcomes)

        trust = OutcomeTrust()
        trust.add(1.0, share=right)
        both = 1 + self.OLDER
        assert found.sum() == pytest.approx(trust.odds(1.0) * both / (both + 0.3))

    @pytest.mark.parametrize(("before", "right"), [("a", 0.5), ("ab", 1.0), ("c", 0.0)])
    def test_of_several_tools_that_worked_each_counts_its_part(self, before, right):
        found = OutcomeIndex(max_questions=100, half_life_seconds=100, rate_half_life_seconds=100)
        questions = [("quagga okapi", before), ("okapi quagga", "ab")]
        for query, tools in questions:
            outcomes = [
                ToolOutcome(query=query, tool_name=tool, success=True, recorded_at=self.WHEN)
                for tool in tools
            ]
            found.add(outcomes, [None] * len(outcomes))
        rates = self.rates(*((query, tool, True) for query, tools in questions for tool in tools))

        trust = OutcomeTrust()
        trust.add(1.0, share=right / 1.3)
        votes = (2 + len(before) * self.OLDER) / (1 + self.OLDER + 0.3)
        learned = found.evidence("okapi quagga", None) - rates
        assert learned.sum() == pytest.approx(trust.odds(1.0) * votes)

    def test_what_did_not_work_teaches_no_trust(self):
        outcomes = [("quagga okapi", "a", True), ("okapi quagga", "a", False)]
        found = self.index(*outcomes).evidence("okapi quagga", None) - self.rates(*outcomes)

        votes = self.OLDER / (1 + self.OLDER + 0.3)
        assert found.tolist() == [pytest.approx(OutcomeTrust().odds(1.0) * votes)]

    def test_the_same_question_again_is_no_new_question(self):
        once, again = ("quagga", "a", True), [("quagga", "a", True)] * 3
        found = self.index(*again).evidence("quagga", None) - self.rates(*again)

        expected = self.index(once).evidence("quagga", None) - self.rates(once)
        assert found.tolist() == pytest.approx(expected.tolist(), abs=1e-6)

    def test_the_map_points_where_questions_of_that_direction_went(self):
        outcomes = [(f"quagga{i}", "ab"[i % 2], True) for i in range(40)]
        vectors = [scores(1 - i % 2, i % 2) for i in range(40)]
        found = self.index(*outcomes, vectors=vectors)

        towards_a, towards_b = found.evidence("x", scores(1, 0)), found.evidence("x", scores(0, 1))
        assert towards_a[0] - towards_a[1] == pytest.approx(towards_b[1] - towards_b[0], rel=0.1)
        assert towards_a[0] - towards_a[1] > 3


class TestSuccessRates:
    def test_a_rate_is_smoothed_towards_that_of_all_tools(self):
        rates = SuccessRates(half_life_seconds=100)
        for tool, success in (("a", True), ("a", True), ("b", False), ("b", True), ("b", False)):
            rates.add(tool, success=success, time=5.0)

        usual = (3 + 4 * 0.9) / (5 + 4)
        expected = [0.25 * ((2 + 4 * usual) / 6 - usual), 0.25 * ((1 + 4 * usual) / 7 - usual)]
        assert rates.adjustments().tolist() == pytest.approx(expected)

    def test_after_the_half_life_a_call_counts_half(self):
        rates = SuccessRates(half_life_seconds=100)
        assert rates.add("a", success=False, time=0.0) == 0
        assert rates.add("a", success=True, time=100.0) == 0
        assert rates.add("b", success=True, time=200.0) == 1

        successes, calls = 0.5, 0.75
        usual = (successes + 1 + 4 * 0.9) / (calls + 1 + 4)
        expected = [
            0.25 * ((successes + 4 * usual) / (calls + 4) - usual),
            0.25 * ((1 + 4 * usual) / 5 - usual),
        ]
        assert rates.adjustments().tolist() == pytest.approx(expected)

    def test_adjustments_follow_the_next_call(self):
        rates = SuccessRates(half_life_seconds=100)
        rates.add("a", success=True, time=0.0)
        rates.add("b", success=True, time=0.0)
        before = rates.adjustments().tolist()
        rates.add("b", success=False, time=0.0)

        assert before == pytest.approx([0, 0], abs=0.02)
        assert rates.adjustments()[1] < before[1]

    def test_without_calls_there_is_nothing_to_adjust(self):
        assert SuccessRates(half_life_seconds=1).adjustments().tolist() == []


class TestCoverage:
    def test_without_parts_it_is_sorting(self):
        ranking = rank_by_coverage(scores(0.1, 0.5, 0.3), np.zeros((0, 3)), count=2)

        assert ranking == [(1, pytest.approx(0.5)), (2, pytest.approx(0.3))]

    def test_equal_tools_keep_their_order(self):
        table = np.full((1, 50), 0.5, dtype=np.float32)

        assert [p for p, _ in rank_by_coverage(table[0], table[:0], count=3)] == [0, 1, 2]
        assert [p for p, _ in rank_by_coverage(table[0], table, count=3)] == [0, 1, 2]

    def test_what_a_tool_is_worth(self):
        whole = scores(0.5, 0.4, 0.2)
        parts = np.stack([scores(0.9, 0.8, 0.0), scores(0.1, 0.2, 0.6)])

        ranking = rank_by_coverage(whole, parts, count=3)

        # Fit: the whole, or 0.1 below the best part. Gain: a part beyond 0.3, then the best so far.
        assert ranking == [
            (0, pytest.approx(0.8 + (0.9 - 0.3))),
            (2, pytest.approx(0.5 + (0.6 - 0.3))),
            (1, pytest.approx(0.7)),
        ]

    def test_a_part_may_find_what_is_far_down_for_the_whole(self):
        whole = np.linspace(1, 0.5, 200, dtype=np.float32)
        parts = np.zeros((2, 200), dtype=np.float32)
        parts[1, 199] = 0.99

        assert rank_by_coverage(whole, parts, count=1)[0][0] == 199

    def test_as_many_as_asked_for(self):
        whole = np.linspace(1, 0.5, 200, dtype=np.float32)

        for count in (1, 39, 60, 150):
            picked = [place for place, _ in rank_by_coverage(whole, whole[None], count=count)]
            assert picked == list(range(count))

    def test_more_than_there_are(self):
        table = np.stack([scores(0.5, 0.4), scores(0.1, 0.9)])

        assert len(rank_by_coverage(table[0], table, count=9)) == 2
        assert len(rank_by_coverage(table[0], table[:0], count=9)) == 2


class TestLexicalIndex:
    def test_it_is_bm25_with_fixed_statistics(self):
        index = LexicalIndex([["quagga", "quagga", "okapi"], ["okapi"], ["zebra"]])

        found = index.scores(["quagga", "okapi", "aardvark"])

        weights = {"quagga": rarity(1), "okapi": rarity(2), "aardvark": rarity(0)}
        scale = 0.033 / sum(weights.values()) ** 0.3

        def strength(count, length):
            return count * 2.2 / (count + 1.2 * (1 + 0.75 * (length / 40 - 1)))

        expected = [
            scale * (weights["quagga"] * strength(2, 3) + weights["okapi"] * strength(1, 3)),
            scale * weights["okapi"] * strength(1, 1),
            0,
        ]
        assert found.tolist() == pytest.approx(expected, rel=1e-5)

    def test_a_word_counts_once_however_often_it_is_asked(self):
        index = LexicalIndex([["quagga"], ["okapi"]])

        assert index.scores(["okapi"] * 3).tolist() == index.scores(["okapi"]).tolist()

    def test_common_words_count_less(self):
        index = LexicalIndex([["find"], ["quagga"]])
        common, rare = index.scores(["find", "quagga"])

        assert common / rare == pytest.approx(word_weight("find"), rel=1e-5)

    @pytest.mark.parametrize("query", [[], ["aardvark"]])
    def test_nothing_shared(self, query):
        assert LexicalIndex([["quagga"]]).scores(query).tolist() == [0]

    def test_no_documents(self):
        assert LexicalIndex([]).scores(["quagga"]).tolist() == []


def test_words_are_weighed_by_rank():
    assert word_weight("was") == pytest.approx(math.log(6) / math.log(3_001))
    assert word_weight("was") < word_weight("mak") < word_weight("translat") < 1
    assert word_weight("quagga") == 1


def test_rarity_falls_with_every_document():
    assert rarity(0) == pytest.approx(math.log(1 + 20_000))
    assert rarity(9) == pytest.approx(math.log(1 + 10_000 / 9.5))

"""What the history says about each tool it knows."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import RLock

import numpy as np
import numpy.typing as npt

from langchain_phase5.routing.history.outcome_trust import OutcomeTrust
from langchain_phase5.routing.history.past_questions import PastQuestions
from langchain_phase5.routing.history.success_rates import SuccessRates
from langchain_phase5.routing.history.tool_directions import ToolDirections
from langchain_phase5.routing.text.identifiers import without_identifiers
from langchain_phase5.routing.text.words import words
from langchain_phase5.storage.outcomes import ToolOutcome

Floats = npt.NDArray[np.float32]

_MAX_TRUST_SAMPLES = 500


class OutcomeIndex:
    """Past outcomes, prepared for search.

    Three sources: the nearest past questions vote for the tools that answered them
    (`PastQuestions`); a linear map learned from all questions points to tools (`ToolDirections`);
    and every tool has a success rate (`SuccessRates`). The first two are weighted by the odds that
    this history has been right so far (`OutcomeTrust`), so that a foreign, thin or wrong history
    says next to nothing.

    Args:
        max_questions: Bound on the distinct questions kept.
        half_life_seconds: Age at which a question's vote counts half.
        rate_half_life_seconds: Age at which a call counts half in a tool's success rate.
    """

    def __init__(
        self, *, max_questions: int, half_life_seconds: float, rate_half_life_seconds: float
    ) -> None:
        self._questions = PastQuestions(
            max_questions=max_questions, half_life_seconds=half_life_seconds
        )
        self._directions = ToolDirections()
        self._rates = SuccessRates(half_life_seconds=rate_half_life_seconds)
        self._trust = OutcomeTrust()
        self._lock = RLock()

    @property
    def tools(self) -> Sequence[str]:
        """Names of the tools with a history, in the order of `evidence`; it only grows."""
        return self._rates.tools

    def add(self, outcomes: Sequence[ToolOutcome], vectors: Sequence[Floats | None]) -> None:
        """Take in outcomes with their embedded questions, None where that is not known."""
        with self._lock:
            news = _News()
            for outcome, vector in zip(outcomes, vectors, strict=True):
                self._add(outcome, vector, news)
            self._learn(news)

    def evidence(self, text: str, vector: Floats | None) -> Floats:
        """Score every tool of `tools` for a question, shape (tools,).

        0 is neutral; a tool that surely answers it gets up to 6, a failing one at least -0.25.
        """
        with self._lock:
            scores = self._rates.adjustments().astype(np.float32)
            votes = self._questions.votes(_telling_words(text), vector) if len(scores) else None
            if votes is None:
                return scores
            learned = np.zeros(len(scores), dtype=np.float32)
            if vector is not None:
                learned += self._directions.scores(vector, size=len(scores))
            for tool, share in votes.shares.items():
                learned[tool] += share
            return scores + np.float32(self._trust.odds(votes.similarity)) * learned

    def _add(self, outcome: ToolOutcome, vector: Floats | None, news: "_News") -> None:
        time = outcome.recorded_at.timestamp()
        tool = self._rates.add(outcome.tool_name, success=outcome.success, time=time)
        place = self._questions.find(outcome.query)
        if place is None:
            if self._questions.oldest() is not None:
                self._learn(news)
                self._unlearn_oldest()
            place = self._questions.add(outcome.query, _telling_words(outcome.query), vector)
            news.fresh[place] = []
        if outcome.success and not self._questions[place].calls.get(tool, (0.0, 0.0))[0]:
            (news.fresh if place in news.fresh else news.known).setdefault(place, []).append(tool)
        self._questions.call(place, tool, success=outcome.success, time=time)

    def _learn(self, news: "_News") -> None:
        """Ask the others about the new questions, then tell the map about them."""
        places = list(news.fresh)
        for place in places[:: 1 + len(places) // _MAX_TRUST_SAMPLES]:
            self._check(place, news.fresh[place])
        for tools_of, new in ((news.fresh, True), (news.known, False)):
            if tools_of and self._questions.dimensions:
                vectors = [self._questions.vector(place) for place in tools_of]
                self._directions.change(vectors, tools=list(tools_of.values()), new=new)
            tools_of.clear()

    def _check(self, place: int, tools: Sequence[int]) -> None:
        """Compare the votes of all other questions with what worked for this one."""
        question = self._questions[place]
        votes = self._questions.votes(
            sorted(question.words), self._questions.vector(place), leave_out=place
        )
        if votes is not None and tools:
            right = sum(votes.shares.get(tool, 0.0) for tool in tools) / len(tools)
            self._trust.add(votes.similarity, share=right)

    def _unlearn_oldest(self) -> None:
        place = self._questions.oldest()
        if place is not None and self._questions.dimensions:
            calls = self._questions[place].calls
            tools = [tool for tool, (successes, _) in calls.items() if successes]
            vector = self._questions.vector(place)
            self._directions.change([vector], tools=[tools], remove=True)


def _telling_words(question: str) -> list[str]:
    return words(without_identifiers(question))


@dataclass
class _News:
    """Tools that worked for new questions, and new tools that worked for known ones."""

    fresh: dict[int, list[int]] = field(default_factory=dict)
    known: dict[int, list[int]] = field(default_factory=dict)

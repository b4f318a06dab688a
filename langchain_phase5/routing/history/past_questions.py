"""Questions asked before, with the tools that were called for them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from langchain_phase5.routing.text.word_weight import rarity
from langchain_phase5.routing.vectors.question_vectors import QuestionVectors

Floats = npt.NDArray[np.float32]

_CANDIDATES = 48
_MAX_LEXICAL_CANDIDATES = 500
_NEIGHBORS = 24
_SHARPNESS = 8
_WORDS_WEIGHT = 0.3
_SILENT_VOTE = 0.3


@dataclass
class PastQuestion:
    """A question and the calls made for it."""

    text: str
    words: frozenset[str]
    calls: dict[int, tuple[float, float]] = field(default_factory=dict)
    """By the tool's place: successes and failures."""
    weight: float = 1.0
    """Rarity of all its words, when it came."""
    time: float = 0.0
    """Of the last call, in seconds."""


@dataclass(frozen=True, kw_only=True)
class Votes:
    """What the nearest questions say."""

    shares: dict[int, float]
    """By the tool's place; adds up to less than 1, the less the fewer voted."""

    similarity: float
    """Of the nearest question: a cosine, or the share of words found where there is no vector."""


class PastQuestions:
    """A bounded set of distinct questions; the oldest place is overwritten when it is full.

    Args:
        max_questions: Bound on memory: about 2 kB each at 384 dimensions.
        half_life_seconds: Age at which a question's vote counts half.
    """

    def __init__(self, *, max_questions: int, half_life_seconds: float) -> None:
        self._max = max_questions
        self._half_life = half_life_seconds
        self._questions: list[PastQuestion] = []
        self._places: dict[str, int] = {}
        self._next = 0
        self._postings: dict[str, set[int]] = {}
        self._vectors = QuestionVectors(max_rows=max_questions)
        self._newest = 0.0

    def __len__(self) -> int:
        return len(self._questions)

    def __getitem__(self, place: int) -> PastQuestion:
        return self._questions[place]

    @property
    def dimensions(self) -> int:
        """Length of the vectors, 0 before the first one."""
        return self._vectors.dimensions

    def find(self, text: str) -> int | None:
        """Say where a question is, if it is known."""
        return self._places.get(text)

    def vector(self, place: int) -> Floats:
        """Return the vector of a question; all zeros, or none of length, if it is unknown."""
        return self._vectors[place]

    def add(self, text: str, words: Iterable[str], vector: Floats | None) -> int:
        """Put in a question that is not there yet, in place of `oldest()` if full."""
        question = PastQuestion(text=text, words=frozenset(words))
        place = self._next
        if place < len(self._questions):
            self._forget(place)
            self._questions[place] = question
        else:
            self._questions.append(question)
        self._next = (place + 1) % self._max
        self._places[text] = place
        for word in question.words:
            self._postings.setdefault(word, set()).add(place)
        question.weight = sum(self._rarity(word) for word in question.words) or 1.0
        self._vectors.put(place, vector)
        return place

    def oldest(self) -> int | None:
        """Say which place the next question will overwrite, if any."""
        return self._next if len(self._questions) == self._max else None

    def call(self, place: int, tool: int, *, success: bool, time: float) -> None:
        """Note a call for a question; a success halves the failures before it, as they are over."""
        question = self._questions[place]
        successes, failures = question.calls.get(tool, (0.0, 0.0))
        question.calls[tool] = (
            (successes + 1, failures / 2) if success else (successes, failures + 1)
        )
        question.time = max(question.time, time)
        self._newest = max(self._newest, time)

    def votes(
        self, words: Sequence[str], vector: Floats | None, *, leave_out: int | None = None
    ) -> Votes | None:
        """Let the questions nearest by meaning and words vote, the nearer the more.

        Args:
            words: Of the present question.
            vector: Of the present question, if it could be embedded.
            leave_out: A place that does not count, to ask how the others would have voted.
        """
        weights = self._weights(words)
        weight = sum(self._rarity(word) for word in weights)
        dense = vector is not None and self.dimensions == len(vector) > 0
        if vector is not None and dense:
            near = self._vectors.nearest(vector, count=_CANDIDATES)
        else:
            near = [(place, 0.0) for place in self._sharing_words(weights)]
        scored = []
        for place, cosine in near:
            shared = self._questions[place].words & weights.keys()
            found = sum(weights[word] for word in shared)
            if not dense:
                found *= min(1.0, (weight / self._questions[place].weight) ** 0.5)
            if place != leave_out and cosine + found > 0:
                scored.append((cosine + _WORDS_WEIGHT * found, place, cosine or found))
        scored.sort(reverse=True)
        if not scored:
            return None
        return Votes(
            shares=self._shares(scored[:_NEIGHBORS]),
            similarity=max(similarity for _, _, similarity in scored),
        )

    def _shares(self, scored: Sequence[tuple[float, int, float]]) -> dict[int, float]:
        shares: dict[int, float] = {}
        total = 0.0
        for score, place, _ in scored:
            question = self._questions[place]
            age = 0.5 ** ((self._newest - question.time) / self._half_life)
            weight = age * max(0.0, score / scored[0][0]) ** _SHARPNESS
            total += weight
            for tool, (successes, failures) in question.calls.items():
                if successes > failures:
                    worked = (successes - failures) / (successes + failures)
                    shares[tool] = shares.get(tool, 0.0) + weight * worked
        return {tool: share / (total + _SILENT_VOTE) for tool, share in shares.items()}

    def _weights(self, words: Sequence[str]) -> dict[str, float]:
        """Weight every word of the question by its rarity; the weights add up to 1."""
        raw = {word: self._rarity(word) for word in words}
        total = sum(raw.values())
        return {word: weight / total for word, weight in raw.items()}

    def _rarity(self, word: str) -> float:
        return rarity(len(self._postings.get(word, ())))

    def _sharing_words(self, weights: dict[str, float]) -> list[int]:
        """Find questions that share a word, the rarest words first."""
        places: dict[int, None] = {}
        for word in sorted(weights, key=weights.__getitem__, reverse=True):
            for place in self._postings.get(word, ()):
                places[place] = None
                if len(places) >= _MAX_LEXICAL_CANDIDATES:
                    return list(places)
        return list(places)

    def _forget(self, place: int) -> None:
        old = self._questions[place]
        self._places.pop(old.text, None)
        for word in old.words:
            postings = self._postings[word]
            postings.discard(place)
            if not postings:
                del self._postings[word]

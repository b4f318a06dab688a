"""What came of one run of one example."""

import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Self

_LONGEST_TRACE = 20_000
_NOTHING: Mapping[str, Any] = MappingProxyType({})


def _nothing() -> Mapping[str, Any]:
    """Return one mapping for all results without comments: ten thousand empty dicts add up."""
    return _NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An exception, kept whole: its type, its message and its traceback.

    Example:
        >>> failure = Failure.of(ValueError("no such order"))
        >>> failure.type, failure.message
        ('ValueError', 'no such order')
    """

    type: str
    message: str
    trace: str = ""

    @classmethod
    def of(cls, error: BaseException) -> Self:
        """Keep an exception; of a very long traceback, both ends."""
        trace = "".join(traceback.format_exception(error))
        if len(trace) > _LONGEST_TRACE:
            half = _LONGEST_TRACE // 2
            trace = f"{trace[:half]}\n[...]\n{trace[-half:]}"
        return cls(type=type(error).__qualname__, message=str(error), trace=trace)

    def as_dict(self) -> dict[str, str]:
        """Return the JSON form."""
        return {"type": self.type, "message": self.message, "trace": self.trace}


@dataclass(slots=True, kw_only=True)
class ExampleResult:
    """One answer with its scores, or the error that came instead of it.

    Attributes:
        example_id: Which example.
        repeat: Which of its runs, from 0.
        outputs: The target's answer as plain JSON; `None` after an error.
        scores: By metric. A metric that does not apply here (no reference, say) has none, and one
            that failed is in `metric_errors`: neither ever counts as zero.
        comments: What metrics had to say, by metric.
        error: Why there is no answer.
        metric_errors: Why a metric gave no score, by metric.
        seconds: Time inside the target, without queueing and without waits between attempts.
        input_tokens: Tokens read by all model calls; `None` where nothing was reported.
        output_tokens: Tokens written.
        cost: In US dollars; `None` where a price or the usage is unknown.
        attempts: Calls of the target; more than one after rate limits.
        steps: Model, tool and retriever calls, in order.

    Example:
        >>> result = ExampleResult(example_id="q1", outputs="Paris", scores={"exact_match": 1.0})
        >>> ExampleResult.from_dict(result.as_dict()) == result
        True
    """

    example_id: str
    repeat: int = 0
    outputs: Any = None
    scores: Mapping[str, float] = field(default_factory=_nothing)
    comments: Mapping[str, str] = field(default_factory=_nothing)
    error: Failure | None = None
    metric_errors: Mapping[str, Failure] = field(default_factory=_nothing)
    seconds: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost: float | None = None
    attempts: int = 1
    steps: Sequence[Mapping[str, Any]] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form, without what is empty.

        Spelled out, because every example of every run is written this way: a loop over the fields
        takes four times as long.
        """
        form: dict[str, Any] = {"example_id": self.example_id, "repeat": self.repeat}
        if self.outputs is not None:
            form["outputs"] = self.outputs
        if self.scores:
            form["scores"] = self.scores
        if self.comments:
            form["comments"] = self.comments
        if self.error:
            form["error"] = self.error.as_dict()
        if self.metric_errors:
            errors = self.metric_errors.items()
            form["metric_errors"] = {metric: failure.as_dict() for metric, failure in errors}
        if self.seconds is not None:
            form["seconds"] = self.seconds
        self._add_bill(form)
        form["attempts"] = self.attempts
        if self.steps:
            form["steps"] = self.steps
        return form

    def _add_bill(self, form: dict[str, Any]) -> None:
        if self.input_tokens is not None:
            form["input_tokens"] = self.input_tokens
        if self.output_tokens is not None:
            form["output_tokens"] = self.output_tokens
        if self.cost is not None:
            form["cost"] = self.cost

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> Self:
        """Read the JSON form."""
        values = dict(form)
        if values.get("error"):
            values["error"] = Failure(**values["error"])
        values["metric_errors"] = {
            metric: Failure(**failure)
            for metric, failure in values.get("metric_errors", {}).items()
        }
        return cls(**values)

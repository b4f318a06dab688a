"""One way to call every evaluator, whichever library it comes from."""

import inspect
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.runnables import Runnable

from langchain_phase5.evaluation.dataset import Example
from langchain_phase5.evaluation.langsmith_shape import langsmith_shape
from langchain_phase5.evaluation.metrics import METRICS
from langchain_phase5.evaluation.result import ExampleResult, Failure

Metric = str | Callable[..., Any] | Runnable[Any, Any]

_SEVERAL = (list, tuple)
_NUMBERS = (bool, int, float, type(None))
_LANGSMITH = ("inputs", "outputs", "reference_outputs")
_ARGUMENTS = {*_LANGSMITH, "example", "metadata", "run"}


@dataclass(frozen=True, slots=True)
class BoundMetric:
    """An evaluator with the arguments it takes worked out once."""

    name: str
    call: Callable[..., Any]
    arguments: tuple[str, ...]

    async def score(self, example: Example, result: ExampleResult) -> None:
        """Write the scores of one answer into `result`, or why there are none."""
        try:
            answer = self._ask(example, result.outputs)
            if type(answer) is not dict and inspect.isawaitable(answer):
                answer = await answer
            for key, value, comment in _scores(answer, self.name):
                if value is not None:
                    result.scores = {**result.scores, key: value} if result.scores else {key: value}
                if comment:
                    result.comments = {**result.comments, key: comment}
        except Exception as error:  # noqa: BLE001  # whatever an evaluator does, the run goes on
            result.metric_errors = {**result.metric_errors, self.name: Failure.of(error)}

    def _ask(self, example: Example, outputs: Any) -> Any:
        offered = {
            "inputs": example.inputs,
            "outputs": outputs,
            "reference_outputs": example.reference_outputs,
            "example": example,
            "metadata": example.metadata,
        }
        if "run" in self.arguments:
            offered |= langsmith_shape(example, outputs)
        return self.call(**{name: offered[name] for name in self.arguments})


def bind_metrics(given: Sequence[Metric] | Metric) -> list[BoundMetric]:
    """Prepare metrics given by name, as evaluators or as evaluation chains.

    An evaluator gets those of `inputs`, `outputs`, `reference_outputs`, `example` and `metadata`
    that it names; one that names none, `(**rest)`, gets the first three. One that names `run`, as
    LangSmith's older ones and its `RunEvaluator`s do, gets LangSmith's `Run` and `Example`.

    Raises:
        ValueError: A name is unknown, two metrics share one, or an evaluator needs something else.
    """
    wanted = [given] if isinstance(given, str) or not isinstance(given, Sequence) else list(given)
    bound = [_bind(metric) for metric in wanted]
    names = [metric.name for metric in bound]
    for name in names:
        if names.count(name) > 1:
            msg = f"two metrics are named {name!r}; give one of them another __name__"
            raise ValueError(msg)
    return bound


def _bind(metric: Metric) -> BoundMetric:
    if isinstance(metric, str):
        if metric not in METRICS:
            msg = f"no metric {metric!r}; there are: {', '.join(METRICS)}"
            raise ValueError(msg)
        return _bind_function(metric, METRICS[metric])
    if isinstance(metric, Runnable):
        return _bind_chain(metric)
    if hasattr(metric, "evaluate_run"):
        call = getattr(metric, "aevaluate_run", metric.evaluate_run)
        return BoundMetric(_name(metric), call, ("run", "example"))
    if not callable(metric):
        msg = (  # type: ignore[unreachable]  # callers may not be typed
            f"a metric is a name or a function of inputs and outputs, not {metric!r}"
        )
        raise ValueError(msg)  # noqa: TRY004
    return _bind_function(_name(metric), metric)


def _bind_function(name: str, metric: Callable[..., Any]) -> BoundMetric:
    parameters = inspect.signature(metric).parameters.values()
    rest = {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}
    needed = [p.name for p in parameters if p.default is p.empty and p.kind not in rest]
    if unknown := [each for each in needed if each not in _ARGUMENTS]:
        msg = (
            f"the evaluator {name!r} needs {', '.join(unknown)}; evaluators get inputs, outputs, "
            "reference_outputs, example, metadata or run, whichever they name"
        )
        raise ValueError(msg)
    named = tuple(p.name for p in parameters if p.name in _ARGUMENTS)
    takes_rest = any(p.kind is p.VAR_KEYWORD for p in parameters)
    # Like LangSmith: some evaluators pass the rest on and choke on what they already have.
    return BoundMetric(name, metric, named or (_LANGSMITH if takes_rest else ()))


def _bind_chain(chain: Runnable[Any, Any]) -> BoundMetric:
    """Call an evaluation chain, `prompt | model.with_structured_output(...)`, with one dict."""

    async def call(**values: Any) -> Any:
        return await chain.ainvoke(values)

    return BoundMetric(chain.get_name(), call, _LANGSMITH)


def _name(metric: Callable[..., Any]) -> str:
    inner = getattr(metric, "func", metric)  # functools.partial
    return str(
        getattr(metric, "__name__", None) or getattr(inner, "__name__", type(inner).__name__)
    )


def _scores(answer: Any, name: str) -> Iterable[tuple[str, float | None, str]]:
    """Read what an evaluator returned: a number, a dict, a LangSmith result, or several of them."""
    if isinstance(answer, dict) and isinstance(answer.get("results"), list):
        answer = answer["results"]
    if isinstance(answer, _SEVERAL):
        return [each for part in answer for each in _scores(part, name)]
    if isinstance(answer, _NUMBERS):
        return [(name, _number(answer, name), "")]
    if type(answer) is dict or isinstance(answer, Mapping):
        key, value, comment = answer.get("key"), answer.get("score"), answer.get("comment")
        known = "score" in answer
    else:
        key, comment = getattr(answer, "key", None), getattr(answer, "comment", None)
        value, known = getattr(answer, "score", None), hasattr(answer, "score")
        comment = comment or getattr(answer, "reasoning", None)
    if not known:
        msg = f"the evaluator {name!r} returned {answer!r}; a dict with a 'score' was expected"
        raise ValueError(msg)
    return [(str(key or name), _number(value, name), str(comment or ""))]


def _number(value: Any, name: str) -> float | None:
    if value is None:
        return None
    number = float(value)
    if not math.isfinite(number):
        msg = f"the evaluator {name!r} returned {number} as a score"
        raise ValueError(msg)
    return number

"""Metrics of ragas, for whoever needs just those."""

import importlib.util
import inspect
import os
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from langchain_phase5.evaluation.metrics.answers import accepted_answers, answer_text
from langchain_phase5.evaluation.metrics.score import score, without_reference
from langchain_phase5.evaluation.metrics.tool_calls import made_tool_calls, read_call
from langchain_phase5.evaluation.plain import plain

_OPTIONAL = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)


def ragas_metric(
    name: str, *, llm: Any = None, embeddings: Any = None, **options: Any
) -> Callable[..., Awaitable[dict[str, Any]]]:
    """Make an evaluator from a metric of `ragas.metrics.collections`.

    ragas takes seconds to import, so that happens here and not before. Its telemetry is switched
    off first.

    Args:
        name: Its class, e.g. `Faithfulness` or `ToolCallF1`.
        llm: A `ChatOpenAI` (any address), or a model made by ragas' own `llm_factory`.
        embeddings: ragas' own, for the metrics that need them.
        options: Further arguments of the class.

    Raises:
        ImportError: ragas is missing, or langchain-community is too new for it.
        ValueError: ragas has no such metric.

    The evaluator gives no score where the example lacks what the metric needs.
    """
    metrics = _collections()
    found = getattr(metrics, name, None)
    if not inspect.isclass(found):
        known = ", ".join(each for each in metrics.__all__ if each[0].isupper())
        msg = f"ragas has no metric {name!r}; there are: {known}"
        raise ValueError(msg)
    given = {"llm": _model(llm) if llm is not None else None, "embeddings": embeddings} | options
    metric: Any = found(**{key: value for key, value in given.items() if value is not None})
    parameters = inspect.signature(metric.ascore).parameters.values()
    required = [p.name for p in parameters if p.default is p.empty and p.kind not in _OPTIONAL]
    accepted = {p.name for p in parameters}

    async def evaluate(
        *,
        outputs: Any,
        inputs: Mapping[str, Any] | None = None,
        reference_outputs: Mapping[str, Any] | None = None,
        **_: Any,
    ) -> dict[str, Any]:
        sample = _sample(inputs or {}, outputs, reference_outputs or {})
        if any(sample.get(each) in (None, "", []) for each in required):
            return without_reference(name)
        result = await metric.ascore(
            **{key: value for key, value in sample.items() if key in accepted and value}
        )
        return score(name, result.value, result.reason or "")

    evaluate.__name__ = name
    return evaluate


def _collections() -> Any:
    os.environ.setdefault("RAGAS_DO_NOT_TRACK", "true")
    if importlib.util.find_spec("ragas") is None:
        msg = "ragas' metrics need ragas: pip install 'langchain-phase5[eval]'"
        raise ImportError(msg)
    try:
        from ragas.metrics import collections
    except ImportError as error:
        msg = (
            "ragas 0.4 cannot be imported beside langchain-community 0.4.2; "
            "pip install 'langchain-phase5[eval]' holds it below that"
        )
        raise ImportError(msg) from error
    return collections


def _model(llm: Any) -> Any:
    """Turn a LangChain `ChatOpenAI` into what ragas' metrics accept: the client inside it."""
    client = getattr(llm, "root_async_client", None)
    if client is None:
        return llm
    from ragas.llms import llm_factory

    return llm_factory(llm.model_name, client=client)


def _sample(
    inputs: Mapping[str, Any], outputs: Any, reference: Mapping[str, Any]
) -> dict[str, Any]:
    question = next((inputs[k] for k in ("query", "question", "input") if k in inputs), "")
    retrieved = outputs if isinstance(outputs, Mapping) else {}
    contexts = retrieved.get("contexts", retrieved.get("documents")) or []
    return {
        "user_input": _conversation(outputs) if made_tool_calls(outputs) else str(question),
        "response": answer_text(outputs),
        "reference": next(iter(accepted_answers(reference)), ""),
        "retrieved_contexts": [_text(each) for each in contexts],
        "reference_contexts": [_text(each) for each in reference.get("contexts") or []],
        "reference_tool_calls": _tool_calls(reference),
    }


def _tool_calls(reference: Mapping[str, Any]) -> list[Any]:
    from ragas.messages import ToolCall

    calls = [read_call(each) for each in reference.get("tool_calls") or ()]
    return [ToolCall(name=call["name"], args=call.get("args") or {}) for call in calls]


def _conversation(outputs: Mapping[str, Any]) -> list[Any]:
    """Build ragas' messages, which its tool metrics read."""
    from ragas.messages import AIMessage, HumanMessage, ToolCall, ToolMessage

    kinds = {"user": HumanMessage, "tool": ToolMessage}
    messages: list[Any] = []
    for message in outputs.get("messages") or [{"role": "assistant"} | dict(outputs)]:
        content = plain(message.get("content")) or ""
        text = content if isinstance(content, str) else answer_text({"content": content})
        if message.get("role") in kinds:
            messages.append(kinds[message["role"]](content=text))
            continue
        calls = [read_call(each) for each in message.get("tool_calls") or ()]
        made = [ToolCall(name=call["name"], args=call.get("args") or {}) for call in calls]
        messages.append(AIMessage(content=text, tool_calls=made or None))
    return messages


def _text(context: Any) -> str:
    return (
        str(context.get("page_content", context)) if isinstance(context, Mapping) else str(context)
    )

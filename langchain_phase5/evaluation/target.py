"""Whatever is to be graded, as one async function from inputs to outputs."""

import asyncio
import contextvars
import inspect
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Executor
from typing import Any

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.language_models import BaseLanguageModel
from langchain_core.messages import HumanMessage
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import Runnable

Target = Runnable[Any, Any] | Mapping[str, Any] | Callable[..., Any]
AsyncTarget = Callable[[Mapping[str, Any]], Awaitable[Any]]


def as_async_target(
    target: Target, *, callbacks: list[BaseCallbackHandler], threads: Executor
) -> AsyncTarget:
    """Adapt a target.

    A LangGraph agent and a language model receive messages, a retriever the query, everything else
    the example's `inputs` dict. A dict is the arguments of `langchain.agents.create_agent`.

    Args:
        target: A Runnable, an agent, its configuration, or a function, sync or async.
        callbacks: Handed to Runnables.
        threads: Where sync functions run.

    Raises:
        ValueError: It is none of these.
    """
    if isinstance(target, Mapping):
        from langchain.agents import create_agent  # noqa: PLC0415

        target = create_agent(**target)
    if isinstance(target, Runnable):
        return _runnable(target, callbacks)
    if not callable(target):
        msg = (  # type: ignore[unreachable]  # callers may not be typed
            f"cannot evaluate {target!r}; give a Runnable, an agent or a function of the inputs"
        )
        raise ValueError(msg)  # noqa: TRY004
    if inspect.iscoroutinefunction(target) or inspect.iscoroutinefunction(
        getattr(target, "__call__", None)  # noqa: B004
    ):
        return target
    return _threaded(target, threads)


def target_name(target: Any) -> str:
    """Name a target for people."""
    if isinstance(target, Mapping):
        return str(target.get("name") or target.get("model") or "agent")
    name = getattr(target, "name", None) or getattr(target, "__name__", None)
    return str(name or type(target).__name__)


def as_messages(inputs: Mapping[str, Any]) -> Mapping[str, Any]:
    """Turn a question into the state an agent starts from; inputs with messages pass unchanged."""
    if "messages" in inputs:
        return inputs
    content = _question(inputs)
    if not isinstance(content, str | list):
        content = str(content)
    return {"messages": [HumanMessage(content)]}


def _question(inputs: Mapping[str, Any]) -> Any:
    known = next((inputs[key] for key in ("query", "question", "input") if key in inputs), None)
    return known if known is not None else next(iter(inputs.values()), "")


def _runnable(target: Runnable[Any, Any], callbacks: list[BaseCallbackHandler]) -> AsyncTarget:
    config: Any = {"callbacks": callbacks} if callbacks else None
    if isinstance(target, BaseRetriever):
        return lambda inputs: target.ainvoke(_question(inputs), config)
    if isinstance(target, BaseLanguageModel):
        return lambda inputs: target.ainvoke(as_messages(inputs)["messages"], config)
    if "messages" in (getattr(target, "channels", None) or ()):  # a compiled LangGraph agent
        return lambda inputs: target.ainvoke(as_messages(inputs), config)
    return lambda inputs: target.ainvoke(inputs, config)


def _threaded(function: Callable[..., Any], threads: Executor) -> AsyncTarget:
    async def call(inputs: Mapping[str, Any]) -> Any:
        future = threads.submit(contextvars.copy_context().run, function, inputs)
        try:
            answer = await asyncio.wrap_future(future)
        except asyncio.CancelledError as cancelled:
            if future.cancelled():
                cancelled.add_note("not even asked, because earlier calls hang in all threads")
            raise
        return await answer if inspect.isawaitable(answer) else answer

    return call

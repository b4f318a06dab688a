"""Ask a target once, with patience for rate limits and none for hanging."""

import asyncio
import random
import time
from collections.abc import Mapping
from typing import Any

from langchain_phase5.evaluation.plain import plain
from langchain_phase5.evaluation.result import ExampleResult, Failure
from langchain_phase5.evaluation.steps import StepRecorder, current_recorder
from langchain_phase5.evaluation.target import AsyncTarget

_BUSY = {429, 503, 529}
_FIRST_WAIT = 1.0
_LONGEST_WAIT = 60.0


async def attempt(
    target: AsyncTarget,
    inputs: Mapping[str, Any],
    result: ExampleResult,
    *,
    timeout: float | None,  # noqa: ASYNC109  # a whole run's limit would be the caller's
    retries: int,
) -> None:
    """Fill `result` with the answer, or the error, and what it took.

    Only rate limits and overloaded servers are tried again, up to `retries` times, after the wait
    that they ask for or else 1, 2, 4, ... seconds. `seconds` is the time of the last try alone.
    """
    recorder = StepRecorder()
    token = current_recorder.set(recorder)
    try:
        for tried in range(retries + 1):
            result.attempts = tried + 1
            started = time.perf_counter()
            try:
                if timeout is None:
                    outputs = await target(inputs)
                else:
                    async with asyncio.timeout(timeout):
                        outputs = await target(inputs)
                result.seconds = time.perf_counter() - started
                result.outputs = plain(outputs)
                break
            except Exception as error:  # noqa: BLE001  # kept as the example's result
                result.seconds = time.perf_counter() - started
                wait = _wait_for(error, tried)
                if wait is None or tried == retries:
                    result.error = _failure(error, timeout)
                    break
                await asyncio.sleep(wait)
    finally:
        current_recorder.reset(token)
    if recorder.used:
        _account(result, recorder)


def _failure(error: Exception, timeout: float | None) -> Failure:
    failure = Failure.of(error)
    if isinstance(error, TimeoutError) and timeout is not None and not failure.message:
        notes = getattr(error.__cause__, "__notes__", ())
        message = "; ".join([f"no answer within {timeout:g} s", *notes])
        return Failure(type=failure.type, message=message, trace=failure.trace)
    return failure


def _wait_for(error: Exception, tried: int) -> float | None:
    """Seconds to wait before another try; `None` where another try is pointless."""
    response = getattr(error, "response", None)
    status = getattr(error, "status_code", None) or getattr(response, "status_code", None)
    if status not in _BUSY and "RateLimit" not in type(error).__name__:
        return None
    headers = getattr(response, "headers", None) or {}
    try:
        return min(max(float(headers.get("retry-after", "")), 0.0), _LONGEST_WAIT)
    except ValueError:
        backoff = min(_FIRST_WAIT * 2.0**tried, _LONGEST_WAIT)
        return backoff * random.uniform(0.5, 1.0)  # noqa: S311  # spreads the herd, hides nothing


def _account(result: ExampleResult, recorder: StepRecorder) -> None:
    """Add steps, tokens and cost; what is unknown stays `None`."""
    result.steps = recorder.steps
    if not any(call.usage or call.cached for call in recorder.model_calls):
        return
    result.input_tokens, result.output_tokens = recorder.usage[:2]
    result.cost = recorder.cost_usd

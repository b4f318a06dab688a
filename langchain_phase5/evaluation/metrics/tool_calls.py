"""Did the agent call the right tools?"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from langchain_phase5.evaluation.metrics.score import score, without_reference


def tool_call_accuracy(
    *, outputs: Any, reference_outputs: Mapping[str, Any] | None = None, **_: Any
) -> dict[str, Any]:
    """Share of the expected tool calls that were made; calls beyond them are not held against it.

    The reference has `tool_calls`: names, or dicts with `name` and, where they matter, `args`.
    Numbers count as equal whatever their type. Where no call is expected (`[]`), making none is
    right and making any is wrong.

    Example:
        >>> made = [{"name": "get_weather", "args": {"city": "Rome"}}]
        >>> tool_call_accuracy(
        ...     outputs={"tool_calls": made},
        ...     reference_outputs={"tool_calls": ["get_weather"]},
        ... )["score"]
        1.0
    """
    reference = reference_outputs or {}
    if "tool_calls" not in reference:
        return without_reference("tool_call_accuracy")
    made = made_tool_calls(outputs)
    expected = [read_call(each) for each in reference["tool_calls"] or ()]
    if not expected:
        names = ", ".join(call["name"] for call in made)
        comment = f"none was expected, called: {names}" if made else ""
        return score("tool_call_accuracy", not made, comment)
    left, missing = list(made), []
    # Calls with arguments choose first, or a bare name could take the only call that fits them.
    for wanted in sorted(expected, key=lambda call: "args" not in call):
        match = next((call for call in left if _fits(call, wanted)), None)
        if match is None:
            missing.append(wanted["name"])
        else:
            left.remove(match)
    comment = f"missing: {', '.join(missing)}" if missing else ""
    return score("tool_call_accuracy", 1 - len(missing) / len(expected), comment)


def made_tool_calls(outputs: Any) -> list[dict[str, Any]]:
    """Return the calls in an agent's messages, or under `tool_calls`, as name and `args`."""
    if not isinstance(outputs, Mapping):
        return []
    if isinstance(outputs.get("tool_calls"), Sequence):
        return [read_call(each) for each in outputs["tool_calls"]]
    messages = outputs.get("messages") or ()
    return [
        read_call(each)
        for message in messages
        if isinstance(message, Mapping)
        for each in message.get("tool_calls") or ()
    ]


def equal_args(made: Any, expected: Any) -> bool:
    """Compare arguments; 1, 1.0 and nested lists and dicts alike."""
    if isinstance(made, Mapping) and isinstance(expected, Mapping):
        return made.keys() == expected.keys() and all(
            equal_args(made[key], expected[key]) for key in expected
        )
    if isinstance(made, list | tuple) and isinstance(expected, list | tuple):
        return len(made) == len(expected) and all(map(equal_args, made, expected))
    return bool(made == expected) and isinstance(made, bool) == isinstance(expected, bool)


def _fits(made: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    if made["name"] != wanted["name"]:
        return False
    return "args" not in wanted or equal_args(made.get("args", {}), wanted["args"])


def read_call(form: Any) -> dict[str, Any]:
    """Read a name, `{"name", "args"}`, or the OpenAI form."""
    if isinstance(form, str):
        return {"name": form}
    function = form.get("function", form)
    call = {"name": str(function.get("name", ""))}
    args = function.get("args", function.get("arguments"))
    if isinstance(args, str):
        try:
            args = json.loads(args)
        except ValueError:
            args = {"invalid": args}
    return call if args is None else call | {"args": args}

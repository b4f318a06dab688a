"""Did the agent take the right way?"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Literal

from langchain_phase5.evaluation.metrics.score import score, without_reference
from langchain_phase5.evaluation.metrics.tool_calls import equal_args, read_call

TrajectoryMode = Literal["strict", "unordered", "subset", "superset"]
ArgsMode = Literal["exact", "ignore", "subset", "superset"]
ArgsMatcher = ArgsMode | Sequence[str] | Callable[[dict[str, Any], dict[str, Any]], bool]


def trajectory_match(
    *,
    outputs: Any,
    reference_outputs: Any = None,
    mode: TrajectoryMode = "strict",
    args_mode: ArgsMode = "exact",
    args_overrides: Mapping[str, ArgsMatcher] | None = None,
    **_: Any,
) -> dict[str, Any]:
    """Whether the messages and tool calls are the reference's, by agentevals' rules.

    Args:
        outputs: Messages, or a dict with `messages`, in the OpenAI form.
        reference_outputs: The same; a dict may call them `trajectory` too.
        mode: `strict`: the same messages by role, with the same calls in each. `unordered`: the
            same calls in any order. `subset`: no call beyond the reference's. `superset`: at least
            the reference's calls.
        args_mode: Which arguments count as the same: all (`exact`), any at all (`ignore`), no
            others than the reference's (`subset`), at least the reference's (`superset`).
        args_overrides: By tool name another mode, the dotted paths of the fields that must agree,
            or a function of both dicts.

    Raises:
        ValueError: There is no such mode.
    """
    key = f"trajectory_{mode}_match"
    wanted = _messages(reference_outputs)
    if wanted is None:
        return without_reference(key)
    matchers = {name: _matcher(given) for name, given in (args_overrides or {}).items()}
    same = partial(_same_call, default=_matcher(args_mode), overrides=matchers)
    given = _messages(outputs) or []
    return score(key, _compare(mode, given, wanted, same))


trajectory_strict_match = partial(trajectory_match, mode="strict")
"""`trajectory_match` with the same messages and calls in the same order."""
trajectory_unordered_match = partial(trajectory_match, mode="unordered")
"""`trajectory_match` with the same calls in any order."""
trajectory_subset_match = partial(trajectory_match, mode="subset")
"""`trajectory_match` with no call that the reference lacks."""
trajectory_superset_match = partial(trajectory_match, mode="superset")
"""`trajectory_match` with every call of the reference, and maybe more."""

_Same = Callable[[dict[str, Any], dict[str, Any]], bool]


def _compare(mode: str, given: list[Any], wanted: list[Any], same: _Same) -> bool:
    if mode == "strict":
        return _strict(given, wanted, same)
    made, expected = _calls(given), _calls(wanted)
    if mode == "superset":
        return _covers(made, expected, same)
    if mode == "subset":
        return _covers(expected, made, lambda a, b: same(b, a))
    if mode == "unordered":
        return len(made) == len(expected) and _covers(made, expected, same)
    msg = f"no trajectory mode {mode!r}; there are strict, unordered, subset and superset"
    raise ValueError(msg)


def _strict(given: list[Any], wanted: list[Any], same: _Same) -> bool:
    if len(given) != len(wanted):
        return False
    for mine, theirs in zip(given, wanted, strict=True):
        if mine.get("role") != theirs.get("role"):
            return False
        made, expected = _calls([mine]), _calls([theirs])
        if len(made) != len(expected) or not _covers(made, expected, same):
            return False
    return True


def _covers(made: list[dict[str, Any]], expected: list[dict[str, Any]], same: _Same) -> bool:
    """Whether every expected call has a made call of its own, by augmenting paths."""
    taken: dict[int, int] = {}

    def place(wanted: int, tried: set[int]) -> bool:
        for index, call in enumerate(made):
            if index in tried or not same(call, expected[wanted]):
                continue
            tried.add(index)
            if index not in taken or place(taken[index], tried):
                taken[index] = wanted
                return True
        return False

    return all(place(wanted, set()) for wanted in range(len(expected)))


def _same_call(
    made: dict[str, Any],
    expected: dict[str, Any],
    *,
    default: _Same,
    overrides: Mapping[str, _Same],
) -> bool:
    if made["name"] != expected["name"]:
        return False
    matcher = overrides.get(made["name"], default)
    return bool(matcher(made.get("args") or {}, expected.get("args") or {}))


def _matcher(given: ArgsMatcher) -> _Same:
    if callable(given):
        return given
    if not isinstance(given, str):
        paths = list(given)
        return lambda made, wanted: all(
            equal_args(_at(made, path), _at(wanted, path)) for path in paths
        )
    modes: dict[str, _Same] = {
        "exact": equal_args,
        "ignore": lambda _made, _wanted: True,
        "subset": _within,
        "superset": lambda made, wanted: _within(wanted, made),
    }
    if given not in modes:
        msg = f"no argument mode {given!r}; there are {', '.join(modes)}"
        raise ValueError(msg)
    return modes[given]


def _within(part: Mapping[str, Any], whole: Mapping[str, Any]) -> bool:
    return all(key in whole and equal_args(value, whole[key]) for key, value in part.items())


def _at(args: Any, path: str) -> Any:
    for key in path.split("."):
        args = args.get(key) if isinstance(args, Mapping) else None
    return args


def _messages(given: Any) -> list[Any] | None:
    if isinstance(given, Mapping):
        given = given.get("messages", given.get("trajectory"))
    return list(given) if isinstance(given, Sequence) and not isinstance(given, str) else None


def _calls(messages: list[Any]) -> list[dict[str, Any]]:
    return [read_call(each) for message in messages for each in message.get("tool_calls") or ()]

"""Trajectories: the four modes, and which arguments count."""

import pytest

from langchain_phase5.evaluation.metrics import METRICS, trajectory_match


def says(*calls):
    return {
        "role": "assistant",
        "content": "",
        "tool_calls": [
            {"type": "function", "id": "", "function": {"name": name, "arguments": args}}
            for name, args in calls
        ],
    }


USER, TOOL, END = (
    {"role": "user", "content": "?"},
    {"role": "tool", "content": "!"},
    {"role": "assistant", "content": "done"},
)
ROME, PARIS = ("weather", '{"city": "Rome"}'), ("weather", '{"city": "Paris"}')
NEWS = ("news", '{"topic": {"name": "sport", "age": 1}}')


def run(made, expected, **options):
    found = trajectory_match(
        outputs={"messages": made}, reference_outputs={"messages": expected}, **options
    )
    return found["score"]


@pytest.mark.parametrize(
    ("made", "expected", "right"),
    [
        ([ROME, NEWS], [ROME, NEWS], {"strict", "unordered", "subset", "superset"}),
        ([NEWS, ROME], [ROME, NEWS], {"unordered", "subset", "superset"}),
        ([ROME], [ROME, NEWS], {"subset"}),
        ([ROME, NEWS], [ROME], {"superset"}),
        ([PARIS], [ROME], set()),
        ([ROME, ROME], [ROME], {"superset"}),
    ],
)
def test_modes(made, expected, right):
    sides = [
        [USER, *(part for call in calls for part in (says(call), TOOL)), END]
        for calls in (made, expected)
    ]
    modes = ("strict", "unordered", "subset", "superset")
    assert {mode for mode in modes if run(*sides, mode=mode)} == right


def test_calls_within_one_message_may_come_in_any_order():
    assert run([USER, says(ROME, NEWS)], [USER, says(NEWS, ROME)]) == 1
    assert run([USER, says(ROME)], [USER, END]) == 0
    assert run([END], [USER]) == 0


@pytest.mark.parametrize(
    ("options", "right"),
    [
        ({}, 0),
        ({"args_mode": "ignore"}, 1),
        ({"args_overrides": {"weather": "ignore"}}, 1),
        ({"args_overrides": {"news": "ignore"}}, 0),
        ({"args_overrides": {"weather": lambda made, wanted: made["city"] > wanted["city"]}}, 1),
    ],
)
def test_arguments_can_be_overridden(options, right):
    assert run([says(ROME)], [says(PARIS)], **options) == right


def test_only_named_fields_may_have_to_agree():
    other = ("news", '{"topic": {"name": "sport", "age": 9}}')
    assert run([says(other)], [says(NEWS)], args_overrides={"news": ["topic.name"]}) == 1
    assert run([says(other)], [says(NEWS)], args_overrides={"news": ["topic.age"]}) == 0


def test_more_or_fewer_arguments():
    more = ("weather", '{"city": "Rome", "day": 1}')
    assert run([says(more)], [says(ROME)], args_mode="superset") == 1
    assert run([says(more)], [says(ROME)], args_mode="subset") == 0
    assert run([says(ROME)], [says(more)], args_mode="subset") == 1


def test_an_ambiguous_call_does_not_steal_the_only_match():
    loose = {"weather": lambda made, wanted: not wanted or made == wanted}
    anything = ("weather", "{}")
    assert (
        run(
            [says(ROME), says(PARIS)],
            [says(anything), says(ROME)],
            mode="unordered",
            args_overrides=loose,
        )
        == 1
    )


def test_wrong_modes_are_named():
    with pytest.raises(ValueError, match="no trajectory mode 'odd'"):
        run([], [], mode="odd")
    with pytest.raises(ValueError, match="no argument mode 'odd'"):
        run([], [], args_mode="odd")


def test_every_mode_has_a_name():
    for mode in ("strict", "unordered", "subset", "superset"):
        metric = METRICS[f"trajectory_{mode}_match"]
        found = metric(outputs=[END], reference_outputs={"trajectory": [END]})
        assert found == {"key": f"trajectory_{mode}_match", "score": 1.0, "comment": ""}

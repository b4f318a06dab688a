"""The table of interactions."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from langchain_phase5.storage import Database, Interaction, InteractionStore, ToolUse

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def interaction(name, **kwargs):
    return Interaction(**{"id": name, "agent_type": "calc", "started_at": NOON, **kwargs})


@pytest.fixture
def store(tmp_path):
    with Database(f"sqlite:///{tmp_path}/phase5.db") as database:
        yield InteractionStore(database)


def test_what_is_written_comes_back(store):
    written = interaction(
        "1",
        parent_id="0",
        agent_version="v1",
        status="error",
        error_type="timeout",
        seconds=1.5,
        input="Grüße, 'quoted' \u2603",
        output="x",
        tools=(ToolUse(name="add", status="success", seconds=0.5, arguments="{}", output="3"),),
        model="m",
        model_calls=2,
        input_tokens=5,
        output_tokens=4,
        cache_read_tokens=3,
        cache_write_tokens=2,
        reasoning_tokens=1,
        cost_usd=0.25,
        quality=0.5,
        tags=("a", "b"),
    )
    assert store.add([written]) == 1
    assert store.get("1") == written
    assert store.get("2") is None


def test_each_id_is_written_once(store):
    assert store.add([interaction("1"), interaction("1"), interaction("2")]) == 2
    assert store.add([interaction("2", input="again"), interaction("3")]) == 1
    assert store.add([]) == 0
    assert store.get("2").input == ""
    assert store.count() == 3


def test_times_come_back_as_utc(store):
    local = datetime(2026, 11, 22, 13, tzinfo=timezone(timedelta(hours=1)))
    store.add([interaction("1", started_at=local)])
    assert store.get("1").started_at == NOON
    with pytest.raises(ValueError, match="time zone"):
        store.add([interaction("2", started_at=datetime(2026, 1, 1))])  # noqa: DTZ001


@pytest.fixture
def filled(store):
    store.add(
        [
            interaction("1", started_at=NOON, quality=0.2, tags=("100%", "x")),
            interaction("2", started_at=NOON + timedelta(hours=1), quality=0.9, parent_id="1"),
            interaction("3", started_at=NOON + timedelta(hours=2), status="error", tags=("ü",)),
            interaction("4", agent_type="other", agent_version="v2", tags=("1000", 'a"b')),
        ]
    )
    return store


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, "3 2 4 1"),
        ({"limit": 2}, "3 2"),
        ({"agent_type": "calc"}, "3 2 1"),
        ({"agent_version": "v2"}, "4"),
        ({"status": "error"}, "3"),
        ({"tag": "100%"}, "1"),
        ({"tag": "100"}, ""),
        ({"tag": "x"}, "1"),
        ({"tag": "X"}, ""),
        ({"tag": "ü"}, "3"),
        ({"tag": 'a"b'}, "4"),
        ({"since": NOON + timedelta(hours=1)}, "3 2"),
        ({"until": NOON + timedelta(hours=1)}, "4 1"),
        ({"min_quality": 0.5}, "2"),
        ({"max_quality": 0.5}, "1"),
        ({"outermost": True}, "3 4 1"),
        ({"agent_type": "calc", "outermost": True, "min_quality": 0.1}, "1"),
    ],
)
def test_finding(wanted, found, filled):
    assert [each.id for each in filled.find(**wanted)] == found.split()


def test_finding_with_senseless_arguments(filled):
    with pytest.raises(ValueError, match="limit"):
        filled.find(limit=0)
    with pytest.raises(ValueError, match="time zone"):
        filled.find(since=datetime(2026, 1, 1))  # noqa: DTZ001


def test_rating(filled):
    assert filled.set_quality("3", 0.75)
    assert filled.get("3").quality == 0.75
    assert not filled.set_quality("nobody", 0.75)
    with pytest.raises(ValueError, match="from 0 to 1"):
        filled.set_quality("3", float("nan"))


def test_pruning(store):
    store.add(
        [
            interaction("old", started_at=datetime.now(UTC) - timedelta(days=31)),
            interaction("new", started_at=datetime.now(UTC) - timedelta(days=29)),
        ]
    )
    assert store.prune(older_than=timedelta(days=30)) == 1
    assert [each.id for each in store.find()] == ["new"]


def test_store_opens_a_url():
    store = InteractionStore("sqlite://")
    store.add([interaction("1")])
    assert store.count() == 1
    store.database.close()

"""Dataset versions and candidates in the database."""

import threading

import pytest

from langchain_phase5.storage.database import Database
from langchain_phase5.storage.datasets import DatasetStore

EXAMPLES = [{"id": "1", "inputs": {"query": "q"}}]


@pytest.fixture
def store(tmp_path):
    return DatasetStore(Database(f"sqlite:///{tmp_path / 'd.db'}"))


def test_a_version_is_written_once(store):
    assert store.save("d", "v1", EXAMPLES, description="first", tags=["a"])
    assert not store.save("d", "v1", EXAMPLES, description="again", tags=["b"])
    found = store.load("d")
    assert (found.version, found.size, found.description, found.tags) == ("v1", 1, "again", ("b",))
    assert found.examples == EXAMPLES
    assert store.versions("d")[0].examples == ()


def test_the_newest_is_loaded_unless_one_is_named(store):
    store.save("d", "v1", [])
    store.save("d", "v2", EXAMPLES)
    assert store.load("d").version == "v2"
    assert store.load("d", version="v1").size == 0
    assert store.load("d", version="v9") is None
    assert store.load("e") is None
    assert store.load("d", version="%") is None


def test_candidates_move_between_states(store):
    forms = {"h1": EXAMPLES[0], "h2": EXAMPLES[0]}
    assert store.add_candidates("d", forms) == ["h1", "h2"]
    assert store.add_candidates("d", forms) == []
    assert store.decide("d", ["h1"], state="approved") == 1
    assert list(store.candidates("d")) == ["h2"]
    assert list(store.candidates("d", state="approved")) == ["h1"]
    store.save("d", "v1", EXAMPLES)
    assert store.delete("d") == 1
    assert store.candidates("d") == {}


def test_eight_writers_lose_nothing(tmp_path):
    url = f"sqlite:///{tmp_path / 'd.db'}"
    DatasetStore(Database(url))
    errors = []

    def write(writer):
        try:
            store = DatasetStore(Database(url))
            for i in range(10):
                store.save("d", f"{writer}-{i}", EXAMPLES)
                store.save("d", "shared", EXAMPLES)
        except Exception as error:  # noqa: BLE001 - told below
            errors.append(error)

    threads = [threading.Thread(target=write, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert len(DatasetStore(Database(url)).versions("d")) == 81

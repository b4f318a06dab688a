"""Datasets: versions by content, review, import and export."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langchain_phase5.evaluation import Dataset, Example, TestDatasetManager


@pytest.fixture
def manager(tmp_path):
    return TestDatasetManager(f"sqlite:///{tmp_path / 'datasets.db'}")


def test_parallel_lists_become_examples(manager):
    dataset = manager.create_dataset(
        "mixed",
        ["Capital of France?", {"messages": [{"role": "user", "content": "hi"}]}],
        ["Paris", {"tool_calls": []}],
        ["geography", "chat"],
        description="Two examples.",
        tags=["small"],
    )
    first, second = dataset
    assert first.inputs == {"query": "Capital of France?"}
    assert first.reference_outputs == {"answer": "Paris"}
    assert second.reference_outputs == {"tool_calls": []}
    assert [example.category for example in dataset] == ["geography", "chat"]
    kept = manager.get_dataset("mixed")
    assert (kept, kept.version) == (dataset, dataset.version)


def test_references_and_categories_may_be_left_out(manager):
    [example] = manager.create_dataset("bare", ["Anyone there?"])
    assert (example.reference_outputs, example.category) == (None, "")
    assert [e.category for e in manager.create_dataset("one", ["a", "b"], None, "x")] == ["x", "x"]


def test_lists_of_different_length_are_refused(manager):
    with pytest.raises(ValueError, match="2 queries, 1 expected answers and 2 categories"):
        manager.create_dataset("odd", ["a", "b"], ["c"])


def test_every_change_is_a_version_and_old_ones_stay(manager):
    old = manager.create_dataset("d", ["a"], ["1"])
    new = manager.create_dataset("d", ["a", "b"], ["2", "3"])
    assert manager.get_dataset("d") == new
    assert manager.get_dataset("d", old.version) == old
    assert manager.get_dataset("d", version=old.version[:6]) == old
    assert [(each.version, each.size) for each in manager.list_datasets("d")] == [
        (new.version, 2),
        (old.version, 1),
    ]
    changed = old.diff(new)
    assert (changed.added, changed.removed, changed.changed) == (
        [new.examples[1].id],
        [],
        [old.examples[0].id],
    )
    assert not old.diff(old)


def test_saving_the_same_content_again_makes_it_the_newest(manager):
    old = manager.create_dataset("d", ["a"])
    manager.create_dataset("d", ["b"])
    manager.save(old)
    assert manager.get_dataset("d") == old
    assert len(manager.list_datasets("d")) == 2


def test_examples_are_added_or_replaced_by_id(manager):
    manager.save(Dataset(name="d", examples=[Example(id="1", inputs={"query": "a"})]))
    merged = manager.add_examples(
        "d", [{"id": "1", "inputs": {"query": "b"}}, {"id": "2", "inputs": {"query": "c"}}]
    )
    assert [example.inputs["query"] for example in merged] == ["b", "c"]
    assert manager.get_dataset("d") == merged


def test_an_unknown_dataset_is_named_with_those_that_exist(manager):
    manager.create_dataset("known", ["a"])
    with pytest.raises(ValueError, match="no dataset 'unknown'; there are: known"):
        manager.get_dataset("unknown")
    with pytest.raises(ValueError, match="no dataset 'known@fff'"):
        manager.get_dataset("known", "fff")


def test_a_dataset_can_be_deleted(manager):
    manager.create_dataset("d", ["a"])
    assert manager.delete_dataset("d") == 1
    assert manager.list_datasets() == []


def test_ids_must_differ_but_the_same_question_may_come_twice():
    with pytest.raises(ValueError, match="two examples have the id 'x'"):
        Dataset(name="d", examples=[Example(id="x", inputs={}), Example(id="x", inputs={"a": 1})])
    first, second = Dataset(name="d", examples=[Example(inputs={"q": 1}), Example(inputs={"q": 1})])
    assert second.id == f"{first.id}-2"


def test_a_dataset_reads_like_a_list():
    examples = [Example(id=str(i), inputs={"i": i}) for i in range(5)]
    dataset = Dataset(name="d", examples=examples, tags=("a",))
    assert list(dataset) == examples
    assert (dataset[0], dataset[-1], len(dataset)) == (examples[0], examples[-1], 5)
    assert examples[2] in dataset
    with pytest.raises(IndexError):
        dataset[5]


def test_a_slice_of_a_dataset_is_a_dataset():
    dataset = Dataset(name="d", examples=[Example(inputs={"i": i}) for i in range(5)], tags=("a",))
    part = dataset[1:3]
    assert (part.name, part.tags, len(part)) == ("d", ("a",), 2)
    assert [part[0].id, part[1].id] == [dataset[1].id, dataset[2].id]
    assert part.version != dataset.version == dataset[:].version
    assert dataset.diff(part).removed == sorted(dataset[i].id for i in (0, 3, 4))


def test_a_dataset_needs_a_name():
    with pytest.raises(ValueError, match="needs a name"):
        Dataset(name="")


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
examples = st.lists(
    st.builds(
        Example,
        inputs=st.dictionaries(st.text(), values, max_size=3),
        reference_outputs=st.none() | st.dictionaries(st.text(), values, min_size=1, max_size=2),
        category=st.text(max_size=5),
    ),
    max_size=5,
    unique_by=lambda example: repr(example.inputs),
)


@given(examples=examples)
def test_a_version_depends_on_content_alone(examples):
    dataset = Dataset(name="d", examples=examples)
    assert dataset.version == Dataset(name="e", examples=reversed(examples)).version
    more = Dataset(name="d", examples=[*examples, Example(inputs={"really": "new", "n": 0.5})])
    assert more.version != dataset.version

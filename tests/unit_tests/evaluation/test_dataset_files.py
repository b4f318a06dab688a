"""Datasets in and out of files and other tools."""

from types import SimpleNamespace

import pytest

from langchain_phase5.evaluation import (
    Dataset,
    Example,
    dataset_from_hugging_face,
    dataset_from_json_lines,
    dataset_from_langsmith,
    dataset_to_langsmith,
    read_dataset,
    write_dataset,
)

DATASET = Dataset(
    name="d",
    examples=[
        Example(inputs={"query": 'Comma, "quote"\nline'}, reference_outputs={"answer": "ä 北"}),
        Example(inputs={"query": "q2"}, category="c", cluster="k", id="two"),
    ],
)


@pytest.mark.parametrize("ending", ["jsonl", "csv"])
def test_files_come_back_the_same(tmp_path, ending):
    path = tmp_path / f"d.{ending}"
    write_dataset(DATASET, path)
    assert read_dataset(path) == DATASET
    assert read_dataset(path, name="e").name == "e"


def test_json_lines_keep_everything(tmp_path):
    rich = Dataset(
        name="rich",
        examples=[
            Example(
                inputs={"messages": [{"role": "user", "content": "hi"}]},
                reference_outputs={"tool_calls": [{"name": "t", "args": {"x": 1}}]},
                metadata={"source": "s"},
            )
        ],
    )
    write_dataset(rich, tmp_path / "rich.jsonl")
    assert read_dataset(tmp_path / "rich.jsonl") == rich
    write_dataset(rich, tmp_path / "rich.csv")
    assert "tool_calls" in (tmp_path / "rich.csv").read_text()


def test_flat_rows_are_recognized(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"question": "q", "expected": "a", "level": 3}\n\n')
    [example] = read_dataset(path)
    assert example.inputs == {"query": "q"}
    assert example.reference_outputs == {"answer": "a"}
    assert example.metadata == {"level": 3}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{broken", "line 1 of .* is no JSON"),
        ("[1]", "is not a JSON object"),
        ('{"unknown": 1}', "no question in"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path, text, message):
    path = tmp_path / "bad.jsonl"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        read_dataset(path)


def test_other_files_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"is a \.jsonl or a \.csv file"):
        read_dataset(tmp_path / "d.pkl")
    with pytest.raises(ValueError, match=r"is a \.jsonl or a \.csv file"):
        write_dataset(DATASET, tmp_path / "d.xlsx")


def test_hugging_face_rows():
    rows = [{"problem": "1 + 1", "answer": "2", "subject": "sums"}]
    dataset = dataset_from_hugging_face(
        rows, name="math", columns={"problem": "query", "subject": "category"}
    )
    [example] = dataset
    assert (example.inputs, example.category) == ({"query": "1 + 1"}, "sums")


def test_a_real_hugging_face_dataset_by_its_rows_and_by_its_folder(tmp_path, monkeypatch):
    datasets = pytest.importorskip("datasets")
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    rows = [{"question": f"{i} + 1", "answer": str(i + 1), "category": "sums"} for i in range(5)]
    loaded = datasets.Dataset.from_list(rows)
    folder = tmp_path / "sums"
    folder.mkdir()
    loaded.to_json(folder / "test.jsonl")
    given = dataset_from_hugging_face(loaded, name="sums")
    fetched = dataset_from_hugging_face(f"{folder}:default:test", name="sums")
    assert [dict(each.inputs) for each in given] == [{"query": f"{i} + 1"} for i in range(5)]
    assert fetched == given


class FakeLangSmith:
    def __init__(self, examples=()):
        self.examples, self.sent = list(examples), []

    def list_examples(self, *, dataset_name):
        return self.examples

    def create_dataset(self, name, *, description):
        return SimpleNamespace(id="1", name=name)

    def create_examples(self, *, dataset_id, examples):
        self.sent += examples


def test_langsmith_and_back():
    client = FakeLangSmith()
    assert dataset_to_langsmith(DATASET, client=client).name == "d"
    stored = [SimpleNamespace(**each) for each in client.sent]
    for each in stored:
        each.id = each.metadata["id"]
    again = dataset_from_langsmith("d", client=FakeLangSmith(stored))
    assert [e.content for e in again] == [e.content for e in DATASET]
    assert [e.category for e in again] == ["", "c"]


def test_unusual_line_ends_inside_a_text_end_no_line(tmp_path):
    dataset = Dataset(name="d", examples=[Example(inputs={"query": "a\u2028b\x85c\x0cd"})])
    write_dataset(dataset, tmp_path / "d.jsonl")
    assert read_dataset(tmp_path / "d.jsonl") == dataset


def test_absurd_nesting_is_no_json():
    with pytest.raises(ValueError, match="line 2 of d is no JSON"):
        dataset_from_json_lines("\n" + "[" * 100_000, name="d")

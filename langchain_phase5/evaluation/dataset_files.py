"""Datasets in and out of files and other tools."""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from langchain_phase5.evaluation.dataset import Dataset, Example, as_example
from langchain_phase5.evaluation.plain import plain
from langchain_phase5.written import write_whole

_COLUMNS = ("id", "query", "answer", "category", "cluster")
_OWN = ("id", "category", "cluster")
_QUESTIONS = ("query", "question", "input", "user_input", "prompt", "text")
_ANSWERS = ("answer", "expected_answer", "expected", "reference", "output", "label")


def read_dataset(path: Path | str, *, name: str | None = None) -> Dataset:
    """Read a dataset from a `.jsonl` or `.csv` file.

    A JSON line is an example (`inputs`, `reference_outputs` or `outputs`, `category`, ...) or a
    flat row; of a flat row or a CSV the columns for question, answer, category, cluster and id
    are recognized by their usual names, and the others become metadata.

    Args:
        path: The file.
        name: What to call it; by default the file's name.

    Raises:
        ValueError: The file has another ending, or a line cannot be read.
    """
    source = Path(path)
    readers = {".jsonl": _json_lines, ".csv": _csv_rows}
    if source.suffix not in readers:
        msg = f"cannot read {source.name}: a dataset is a .jsonl or a .csv file"
        raise ValueError(msg)
    rows = readers[source.suffix](source)
    return Dataset(name=name or source.stem, examples=[_example(row) for row in rows])


def dataset_from_json_lines(text: str, *, name: str) -> Dataset:
    """Read a dataset from the text of a `.jsonl` file; see `read_dataset`.

    Raises:
        ValueError: A line cannot be read.
    """
    return Dataset(name=name, examples=[_example(row) for row in _rows(text, name)])


def write_dataset(dataset: Dataset, path: Path | str) -> None:
    """Write a dataset to a `.jsonl` file, which keeps everything, or a `.csv` for people.

    Raises:
        ValueError: The path has another ending.
    """
    target = Path(path)
    if target.suffix == ".jsonl":
        lines = (json.dumps(example.as_dict(), ensure_ascii=False) for example in dataset)
        write_whole(target, "".join(f"{line}\n" for line in lines))
    elif target.suffix == ".csv":
        write_whole(target, _csv_text(dataset))
    else:
        msg = f"cannot write {target.name}: a dataset is a .jsonl or a .csv file"
        raise ValueError(msg)


def dataset_from_hugging_face(
    rows: Any, *, name: str, columns: Mapping[str, str] | None = None
) -> Dataset:
    """Build a dataset from a Hugging Face `Dataset`, or the id of one.

    Args:
        rows: A loaded split, or an id such as `"openai/gsm8k:main:test"` (dataset, configuration,
            split), which is fetched.
        name: What to call it.
        columns: From the column's name to ours (`query`, `answer`, `category`, ...), where they
            differ.

    Raises:
        ImportError: An id was given and the package datasets is missing.
    """
    if isinstance(rows, str):
        rows = _load(rows)
    renamed = ({(columns or {}).get(key, key): v for key, v in row.items()} for row in rows)
    return Dataset(name=name, examples=[_example(row) for row in renamed])


def dataset_from_langsmith(name: str, *, client: Any = None) -> Dataset:
    """Copy a dataset from LangSmith; this talks to its server.

    One that `dataset_to_langsmith` made comes back the same, ids and version included.

    Args:
        name: Its name there.
        client: A `langsmith.Client`, by default one from the environment.
    """
    client = client or _langsmith_client()
    examples = [_from_langsmith(each) for each in client.list_examples(dataset_name=name)]
    return Dataset(name=name, examples=examples)


def dataset_to_langsmith(dataset: Dataset, *, client: Any = None) -> Any:
    """Copy a dataset to LangSmith; this sends it to its server. Returns the dataset made there."""
    client = client or _langsmith_client()
    made = client.create_dataset(dataset.name, description=dataset.description)
    client.create_examples(
        dataset_id=made.id,
        examples=[
            {
                "inputs": dict(example.inputs),
                "outputs": example.reference_outputs,
                "metadata": {**example.metadata, **_own(example)},
            }
            for example in dataset
        ],
    )
    return made


def _own(example: Example) -> dict[str, str]:
    """Return what LangSmith's examples have no field for; it travels as metadata."""
    values = {key: getattr(example, key) for key in _OWN}
    return {key: value for key, value in values.items() if value}


def _from_langsmith(example: Any) -> Example:
    metadata = dict(example.metadata or {})
    own = {key: str(metadata.pop(key, "")) for key in _OWN}
    return Example(
        inputs=example.inputs or {},
        reference_outputs=example.outputs,
        metadata=metadata,
        **own | {"id": own["id"] or str(example.id)},
    )


def _langsmith_client() -> Any:
    from langsmith import Client

    return Client()


def _load(identifier: str) -> Any:
    try:
        from datasets import load_dataset  # noqa: PLC0415 - seconds of imports
    except ImportError as error:
        msg = "Hugging Face datasets need the package: pip install 'langchain-phase5[eval]'"
        raise ImportError(msg) from error
    path, _, rest = identifier.partition(":")
    configuration, _, split = rest.partition(":")
    return load_dataset(path, configuration or None, split=split or "test")


def _json_lines(path: Path) -> Iterable[Mapping[str, Any]]:
    return _rows(path.read_text(encoding="utf-8"), str(path))


def _rows(text: str, source: str) -> Iterable[Mapping[str, Any]]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            msg = f"line {number} of {source} is no JSON: {error}"
            raise ValueError(msg) from error
        if not isinstance(row, dict):
            msg = f"line {number} of {source} is not a JSON object"
            raise ValueError(msg)  # noqa: TRY004  # the file's content is wrong
        yield row


def _csv_rows(path: Path) -> Iterable[Mapping[str, Any]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            yield {key: value for key, value in row.items() if key and value not in {None, ""}}


def _csv_text(dataset: Dataset) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for example in dataset:
        cells = _alone(example.inputs, "query"), _alone(example.reference_outputs, "answer")
        texts = [cell if isinstance(cell, str) or cell is None else _json(cell) for cell in cells]
        writer.writerow([example.id, *texts, example.category, example.cluster])
    return out.getvalue()


def _alone(values: Mapping[str, Any] | None, key: str) -> Any:
    """Return the value of the only key, or everything where there are others."""
    return values[key] if values and values.keys() == {key} else plain(values)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _example(row: Mapping[str, Any]) -> Example:
    if isinstance(row.get("inputs"), Mapping):
        return as_example(row)
    question, answer = _first(row, _QUESTIONS), _first(row, _ANSWERS)
    if question is None:
        msg = f"no question in {sorted(row)}; one of these is needed: {', '.join(_QUESTIONS)}"
        raise ValueError(msg)
    known = {question, answer, "category", "cluster", "id"}
    return Example(
        id=str(row.get("id") or ""),
        inputs={"query": row[question]},
        reference_outputs=None if answer is None else {"answer": row[answer]},
        category=str(row.get("category") or ""),
        cluster=str(row.get("cluster") or ""),
        metadata={key: value for key, value in row.items() if key not in known},
    )


def _first(row: Mapping[str, Any], names: Sequence[str]) -> str | None:
    return next((name for name in names if row.get(name) is not None), None)

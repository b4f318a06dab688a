import json

import pytest
from routing_fakes import TOOLS, WordEmbeddings

from langchain_phase5.routing.benchmark import load_routing_datasets, run_benchmark

TURNS = [
    {"role": "user", "content": "hello"},
    {"role": "assistant", "content": "yes?"},
    {"role": "tool", "content": "42"},
]


def write(folder, *, train_per_tool=30):
    folder.mkdir(parents=True)
    tools = [{**tool, "args_schema": None} for tool in TOOLS]
    rows = [
        {"query": f"{tool['description']} {i}", "relevant": [tool["name"]], "split": split}
        for tool in TOOLS
        for split, count in (("train", train_per_tool), ("test", 2))
        for i in range(count)
    ]
    rows.append({"query": "evening", "relevant": ["gone"], "split": "test", "history": TURNS})
    rows[-1]["alternatives"] = {"gone": ["book_table"]}
    for name, lines in (("tools", tools), ("queries", rows)):
        (folder / f"{name}.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n\n")


def test_everything_is_measured_and_drawn(tmp_path):
    write(tmp_path / "data" / "one")
    write(tmp_path / "data" / "two", train_per_tool=0)
    said = []

    figures = run_benchmark(
        tmp_path / "data",
        tmp_path / "out",
        embeddings=WordEmbeddings(),
        sizes=[7],
        say=said.append,
    )

    by_name = {(figure.dataset, figure.measure): figure for figure in figures}
    assert by_name["one", "recall@3 zero-shot"].value > 80
    assert by_name["one", "recall@3 after 30 successes per tool"].value > 80
    assert by_name["two", "recall@3 foreign history"].value > 80
    (adaptive,) = (m for d, m in by_name if d == "one" and m.startswith("recall history, top_k"))
    assert by_name["one", adaptive].value > 80
    assert ("two", "recall@3 history") not in by_name
    assert by_name["7 tools", next(m for d, m in by_name if d == "7 tools")].unit == "ms"
    assert all(figure.low <= figure.value <= figure.high for figure in figures)
    assert len(said) == len(figures) + 2
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "learning.png",
        "routing.json",
        "wrong_calls.png",
    ]
    kept = json.loads((tmp_path / "out" / "routing.json").read_text())
    assert len(kept) == len(figures)


def test_words_only_needs_no_model(tmp_path):
    write(tmp_path / "one", train_per_tool=1)

    figures = run_benchmark(tmp_path, embeddings=None, sizes=[], say=lambda line: None)

    assert not [figure for figure in figures if "wrong calls" in figure.measure]
    assert [figure for figure in figures if figure.measure == "recall@3 history"]


def test_conversations_and_alternatives_are_read(tmp_path):
    write(tmp_path / "one")

    (dataset,) = load_routing_datasets(tmp_path)

    request = dataset.test[-1]
    assert [message.type for message in request.messages] == ["human", "ai", "tool", "human"]
    assert request.recall(["book_table"]) == 1
    assert request.recall(["get_weather"]) == 0


def test_a_folder_without_data_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"tools\.jsonl"):
        load_routing_datasets(tmp_path)

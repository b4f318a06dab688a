"""Datasets over HTTP."""

import json

import pytest

from langchain_phase5.evaluation import Dataset, Example, TestDatasetManager

URL = "/api/v1/eval/datasets"
PARIS = {"query": "Capital of France?", "answer": "Paris", "category": "Europe"}


@pytest.fixture
def manager(client):
    return TestDatasetManager(client.app.state.services.database)


def test_a_dataset_is_kept_and_read(client):
    made = client.post(
        URL, json={"name": "capitals / 1", "examples": [PARIS], "tags": ["a"], "description": "b"}
    )
    assert made.status_code == 201
    kept = made.json()
    assert (kept["size"], kept["tags"], kept["description"]) == (1, ["a"], "b")
    assert made.headers["Location"] == f"{URL}/capitals%20%2F%201?version={kept['version']}"
    found = client.get(f"{URL}/capitals / 1", params={"version": kept["version"][:6]}).json()
    (example,) = found["examples"]
    assert example["inputs"] == {"query": "Capital of France?"}
    assert example["reference_outputs"] == {"answer": "Paris"}
    assert (example["category"], found["version"]) == ("Europe", kept["version"])


def test_whole_inputs_and_references(client, manager):
    example = {
        "id": "one",
        "inputs": {"messages": [{"role": "user", "content": "hi"}]},
        "reference_outputs": {"tool_calls": []},
        "cluster": "c",
        "metadata": {"source": "manual"},
    }
    assert client.post(URL, json={"name": "d", "examples": [example]}).status_code == 201
    assert manager.get_dataset("d").examples[0].as_dict() == example


@pytest.mark.parametrize("way", ["lines", "form"])
def test_json_lines(client, manager, way):
    lines = "".join(
        json.dumps({"question": f"q{i}\u2028", "expected": "a", "difficulty": i}) + "\n"
        for i in range(3)
    )
    about = {"name": "d", "description": "from a file", "tags": ["x", "y"]}
    if way == "lines":
        made = client.post(
            URL, params=about, content=lines, headers={"Content-Type": "application/jsonl"}
        )
    else:
        made = client.post(URL, data=about, files={"file": ("d.jsonl", lines)})
    assert made.status_code == 201, made.text
    dataset = manager.get_dataset("d")
    assert (dataset.description, dataset.tags, len(dataset)) == ("from a file", ("x", "y"), 3)
    assert dataset.examples[1].inputs == {"query": "q1\u2028"}
    assert dataset.examples[1].metadata == {"difficulty": 1}


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"name": "d", "examples": []}, 422, "/examples"),
        ({"name": "d\x00", "examples": [PARIS]}, 422, "/name"),
        ({"name": "d", "examples": [PARIS | {"inputs": {"a": 1}}]}, 422, "either `query` or"),
        ({"name": "d", "examples": [{"answer": "?"}]}, 422, "either `query` or"),
        ({"name": "d", "examples": [PARIS | {"reference_outputs": {}}]}, 422, "either `answer`"),
        ({"name": "d", "examples": [PARIS], "path": "/etc"}, 422, "/path"),
        ({"name": "d", "examples": [PARIS | {"id": "x"}] * 2}, 409, "id 'x'"),
    ],
)
def test_what_is_no_dataset_is_refused(client, body, status, said):
    answer = client.post(URL, json=body)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert said in answer.json()["detail"]
    assert client.get(URL).json()["total"] == 0


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("[1]", "line 1 of d is not a JSON object"),
        ('{"query": "a"}\n{"query"', "line 2 of d is no JSON"),
        ("[" * 100_000, "line 1 of d is no JSON"),
        ('{"color": "red"}', "no question"),
        (b'{"query": "\xff"}', "can't decode"),
        ('{"query": "\\ud800"}', "can't encode"),
        ("", "it has 0 examples"),
        ('{"query": "a", "id": 1}\n' * 2, "id '1'"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused(client, lines, said):
    answer = client.post(
        URL, params={"name": "d"}, content=lines, headers={"Content-Type": "application/x-ndjson"}
    )
    assert answer.status_code == 422
    assert said in answer.json()["detail"]


def test_a_file_may_be_too_long(client, monkeypatch):
    monkeypatch.setattr("langchain_phase5.server.evaluations.dataset_upload.MAX_EXAMPLES", 2)
    answer = client.post(
        URL,
        params={"name": "d"},
        content='{"query": "a"}\n' * 3,
        headers={"Content-Type": "application/jsonl"},
    )
    assert answer.status_code == 422
    assert "3 examples" in answer.json()["detail"]


def test_a_form_without_its_parts_is_refused(client):
    assert "no file" in client.post(URL, files={"other": b"x"}, data={"name": "d"}).json()["detail"]
    nameless = client.post(URL, files={"file": b'{"query": "a"}'})
    assert nameless.json()["errors"] == [{"pointer": "/name", "detail": "Field required"}]


def test_other_types_are_refused(client):
    answer = client.post(URL, content="<d/>", headers={"Content-Type": "application/xml"})
    assert answer.status_code == 415
    assert "application/jsonl" in answer.json()["detail"]


def test_lists_come_in_pages_with_every_version(client, manager):
    for name, question in [("a", "1"), ("b", "1"), ("a", "2"), ("c", "1")]:
        manager.create_dataset(name, [question])
    first = client.get(URL, params={"limit": 2}).json()
    assert [each["name"] for each in first["datasets"]] == ["c", "a"]
    assert len(first["datasets"][1]["versions"]) == 2
    assert first["total"] == 3
    rest = client.get(URL, params={"limit": 2, "offset": 2}).json()
    assert [each["name"] for each in rest["datasets"]] == ["b"]


def test_examples_come_in_pages_and_may_say_anything(client, manager):
    manager.save(Dataset(name="d", examples=[Example(inputs={"q": f"{i}\ud800"}) for i in "abc"]))
    page = client.get(f"{URL}/d", params={"limit": 1, "offset": 1}).json()
    assert (page["total"], page["examples"][0]["inputs"]) == (3, {"q": "b\ud800"})


@pytest.mark.parametrize("path", ["/none", "/d?version=abcdef"])
def test_what_is_not_there_is_not_found(client, manager, path):
    manager.create_dataset("d", ["q"])
    answer = client.get(URL + path)
    assert answer.status_code == 404
    assert "GET /api/v1/eval/datasets" in answer.json()["detail"]

"""The command line, as a user types it."""

import json
import sys

import pytest
import typer
from typer.testing import CliRunner

from langchain_phase5 import cli
from langchain_phase5.cli.checkup import trials
from langchain_phase5.demo import tiny_drawings
from langchain_phase5.demo.stage import draw_album

MODEL = str(tiny_drawings.path())


def run(monkeypatch, *arguments):
    """Run it in this process; return the exit code."""
    monkeypatch.setattr(sys, "argv", ["langchain-phase5", *arguments])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    return stop.value.code or 0


def every_command():
    """Return the help of every command by its path."""
    runner = CliRunner()
    todo, found = [((), typer.main.get_command(cli.app))], {}
    while todo:
        path, command = todo.pop()
        found[" ".join(path)] = runner.invoke(cli.app, [*path, "--help"]).stdout
        inner = getattr(command, "commands", {})
        todo += [((*path, name), each) for name, each in inner.items()]
    return found


def test_every_command_has_help_that_says_what_it_does():
    commands = every_command()
    assert {"demo", "index", "search", "eval run", "eval gate", "eval datasets list"} <= set(
        commands
    )
    for name, text in commands.items():
        assert len(text.split("Usage:")[1].splitlines()[2].strip()) > 20, name


def test_a_wrong_option_is_not_mistaken_for_a_verdict(monkeypatch, capsys):
    assert run(monkeypatch, "eval", "gate", "--nope") == 64
    assert "--nope" in capsys.readouterr().err


def test_what_the_user_can_mend_is_one_line(monkeypatch, capsys, tmp_path):
    assert run(monkeypatch, "search", str(tmp_path), "--model", MODEL) == 3
    error = capsys.readouterr().err
    assert "say what to look for" in error
    assert "Traceback" not in error


def test_index_a_folder_and_search_it(monkeypatch, capsys, tmp_path):
    album = draw_album(tmp_path / "album")
    (album / "damaged.png").write_bytes(b"no image")
    assert run(monkeypatch, "index", str(album), "--model", MODEL) == 0
    shown = capsys.readouterr()
    assert "60 added" in shown.out
    assert "damaged.png: not an image" in shown.err
    assert run(monkeypatch, "search", str(album), "a pie chart", "--k", "1", "--model", MODEL) == 0
    assert "pie-chart" in capsys.readouterr().out


def test_a_search_can_be_looked_at(monkeypatch, tmp_path):
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    album = draw_album(tmp_path / "album")
    run(monkeypatch, "index", str(album), "--model", MODEL)
    page = tmp_path / "found.html"
    arguments = ["--image", str(min(album.glob("*.png"))), "--open-html", "--html", str(page)]
    assert run(monkeypatch, "search", str(album), *arguments, "--model", MODEL) == 0
    assert opened == [page.as_uri()]
    assert "<img" in page.read_text(encoding="utf-8")


@pytest.fixture
def graded(monkeypatch, tmp_path):
    """A folder with a target module and a dataset file, and two runs of it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my_agent.py").write_text(
        "def good(inputs):\n    return inputs['query'].upper()\ndef bad(inputs):\n    return 'no'\n"
    )
    rows = [{"inputs": {"query": f"q{i}"}, "outputs": {"answer": f"Q{i}"}} for i in range(40)]
    (tmp_path / "letters.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    for version in ("good", "bad"):
        target = f"my_agent:{version}"
        assert run(monkeypatch, "eval", "run", target, "letters.jsonl", "--version", version) == 0
    yield tmp_path
    sys.modules.pop("my_agent", None)


def test_the_gate_lets_pass_what_is_as_good_and_stops_what_is_worse(monkeypatch, graded):
    assert run(monkeypatch, "eval", "gate", "good", "bad", "--dataset", "letters") == 1
    assert run(monkeypatch, "eval", "gate", "good", "good", "--dataset", "letters") != 1


def test_a_comparison_is_written_as_a_page(monkeypatch, graded):
    assert run(monkeypatch, "eval", "compare", "good", "bad", "--html", "page.html") == 0
    assert "regression" in (graded / "page.html").read_text(encoding="utf-8")


def test_datasets_go_in_and_out(monkeypatch, capsys, graded):
    assert run(monkeypatch, "eval", "datasets", "import", "letters.jsonl", "--name", "abc") == 0
    assert run(monkeypatch, "eval", "datasets", "list") == 0
    assert "abc" in capsys.readouterr().out
    assert run(monkeypatch, "eval", "datasets", "export", "abc", "out.jsonl") == 0
    assert len((graded / "out.jsonl").read_text().splitlines()) == 40


def test_history_lists_the_runs(monkeypatch, capsys, graded):
    assert run(monkeypatch, "eval", "history", "letters") == 0
    printed = capsys.readouterr().out
    assert "good" in printed
    assert "bad" in printed


def test_a_finished_run_resumes_to_the_same_result(monkeypatch, graded):
    journal = next((graded / ".langchain_phase5").glob("*.jsonl"))
    before = journal.read_text()
    assert (
        run(
            monkeypatch,
            "eval",
            "resume",
            str(journal),
            "my_agent:good",
            "--dataset",
            "letters.jsonl",
        )
        == 0
    )
    assert journal.read_text() == before


def test_an_extra_that_is_missing_is_named_in_full(monkeypatch, capsys, tmp_path):
    monkeypatch.setitem(sys.modules, "open_clip", None)
    assert run(monkeypatch, "index", str(tmp_path), "--model", MODEL) == 3
    assert "pip install 'langchain-phase5[clip]'" in capsys.readouterr().err


def test_the_doctor_searches_images(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    clip = tuple(trial for trial in trials._TRIALS if trial[1] == "clip")
    monkeypatch.setattr(trials, "_TRIALS", clip)
    done = CliRunner().invoke(cli.app, ["doctor", "--deep", "--json"])
    findings = {each["name"]: each for each in json.loads(done.stdout)["findings"]}
    assert findings["image search"]["state"] == "ok"
    assert "PyTorch computes on" in findings["PyTorch"]["detail"]

"""Help that teaches, hints at what was meant, and TAB that knows what there is."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from langchain_phase5 import cli
from langchain_phase5.cli.completion import METRIC_NAMES
from langchain_phase5.cli.examples import TUTORIAL
from langchain_phase5.evaluation import AgentEvaluator, TestDatasetManager
from langchain_phase5.evaluation.metrics import METRICS

PROGRAM = Path(sys.executable).with_name("langchain-phase5")


def commands(command, path=()):
    """Yield every command with its path."""
    yield path, command
    for name, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, (*path, name))


ROOT = typer.main.get_command(cli.app)
LEAVES = [(path, each) for path, each in commands(ROOT) if not getattr(each, "commands", None)]


def calls(text):
    """Return the command lines in a marked-up text."""
    return re.findall(r"^ +langchain-phase5 ([^\[\n]+)$", text, re.MULTILINE)


@pytest.mark.parametrize(("path", "command"), LEAVES, ids=[" ".join(path) for path, _ in LEAVES])
def test_every_command_has_examples_that_it_accepts(path, command):
    found = calls(command.epilog or "")
    assert found
    for line in found:
        assert len(line) <= 58  # with the program's name and margins, a line of 80 characters
        words = shlex.split(line)
        assert tuple(words[: len(path)]) == path
        command.make_context(path[-1], words[len(path) :])  # raises what a user would be told


def test_the_tutorial_only_says_what_works():
    found = calls(TUTORIAL)
    assert len(found) >= 5
    leaves = dict(LEAVES)
    for line in found:
        words = tuple(shlex.split(line))
        path = max((p for p in leaves if words[: len(p)] == p), key=len)
        leaves[path].make_context(path[-1], list(words[len(path) :]))


def test_lines_fit_an_ordinary_terminal():
    help_text = CliRunner().invoke(cli.app, ["--help"], env={"COLUMNS": "80"}).stdout
    for line in calls(TUTORIAL):
        assert line in help_text


@pytest.mark.parametrize(
    ("typed", "meant"),
    [(["evl"], "eval"), (["eval", "gat"], "gate"), (["search", ".", "--imag", "x"], "--image")],
)
def test_a_typing_error_is_answered_with_what_was_meant(monkeypatch, capsys, typed, meant):
    monkeypatch.setattr(sys, "argv", ["langchain-phase5", *typed])
    with pytest.raises(SystemExit):
        cli.main()
    assert meant in capsys.readouterr().err


def test_the_names_of_metrics_are_those_of_the_evaluation():
    assert list(METRIC_NAMES) == list(METRICS)


@pytest.fixture
def project(tmp_path):
    """A folder whose database has a dataset and two runs."""
    storage = f"sqlite:///{tmp_path}/langchain_phase5.db"
    examples = [{"inputs": {"query": "a"}, "outputs": {"answer": "a"}}]
    dataset = TestDatasetManager(storage).create_dataset("letters", examples)
    evaluator = AgentEvaluator(storage=storage)
    for version in ("1.0", "1.1"):
        evaluator.evaluate(lambda inputs: "a", dataset, version=version)
    return tmp_path


def question(shell, line):
    """What the shell's script puts into the environment to ask for completions."""
    words = line.split(" ")
    asked = {
        "bash": {"COMP_WORDS": "\n".join(words), "COMP_CWORD": str(len(words) - 1)},
        "zsh": {"_TYPER_COMPLETE_ARGS": line},
        "fish": {"_TYPER_COMPLETE_ARGS": line, "_TYPER_COMPLETE_FISH_ACTION": "get-args"},
    }[shell]
    return asked | {"_LANGCHAIN_PHASE5_COMPLETE": f"complete_{shell}"}


@pytest.fixture
def tab(monkeypatch):
    """Press TAB in a folder; return what is offered."""

    def press(line, folder):
        monkeypatch.chdir(folder)
        asked = question("bash", line)
        done = CliRunner().invoke(cli.app, [], env=asked, prog_name="langchain-phase5")
        assert not done.stderr
        return done.stdout.split()

    return press


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_tab_works_in_every_shell(shell, project):
    done = subprocess.run(  # noqa: S603
        [PROGRAM],
        env=os.environ | question(shell, "langchain-phase5 eval gate 1"),
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert "1.1" in done.stdout
    assert not done.stderr


def test_tab_offers_commands_metrics_datasets_and_versions(tab, project):
    assert "doctor" in tab("langchain-phase5 do", project)
    assert set(METRIC_NAMES) == set(tab("langchain-phase5 eval run t d --metric ", project))
    assert tab("langchain-phase5 eval run t d --metric exa", project) == ["exact_match"]
    assert tab("langchain-phase5 eval history le", project) == ["letters"]
    assert tab("langchain-phase5 eval gate ", project) == ["1.1", "1.0"]
    (named,) = tab("langchain-phase5 eval run t letters@", project)
    assert re.fullmatch(r"letters@\w+", named)


def test_tab_looks_into_the_database_that_is_named(tab, project, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    at = f"sqlite:///{project}/langchain_phase5.db"
    assert tab(f"langchain-phase5 eval history --storage {at} ", elsewhere) == ["letters"]
    assert tab("langchain-phase5 eval history --storage postgresql://x/y ", project) == []


def test_tab_is_silent_where_there_is_no_database(tab, tmp_path):
    assert tab("langchain-phase5 eval history ", tmp_path) == []
    (tmp_path / "langchain_phase5.db").write_text("no database")
    assert tab("langchain-phase5 eval history ", tmp_path) == []


@pytest.mark.skipif(not shutil.which("bash"), reason="no bash on this machine")
def test_the_script_for_bash_completes_in_bash(project):
    script = subprocess.run(  # noqa: S603
        [PROGRAM, "--show-completion", "bash"],
        env={**os.environ, "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"},
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    ).stdout
    function = re.search(r"^(_\w+)\(\)", script, re.MULTILINE)[1]
    ask = (
        f"{script}\nCOMP_WORDS=(langchain-phase5 eval gate 1.0 ''); COMP_CWORD=4\n"
        f'{function} {PROGRAM}\nprintf "%s\\n" "${{COMPREPLY[@]}}"\n'
    )
    done = subprocess.run(  # noqa: S603
        [shutil.which("bash"), "--norc", "-c", ask],
        cwd=project,
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    assert done.stdout.split() == ["1.1", "1.0"]

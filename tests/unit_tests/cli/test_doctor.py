"""The doctor: what it says is true, quick, and keeps secrets."""

import json
import shutil
import subprocess
import sys
from importlib import metadata

import pytest
from typer.testing import CliRunner

import langchain_phase5
from langchain_phase5.cli import app
from langchain_phase5.cli.checkup import packages, trials
from langchain_phase5.storage import Database, OutcomeStore


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)


def examine(*arguments):
    """Return the findings by name, and the exit code."""
    done = CliRunner().invoke(app, ["doctor", "--json", *arguments])
    form = json.loads(done.stdout)
    assert form["healthy"] == (done.exit_code == 0)
    return {each["name"]: each for each in form["findings"]}, done.exit_code


def test_what_is_installed_is_found_and_whole():
    findings, _ = examine()
    assert findings["Python"]["state"] == "ok"
    assert findings[f"langchain-phase5 {metadata.version('langchain-phase5')}"]["state"] == "ok"
    assert findings["tiny-drawings"]["state"] == "ok"
    assert findings["database"]["state"] == "ok"
    assert "[all]" not in findings


def test_everything_broken_comes_with_a_line_that_fixes_it(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _: None)
    findings, code = examine("--storage", "sqlite:////no/such/folder/x.db")
    broken = [each for each in findings.values() if each["state"] == "broken"]
    assert {"tesseract", "database"} <= {each["name"] for each in broken}
    assert all(each["fix"] for each in broken)
    assert code == 3


def test_the_table_says_the_same_and_ends_with_what_to_do(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _: None)
    shown = CliRunner().invoke(app, ["doctor"])
    assert shown.exit_code == 3
    assert shown.stdout.strip().split("\n")[-1].startswith("tesseract: ")
    assert "install" in shown.stdout.strip().split("\n")[-1]


def test_an_extra_that_is_missing_is_no_fault_but_has_its_line(monkeypatch):
    known = metadata.version

    def without_torch(name):
        if name == "torch":
            raise metadata.PackageNotFoundError(name)
        return known(name)

    monkeypatch.setattr(packages, "version", without_torch)
    findings, _ = examine()
    assert findings["[clip]"]["state"] == "absent"
    assert "torch" in findings["[clip]"]["detail"]
    assert findings["[clip]"]["fix"] == "pip install 'langchain-phase5[clip]'"


def test_a_package_that_is_too_old_is_a_fault(monkeypatch):
    known = metadata.version
    monkeypatch.setattr(
        packages, "version", lambda name: "0.0.1" if name == "rich" else known(name)
    )
    findings, code = examine()
    base = findings[f"langchain-phase5 {known('langchain-phase5')}"]
    assert base["state"] == "broken"
    assert "rich 0.0.1" in base["detail"]
    assert "--upgrade" in base["fix"]
    assert code == 3


@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_key_is_never_shown(monkeypatch, form, deep):
    monkeypatch.setattr(trials, "_TRIALS", ())
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    monkeypatch.setenv("ANTHROPIC_API_KEY", ' "sk-also-secret"')
    monkeypatch.setenv("GOOGLE_API_KEY", "  ")
    shown = CliRunner().invoke(app, ["doctor", *form, *(["--deep"] if deep else [])])
    assert "secret" not in shown.output


def test_what_is_wrong_with_a_key_is_told(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-also-secret\n")
    monkeypatch.delenv("GOOGLE_API_KEY", raising=False)
    findings, code = examine()
    states = [findings[f"{name}_API_KEY"]["state"] for name in ("OPENAI", "ANTHROPIC", "GOOGLE")]
    assert states == ["ok", "broken", "absent"]
    assert code == 3


def test_a_file_that_is_no_database_is_left_alone(tmp_path):
    (tmp_path / "notes.db").write_text("not a database, but long enough to look like a file" * 20)
    findings, code = examine("--storage", "sqlite:///notes.db")
    assert findings["database"]["state"] == "broken"
    assert "notes.db" in findings["database"]["fix"]
    assert code == 3
    assert (tmp_path / "notes.db").read_text().startswith("not a database")


def test_looking_creates_no_database(tmp_path):
    examine()
    assert list(tmp_path.iterdir()) == []


def test_a_database_in_use_is_described(tmp_path):
    with Database("sqlite:///here.db") as database:
        OutcomeStore(database)
    findings, _ = examine("--storage", "sqlite:///here.db")
    assert "tables" in findings["database"]["detail"]
    assert examine("--storage", "sqlite://")[0]["database"]["state"] == "ok"


@pytest.mark.parametrize(
    "url", ["nonsense", "postgresql+psycopg://me:hidden@127.0.0.1:1/none", "what+driver://x/y"]
)
def test_a_database_that_does_not_answer_is_a_fault_without_its_password(url):
    findings, code = examine("--storage", url)
    assert findings["database"]["state"] == "broken"
    assert findings["database"]["fix"]
    assert "hidden" not in json.dumps(findings)
    assert code == 3


def test_weights_that_are_damaged_or_gone_are_found(monkeypatch, tmp_path):
    monkeypatch.setattr(langchain_phase5, "__file__", str(tmp_path / "__init__.py"))
    findings, code = examine()
    assert findings["tiny-drawings"]["state"] == "broken"
    assert "reinstall" in findings["tiny-drawings"]["fix"]
    assert code == 3


def test_a_trial_that_fails_names_the_error_and_the_extra(monkeypatch):
    def broken():
        raise RuntimeError("no luck\nat all")

    monkeypatch.setattr(trials, "_TRIALS", (("a part", None, broken), ("fine", None, str)))
    findings, code = examine("--deep")
    assert findings["a part"]["detail"] == "RuntimeError: no luck"
    assert findings["fine"]["state"] == "ok"
    assert code == 3


def test_nothing_heavy_is_imported_to_look():
    probe = (
        "import sys\n"
        "from langchain_phase5.cli import app\n"
        "app(['doctor'], standalone_mode=False)\n"
        "print(sorted({'torch', 'numpy', 'langchain_core', 'sqlalchemy'} & set(sys.modules)))\n"
    )
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", probe], capture_output=True, text=True, check=True, timeout=300
    )
    assert done.stdout.strip().split("\n")[-1] == "[]"


def test_tesseract_without_english_is_a_fault(monkeypatch, tmp_path):
    program = tmp_path / "tesseract"
    program.write_text("#!/bin/sh\necho 'List of available languages (1):'\necho osd\n")
    program.chmod(0o755)
    monkeypatch.setattr(shutil, "which", {"tesseract": str(program)}.get)
    findings, code = examine()
    assert "English" in findings["tesseract"]["detail"]
    assert "eng" in findings["tesseract"]["fix"]
    assert code == 3
    program.chmod(0o644)  # it cannot be run any more, which is no reason to fall over
    assert examine()[0]["tesseract"]["state"] == "broken"

"""Installed parts, really run once."""

import json

from typer.testing import CliRunner

from langchain_phase5.cli import app
from langchain_phase5.cli.checkup import trials

SLOW = {"clip", "eval", "ocr"}
"""These take many seconds to import."""


def test_every_part_that_is_installed_works(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    quick = tuple(trial for trial in trials._TRIALS if trial[1] not in SLOW)
    monkeypatch.setattr(trials, "_TRIALS", quick)
    done = CliRunner().invoke(app, ["doctor", "--deep", "--json"])
    findings = json.loads(done.stdout)["findings"]
    tried = [each for each in findings if each["area"] == "Trials"]
    assert {"tool routing", "metrics", "evaluation", "database"} <= {t["name"] for t in tried}
    assert [each for each in tried if each["state"] != "ok"] == []
    assert list(tmp_path.iterdir()) == []  # it leaves nothing behind

"""Every installed part, really run once."""

import json

import pytest
from typer.testing import CliRunner

from langchain_phase5.cli import app

pytestmark = pytest.mark.xdist_group("ragas")  # which takes seconds to import


def test_every_part_that_is_installed_works(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["doctor", "--deep", "--json"])
    findings = json.loads(done.stdout)["findings"]
    trials = [each for each in findings if each["area"] == "Trials"]
    assert {"tool routing", "metrics", "evaluation", "database"} <= {t["name"] for t in trials}
    assert [each for each in trials if each["state"] != "ok"] == []

"""Alerts tell what is wrong and what to do, and fire when they should and only then."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

FOLDER = Path(__file__).parents[3] / "dashboards"
PROMETHEUS = FOLDER / "prometheus"
ALERTS = [
    pytest.param(rule, id=rule["alert"])
    for group in yaml.safe_load((PROMETHEUS / "rules" / "alerts.yml").read_text())["groups"]
    for rule in group["rules"]
]
TESTS = sorted((PROMETHEUS / "tests").glob("*_test.yml"))
PAGES = ("phase5-overview", "phase5-agents", "phase5-tools", "phase5-costs")

each_alert = pytest.mark.parametrize("alert", ALERTS)
needs_promtool = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="needs the Debian package prometheus"
)
needs_amtool = pytest.mark.skipif(
    shutil.which("amtool") is None, reason="needs the Debian package prometheus-alertmanager"
)


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def headings() -> list[str]:
    return re.findall(r"^### (\w+)$", (FOLDER / "RUNBOOK.md").read_text(), re.MULTILINE)


@each_alert
def test_alert_says_what_is_wrong_and_what_to_do(alert):
    notes = alert["annotations"]
    assert alert["labels"]["severity"] in {"page", "ticket"}
    assert "{{" in notes["summary"]
    assert len(notes["description"]) > 40
    assert notes["runbook"] == f"dashboards/RUNBOOK.md#{alert['alert'].lower()}"
    assert alert["alert"] in headings()
    assert notes["dashboard"].startswith(tuple(f"/d/{page}?var-job=" for page in PAGES))


def test_runbook_has_nothing_else():
    assert sorted(headings()) == sorted(alert.values[0]["alert"] for alert in ALERTS)
    assert len(ALERTS) >= 14


@each_alert
def test_alert_is_tested_to_fire(alert):
    fires = re.compile(rf'alertname(?:: |="){alert["alert"]}\b')
    assert any(fires.search(file.read_text()) for file in TESTS)


@pytest.mark.parametrize("file", TESTS, ids=lambda file: file.stem)
@needs_promtool
def test_alerts_fire_and_stay_silent(file):
    assert "SUCCESS" in run("promtool", "test", "rules", str(file))


@needs_promtool
def test_rules_are_well_formed():
    files = sorted(str(file) for file in (PROMETHEUS / "rules").glob("*.yml"))
    run("promtool", "check", "rules", "--lint=all", "--lint-fatal", *files)


@needs_promtool
def test_prometheus_accepts_its_configuration():
    assert "SUCCESS" in run("promtool", "check", "config", str(PROMETHEUS / "prometheus.yml"))


@needs_amtool
def test_alertmanager_accepts_its_configuration():
    run("amtool", "check-config", str(FOLDER / "alertmanager" / "alertmanager.yml"))


@pytest.mark.parametrize("severity", ["page", "ticket"])
@needs_amtool
def test_severity_chooses_the_receiver(severity):
    file = str(FOLDER / "alertmanager" / "alertmanager.yml")
    given = run(
        "amtool", "config", "routes", "test", f"--config.file={file}", f"severity={severity}"
    )
    assert severity in given.splitlines()


def test_inhibitions_name_alerts_that_exist():
    config = yaml.safe_load((FOLDER / "alertmanager" / "alertmanager.yml").read_text())
    named = [
        name
        for rule in config["inhibit_rules"]
        for matcher in rule["source_matchers"] + rule["target_matchers"]
        for name in re.findall(r'"([^"]+)"', matcher)[0].split("|")
    ]
    assert named
    assert set(named) <= {alert.values[0]["alert"] for alert in ALERTS}


@pytest.mark.parametrize("name", ["README.md", "RUNBOOK.md"])
def test_links_in_the_texts_lead_somewhere(name):
    text = (FOLDER / name).read_text()
    anchors = {heading.lower() for heading in headings()}
    for target in re.findall(r"\]\(([^)]+)\)", text):
        path, _, anchor = target.partition("#")
        assert not path or (FOLDER / path).exists()
        assert not anchor or anchor in anchors

"""What the command line calls."""

import json
import sys

import pytest

from langchain_phase5.evaluation import commands
from langchain_phase5.evaluation.commands import (
    compare_command,
    export_dataset_command,
    gate_command,
    history_command,
    import_dataset_command,
    list_datasets_command,
    load_attribute,
    resume_command,
    run_command,
)

MODULE = """
def good(inputs): return inputs["query"]
def bad(inputs): return "?"
def broken(inputs): raise ValueError("no")
def always(outputs): return 1
class Box: inner = good
"""


@pytest.fixture
def shop(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["", *sys.path])
    (tmp_path / "shop_targets.py").write_text(MODULE)
    rows = [json.dumps({"query": f"q{i}", "answer": f"q{i}"}) for i in range(60)]
    (tmp_path / "shop.jsonl").write_text("\n".join(rows))
    yield tmp_path
    sys.modules.pop("shop_targets", None)


def test_run_compare_gate(shop, capsys):
    import_dataset_command(shop / "shop.jsonl")
    written = {kind: shop / f"report.{kind}" for kind in ("html", "json", "markdown", "junit")}
    assert run_command("shop_targets:good", "shop", version="v1", **written) == 0
    assert all(path.stat().st_size for path in written.values())
    assert run_command("shop_targets:bad", "shop", version="v2", repeats=2) == 0
    assert run_command("shop_targets:good", "shop", version="v3") == 0
    assert compare_command("v1", "v2", html=shop / "c.html", markdown=shop / "c.md") == 0
    assert "Differences" in (shop / "c.html").read_text()
    assert gate_command("v1", "v2") == 1
    assert gate_command("v1", "v3") == 0
    assert gate_command(str(shop / "report.json"), "v2", dataset="shop") == 1
    assert history_command("shop", html=shop / "history.html") == 0
    out = capsys.readouterr()
    assert "v3" in out.out
    assert "gate: regression" in out.err


def test_few_examples_are_inconclusive_and_errors_are_errors(shop):
    rows = (shop / "shop.jsonl").read_text().splitlines()[:5]
    (shop / "few.jsonl").write_text("\n".join(rows))
    for version in ("v1", "v2"):
        run_command("shop_targets:good", "few.jsonl", version=version)
    assert gate_command("v1", "v2") == 2
    assert run_command("shop_targets:broken", "few.jsonl", version="v3") == 3
    assert gate_command("v1", "v3") == 3


def test_own_metrics(shop):
    code = run_command(
        "shop_targets:Box.inner", "shop.jsonl", metrics=["shop_targets:always", "exact_match"]
    )
    assert code == 0


def test_resume(shop):
    journal = shop / "run.jsonl"
    import_dataset_command(shop / "shop.jsonl")
    run_command("shop_targets:good", "shop", version="v1", journal=journal)
    whole = journal.read_text().splitlines()
    journal.write_text("\n".join(whole[:31]) + "\n{torn")
    assert resume_command(journal, "shop_targets:good") == 0
    assert len(journal.read_text().splitlines()) == 61
    with pytest.raises(ValueError, match="holds no run to resume"):
        resume_command(shop / "other.jsonl", "shop_targets:good")


def test_datasets(shop, capsys):
    import_dataset_command(shop / "shop.jsonl", name="mine")
    list_datasets_command()
    assert "mine" in capsys.readouterr().out
    export_dataset_command("mine", shop / "out.csv")
    assert (shop / "out.csv").read_text().startswith("id,query,answer,category,cluster\n")


@pytest.mark.parametrize("path", ["nowhere", "shop_targets:nothing", "no_module_at_all:x"])
def test_targets_that_lead_nowhere(shop, path):
    with pytest.raises(ValueError, match=r"module:attribute|cannot find"):
        load_attribute(path)


def test_modules_of_the_current_folder_are_found(shop, monkeypatch):
    monkeypatch.setattr(sys, "path", [p for p in sys.path if p])
    assert commands.load_attribute("shop_targets:good")({"query": 1}) == 1

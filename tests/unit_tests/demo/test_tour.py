"""The tour as `langchain-phase5 demo` runs it, offline and without a key."""

import io
import shutil

import pytest
from rich.console import Console
from typer.testing import CliRunner

from langchain_phase5.cli import app
from langchain_phase5.demo.questions import GRADED
from langchain_phase5.demo.stage import set_stage
from langchain_phase5.demo.tour import graded_dataset, run_tour, show_vision

pytestmark = pytest.mark.xdist_group("tour")  # or every worker takes it
needs_tesseract = pytest.mark.skipif(
    shutil.which("tesseract") is None, reason="Tesseract is not installed"
)


@pytest.fixture(autouse=True)
def _no_key(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


@pytest.fixture(scope="module")
def tour(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tour")
    out = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("OPENAI_API_KEY", raising=False)
        comparison = run_tour(folder, model_name=None, console=Console(file=out, width=160))
    return folder, comparison, out.getvalue()


def test_it_says_that_the_model_is_a_stand_in(tour):
    _, _, printed = tour
    assert "scripted stand-in" in printed
    assert "answer (scripted)" in printed


@needs_tesseract
def test_it_reads_the_skewed_invoice(tour):
    assert "1446.70" in tour[2]


def test_it_reads_the_bar_chart(tour):
    assert "| Apr | 21" in tour[2]


def test_it_finds_drawings_by_text_and_by_image(tour):
    printed = tour[2]
    for query, found in (
        ("a pie chart", "pie-chart"),
        ("an invoice", "an-invoice-with"),
        ("example.png", "3-small-orange-triangles"),
    ):
        first_hit = next(line for line in printed.splitlines() if f"  {query}" in line)
        assert found in first_hit


def test_it_shows_what_the_callback_handler_counted(tour):
    printed = tour[2]
    for family in ("agent_requests", "tool_executions", "llm_requests", "routing_decisions"):
        assert family in printed
    # 6 routed and 3 vision questions, then 12 graded ones with the router and 12 without
    assert "33 success" in printed


def test_the_report_is_one_page_that_loads_nothing(tour):
    page = (tour[0] / "report.html").read_text(encoding="utf-8")
    assert "ridgeline-assistant" in page
    assert not any(f'{attribute}="http' in page for attribute in ("src", "href"))


def test_the_router_costs_no_accuracy_and_saves_most_tokens(tour):
    _, comparison, _ = tour
    without, with_router = comparison.baseline, comparison.candidate
    assert with_router.accuracy.value >= without.accuracy.value
    assert with_router.tokens[0] < without.tokens[0] / 10


async def test_every_question_is_offered_at_most_three_of_all_tools(tmp_path):
    stage = set_stage(tmp_path, model_name=None)
    try:
        assert len(stage.tools()) >= 100
        for question in GRADED[:4]:
            state = await stage.agent(routed=True).ainvoke({"messages": [("user", question.text)]})
            assert 1 <= len(state["routed_tools"]["offered"]) <= 3
        assert len(graded_dataset(stage)) == 12
    finally:
        stage.close()


def test_the_command_prints_its_version_and_its_help():
    runner = CliRunner()
    assert "langchain-phase5 0." in runner.invoke(app, ["--version"]).stdout
    assert "demo" in runner.invoke(app, ["--help"]).stdout


def test_without_tesseract_the_tour_goes_on_and_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    stage = set_stage(tmp_path, model_name=None)
    out = io.StringIO()
    try:
        show_vision(stage, Console(file=out, width=400))
    finally:
        stage.close()
    assert "apt-get install tesseract-ocr" in out.getvalue()
    assert "compare_images" in out.getvalue()

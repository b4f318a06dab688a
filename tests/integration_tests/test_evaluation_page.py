"""The report's page in a real browser: sorted, filtered, opened, in light and dark."""

import html as html_text
import json
import re
import shutil
import subprocess

import pytest
from chromium import Chromium

from langchain_phase5.evaluation import AgentEvaluator, compare_versions

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(not BROWSER, reason="no Chromium on this machine")

EXAMPLES = [
    {
        "id": f"e{i}",
        "inputs": {"query": f"Question {i} <img src=x onerror=alert(1)>"},
        "outputs": {"answer": str(i)},
        "category": "odd" if i % 2 else "even",
    }
    for i in range(30)
]


def answer(inputs):
    number = int(inputs["query"].split()[1])
    if number == 7:
        raise ValueError("seven is not served")
    return str(number) if number % 3 else "wrong"


def perfect(inputs):
    return inputs["query"].split()[1]


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    first = AgentEvaluator().evaluate(perfect, EXAMPLES, version="v1")
    second = AgentEvaluator().evaluate(answer, EXAMPLES, version="v2")
    return folder, second.to_html(), compare_versions(first, second).to_html()


def in_browser(folder, page, actions):
    """Run `actions` in the page and return what they put into `out`."""
    probe = (
        "<script>window.addEventListener('error', (e) => { out.error = e.message; });"
        f"const out = {{}}; {actions};"
        "const box = document.createElement('output'); box.id = 'probe';"
        "box.textContent = JSON.stringify(out); document.body.append(box);</script></body>"
    )
    path = folder / "probe.html"
    path.write_text(page.replace("</body>", probe))
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"]
    flags += ["--disable-background-networking", f"--user-data-dir={folder / 'profile'}"]
    dump = subprocess.run(  # noqa: S603
        [BROWSER, *flags, "--dump-dom", f"file://{path}"],
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    ).stdout
    found = re.search(r'<output id="probe">(.*?)</output>', dump, re.DOTALL)
    return json.loads(html_text.unescape(found.group(1)))


ROWS = "[...document.querySelectorAll('tr.row')].map((row) => row.dataset.id)"


def choose(name, value):
    return (
        f"document.getElementById('{name}').value = '{value}';"
        f"document.getElementById('{name}').dispatchEvent(new Event('input'));"
    )


def test_examples_are_listed_and_nothing_runs_from_their_text(pages):
    folder, page, _ = pages
    found = in_browser(
        folder,
        page,
        f"out.rows = {ROWS}; out.images = document.images.length;"
        "out.count = document.getElementById('count').textContent",
    )
    assert found == {"rows": [f"e{i}" for i in range(30)], "images": 0, "count": "30 examples"}


def test_filtering(pages):
    folder, page, _ = pages
    found = in_browser(
        folder,
        page,
        choose("show", "error")
        + f"out.errors = {ROWS};"
        + choose("show", "wrong")
        + choose("category", "odd")
        + f"out.odd = {ROWS};"
        + choose("show", "all")
        + choose("category", "")
        + choose("search", "question 12")
        + f"out.search = {ROWS}; out.count = document.getElementById('count').textContent",
    )
    assert found["errors"] == ["e7"]
    assert found["odd"] == ["e3", "e7", "e9", "e15", "e21", "e27"]
    assert found["search"] == ["e12"]
    assert found["count"] == "1 of 30 examples"


def test_sorting(pages):
    folder, page, _ = pages
    click = (
        "[...document.querySelectorAll('#examples th button')]"
        ".find((button) => button.textContent === 'exact_match').click();"
    )
    found = in_browser(
        folder,
        page,
        f"{click} out.up = {ROWS}.slice(0, 2); {click} out.down = {ROWS}.slice(0, 1);"
        "out.sort = document.querySelector('th[aria-sort=descending]').textContent",
    )
    assert found == {"up": ["e7", "e0"], "down": ["e1"], "sort": "exact_match"}


def test_opening_an_example_by_keyboard(pages, tmp_path):
    file = tmp_path / "report.html"
    file.write_text(pages[1])
    button = "document.querySelector('tr[data-id=e7] button')"
    with Chromium(tmp_path / "profile") as browser:
        browser.open(file.as_uri())
        browser.js(f"{button}.focus()")
        for expanded, details in (("true", 1), ("false", 0)):
            browser.press("Enter", 13)
            assert browser.js(f"{button}.getAttribute('aria-expanded')") == expanded
            assert browser.js("document.querySelectorAll('tr.detail').length") == details
            assert browser.js(f"document.activeElement === {button}"), "the next key goes on here"


def test_opening_an_example_by_mouse(pages):
    folder, page, _ = pages
    found = in_browser(
        folder,
        page,
        "document.querySelector('tr[data-id=e7]').click();"
        "out.detail = document.querySelector('tr.detail').textContent;"
        "document.querySelector('tr[data-id=e7]').click();"
        "out.closed = document.querySelectorAll('tr.detail').length",
    )
    assert "seven is not served" in found["detail"]
    assert "Traceback" in found["detail"]
    assert found["closed"] == 0


def test_light_and_dark(pages):
    folder, page, _ = pages
    paper = "getComputedStyle(document.body).backgroundColor"
    found = in_browser(
        folder,
        page,
        f"out.first = {paper}; document.getElementById('theme').click(); out.second = {paper};"
        f"document.getElementById('theme').click(); out.third = {paper}",
    )
    assert found["first"] == found["third"] != found["second"]


def test_a_comparison_shows_what_changed(pages):
    folder, _, page = pages
    found = in_browser(
        folder,
        page,
        choose("show", "worse")
        + f"out.worse = {ROWS}.length;"
        + choose("show", "better")
        + f"out.better = {ROWS}.length;"
        + choose("show", "worse")
        + "document.querySelector('tr.row').click();"
        "out.detail = document.querySelector('tr.detail').textContent",
    )
    assert (found["worse"], found["better"]) == (10, 0)
    assert "v1" in found["detail"]
    assert "v2" in found["detail"]

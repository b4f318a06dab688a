"""The web page of the service, in a real browser."""

import json
import threading
import time
from contextlib import contextmanager
from typing import Any

import chromium
import pytest
from chromium import Chromium
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from service import SETTINGS, png

from langchain_phase5.server import ServerSettings, create_app

uvicorn = pytest.importorskip("uvicorn")
pytestmark = [
    pytest.mark.enable_socket,
    pytest.mark.xdist_group("page"),
    pytest.mark.skipif(not chromium.PROGRAM, reason="no Chromium on this machine"),
]

ON = "document.getElementById('{}')"
QUESTIONS = [{"query": f"question {i}", "answer": f"QUESTION {i}"} for i in range(40)]


def shout(inputs):
    return inputs["query"].upper()


def mumble(inputs):
    return "?" if "3" in inputs["query"] else inputs["query"].upper()


class Lookalikes(BaseRetriever):
    """Finds every image that the service keeps."""

    images: Any = None

    def _get_relevant_documents(self, query, *, run_manager, k=4):
        kept = self.images.list(limit=k)
        return [Document("kept", id=each.image_id, metadata={"score": 0.5}) for each in kept]


@contextmanager
def serving(**parts):
    settings = SETTINGS | {"port": 0, "rate_limit": "10000/minute"} | parts.pop("settings", {})
    app = create_app(ServerSettings(**settings), **parts)
    config = uvicorn.Config(app, port=0, log_config=None, ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.02)
    app.state.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/"
    try:
        yield app
    finally:
        server.should_exit = True
        thread.join(30)


@pytest.fixture(scope="module")
def url():
    retriever = Lookalikes()
    with serving(retriever=retriever, agents={"shout": shout, "mumble": mumble}) as app:
        retriever.images = app.state.services.images
        for color in ("teal", "navy"):
            retriever.images.put(png(color))
        yield app.state.url


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with Chromium(tmp_path_factory.mktemp("browser")) as started:
        yield started


@pytest.fixture
def page(browser, url):
    """The page, just opened; nothing on it may be refused or fetched from elsewhere."""
    browser.open(url)
    yield browser
    assert browser.complaints == []
    assert [each for each in browser.asked if not each.startswith((url, "blob:"))] == []


def choose(page, button, name):
    page.js(f"{ON.format(button)}.click()")
    page.wait(f"{ON.format('picture-name')}.textContent.startsWith('{name}')")


def look(page, action):
    """Press a button below the image; return what is told when it is done."""
    page.js(f"document.querySelector('button[value={action}]').click()")
    page.wait(f"{ON.format('found')}.getAttribute('aria-busy') === 'false'")
    return page.js(f"{ON.format('images-status')}.textContent")


def test_text_is_read_and_shown_where_it_is(page):
    choose(page, "sample-letter", "invoice.png")
    assert look(page, "ocr").startswith("Done in")
    text = page.js(f"{ON.format('finding')}.textContent")
    assert "Invoice 2041" in text
    assert "228.90" in text
    boxes = "[...document.querySelectorAll('#overlay rect')]"
    assert page.js(f"{boxes}.length") > 20
    inside = (
        "(() => { const image = document.getElementById('preview').getBoundingClientRect();"
        f"return {boxes}.every((box) => {{ const at = box.getBoundingClientRect();"
        "return at.left >= image.left - 2 && at.right <= image.right + 2"
        " && at.top >= image.top - 2 && at.bottom <= image.bottom + 2; }); })()"
    )
    assert page.js(inside)
    page.js("document.getElementById('boxes').click()")
    assert page.js("document.getElementById('overlay').hidden")


def test_a_chart_is_read_into_a_table_and_drawn_again(page):
    choose(page, "sample-chart", "chart.png")
    look(page, "chart-data")
    cells = "[...document.querySelectorAll('#finding tbody tr')].map((row) => row.innerText)"
    rows = dict(row.split("\t") for row in page.js(cells))
    assert set(rows) == {"Mon", "Tue", "Wed", "Thu", "Fri"}
    assert {day: round(float(value)) for day, value in rows.items()}["Fri"] in {89, 90, 91}
    bars = "[...document.querySelectorAll('#finding svg.chart rect')]"
    heights = page.js(f"{bars}.map((bar) => bar.height.baseVal.value)")
    values = [float(rows[day]) for day in ("Mon", "Tue", "Wed", "Thu", "Fri")]
    shares = [height / value for height, value in zip(heights, values, strict=True)]
    assert max(shares) == pytest.approx(min(shares), rel=1e-3)


def test_what_is_found_is_shown_with_its_picture(page):
    choose(page, "sample-letter", "invoice.png")
    look(page, "rag")
    assert page.js("document.querySelectorAll('.matches li').length") == 2
    page.wait("document.querySelectorAll('.thumb img').length === 2")
    page.wait("[...document.querySelectorAll('.thumb img')].every((image) => image.naturalWidth)")


def test_an_image_is_described(page):
    choose(page, "sample-letter", "invoice.png")
    look(page, "analyze")
    assert "900 x 640" in page.js(f"{ON.format('finding')}.textContent")
    assert "without a model" in page.js(f"{ON.format('finding')}.textContent")


def give(page, name, content):
    """Drop a file of that name onto the page."""
    page.js(
        "(() => { const data = new DataTransfer();"
        f"data.items.add(new File([{json.dumps(content)}], {json.dumps(name)}));"
        "document.getElementById('drop').dispatchEvent("
        "new DragEvent('drop', {dataTransfer: data, bubbles: true, cancelable: true})); })()"
    )


def test_what_goes_wrong_is_told_in_the_words_of_the_service(browser, url):
    browser.open(url)
    give(browser, "<img src=x onerror=alert(1)>.png", "no picture at all")
    assert "<img src=x" in browser.js("document.getElementById('picture-name').textContent")
    look(browser, "analyze")
    told = browser.js("document.querySelector('.notice.bad').innerText")
    assert "image" in told
    assert "Request" in told
    assert browser.js("document.querySelectorAll('#picture img').length") == 1
    assert not browser.js("document.getElementById('no-preview').hidden")


def test_pasting_chooses_an_image(page):
    page.js(
        "(() => { const data = new DataTransfer();"
        "data.items.add(new File(['x'], 'pasted.png', {type: 'image/png'}));"
        "document.dispatchEvent(new ClipboardEvent('paste', {clipboardData: data})); })()"
    )
    assert page.js("document.getElementById('picture-name').textContent").startswith("pasted.png")


def test_without_an_image_it_says_what_to_do(page):
    page.js("document.querySelector('button[value=ocr]').click()")
    assert "Choose an image" in page.js("document.getElementById('finding').textContent")


def test_evaluations_from_an_empty_service_to_a_regression(page):
    page.js("location.hash = '#evaluations'")
    page.wait("document.getElementById('dataset-file')")
    shown = page.js("document.getElementById('evaluations-body').textContent")
    assert "There is no dataset yet" in shown
    assert "Nothing has been evaluated yet" in shown

    lines = "".join(json.dumps(each) + "\n" for each in QUESTIONS)
    page.js(
        "(() => { const data = new DataTransfer();"
        f"data.items.add(new File([{json.dumps(lines)}], 'letters.jsonl'));"
        "const input = document.getElementById('dataset-file'); input.files = data.files;"
        "input.dispatchEvent(new Event('change')); })()"
    )
    page.wait("document.getElementById('agent')")
    for count, agent in enumerate(["shout", "mumble"], 1):
        page.js(f"document.getElementById('agent').value = '{agent}'")
        page.js("document.getElementById('version').value = '1.0'")
        page.js("document.querySelector('form.fields button').click()")
        page.wait(f"document.querySelectorAll('[data-run]').length === {count}")

    page.js("for (const box of document.querySelectorAll('[data-run]')) box.click()")
    page.js("document.getElementById('compare').click()")
    page.wait("document.querySelector('#comparison .pill')")
    assert page.js("document.querySelector('#comparison .pill').textContent") == "Regression"

    page.js("document.querySelector('#comparison button').click()")
    page.wait("!document.getElementById('report-frame').hidden")
    # The frame may reach nothing of the page, and the report's own script runs in it all the same.
    assert page.js("document.getElementById('report-frame').contentDocument") is None
    rows = f"document.querySelectorAll('tr.row').length === {len(QUESTIONS)}"
    page.wait(rows, inside_frame=True)

    page.js("document.getElementById('report-close').click()")
    page.wait("document.getElementById('report-frame').hidden")
    page.js("document.querySelector('[aria-label=\"History of letters\"]').click()")
    page.wait("document.querySelectorAll('svg circle').length === 2", inside_frame=True)


def test_metrics_show_what_has_happened(page):
    choose(page, "sample-letter", "invoice.png")
    look(page, "ocr")
    page.js("location.hash = '#metrics'")
    page.wait("document.querySelector('.tile')")
    shown = page.js("document.getElementById('metrics-body').innerText")
    assert "Requests to this service" in shown
    assert "Images" in shown


def test_a_key_is_asked_for_kept_in_the_tab_and_sent_in_a_header(browser):
    with serving(settings={"require_key": True}) as app:
        url, key = app.state.url, app.state.services.keys.create("somebody").key
        browser.open(f"{url}#metrics")
        browser.wait("document.getElementById('key').open")
        enter = (
            "document.getElementById('key-value').value = {};"
            "document.querySelector('#key-form button').click()"
        )
        browser.js(enter.format("'wrong'"))
        browser.wait("document.getElementById('key-problem').textContent")
        assert browser.js("document.getElementById('key').open")
        browser.js(enter.format(json.dumps(key)))
        browser.wait("document.querySelector('.tile')")
        assert not browser.js("document.getElementById('key').open")
        assert key in browser.js("Object.values(sessionStorage)")
        assert browser.js("localStorage.length") == 0
        assert not [each for each in browser.asked if key in each]
        browser.js("window.open = (url) => { window.opened = url; }")
        browser.js("document.querySelector('footer a[data-needs-key]').click()")
        browser.wait("window.opened")
        assert browser.js("window.opened").startswith("blob:")
        browser.js("document.getElementById('forget').click()")
        browser.wait("sessionStorage.length === 0 && document.getElementById('key').open")
        browser.js("document.getElementById('key-cancel').click()")
        browser.wait("document.querySelector('.notice.bad')")
        assert "API key" in browser.js("document.querySelector('.notice.bad').innerText")


def test_the_keyboard_reaches_everything_in_the_order_it_is_read(page):
    reached = []
    for _ in range(13):
        page.press("Tab", 9)
        name = "document.activeElement.id || document.activeElement.textContent.trim()"
        reached.append(page.js(name))
    assert reached == [
        "Skip to the content",
        "langchain-phase5",
        "Images",
        "Evaluations",
        "Metrics",
        "sample-chart",
        "sample-letter",
        "file",
        "question",
        "Describe",
        "Read text",
        "Read chart",
        "Find similar",
    ]


def test_the_skip_link_skips(page):
    page.press("Tab", 9)
    page.press("Enter", 13)
    page.wait("document.activeElement.id === 'content'")
    assert not page.js("document.getElementById('images').hidden")


@pytest.mark.parametrize("part", ["images", "evaluations", "metrics"])
def test_it_fits_a_small_telephone_by_day_and_by_night(page, part):
    paper = "getComputedStyle(document.body).backgroundColor"
    by_day = page.js(paper)
    page.resize(360, 740, dark=True)
    page.js(f"location.hash = '#{part}'")
    page.wait(f"!document.getElementById('{part}').hidden")
    page.wait(f"'{part}' === 'images' || document.querySelector('#{part}-body > *')")
    assert page.js("document.documentElement.scrollWidth") <= 360
    assert page.js(paper) != by_day

"""The web page's files, what they allow, and the numbers that it shows."""

import base64
import gzip
import hashlib
import io
import re

import pytest
from langchain_core.embeddings import FakeEmbeddings
from langchain_core.tools import tool
from PIL import Image
from prometheus_client import CollectorRegistry
from service import MANUALS, png

from langchain_phase5.callbacks import PrometheusCallbackHandler
from langchain_phase5.evaluation import AgentEvaluator
from langchain_phase5.retrievers import CLIPImageRetriever, ImageIndex
from langchain_phase5.server.page.metrics_summary import summarize

SUMMARY = "/api/v1/metrics/summary"


def policy_of(answer):
    parts = answer.headers["content-security-policy"].split("; ")
    return {part.split()[0]: part.split()[1:] for part in parts}


def parts_of(page):
    return re.findall(r'(?:src|href)="(page/[^"]+)"', page)


def test_every_part_of_the_page_is_there_and_typed(client):
    page = client.get("/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    kinds = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
    for part in parts_of(page.text):
        answer = client.get(f"/{part}")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith(kinds[part.rpartition(".")[2]])


def test_every_module_is_loaded_ahead(client):
    parts = set(parts_of(client.get("/").text))
    scripts = [part for part in parts if part.endswith(".js")]
    imported = {
        f"page/{name}"
        for script in scripts
        for name in re.findall(r'from "\./([\w.]+)"', client.get(f"/{script}").text)
    }
    assert imported <= parts


def test_nothing_may_run_or_load_but_the_pages_own_files(client):
    answer = client.get("/")
    policy = policy_of(answer)
    assert policy["default-src"] == ["'none'"]
    assert policy["connect-src"] == ["'self'"]
    assert policy["frame-ancestors"] == ["'none'"]
    assert policy["require-trusted-types-for"] == ["'script'"]
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert not re.search(r"\son\w+=|\sstyle=|<style|<script>|https?://", answer.text)


def test_reports_may_run_in_the_frame_by_their_hashes(client):
    examples = [{"inputs": {"query": "a"}, "outputs": {"answer": "a"}}]
    report = AgentEvaluator().evaluate(lambda inputs: "a", examples).to_html()
    policy = policy_of(client.get("/"))
    for element in ("script", "style"):
        (content,) = re.findall(rf"<{element}>(.*?)</{element}>", report, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy[f"{element}-src"]


def test_no_word_from_outside_is_ever_parsed_as_html(client):
    for part in parts_of(client.get("/").text):
        text = client.get(f"/{part}").text
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", text)


def test_it_is_small(client):
    page = client.get("/")
    parts = [page.content, *(client.get(f"/{part}").content for part in parts_of(page.text))]
    assert sum(len(gzip.compress(part)) for part in set(parts)) < 30_000


def test_what_a_browser_has_already_is_not_sent_again(client):
    first = client.get("/page/page.js")
    again = client.get("/page/page.js", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get("/page/page.js", headers={"If-None-Match": '"old"'}).status_code == 200


def test_it_is_compressed_for_whoever_takes_that(client):
    packed = client.get("/", headers={"Accept-Encoding": "gzip"})
    plain = client.get("/", headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.text == plain.text


@pytest.mark.parametrize(
    "name", ["nothing.js", "..%2fsettings.py", "__init__.py", "%2e%2e", "page.js%00"]
)
def test_no_other_file_is_served(client, name):
    answer = client.get(f"/page/{name}")
    assert answer.status_code == 404
    assert answer.json()["status"] == 404


def test_the_page_needs_no_key_and_what_it_shows_does(make_client):
    client = make_client(require_key=True)
    assert client.get("/").status_code == 200
    assert client.get("/page/page.js").status_code == 200
    assert client.get(SUMMARY).status_code == 401
    assert client.get("/api/v1/vision/found/x/thumbnail").status_code == 401


def numbers(client):
    groups = client.get(SUMMARY).json()["groups"]
    return {(g["title"], v["name"]): v["value"] for g in groups for v in g["values"]}


def test_metrics_are_summed_up(client):
    assert numbers(client)["Images", "Number"] == 0
    assert numbers(client)["Images", "Mean time"] is None
    for _ in range(3):
        client.post("/api/v1/vision/analyze", files={"image": png()})
    client.post("/api/v1/vision/chart-data", files={"image": png()})  # which is none
    found = numbers(client)
    assert found["Images", "Number"] == 4
    assert found["Images", "Errors"] == 0.25
    assert found["Images", "Mean time"] > 0
    assert found["Requests to this service", "Number"] == 6  # not this one, which is under way
    assert found["Requests to this service", "Errors"] == 0  # a refused request is no error of ours


def test_tools_are_counted_with_their_errors():
    @tool
    def divide(by: int) -> int:
        """Divide one."""
        return 1 // by

    registry = CollectorRegistry()
    config = {"callbacks": [PrometheusCallbackHandler(registry=registry)]}
    for by in (1, 1, 1):
        divide.invoke({"by": by}, config)
    with pytest.raises(ZeroDivisionError):
        divide.invoke({"by": 0}, config)
    groups = {group.title: group.values for group in summarize(registry.collect()).groups}
    values = {each.name: each.value for each in groups["Tools"]}
    assert values["Number"] == 4
    assert values["Errors"] == 0.25


@pytest.fixture
def indexed(tmp_path):
    (tmp_path / "a.png").write_bytes(png("red", size=(400, 200)))
    (tmp_path / "b.png").write_text("no picture")
    index = ImageIndex(FakeEmbeddings(size=4))
    sources = {"a": "a.png", "b": "b.png", "c": "gone.png"}
    index.add_texts(
        [*sources, "d"],
        [*({"source": str(tmp_path / name)} for name in sources.values()), {}],
        ids=[*sources, "d"],
    )
    return CLIPImageRetriever.model_construct(vectorstore=index)


def thumbnail(client, name):
    return client.get(f"/api/v1/vision/found/{name}/thumbnail")


def test_what_was_found_can_be_seen(make_client, indexed):
    answer = thumbnail(make_client(parts={"retriever": indexed}), "a")
    assert answer.headers["content-type"] == "image/jpeg"
    picture = Image.open(io.BytesIO(answer.content))
    assert picture.size == (128, 64)
    assert picture.getpixel((60, 30))[0] > 240


@pytest.mark.parametrize("name", ["b", "c", "d", "none", "%2e%2e%2fetc"])
def test_where_there_is_no_picture_it_says_so(make_client, indexed, name):
    answer = thumbnail(make_client(parts={"retriever": indexed}), name)
    assert answer.status_code in {404, 422}
    assert answer.json()["detail"]


def test_other_retrievers_have_no_pictures(make_client, client):
    assert thumbnail(make_client(parts={"retriever": MANUALS}), "manual-7").status_code == 404
    assert thumbnail(client, "a").status_code == 404

"""Find drawings by text, by example, and by both."""

import base64
import io
import os

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import HumanMessage
from langchain_core.messages.content import create_image_block
from langchain_tests.integration_tests import RetrieversIntegrationTests
from PIL import Image

from langchain_phase5.demo import tiny_drawings
from langchain_phase5.retrievers import CLIPImageRetriever, ImageIndex, OpenCLIPEmbeddings
from langchain_phase5.vision import ImageStore


@pytest.fixture
def retriever(clip, folder):
    retriever = CLIPImageRetriever(embeddings=clip, k=1)
    retriever.add_images(folder, captions={"circle.png": "a circle"})
    return retriever


@pytest.fixture(params=["sync", "async"])
def ask(request, retriever):
    async def ask(query, **kwargs):
        if request.param == "async":
            return await retriever.ainvoke(query, **kwargs)
        return retriever.invoke(query, **kwargs)

    return ask


def names(documents):
    return [document.metadata["source"].rsplit("/", 1)[-1] for document in documents]


def png(image):
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("an invoice", "invoice.png"),
        ("a purple pie chart", "pie.png"),
        ("small blue stars", "stars.png"),
        ("one large red circle on the left", "circle.png"),
    ],
)
async def test_finds_by_text(ask, query, expected):
    assert names(await ask(query)) == [expected]


@pytest.mark.parametrize("kind", ["path", "bytes", "pil", "base64 block", "data url", "named"])
async def test_finds_by_another_picture_of_the_same(ask, draw, tmp_path, kind):
    image = draw("bars.png")
    (tmp_path / "query.png").write_bytes(png(image))
    encoded = base64.b64encode(png(image)).decode()
    query = {
        "path": tmp_path / "query.png",
        "bytes": png(image),
        "pil": image,
        "base64 block": create_image_block(base64=encoded, mime_type="image/png"),
        "data url": {
            "type": "image_url",
            "image_url": {"url": f"data:image/png;base64,{encoded}"},
        },
        "named": {"image": str(tmp_path / "query.png")},
    }[kind]

    assert names(await ask(query)) == ["bars.png"]


async def test_finds_by_text_and_picture_together(ask, draw):
    image = draw("letter.png")

    assert names(await ask({"text": "an invoice", "image": image}, text_weight=0.0)) == [
        "letter.png"
    ]
    assert names(await ask({"text": "an invoice", "image": image}, text_weight=1.0)) == [
        "invoice.png"
    ]


async def test_takes_the_content_of_a_message(ask, draw):
    encoded = base64.b64encode(png(draw("pie.png"))).decode()
    message = HumanMessage(
        content=[
            {"type": "text", "text": "a pie chart"},
            create_image_block(base64=encoded, mime_type="image/png"),
        ]
    )

    assert names(await ask(message.content)) == ["pie.png"]


async def test_documents_tell_what_and_where_the_image_is(ask, folder):
    (document,) = await ask("a large red circle")

    assert document.page_content == "a circle"
    assert document.metadata["source"] == str(folder / "circle.png")
    assert (document.metadata["width"], document.metadata["height"]) == (128, 128)
    assert document.metadata["size"] == (folder / "circle.png").stat().st_size
    assert document.metadata["id"] == document.id
    assert 0 < document.metadata["score"] <= 1


async def test_k_of_the_call_wins(ask):
    assert len(await ask("a chart")) == 1
    assert len(await ask("a chart", k=2)) == 2
    assert len(await ask("a chart", k=100)) == 6


async def test_threshold_drops_the_unlike(ask, folder):
    everything = await ask(folder / "pie.png", k=6)
    alike = await ask(folder / "pie.png", k=6, score_threshold=0.99)

    assert len(everything) == 6
    assert names(alike) == ["pie.png"]


async def test_mmr_prefers_variety(ask, retriever, draw, clip):
    for number in range(3):
        retriever.add_images({f"pie {number}": draw("pie.png")})

    plain = await ask("a purple pie chart with four slices", k=3)
    varied = await ask(
        "a purple pie chart with four slices", k=3, search_type="mmr", lambda_mult=0.2
    )

    assert all("pie" in name for name in names(plain))
    assert not all("pie" in name for name in names(varied))


@pytest.mark.parametrize(
    "query", ["", "  ", [], {}, {"text": None}, 7, None, {"type": "text", "text": ""}]
)
async def test_refuses_what_is_no_query(ask, query):
    with pytest.raises(ValueError, match="query"):
        await ask(query)


async def test_a_text_is_never_read_as_a_file(ask, folder):
    documents = await ask(str(folder / "pie.png"), k=6)

    assert all(document.metadata["score"] < 0.99 for document in documents)


async def test_unknown_arguments_are_refused(ask):
    with pytest.raises(ValueError, match="unknown search arguments"):
        await ask("a chart", depth=3)


def test_same_content_is_added_once(retriever, folder):
    (folder / "copy.png").write_bytes((folder / "pie.png").read_bytes())

    report = retriever.add_images(folder)

    assert report.added == []
    assert len(report.known) == 7
    assert len(retriever.vectorstore) == 6


def test_unreadable_files_are_reported_and_the_rest_added(clip, folder):
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 not a picture")
    (folder / "empty.png").touch()
    whole = (folder / "pie.png").read_bytes()
    (folder / "cut.png").write_bytes(whole[: len(whole) // 2])
    retriever = CLIPImageRetriever(embeddings=clip)

    report = retriever.add_images([folder, folder / "missing.png"], progress=True)

    assert len(report.added) == 6
    failed = {name.rsplit("/", 1)[-1] for name in report.failed}
    assert failed == {"broken.jpg", "empty.png", "cut.png", "missing.png"}
    assert "4 unreadable" in str(report)


def test_pattern_and_nothing_at_all(clip, folder, tmp_path):
    retriever = CLIPImageRetriever(embeddings=clip)

    assert len(retriever.add_images(str(folder / "*s.png")).added) == 2
    assert retriever.add_images(str(tmp_path / "*.none")).added == []
    assert retriever.add_images([]).added == []


def test_images_of_a_store_are_found_by_their_ids(clip, folder):
    store = ImageStore("memory://")
    ids = {path.name: store.put(path).image_id for path in folder.iterdir()}
    damaged = ids["letter.png"]
    read = store.get
    store.get = lambda name: read("0" * 64 if name == damaged else name)
    retriever = CLIPImageRetriever(embeddings=clip, k=1)

    report = retriever.add_images(store, captions={ids["pie.png"]: "shares"}, progress=True)
    (found,) = retriever.invoke("a purple pie chart")

    assert (len(report.added), list(report.failed)) == (5, [damaged])
    assert (found.page_content, found.metadata["source"]) == ("shares", ids["pie.png"])


def test_nothing_to_find_in(clip):
    assert CLIPImageRetriever(embeddings=clip).invoke("a chart") == []


def test_deleted_images_are_not_found(retriever):
    (document,) = retriever.invoke("an invoice")

    retriever.delete([document.id])

    assert names(retriever.invoke("an invoice")) != ["invoice.png"]


def test_metadata_selects_before_the_search(clip, folder):
    retriever = CLIPImageRetriever(embeddings=clip, k=2, filter={"kind": "chart"})
    retriever.add_images(folder, metadatas={"bars": {"kind": "chart"}, "pie": {"kind": "chart"}})

    assert sorted(names(retriever.invoke("an invoice"))) == ["bars.png", "pie.png"]


def test_takes_the_model_of_its_store(clip):
    assert CLIPImageRetriever(vectorstore=ImageIndex(clip)).embeddings is clip


def test_web_addresses_need_a_guard(clip, draw):
    url = "https://example.com/pie.png"
    refused = CLIPImageRetriever(embeddings=clip).add_images([url])
    fetched = CLIPImageRetriever(embeddings=clip, fetch=lambda _: png(draw("pie.png")))

    assert "fetch" in refused.failed[url]
    assert len(fetched.add_images([url]).added) == 1


def test_images_from_memory_are_named_by_their_place(clip, draw, folder):
    retriever = CLIPImageRetriever(embeddings=clip, k=3)
    opened = Image.open(folder / "letter.png")

    retriever.add_images([draw("pie.png"), png(draw("bars.png")), opened], captions=["shares"])

    found = {d.metadata["source"].rsplit("/", 1)[-1]: d.page_content for d in retriever.invoke("a")}
    assert found == {
        "image 0": "shares",
        "image 1": "image 1",
        "letter.png": "letter.png",
    }


def test_folders_that_may_not_be_read_are_reported(clip, folder, monkeypatch):
    locked = folder / "locked"
    locked.mkdir()
    scan = os.scandir

    def refuse(path="."):
        if str(path) == str(locked):
            raise PermissionError(13, "Permission denied", str(locked))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    report = CLIPImageRetriever(embeddings=clip).add_images(folder)

    assert len(report.added) == 6
    assert "Permission denied" in report.failed[str(locked)]


def test_more_images_than_a_batch(draw, tmp_path):
    clip = OpenCLIPEmbeddings.from_local(tiny_drawings.path(), device="cpu", batch_size=4)
    retriever = CLIPImageRetriever(embeddings=clip)
    names = ["pie.png", "bars.png", "letter.png"] * 3

    report = retriever.add_images({f"{i}": draw(name) for i, name in enumerate(names)})

    assert len(report.added) == len(retriever.vectorstore) == 9


def test_reports_what_it_did_to_callbacks(retriever):
    events = []

    class Handler(BaseCallbackHandler):
        def on_custom_event(self, name, data, **kwargs):
            events.append((name, data["operation"], data["status"], data["engine"]))

    retriever.invoke("a pie chart", {"callbacks": [Handler()]})
    with pytest.raises(ValueError, match="query"):
        retriever.invoke("", {"callbacks": [Handler()]})

    engine = retriever.embeddings.model_name
    assert events == [
        ("vision", "image_search", "success", engine),
        ("vision", "image_search", "error", engine),
    ]


class TestStandard(RetrieversIntegrationTests):
    @pytest.fixture(autouse=True)
    def _images(self, clip, folder):
        type(self).index = ImageIndex(clip)
        CLIPImageRetriever(vectorstore=self.index).add_images(folder)

    @property
    def retriever_constructor(self):
        return CLIPImageRetriever

    @property
    def retriever_constructor_params(self):
        return {"vectorstore": self.index}

    @property
    def retriever_query_example(self):
        return "a chart"

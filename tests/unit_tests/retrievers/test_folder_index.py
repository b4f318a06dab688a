"""A folder of images: indexed, indexed again, searched, looked at."""

import json
import re
import sys

import pytest
from langchain_core.documents import Document

from langchain_phase5.retrievers import (
    CLIPImageRetriever,
    IndexLockedError,
    contact_sheet,
    index_folder,
    open_index,
)


def test_a_folder_is_indexed_once_and_grows(clip, folder, draw):
    first = index_folder(folder, embeddings=clip, captions={"pie": "our shares"}, progress=True)
    draw("pie.png").save(folder / "another pie.png")
    second = index_folder(folder, embeddings=clip)

    assert (len(first.added), len(second.added), len(second.known)) == (6, 1, 6)
    with open_index(folder, embeddings=clip) as index:
        found = CLIPImageRetriever(vectorstore=index, k=2).invoke("a purple pie chart")
    assert {document.page_content for document in found} == {"our shares", "another pie.png"}


def test_an_index_elsewhere(clip, folder, tmp_path):
    index_folder(str(folder / "*.png"), tmp_path / "index", embeddings=clip)

    with open_index(tmp_path / "index", embeddings=clip) as index:
        assert len(index) == 6
    assert not (folder / ".image-index").exists()


def test_ray_is_asked_for_by_name_and_takes_no_captions(clip, folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ImportError, match=r"langchain-phase5\[ray\]"):
        index_folder(folder, embeddings=clip, ray_workers=2)
    with pytest.raises(ValueError, match="no captions"):
        index_folder(folder, embeddings=clip, ray_workers=2, captions={"pie": "x"})


def test_no_folder_and_no_index_are_named(clip, tmp_path):
    with pytest.raises(ValueError, match="not a folder"):
        index_folder(tmp_path / "none", embeddings=clip)
    with pytest.raises(ValueError, match="no image index"):
        open_index(tmp_path, embeddings=clip)


def test_two_at_once_are_refused(clip, folder):
    index_folder(folder, embeddings=clip)
    with (
        open_index(folder, embeddings=clip, read_only=False),
        pytest.raises(IndexLockedError),
    ):
        index_folder(folder, embeddings=clip)


def test_empty_folder(clip, tmp_path):
    assert index_folder(tmp_path, embeddings=clip).added == []
    with open_index(tmp_path, embeddings=clip) as index:
        assert CLIPImageRetriever(vectorstore=index).invoke("a chart") == []


def test_caption_and_metadata_can_change(clip, folder):
    retriever = CLIPImageRetriever(embeddings=clip, k=1)
    (image_id,) = retriever.add_images(folder / "pie.png", metadatas=[{"year": 1}]).added

    retriever.update(image_id, caption="shares", metadata={"checked": True})

    (document,) = retriever.invoke("a pie chart", filter={"checked": True})
    assert document.page_content == "shares"
    assert document.metadata["year"] == 1
    assert document.id == image_id
    with pytest.raises(ValueError, match="no document"):
        retriever.update("none", caption="x")


def test_contact_sheet_shows_every_image_and_runs_nothing(clip, folder, tmp_path):
    retriever = CLIPImageRetriever(embeddings=clip)
    retriever.add_images(folder, captions={"pie.png": "<script>alert(1)</script>"})
    documents = [
        *retriever.invoke("a pie chart", k=6),
        Document("gone", metadata={"source": str(tmp_path / "gone.png")}),
    ]

    page = contact_sheet(documents, tmp_path / "sheet.html", title="a <pie>").read_text()

    assert page.count("<img ") == 6
    assert page.count("no preview") == 1
    assert "<script" not in page
    assert "a &lt;pie&gt;" in page
    assert not re.search(r"(src|href)=\"(?!data:)", page)
    assert f"{documents[0].metadata['score']:.3f}" in page
    assert "Nothing was found" in contact_sheet([], tmp_path / "none.html").read_text()


def test_metadata_survives_as_json(clip, folder):
    retriever = CLIPImageRetriever(embeddings=clip)
    retriever.add_images(folder / "pie.png", metadatas={"pie.png": {"path": folder, "n": 1}})

    (document,) = retriever.invoke("pie")
    assert json.loads(json.dumps(document.metadata))["path"] == str(folder)

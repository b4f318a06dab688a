"""The retriever on Milvus, the engine itself, embedded."""

import random

import pytest

from langchain_phase5.demo import tiny_drawings
from langchain_phase5.retrievers import CLIPImageRetriever, OpenCLIPEmbeddings

pytest.importorskip("milvus_lite", reason="milvus-lite is not installed")
milvus = pytest.importorskip("langchain_milvus", reason="langchain-milvus is not installed")

pytestmark = [pytest.mark.enable_socket, pytest.mark.filterwarnings("ignore")]


def test_finds_drawings_in_milvus(tmp_path):
    clip = OpenCLIPEmbeddings.from_local(tiny_drawings.path(), device="cpu")
    rng = random.Random(0)  # noqa: S311 - drawings, not secrets
    for subject, color in [("pie chart", "purple"), ("donut chart", "green")]:
        drawing = tiny_drawings.Drawing.of("chart", subject=subject, color=color, slices="four")
        tiny_drawings.render(drawing, rng).save(tmp_path / f"{subject}.png")
    store = milvus.Milvus(
        clip,
        connection_args={"uri": str(tmp_path / "milvus.db")},
        index_params={"metric_type": "COSINE", "index_type": "FLAT"},
        auto_id=False,
    )
    retriever = CLIPImageRetriever(vectorstore=store, k=1)

    assert len(retriever.add_images(tmp_path).added) == 2
    again = retriever.add_images(tmp_path)
    assert (len(again.added), len(again.known)) == (0, 2)
    (by_text,) = retriever.invoke("a purple pie chart with four slices")
    (by_image,) = retriever.invoke(tmp_path / "donut chart.png")
    assert by_text.page_content == "pie chart.png"
    assert by_image.page_content == "donut chart.png"
    assert by_image.metadata["score"] == pytest.approx(1, abs=1e-3)

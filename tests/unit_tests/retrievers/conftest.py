"""The tiny model, loaded once, and a folder of drawings."""

import random

import pytest

from langchain_phase5.demo import tiny_drawings
from langchain_phase5.retrievers import OpenCLIPEmbeddings

MEANINGS = {
    "circle.png": tiny_drawings.Drawing.of(
        "shape", subject="circle", color="red", size="large", count="one", place="left"
    ),
    "stars.png": tiny_drawings.Drawing.of(
        "shape", subject="star", color="blue", size="small", count="three"
    ),
    "bars.png": tiny_drawings.Drawing.of(
        "chart", subject="bar chart", color="green", trend="rising", grid="yes"
    ),
    "pie.png": tiny_drawings.Drawing.of(
        "chart", subject="pie chart", color="purple", slices="four"
    ),
    "invoice.png": tiny_drawings.Drawing.of(
        "document", subject="invoice", color="red", mark="stamp", photo="no"
    ),
    "letter.png": tiny_drawings.Drawing.of(
        "document", subject="letter", color="blue", mark="header", photo="yes"
    ),
}


@pytest.fixture(scope="session")
def clip():
    return OpenCLIPEmbeddings.from_local(tiny_drawings.path(), device="cpu", precision="fp32")


@pytest.fixture
def draw():
    """Render one of `MEANINGS`, or any drawing, differently at every call."""
    rng = random.Random(7)  # noqa: S311 - drawings, not secrets
    return lambda meaning: tiny_drawings.render(MEANINGS.get(meaning, meaning), rng)


@pytest.fixture
def folder(tmp_path, draw):
    """A folder with one file per meaning."""
    path = tmp_path / "drawings"
    path.mkdir()
    for name in MEANINGS:
        draw(name).save(path / name)
    return path

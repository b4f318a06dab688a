"""`tiny-drawings`: a CLIP model of 2.4 million parameters that knows drawings and nothing else.

It lets the demo and the tests run the real image search without a model hub. What it can and
cannot do stands in `MODEL_CARD.md` beside this file.
"""

from pathlib import Path

from langchain_phase5.demo.tiny_drawings.caption import caption, full_caption, partial_caption
from langchain_phase5.demo.tiny_drawings.drawing import Drawing, all_drawings
from langchain_phase5.demo.tiny_drawings.render import render

__all__ = [
    "Drawing",
    "all_drawings",
    "caption",
    "full_caption",
    "partial_caption",
    "path",
    "render",
]


def path() -> Path:
    """Return the model's folder, for `OpenCLIPEmbeddings.from_local`."""
    return Path(__file__).parent / "tiny-drawings"

"""Measure the tiny model on drawings whose combinations it never saw.

`python -m langchain_phase5.demo.tiny_drawings.evaluate` prints the figures of the model card.
"""

import argparse
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from langchain_phase5.demo.tiny_drawings.caption import caption, full_caption
from langchain_phase5.demo.tiny_drawings.drawing import Drawing, all_drawings
from langchain_phase5.demo.tiny_drawings.render import render
from langchain_phase5.retrievers import OpenCLIPEmbeddings

_FIVE = 5


@dataclass(frozen=True)
class Recall:
    """How often the right answer was first, and how often among the first five.

    Attributes:
        first: Share of queries whose answer ranks first.
        fifth: Share of queries whose answer is among the first five; for short queries, the share
            of right answers among the first five (or among as many as there are).
        queries: How many were asked.
    """

    first: float
    fifth: float
    queries: int


@dataclass(frozen=True)
class Evaluation:
    """What `evaluate` measured, on a gallery of `drawings` held-out drawings."""

    drawings: int
    text_to_image: Recall
    image_to_image: Recall
    short_queries: Recall


def evaluate(embeddings: OpenCLIPEmbeddings, *, drawings: int = 200, seed: int = 1) -> Evaluation:
    """Search a gallery of held-out drawings, each of a different meaning.

    Args:
        embeddings: The model.
        drawings: Size of the gallery; there are 252 held-out meanings.
        seed: Chooses the meanings, renderings and wordings.
    """
    rng = random.Random(seed)  # noqa: S311 - drawings, not secrets
    meanings = rng.sample([drawing for drawing in all_drawings() if drawing.held_out], drawings)
    gallery = _embed(embeddings, meanings, rng)
    again = _embed(embeddings, meanings, rng)
    texts = [full_caption(meaning, rng)[0] for meaning in meanings]
    return Evaluation(
        drawings=drawings,
        text_to_image=_recall(np.array(embeddings.embed_documents(texts)) @ gallery.T),
        image_to_image=_recall(again @ gallery.T),
        short_queries=_short_queries(embeddings, meanings, gallery, rng),
    )


def main() -> None:
    """Print the figures for several galleries."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=Path(__file__).parent / "tiny-drawings")
    parser.add_argument("--drawings", type=int, default=200)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    arguments = parser.parse_args()
    embeddings = OpenCLIPEmbeddings.from_local(arguments.model, device="cpu")
    print("seed  drawings  text->image R@1 R@5  image->image R@1 R@5  short queries P@1 P@5 (n)")  # noqa: T201
    for seed in arguments.seeds:
        result = evaluate(embeddings, drawings=arguments.drawings, seed=seed)
        text, image, short = result.text_to_image, result.image_to_image, result.short_queries
        print(  # noqa: T201
            f"{seed:4}  {result.drawings:8}  {text.first:15.3f} {text.fifth:.3f}"
            f"  {image.first:16.3f} {image.fifth:.3f}"
            f"  {short.first:17.3f} {short.fifth:.3f} ({short.queries})"
        )


def _embed(
    embeddings: OpenCLIPEmbeddings, meanings: Sequence[Drawing], rng: random.Random
) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.array(embeddings.embed_images([render(meaning, rng) for meaning in meanings]))


def _recall(scores: np.ndarray[Any, Any]) -> Recall:
    """Rank of the diagonal in each row."""
    ranks = (scores > np.diag(scores)[:, None]).sum(1)
    return Recall(
        first=float((ranks < 1).mean()), fifth=float((ranks < _FIVE).mean()), queries=len(ranks)
    )


def _short_queries(
    embeddings: OpenCLIPEmbeddings,
    meanings: Sequence[Drawing],
    gallery: np.ndarray[Any, Any],
    rng: random.Random,
) -> Recall:
    """Ask for every subject alone, and for every subject in every color."""
    asked = sorted(
        {
            (("family", meaning.family), ("subject", meaning["subject"]), *color)
            for meaning in meanings
            for color in ((), (("color", meaning["color"]),))
        }
    )
    texts = [caption(dict(facts), rng) for facts in asked]
    order = np.argsort(-np.array(embeddings.embed_documents(texts)) @ gallery.T, axis=1)
    right = np.array(
        [
            [meanings[i].facts >= set(facts) for i in ranked]
            for facts, ranked in zip(asked, order, strict=True)
        ]
    )
    possible = np.minimum(right.sum(1), _FIVE)
    return Recall(
        first=float(right[:, 0].mean()),
        fifth=float((right[:, :_FIVE].sum(1) / possible).mean()),
        queries=len(asked),
    )


if __name__ == "__main__":
    main()

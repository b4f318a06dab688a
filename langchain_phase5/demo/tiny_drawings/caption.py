"""Put a drawing, or a part of what it shows, into words."""

import random
import re
from collections.abc import Mapping

from langchain_phase5.demo.tiny_drawings.drawing import Drawing

Facts = frozenset[tuple[str, str]]

_PLACES = {
    "left": ("on the left", "at the left side"),
    "right": ("on the right", "at the right side"),
    "top": ("at the top", "in the upper part"),
    "bottom": ("at the bottom", "in the lower part"),
    "middle": ("in the middle", "in the center"),
}
_COUNTS = {
    "one": ("one", "a single"),
    "two": ("two", "2"),
    "three": ("three", "3"),
    "four": ("four", "4"),
}
_OPENINGS = ("", "", "a drawing of ", "a picture of ")
_MAY_BE_LEFT_OUT = 0.5


def caption(facts: Mapping[str, str], rng: random.Random) -> str:
    """Say `facts` in one of several wordings.

    Args:
        facts: Details by name; `"family"` must be among them, anything else may be missing.
        rng: Chooses the wording.
    """
    words = {"shape": _shape, "chart": _chart, "document": _document}[facts["family"]]
    text = " ".join(words(facts, rng).split())
    return rng.choice(_OPENINGS) + re.sub(r"\ba (?=[aeiou])", "an ", text)


def full_caption(drawing: Drawing, rng: random.Random) -> tuple[str, Facts]:
    """Say everything that `drawing` shows; returns the text and the facts it states."""
    return caption(dict(drawing.facts), rng), drawing.facts


def partial_caption(drawing: Drawing, rng: random.Random) -> tuple[str, Facts]:
    """Say a random part of what `drawing` shows, the way people write short queries."""
    kept = {
        name: value
        for name, value in sorted(drawing.facts)
        if name == "family" or rng.random() > _MAY_BE_LEFT_OUT
    }
    return caption(kept, rng), frozenset(kept.items())


def _shape(facts: Mapping[str, str], rng: random.Random) -> str:
    noun = facts.get("subject", "shape")
    if "count" in facts:
        number = rng.choice(_COUNTS[facts["count"]])
        several = facts["count"] != "one"
    else:
        number, several = rng.choice([("a", False), ("", False), ("", True)])
    plural = ("es" if noun == "cross" else "s") if several else ""
    place = rng.choice(_PLACES[facts["place"]]) if "place" in facts else ""
    return f"{number} {facts.get('size', '')} {facts.get('color', '')} {noun}{plural} {place}"


def _chart(facts: Mapping[str, str], rng: random.Random) -> str:
    noun, color = facts.get("subject", "chart"), facts.get("color", "")
    endings = []
    if "slices" in facts:
        endings.append(f"with {facts['slices']} slices")
    if "grid" in facts:
        endings.append({"yes": "with a grid", "no": "without a grid"}[facts["grid"]])
    trend = facts.get("trend", "")
    if trend and rng.random() < 0.5:  # noqa: PLR2004 - a coin
        endings.insert(0, f"with {trend} values")
        trend = ""
    return f"a {trend} {color} {noun} {' '.join(endings)}"


def _document(facts: Mapping[str, str], rng: random.Random) -> str:
    noun = facts.get("subject", rng.choice(["document", "page"]))
    color = facts.get("color", "")
    mark = facts.get("mark", "mark" if color else "")
    endings = [f"with a {color} {mark}"] if mark else []
    if "photo" in facts:
        endings.append({"yes": "with a photo", "no": "without a photo"}[facts["photo"]])
    return f"a {noun} {' and '.join(endings)}"

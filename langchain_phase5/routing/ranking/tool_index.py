"""One list of tools, prepared for search."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from langchain_phase5.routing.ranking.lexical_index import LexicalIndex
from langchain_phase5.routing.scored_tool import Tool
from langchain_phase5.routing.text.tool_text import ToolText, tool_text
from langchain_phase5.routing.text.words import words
from langchain_phase5.routing.vectors.vector_cache import VectorCache
from langchain_phase5.routing.vectors.vector_table import VectorTable

Floats = npt.NDArray[np.float32]
Places = npt.NDArray[np.intp]

_TITLE_WEIGHT = 0.3


@dataclass(frozen=True, kw_only=True)
class _Entry:
    text: ToolText
    words: tuple[str, ...]


class ToolIndex:
    """The words and vectors of a tool list, in an order that does not depend on the caller's.

    Args:
        tools: The caller's list; an entry that is the same object as in `previous` is not read
            again, so tools must be replaced, not edited in place.
        previous: An index of a similar list.
    """

    def __init__(self, tools: Sequence[Tool], *, previous: "ToolIndex | None" = None) -> None:
        known: dict[int, _Entry] = previous.entries_by_id if previous else {}
        entries = [known.get(id(tool)) or _read(tool) for tool in tools]
        self._given = list(tools)
        self.entries_by_id: dict[int, _Entry] = dict(zip(map(id, tools), entries, strict=True))
        order = sorted(range(len(tools)), key=lambda i: _sort_key(entries[i]))
        self.tools = [self._given[i] for i in order]
        self._entries = [entries[i] for i in order]
        self._lexical = LexicalIndex([entry.words for entry in self._entries])
        self._places_by_name: dict[str, list[int]] = {}
        for place, entry in enumerate(self._entries):
            self._places_by_name.setdefault(entry.text.name, []).append(place)
        self._vectors: VectorTable | None = None
        self._history_places: tuple[Places, Places, int] | None = None

    def __len__(self) -> int:
        return len(self.tools)

    def is_for(self, tools: Sequence[Tool]) -> bool:
        """Say whether `tools` are the very objects of this index, in the same order."""
        given = tools if isinstance(tools, list) else list(tools)
        return len(given) == len(self._given) and self._given == given

    def texts(self) -> list[str]:
        """List the texts whose vectors `embed` needs."""
        return [text for entry in self._entries for text in (entry.text.title, entry.text.body)]

    def embed(self, vectors: VectorCache) -> bool:
        """Take the vectors of all texts from the cache; say whether all were there.

        A tool's vector is that of its text with a share of that of its title alone, which is as
        good as two searches and costs one.
        """
        found = [vector for text in self.texts() if (vector := vectors.get(text)) is not None]
        if len(found) < 2 * len(self._entries) or len({len(vector) for vector in found}) != 1:
            return False
        titles, bodies = np.stack(found[::2]), np.stack(found[1::2])
        matrix = np.float32(_TITLE_WEIGHT) * titles + np.float32(1 - _TITLE_WEIGHT) * bodies
        lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
        matrix /= np.maximum(lengths, np.float32(1e-9))
        self._vectors = VectorTable(matrix)
        return True

    @property
    def dimensions(self) -> int | None:
        """Length of the tool vectors, None before `embed`."""
        return None if self._vectors is None else self._vectors.dimensions

    def scores(self, texts: Sequence[str], vectors: Sequence[Floats | None]) -> Floats:
        """Score every tool by meaning (a cosine) and by shared words, shape (texts, tools)."""
        scores = np.stack([self._lexical.scores(words(text)) for text in texts])
        known = [vector for vector in vectors if vector is not None]
        if self._vectors is None or {len(vector) for vector in known} != {self.dimensions}:
            return scores
        nothing = np.zeros_like(known[0])
        asked = np.stack([nothing if vector is None else vector for vector in vectors])
        return self._vectors.products(asked, added=scores)

    def places_of(self, names: Sequence[str], *, count: int) -> tuple[Places, Places]:
        """Say where the first `count` of `names` are: places in `names`, and the places here.

        Args:
            names: The same list at every call; it may only grow.
            count: How many of it to look up.
        """
        known = self._history_places
        if known is None or known[2] != count:
            pairs = [
                (i, place)
                for i, name in enumerate(names[:count])
                for place in self._places_by_name.get(name, ())
            ]
            both = np.array(pairs, dtype=np.intp).reshape(-1, 2)
            known = self._history_places = both[:, 0], both[:, 1], count
        return known[:2]


def _read(tool: Tool) -> _Entry:
    text = tool_text(tool)
    return _Entry(text=text, words=tuple(map(sys.intern, words(text.body))))


def _sort_key(entry: _Entry) -> tuple[str, str]:
    return entry.text.name, entry.text.body

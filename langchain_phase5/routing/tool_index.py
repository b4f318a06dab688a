"""One list of tools, prepared for search."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from langchain_phase5.routing.lexical_index import LexicalIndex
from langchain_phase5.routing.scored_tool import Tool
from langchain_phase5.routing.tool_text import ToolText, tool_text
from langchain_phase5.routing.vector_cache import VectorCache
from langchain_phase5.routing.words import words

Floats = npt.NDArray[np.float32]

TITLE_WEIGHT = 0.3


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
        self.tools = list(tools)
        self.entries_by_id: dict[int, _Entry] = dict(zip(map(id, tools), entries, strict=True))
        self.order = sorted(range(len(tools)), key=lambda i: _sort_key(entries[i]))
        self._entries = [entries[i] for i in self.order]
        self.names = [entry.text.name for entry in self._entries]
        self._lexical = LexicalIndex([entry.words for entry in self._entries])
        self._matrix: Floats | None = None

    def is_for(self, tools: Sequence[Tool]) -> bool:
        """Say whether `tools` are the very objects of this index, in the same order."""
        return len(tools) == len(self.tools) and self.tools == list(tools)

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
        self._matrix = np.float32(TITLE_WEIGHT) * titles + np.float32(1 - TITLE_WEIGHT) * bodies
        return True

    @property
    def dimensions(self) -> int | None:
        """Length of the tool vectors, None before `embed`."""
        return None if self._matrix is None else int(self._matrix.shape[1])

    def lexical(self, text: str) -> Floats:
        """Score every tool by shared words."""
        return self._lexical.scores(words(text))

    def dense(self, vector: Floats) -> Floats:
        """Score every tool by the cosine to an embedded question."""
        if self._matrix is None:
            return np.zeros(len(self.names), dtype=np.float32)
        return np.asarray(self._matrix @ vector, dtype=np.float32)


def _read(tool: Tool) -> _Entry:
    text = tool_text(tool)
    return _Entry(text=text, words=tuple(words(text.body)))


def _sort_key(entry: _Entry) -> tuple[str, str]:
    return entry.text.name, entry.text.body

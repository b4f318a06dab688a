"""Which rows a metadata filter lets through, found without looking at every document."""

import operator
import threading
from array import array
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any

import numpy as np

from langchain_phase5.retrievers.index_errors import StaleSnapshotError

Rows = np.ndarray[Any, np.dtype[np.int64]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]
Filter = Mapping[str, Any]

_NO_ROWS: Rows = np.empty(0, dtype=np.int64)
_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "$eq": operator.eq,
    "$gt": operator.gt,
    "$gte": operator.ge,
    "$lt": operator.lt,
    "$lte": operator.le,
    "$in": lambda value, wanted: value in wanted,
}
_NEGATIONS = {"$ne": "$eq", "$nin": "$in"}


class MetadataFilter:
    """For each field asked about, the rows of each value; grown as documents are added.

    A filter maps fields to values, e.g. `{"kind": "invoice"}`, or to comparisons, e.g.
    `{"year": {"$gte": 2020, "$lt": 2024}}`, with `$eq $ne $gt $gte $lt $lte $in $nin`; all must
    hold. `{"$and": [...]}`, `{"$or": [...]}` and `{"$not": {...}}` combine filters. A field that
    holds a list matches if one of its items does.

    Args:
        read: Returns row and metadata of every document from a row on.
    """

    def __init__(self, read: Callable[[int], Iterable[tuple[int, dict[str, Any]]]]) -> None:
        self._read = read
        self._rows: dict[str, dict[Hashable, array[int]]] = {}
        self._known: dict[str, Flags] = {}
        self._lock = threading.Lock()

    def rows(self, condition: Filter, *, alive: Flags) -> Rows:
        """Return the matching rows, sorted; deleted ones may be included.

        Args:
            condition: What must hold.
            alive: For each row to look at, whether it has a document.

        Raises:
            ValueError: The filter uses an operator that does not exist.
            StaleSnapshotError: Some of those documents have been replaced since.
        """
        with self._lock:
            return self._match(condition, alive)

    def _match(self, condition: Filter, alive: Flags) -> Rows:
        matching = [self._match_one(name, wanted, alive) for name, wanted in condition.items()]
        if not matching:
            return np.arange(len(alive), dtype=np.int64)
        result = min(matching, key=len)
        for rows in matching:
            if rows is not result:
                result = np.intersect1d(result, rows, assume_unique=True)
        return result

    def _match_one(self, name: str, wanted: Any, alive: Flags) -> Rows:
        if name == "$and":
            return _intersection([self._match(part, alive) for part in wanted])
        if name == "$or":
            return _union([self._match(part, alive) for part in wanted])
        if name == "$not":
            return _complement(self._match(wanted, alive), len(alive))
        if name.startswith("$"):
            msg = f"unknown filter operator {name!r}; there are $and, $or, $not"
            raise ValueError(msg)
        if isinstance(wanted, Mapping):
            return _intersection([self._compare(name, *pair, alive) for pair in wanted.items()])
        return self._compare(name, "$eq", wanted, alive)

    def _compare(self, field: str, comparison: str, wanted: Any, alive: Flags) -> Rows:
        if comparison in _NEGATIONS:
            same = self._compare(field, _NEGATIONS[comparison], wanted, alive)
            return _complement(same, len(alive))
        if comparison not in _COMPARISONS:
            known = ", ".join(sorted([*_COMPARISONS, *_NEGATIONS]))
            msg = f"unknown comparison {comparison!r} on {field!r}; there are {known}"
            raise ValueError(msg)
        values = self._column(field, alive)
        if comparison == "$eq" and isinstance(wanted, Hashable):
            rows = np.array(values.get(wanted, _no_rows()), dtype=np.int64)
        else:
            holds = _COMPARISONS[comparison]
            rows = _union(
                [np.array(rows) for value, rows in values.items() if _safe(holds, value, wanted)]
            )
        # another search, in a newer snapshot, may have brought rows that this one does not know
        return rows[: np.searchsorted(rows, len(alive))]

    def _column(self, field: str, alive: Flags) -> dict[Hashable, "array[int]"]:
        column = self._rows.setdefault(field, defaultdict(_no_rows))
        known = self._known.get(field, alive[:0])
        if known is alive:
            return column
        both = min(len(known), len(alive))
        if (alive[:both] > known[:both]).any():  # gone when a newer search read the column
            raise StaleSnapshotError
        if len(known) < len(alive):
            for value, rows in self._read_column(field, len(known), alive).items():
                column[value].extend(rows)
        if len(known) <= len(alive):
            self._known[field] = alive
        return column

    def _read_column(self, field: str, first: int, alive: Flags) -> dict[Hashable, "array[int]"]:
        new: dict[Hashable, array[int]] = defaultdict(_no_rows)
        there = 0
        for row, metadata in self._read(first):
            if row >= len(alive):
                break
            there += 1
            for value in _values(metadata[field]) if field in metadata else ():
                new[value].append(row)
        if there != alive[first:].sum():
            raise StaleSnapshotError
        return new


def _no_rows() -> "array[int]":
    return array("q")


def _values(value: Any) -> list[Hashable]:
    if isinstance(value, list):
        return list(dict.fromkeys(item for item in value if isinstance(item, Hashable)))
    return [value] if isinstance(value, Hashable) else []


def _safe(holds: Callable[[Any, Any], Any], value: Any, wanted: Any) -> bool:
    try:
        return bool(holds(value, wanted))
    except TypeError:  # e.g. a text where the filter asks for a number: no match
        return False


def _union(parts: list[Rows]) -> Rows:
    return np.unique(np.concatenate(parts)) if parts else _NO_ROWS


def _intersection(parts: list[Rows]) -> Rows:
    result = parts[0] if parts else _NO_ROWS
    for part in parts[1:]:
        result = np.intersect1d(result, part, assume_unique=True)
    return result


def _complement(rows: Rows, total: int) -> Rows:
    others = np.ones(total, dtype=bool)
    others[rows] = False
    return np.flatnonzero(others)

"""Questions with the answers one hopes for, and a version that is their content."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from operator import attrgetter
from typing import Any, overload

import orjson

from langchain_phase5.evaluation.plain import plain

_DIGITS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One question. `inputs` is what the target receives, as a dict, as LangSmith has it.

    Attributes:
        inputs: What the target is asked, e.g. `{"query": "..."}` or `{"messages": [...]}`.
        reference_outputs: What a right answer looks like, e.g. `{"answer": "..."}` or
            `{"tool_calls": [{"name": "...", "args": {...}}]}`; `None` where nobody knows.
        category: For breakdowns.
        cluster: Examples that stand or fall together (one document, one conversation) share one;
            intervals and tests then count clusters, not examples.
        metadata: Anything else worth keeping.
        id: Stable name; by default a hash of `inputs`, so an example keeps it across versions.

    Example:
        >>> capital = Example(
        ...     inputs={"query": "Capital of France?"}, reference_outputs={"answer": "Paris"}
        ... )
        >>> capital.id == Example(inputs={"query": "Capital of France?"}).id
        True
    """

    inputs: Mapping[str, Any]
    reference_outputs: Mapping[str, Any] | None = None
    category: str = ""
    cluster: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    id: str = ""

    @property
    def content(self) -> str:
        """Hash of what is asked and expected: equal content means the same test."""
        return digest([self.inputs, self.reference_outputs])

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form, without empty fields."""
        form: dict[str, Any] = {}
        if self.id:
            form["id"] = self.id
        if self.inputs:
            form["inputs"] = plain(self.inputs)
        if self.reference_outputs:
            form["reference_outputs"] = plain(self.reference_outputs)
        if self.category:
            form["category"] = self.category
        if self.cluster:
            form["cluster"] = self.cluster
        if self.metadata:
            form["metadata"] = plain(self.metadata)
        return form


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """Examples under a name; `version` is a hash of their content, whatever their order.

    It reads like a list: `dataset[0]` is an example, `dataset[:20]` a dataset of the first twenty.

    Raises:
        ValueError: Two examples share an id, or there is no name.

    Example:
        >>> from langchain_phase5.evaluation import Dataset, Example
        >>> dataset = Dataset(name="sums", examples=[Example(inputs={"query": "1 + 1"})])
        >>> len(dataset), len(dataset.version)
        (1, 12)
        >>> [example.inputs["query"] for example in dataset], dataset[0] in dataset
        (['1 + 1'], True)
    """

    name: str
    examples: Sequence[Example] = ()
    description: str = ""
    tags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.name:
            msg = "a dataset needs a name"
            raise ValueError(msg)
        object.__setattr__(self, "examples", _named(self.examples))
        object.__setattr__(self, "tags", tuple(self.tags))

    @cached_property
    def version(self) -> str:
        """First 12 hex digits of the content hash."""
        whole = hashlib.sha256()
        for example in sorted(self, key=attrgetter("id")):
            whole.update(_hash(example.as_dict()).encode())
        return whole.hexdigest()[:_DIGITS]

    @cached_property
    def by_id(self) -> dict[str, Example]:
        """The examples by their id."""
        return {example.id: example for example in self}

    def __repr__(self) -> str:
        return f"<Dataset {self.name}: {len(self)} examples>"

    def __iter__(self) -> Iterator[Example]:
        return iter(self.examples)

    def __len__(self) -> int:
        return len(self.examples)

    @overload
    def __getitem__(self, place: int) -> Example: ...

    @overload
    def __getitem__(self, place: slice) -> "Dataset": ...

    def __getitem__(self, place: int | slice) -> "Example | Dataset":
        if isinstance(place, slice):
            return replace(self, examples=self.examples[place])
        return self.examples[place]

    def diff(self, newer: "Dataset") -> "DatasetDiff":
        """Say which examples `newer` added, removed or changed."""
        mine, theirs = self.by_id, newer.by_id
        shared = mine.keys() & theirs.keys()
        return DatasetDiff(
            added=sorted(theirs.keys() - mine.keys()),
            removed=sorted(mine.keys() - theirs.keys()),
            changed=sorted(i for i in shared if mine[i].as_dict() != theirs[i].as_dict()),
        )


@dataclass(frozen=True, kw_only=True)
class DatasetDiff:
    """Ids of the examples that differ between two versions of a dataset.

    Example:
        >>> bool(DatasetDiff(added=["q7"], removed=[], changed=[]))
        True
    """

    added: list[str]
    removed: list[str]
    changed: list[str]

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)


def as_example(record: "Example | Mapping[str, Any]") -> Example:
    """Read an example from its JSON form, or from LangSmith's (`inputs`, `outputs`).

    Raises:
        ValueError: There is no `inputs` dict.
    """
    if isinstance(record, Example):
        return record
    if not isinstance(record, Mapping) or not isinstance(record.get("inputs"), Mapping):
        msg = f"an example is a dict with an 'inputs' dict in it, not {str(record)[:200]!r}"
        raise ValueError(msg)  # noqa: TRY004  # the dict's content is wrong, whatever its type
    return Example(
        inputs=record["inputs"],
        reference_outputs=record.get("reference_outputs") or record.get("outputs"),
        category=str(record.get("category") or ""),
        cluster=str(record.get("cluster") or ""),
        metadata=record.get("metadata") or {},
        id=str(record.get("id") or ""),
    )


def digest(value: Any) -> str:
    """Hash any value by its canonical JSON form: 12 hex digits."""
    return _hash(plain(value))


def _hash(form: Any) -> str:
    return hashlib.sha256(_canonical(form)).hexdigest()[:_DIGITS]


def _canonical(form: Any) -> bytes:
    try:
        return orjson.dumps(form, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # lone surrogates and integers of more than 64 bits, which Python can write
        text = json.dumps(form, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return text.encode("utf-8", "surrogatepass")


def _named(examples: Iterable[Example]) -> tuple[Example, ...]:
    """Give every example an id; the same question asked twice gets `-2` and so on."""
    named: list[Example] = []
    seen: dict[str, int] = {}
    for example in examples:
        identifier = example.id or digest(example.inputs)
        count = seen[identifier] = seen.get(identifier, 0) + 1
        if example.id:
            if count > 1:
                msg = f"two examples have the id {identifier!r}; ids must differ"
                raise ValueError(msg)
            named.append(example)
        else:
            name = identifier if count == 1 else f"{identifier}-{count}"
            named.append(replace(example, id=name))
    return tuple(named)

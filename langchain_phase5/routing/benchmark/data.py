"""Read data sets of requests and the tools that they need."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage


@dataclass(frozen=True, kw_only=True)
class RoutingRequest:
    """A conversation and the tools that its last question needs."""

    messages: Sequence[BaseMessage]
    relevant: Sequence[str]
    alternatives: Mapping[str, Sequence[str]]
    """For a needed tool, others that do just as well."""

    @property
    def question(self) -> str:
        """The last thing the user said."""
        return self.messages[-1].text

    def recall(self, names: Sequence[str]) -> float:
        """Say which share of the needed tools is among `names`, alternatives included."""
        found = set(names)
        hits = [bool(found & {need, *self.alternatives.get(need, ())}) for need in self.relevant]
        return sum(hits) / len(hits)


@dataclass(frozen=True, kw_only=True)
class RoutingDataset:
    """Tools, requests that succeeded with them (`train`) and requests to measure (`test`)."""

    name: str
    tools: Sequence[dict[str, Any]]
    train: Sequence[RoutingRequest]
    test: Sequence[RoutingRequest]


def load_routing_datasets(folder: str | Path) -> list[RoutingDataset]:
    """Read every sub-folder with a `tools.jsonl` and a `queries.jsonl`.

    A tool line has `name`, `description` and `args_schema` (a JSON schema or null); a query line
    `query`, `relevant`, `split` ("train" or "test") and, if any, `history` (messages with `role`
    and `content`) and `alternatives`.

    Raises:
        ValueError: There is no data set in `folder`.
    """
    found = [_load(path.parent) for path in sorted(Path(folder).glob("*/tools.jsonl"))]
    if not found:
        msg = f"no data sets in {folder}: expected folders with tools.jsonl and queries.jsonl"
        raise ValueError(msg)
    return found


def _load(folder: Path) -> RoutingDataset:
    rows = list(_lines(folder / "queries.jsonl"))
    return RoutingDataset(
        name=folder.name,
        tools=[_tool(line) for line in _lines(folder / "tools.jsonl")],
        train=[_request(row) for row in rows if row["split"] == "train"],
        test=[_request(row) for row in rows if row["split"] == "test"],
    )


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                yield json.loads(line)


def _tool(line: Mapping[str, Any]) -> dict[str, Any]:
    parameters = line.get("args_schema") or {"type": "object", "properties": {}}
    return {
        "name": line["name"],
        "description": line["description"],
        "parameters": parameters,
    }


def _request(row: Mapping[str, Any]) -> RoutingRequest:
    return RoutingRequest(
        messages=[
            *(_message(i, said) for i, said in enumerate(row.get("history") or [])),
            HumanMessage(row["query"]),
        ],
        relevant=row["relevant"],
        alternatives=row.get("alternatives") or {},
    )


def _message(place: int, said: Mapping[str, str]) -> BaseMessage:
    if said["role"] == "user":
        return HumanMessage(said["content"])
    if said["role"] == "tool":
        return ToolMessage(said["content"], tool_call_id=f"call_{place}")
    return AIMessage(said["content"])

"""One run, as the tracker sees it from start to end."""

from asyncio import Task
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Literal
from uuid import UUID
from weakref import ref

from langchain_phase5.callbacks.errors import NO_ERROR, Ending, Status
from langchain_phase5.prices import TokenCounts

Kind = Literal["chain", "agent", "llm", "tool", "retriever"]


class Run:
    """A chain, agent, model call, tool call or retrieval between its start and its end.

    Handlers read it; only the tracker writes it, except for `note`. What most runs never need is
    a default of the class: a run is made for every node of every graph.
    """

    def __init__(
        self, key: int, kind: Kind, name: str, parent: "Run | None", started: float
    ) -> None:
        self.key = key
        """The id as a number."""
        self.kind = kind
        self.name = name
        """Name of the agent, tool or retriever; the model's name for a model call."""
        self.parent = parent
        self.started = started
        """Seconds on `time.perf_counter`'s clock."""
        if parent is not None:
            self.agent = parent if parent.kind == "agent" else parent.agent
            root = self.root = parent.root or parent
            root.touched = started
            children = parent.children
            if children is None:
                # Not an assignment: another thread may have its first child just now.
                children = vars(parent).setdefault("children", {})
            children[key] = self

    agent: "Run | None" = None
    """The nearest enclosing agent run; an agent's own is the one around it."""
    node: str | None = None
    """Name of the graph node, where this run is one."""
    children: "dict[int, Run] | None" = None
    """Those that are still open."""

    status: Status | Literal["open"] = "open"
    error_type: str = NO_ERROR
    error: BaseException | None = None
    ended: float = 0.0

    provider: str = ""
    source: str = ""
    """The middleware that made this model call, e.g. `summarization`; empty for the agent's own."""
    response_model: str = ""
    """The model as the provider named it in its answer, often with a date."""
    usage: TokenCounts | None = None
    cached: bool = False
    """Answered by LangChain's cache: the tokens were paid for earlier."""
    first_token: float = 0.0
    retried: bool = False
    """A further attempt of a call that failed."""
    fallback_from: str | None = None
    """The model that failed before this one was asked instead."""

    tool_call_id: str | None = None
    tags: tuple[str, ...] = ()
    interrupted: bool = False
    note: Any = None
    """Free for the handler."""
    in_flight: Any = None
    """The gauge in which it is counted now."""

    root: "Run | None" = None
    """The outermost run; `None` where this is it."""
    touched: float = 0.0
    """When a root's tree last showed life."""
    facts: Mapping[str, Any] = MappingProxyType({})
    """The metadata of its start; that of the runs around it is in there too."""
    inputs: Any = None
    """What a graph was given, until it proves to be an agent."""
    failures: dict[str | None, str] | None = None
    """Children that failed and may be tried again: by tool call id, `None` for the model."""
    caught: tuple[BaseException, Ending] | None = None
    """The last child's exception: it often rises through every level."""
    watch: tuple[Task[Any], Callable[[Task[Any]], None], ref[UUID]] | None = None
    """Who would notice that a root was cancelled without a callback."""

    @property
    def in_agent(self) -> bool:
        """Whether it is an agent, or anywhere inside one."""
        return self.facts.get("ls_integration") == "langchain_create_agent"

    @property
    def agent_name(self) -> str | None:
        """Name of the nearest agent that has one."""
        return self.facts.get("lc_agent_name")

    @property
    def id(self) -> UUID:
        """The id that LangChain gave it."""
        return UUID(int=self.key)

    @property
    def seconds(self) -> float:
        """How long the run took."""
        return self.ended - self.started

    @property
    def seconds_to_first_token(self) -> float | None:
        """Time until the first streamed content; `None` where nothing was streamed."""
        return self.first_token - self.started if self.first_token else None

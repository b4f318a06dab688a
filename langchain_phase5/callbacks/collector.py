"""A handler to attach to one run, and to ask afterwards what that run did."""

from langchain_phase5.callbacks.record_keeper import RecordKeeper
from langchain_phase5.callbacks.records import (
    AgentRecord,
    ModelCall,
    ToolCall,
    total_cost,
    total_usage,
)
from langchain_phase5.prices import Overrides, TokenCounts


class RunCollector(RecordKeeper):
    """Collects the calls, tokens and cost of whatever it is attached to, in memory.

    Use a fresh one per run. The lists hold everything below the run, sub-agents included, in the
    order in which it ended; they work for plain chains and bare models as well as for agents.

    Args:
        prices: Own prices in USD per million tokens, see `langchain_phase5.prices`.
        include_graphs: Treat outermost LangGraph graphs of any kind as agents, by their name.

    Attributes:
        agents: One record per agent run; the outermost one ends last.
        model_calls: Every model call.
        tool_calls: Every tool call, with its arguments and outcome.

    Example:
        >>> from langchain_core.tools import tool
        >>> @tool
        ... def double(number: int) -> int:
        ...     "Double a number."
        ...     return 2 * number
        >>> collector = RunCollector()
        >>> double.invoke({"number": 2}, {"callbacks": [collector]})
        4
        >>> [(call.name, call.arguments, call.status) for call in collector.tool_calls]
        [('double', {'number': 2}, 'success')]
        >>> collector.cost_usd
        0.0
    """

    def __init__(self, *, prices: Overrides | None = None, include_graphs: bool = False) -> None:
        super().__init__(prices=prices, include_graphs=include_graphs)
        self.agents: list[AgentRecord] = []
        self.model_calls: list[ModelCall] = []
        self.tool_calls: list[ToolCall] = []

    @property
    def usage(self) -> TokenCounts:
        """Tokens of all model calls together."""
        return total_usage(self.model_calls)

    @property
    def cost_usd(self) -> float | None:
        """Price of all model calls together; `None` where that of one is not known."""
        return total_cost(self.model_calls)

    def _agent_recorded(self, record: AgentRecord) -> None:
        self.agents.append(record)

    def _call_recorded(self, call: ModelCall | ToolCall) -> None:
        if isinstance(call, ToolCall):
            self.tool_calls.append(call)
        else:
            self.model_calls.append(call)

"""What is exported: names, labels and buckets of every metric family of the package."""

from langchain_phase5.callbacks.family_maker import FamilyMaker
from langchain_phase5.prices import Cost

SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)
"""Buckets for what waits on a model."""
SHORT_SECONDS = (0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0)
"""Buckets for tools, retrievers and image work."""
SELECTION_SECONDS = (0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0)
TOKEN_RATES = (5, 10, 20, 40, 60, 80, 120, 200, 400)
TOOL_COUNTS = (1, 2, 5, 10, 20, 50, 100, 500)
SCORES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


class ExportedFamilies:
    """Every metric family of the package, as this package's docstring lists them.

    Args:
        make: Makes them on a registry.
    """

    def __init__(self, make: FamilyMaker) -> None:
        self._add_agents(make)
        self._add_tools(make)
        self._add_models(make)
        self._add_features(make)
        self._add_own(make)

    def _add_agents(self, make: FamilyMaker) -> None:
        self.agent_requests = make.counter(
            "agent_requests_total",
            "Agent runs that ended, nested ones included",
            "agent_type",
            "status",
        )
        self.agent_duration = make.histogram(
            "agent_request_duration_seconds",
            "Active time of an agent run that was not cancelled",
            SECONDS,
            "agent_type",
        )
        self.agent_errors = make.counter(
            "agent_errors_total",
            "Agent runs that ended in an error, by kind",
            "agent_type",
            "error_type",
        )
        self.agent_in_flight = make.in_flight(
            "agent_requests_in_flight", "Agent runs open now", "agent_type"
        )
        self.agent_quality = make.gauge(
            "agent_quality_score",
            "Latest quality score, from 0 to 1",
            "agent_type",
        )
        self.agent_quality_ratings = make.histogram(
            "agent_quality_ratings",
            "All quality scores, from 0 to 1: their average is sum / count",
            SCORES,
            "agent_type",
        )
        self.agent_tokens = make.breakdown(
            "agent_tokens_total",
            "Tokens billed; cache_read and cache_write are parts of input, reasoning of output",
            ("input", "output", "cache_read", "cache_write", "reasoning"),
            "model",
            "type",
        )
        self.structured_output_retries = make.counter(
            "agent_structured_output_retries_total",
            "Structured answers that were rejected and asked for again",
            "agent_type",
        )

    def _add_tools(self, make: FamilyMaker) -> None:
        self.tool_executions = make.counter(
            "tool_executions_total",
            "Tool calls that ended; tool_name is unknown where a model invented it",
            "tool_name",
            "status",
        )
        self.tool_duration = make.histogram(
            "tool_execution_duration_seconds",
            "Time of a tool call that was not cancelled",
            SHORT_SECONDS,
            "tool_name",
        )
        self.tool_errors = make.counter(
            "tool_errors_total",
            "Tool calls that ended in an error, by kind",
            "tool_name",
            "error_type",
        )
        self.tool_in_flight = make.in_flight(
            "tool_executions_in_flight", "Tool calls open now", "tool_name"
        )
        self.tool_retries = make.counter(
            "tool_retries_total", "Further attempts of a failed tool call", "tool_name"
        )

    def _add_models(self, make: FamilyMaker) -> None:
        self.llm_requests = make.counter(
            "llm_requests_total",
            "Model calls that ended",
            "model",
            "provider",
            "status",
            "error_type",
        )
        self.llm_duration = make.histogram(
            "llm_request_duration_seconds",
            "Time of a model call that was not answered by the cache",
            SECONDS,
            "model",
        )
        self.llm_first_token = make.histogram(
            "llm_time_to_first_token_seconds",
            "Time until a streaming model call sent its first content",
            SECONDS,
            "model",
        )
        self.llm_token_rate = make.histogram(
            "llm_output_tokens_per_second",
            "Output tokens of a model call divided by its whole duration",
            TOKEN_RATES,
            "model",
        )
        self.llm_cost = make.breakdown(
            "llm_cost_usd_total",
            "Price of model calls in USD by what was paid for; the kinds add up",
            Cost._fields,
            "model",
            "agent_type",
            "kind",
        )
        self.llm_in_flight = make.in_flight(
            "llm_requests_in_flight", "Model calls open now", "model"
        )
        self.llm_retries = make.counter(
            "llm_retries_total", "Further attempts of a failed model call, same model", "model"
        )
        self.llm_fallbacks = make.counter(
            "llm_fallbacks_total",
            "Calls of another model after the first one failed",
            "model",
            "fallback_model",
        )
        self.llm_cache_hits = make.counter(
            "llm_cache_hits_total",
            "Model calls answered by LangChain's cache: no tokens, no cost",
            "model",
        )
        self.llm_usage_missing = make.counter(
            "llm_usage_missing_total",
            "Successful model calls whose answer did not tell its tokens",
            "model",
        )
        self.llm_cost_unknown = make.counter(
            "llm_cost_unknown_total",
            "Model calls with tokens but without a known price",
            "model",
        )
        self.llm_source_tokens = make.counter(
            "llm_middleware_tokens_total",
            "The part of agent_tokens_total that middleware used for its own model calls",
            "source",
            "type",
        )
        self.llm_source_cost = make.counter(
            "llm_middleware_cost_usd_total",
            "The part of llm_cost_usd_total that middleware used for its own model calls",
            "source",
        )

    def _add_features(self, make: FamilyMaker) -> None:
        self.retriever_requests = make.counter(
            "retriever_requests_total", "Retrievals that ended", "retriever", "status"
        )
        self.retriever_duration = make.histogram(
            "retriever_request_duration_seconds",
            "Time of a retrieval",
            SHORT_SECONDS,
            "retriever",
        )
        self.routing_decisions = make.counter(
            "routing_decisions_total", "Selections of tools for a model call", "fallback"
        )
        self.routing_duration = make.histogram(
            "routing_selection_duration_seconds", "Time to select tools", SELECTION_SECONDS
        )
        self.routing_available = make.histogram(
            "routing_tools_available", "Tools a selection chose from", TOOL_COUNTS
        )
        self.routing_offered = make.histogram(
            "routing_tools_offered", "Tools a selection offered the model", TOOL_COUNTS
        )
        self.routing_offers = make.counter(
            "routing_tool_offers_total", "Selections that offered a tool", "tool_name"
        )
        self.routing_misses = make.counter(
            "routing_misses_total",
            "Calls of tools that were not among those offered",
            "tool_name",
            "policy",
        )
        self.vision_operations = make.counter(
            "vision_operations_total", "Image operations", "operation", "engine", "status"
        )
        self.vision_duration = make.histogram(
            "vision_operation_duration_seconds",
            "Time of an image operation",
            SHORT_SECONDS,
            "operation",
            "engine",
        )
        self.evaluation_score = make.gauge(
            "evaluation_score",
            "Latest score of an evaluation",
            "dataset",
            "version",
            "metric",
        )

    def _add_own(self, make: FamilyMaker) -> None:
        self.interactions = make.counter(
            "interactions_total",
            "Agent runs handed to the recorder: recorded, dropped, or failed to be written",
            "outcome",
        )
        self.handler_errors = make.counter(
            "callback_handler_errors_total",
            "Callback events this package failed to handle",
            "event",
        )
        self.dropped_labels = make.counter(
            "label_values_dropped_total",
            "Label values reported as other because their label or the budget was full",
            "label",
        )
        self.build_info = make.gauge(
            "langchain_phase5_build_info",
            "Always 1; the versions are in the labels",
            "version",
            "langchain_version",
            "langgraph_version",
        )

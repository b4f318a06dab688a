"""What happened: metrics for Prometheus, and a record of every agent run.

Three handlers stand on one tracker, so they agree on what a run is and how it ended:

- `PrometheusCallbackHandler` exports the metrics below.
- `InteractionRecorder` writes every agent run to the database, for routing to learn from and
  evaluation to sample from.
- `RunCollector` is attached to one run and asked afterwards for its tokens, cost and calls.

`start_metrics_server`, `metrics_app` and `push_metrics` hand the metrics over.

An agent is a run of a `create_agent` graph, outermost or nested; each counts for itself, and
tokens and costs belong to the innermost one, so that sums count nothing twice. `status` is
`success`, `error`, `cancelled`, `interrupted` (paused for a human, to be resumed) or `handoff` (to
another agent); a tool failure that somebody handled is an error of the tool and a success of the
agent. `error_type` is one of `rate_limit`, `timeout`, `auth`, `context_length`, `bad_request`,
`server`, `tool`, `validation`, `recursion`, `other`, and `none` where nothing failed. Durations are
in seconds and leave out cancelled runs.

Label values are names of agents, models, providers, tools, retrievers and engines, never ids or
text. The first 100 of a label get time series of their own while the budget lasts (2,000 series by
default); later ones are counted as `other`, names that a model invented as `unknown`.

Agents:

- `agent_requests_total{agent_type, status}`: runs that ended.
- `agent_request_duration_seconds{agent_type}`: active time; waiting for a human is not in it.
- `agent_errors_total{agent_type, error_type}`: runs that ended in an error.
- `agent_requests_in_flight{agent_type}`: open now.
- `agent_quality_score{agent_type}`: the latest score, from 0 to 1.
- `agent_quality_ratings{agent_type}`: all scores, as a histogram; the average is sum / count.
- `agent_structured_output_retries_total{agent_type}`: structured answers rejected and asked again.
- `agent_tokens_total{model, type}`: tokens billed. `input` and `output` are everything;
  `cache_read` and `cache_write` are parts of `input`, and `reasoning` is a part of `output`.

Tools:

- `tool_executions_total{tool_name, status}`: calls that ended.
- `tool_execution_duration_seconds{tool_name}`: time of a call.
- `tool_errors_total{tool_name, error_type}`: calls that ended in an error.
- `tool_executions_in_flight{tool_name}`: open now.
- `tool_retries_total{tool_name}`: further attempts of a failed call.

Models:

- `llm_requests_total{model, provider, status, error_type}`: calls that ended.
- `llm_request_duration_seconds{model}`: time of a call that no cache answered.
- `llm_time_to_first_token_seconds{model}`: time until a streaming call sent its first content.
- `llm_output_tokens_per_second{model}`: output tokens divided by the whole duration.
- `llm_cost_usd_total{model, agent_type, kind}`: price in USD. The kinds `input`, `cache_read`,
  `cache_write`, `output` and `request` add up; `agent_type` is `none` outside agents.
- `llm_requests_in_flight{model}`: open now.
- `llm_retries_total{model}`: further attempts of a failed call by the same model.
- `llm_fallbacks_total{model, fallback_model}`: attempts by another model after `model` failed.
- `llm_cache_hits_total{model}`: calls answered by LangChain's cache: no tokens, no cost.
- `llm_usage_missing_total{model}`: successful calls whose answer did not tell its tokens.
- `llm_cost_unknown_total{model}`: calls with tokens but without a known price.
- `llm_middleware_tokens_total{source, type}`: the part of the tokens that middleware used for
  calls of its own: `summarization`, `tool_selection`, `tool_emulation`, `other`.
- `llm_middleware_cost_usd_total{source}`: the part of the cost, likewise.

Retrievers, routing, images, evaluation:

- `retriever_requests_total{retriever, status}`: retrievals that ended.
- `retriever_request_duration_seconds{retriever}`: time of a retrieval.
- `routing_decisions_total{fallback}`: selections of tools; `true` where all were offered instead.
- `routing_selection_duration_seconds`: time of a selection.
- `routing_tools_available`: how many tools a selection chose from.
- `routing_tools_offered`: how many it offered the model.
- `routing_tool_offers_total{tool_name}`: how often a tool was offered.
- `routing_misses_total{tool_name, policy}`: calls of tools that were not offered, and whether the
  policy was to `allow` or to `deny` them.
- `vision_operations_total{operation, engine, status}`: work on images.
- `vision_operation_duration_seconds{operation, engine}`: time of it.
- `evaluation_score{dataset, version, metric}`: the latest score of an evaluation.

This package itself:

- `interactions_total{outcome}`: agent runs `recorded`, `dropped` because the queue was full, or
  `failed` to be written.
- `callback_handler_errors_total{event}`: events that could not be handled.
- `label_values_dropped_total{label}`: values counted as `other`.
- `langchain_phase5_build_info{version, langchain_version, langgraph_version}`: always 1.
"""

from langchain_phase5.callbacks.collector import RunCollector
from langchain_phase5.callbacks.prometheus import PrometheusCallbackHandler
from langchain_phase5.callbacks.recorder import InteractionRecorder
from langchain_phase5.callbacks.records import AgentRecord, ModelCall, ToolCall
from langchain_phase5.callbacks.serving import metrics_app, push_metrics, start_metrics_server

__all__ = [
    "AgentRecord",
    "InteractionRecorder",
    "ModelCall",
    "PrometheusCallbackHandler",
    "RunCollector",
    "ToolCall",
    "metrics_app",
    "push_metrics",
    "start_metrics_server",
]

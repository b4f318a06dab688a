"""What happened: metrics for Prometheus, and a record of every agent run.

Three handlers stand on one tracker, so they agree on what a run is and how it ended:

- `PrometheusCallbackHandler` exports the metrics below.
- `InteractionRecorder` writes every agent run to the database, for routing to learn from and
  evaluation to sample from.
- `RunCollector` is attached to one run and asked afterwards for its tokens, cost and calls:

      collector = RunCollector()
      agent.invoke({"messages": "Hi"}, {"callbacks": [collector]})
      collector.usage.input, collector.cost_usd, [call.status for call in collector.tool_calls]

`start_metrics_server`, `metrics_app` and `push_metrics` hand the metrics over.
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

"""Metrics of what other parts of the package report through LangChain's custom events."""

import math
from collections.abc import Mapping
from typing import Any

from langchain_phase5.callbacks.families import MetricFamilies
from langchain_phase5.callbacks.labels import OTHER, UNKNOWN

_OPERATIONS = {"analyze", "compare", "chart", "ocr", "image_search", "upload"}
_POLICIES = {"allow", "deny"}
_STATUSES = {"success", "error"}


class CustomEventMetrics:
    """Reads the events `quality`, `evaluation`, `tool_routing`, `tool_routing_miss` and `vision`.

    Anybody may dispatch an event of such a name, so nothing in it is trusted: labels come from
    closed sets or are admitted, and a payload of the wrong shape raises, which the handler counts.
    Events of other names are left alone.

    Args:
        metrics: The families to count in.
    """

    def __init__(self, metrics: MetricFamilies) -> None:
        self._metrics = metrics

    def handle(self, name: str, data: Mapping[str, Any], agent: str | None) -> None:
        """Count one event that was dispatched inside the agent with that label, if any.

        Raises:
            KeyError: The payload lacks a field.
            TypeError: A field has the wrong type.
            ValueError: A number is out of range.
        """
        if name == "quality":
            given = data.get("agent_type")
            label = self._metrics.agents[str(given)] if given else agent
            self.record_quality(data["score"], label or self._metrics.agents["agent"])
        elif name == "evaluation":
            self.record_evaluation(data)
        elif name == "tool_routing":
            self._routing(data)
        elif name == "tool_routing_miss":
            tool = self._metrics.tools.get(str(data["tool_name"]), UNKNOWN)
            policy = _member(data["policy"], _POLICIES)
            self._metrics.routing_misses[(tool, policy)].inc(1)
        elif name == "vision":
            self._vision(data)

    def record_quality(self, score: float, agent: str) -> None:
        """Report a score from 0 to 1."""
        score = float(score)
        if not 0 <= score <= 1:
            msg = f"A quality score is a number from 0 to 1; got {score!r}"
            raise ValueError(msg)
        self._metrics.agent_quality[(agent,)].set(score)
        self._metrics.agent_quality_ratings[(agent,)].observe(score)

    def record_evaluation(self, data: Mapping[str, Any]) -> None:
        """Report the latest score of a dataset, version and metric."""
        score = float(data["score"])
        if not math.isfinite(score):
            msg = f"An evaluation score is a finite number; got {score!r}"
            raise ValueError(msg)
        labels = self._metrics.evaluation_labels(
            str(data["dataset"]), str(data["version"]), str(data["metric"])
        )
        self._metrics.evaluation_score[labels].set(score)

    def _routing(self, data: Mapping[str, Any]) -> None:
        metrics = self._metrics
        available, seconds = _amount(data["available"]), _amount(data["seconds"])
        tools = [metrics.tools[str(tool["name"])] for tool in data["offered"]]
        metrics.routing_decisions[("true" if data["fallback"] else "false",)].inc(1)
        metrics.routing_duration[()].observe(seconds)
        metrics.routing_available[()].observe(available)
        metrics.routing_offered[()].observe(len(tools))
        for tool in tools:
            metrics.routing_offers[(tool,)].inc(1)

    def _vision(self, data: Mapping[str, Any]) -> None:
        operation = _member(data["operation"], _OPERATIONS)
        engine = self._metrics.engines[str(data["engine"])]
        status, seconds = _member(data["status"], _STATUSES), _amount(data["seconds"])
        self._metrics.vision_operations[(operation, engine, status)].inc(1)
        self._metrics.vision_duration[(operation, engine)].observe(seconds)


def _amount(value: Any) -> float:
    """Read what a sum may grow by: one NaN or negative number would spoil it for good."""
    amount = float(value)
    if not 0 <= amount < math.inf:
        msg = f"A duration or a count is a number from 0 on; got {value!r}"
        raise ValueError(msg)
    return amount


def _member(value: Any, allowed: set[str]) -> str:
    return value if isinstance(value, str) and value in allowed else OTHER

"""The metric families of one registry, shared by every handler that counts there."""

import os
from threading import Lock
from weakref import WeakKeyDictionary, WeakSet

from prometheus_client import CollectorRegistry

from langchain_phase5.callbacks.backlog import Backlog
from langchain_phase5.callbacks.exported_families import ExportedFamilies
from langchain_phase5.callbacks.family import Family, Value
from langchain_phase5.callbacks.family_maker import FamilyMaker
from langchain_phase5.callbacks.labels import OTHER, AdmittedNames, LabelAdmission, printable
from langchain_phase5.callbacks.lifecycle import RunLifecycle
from langchain_phase5.callbacks.run import Kind, Run
from langchain_phase5.callbacks.run_table import RunTable

_BATCH = 64
"""Agent runs, model calls, tool calls and retrievals that ended."""
_FIXED_SERIES = 300
"""For what has a fixed number of series, and for `other`."""


class MetricFamilies(ExportedFamilies):
    """The metric families on one registry, under one namespace.

    `MetricFamilies.on(registry)` returns the same object every time, so that any number of
    handlers can share a registry; with it they share `runs`, and so count each run once.
    """

    def __init__(
        self, registry: CollectorRegistry, namespace: str, *, max_values: int, max_series: int
    ) -> None:
        if max_series <= _FIXED_SERIES:
            msg = f"max_series must exceed the {_FIXED_SERIES} fixed ones; got {max_series}"
            raise ValueError(msg)
        self.runs = RunTable()
        self.handlers: WeakSet[RunLifecycle] = WeakSet()
        self._labels = LabelAdmission(
            max_values=max_values,
            max_series=max_series - _FIXED_SERIES,
            on_drop=lambda label: self.dropped_labels[(label,)].inc(1),
        )
        self.agents = self._names("agent_type", 30)
        self.models = self._names("model", 65)
        self.providers = self._names("provider", 4)
        self.tools = self._names("tool_name", 25)
        self.retrievers = self._names("retriever", 17)
        self.engines = self._names("engine", 50)

        self.read_by_others = "PROMETHEUS_MULTIPROC_DIR" in os.environ
        """Whether another process may read the metrics at any time, without asking this one."""
        self.newest = 0
        """The run that started last, by its key."""
        self._newest_counted = 0
        self.backlog = Backlog(
            1 if self.read_by_others else _BATCH,
            on_failure=lambda job, runs: self.handler_errors[(job,)].inc(runs),
        )
        super().__init__(FamilyMaker(registry, namespace, before_reading=self.settle))
        self._in_flight: dict[Kind, Family[Value]] = {
            "agent": self.agent_in_flight,
            "llm": self.llm_in_flight,
            "tool": self.tool_in_flight,
        }

    @classmethod
    def on(
        cls,
        registry: CollectorRegistry,
        namespace: str = "",
        *,
        max_label_values: int = 100,
        max_series: int = 2_000,
    ) -> "MetricFamilies":
        """Return the families on `registry`, made at the first call, which sets the limits."""
        with _LOCK:
            by_namespace = _FAMILIES.setdefault(registry, {})
            if namespace not in by_namespace:
                by_namespace[namespace] = cls(
                    registry, namespace, max_values=max_label_values, max_series=max_series
                )
            return by_namespace[namespace]

    def settle(self) -> None:
        """Count what waits to be counted; done whenever the metrics are read."""
        handler = next(iter(self.handlers), None)  # any of them closes the runs of all
        if handler is not None:
            handler.sweep()
        self.backlog.settle(first=self._count_open_runs)

    def _count_open_runs(self) -> None:
        """Bring the gauges of open runs up to date: most runs end before anybody looks."""
        newest = self.newest
        if newest != self._newest_counted:
            self._newest_counted = newest
            for run in list(self.runs.runs.values()):
                if run.in_flight is None and run.note is not None:
                    self.count_as_open(run)

    def count_as_open(self, run: Run) -> None:
        """Count a run that has not ended while somebody looks."""
        run.in_flight = self.count_start(run)
        if run.in_flight is not None:
            run.in_flight.inc(1)

    def count_start(self, run: Run) -> Value | None:
        """Count a further attempt as one; return the gauge of open runs of its kind.

        The gauge exists from then on: nothing in flight is 0, and not a gap.
        """
        if run.retried:
            retries = self.tool_retries if run.kind == "tool" else self.llm_retries
            retries[(run.note,)].inc(1)
        elif run.fallback_from is not None:
            pair = self.fallback_labels(run.fallback_from, run.note)
            self.llm_fallbacks[pair].inc(1)
        gauges = self._in_flight.get(run.kind)
        return gauges[(run.note,)] if gauges is not None else None

    def cost_labels(self, model: str, agent: str) -> tuple[str, str]:
        """Return `model` and `agent_type` of a cost; the rarer pairs lose their agent."""
        pair = (model, agent)
        if pair in self.llm_cost or agent == OTHER:
            return pair
        return pair if self._labels.admit("model, agent_type", pair, weight=10) else (model, OTHER)

    def fallback_labels(self, model: str, fallback: str) -> tuple[str, str]:
        """Return `model` and `fallback_model` of a fallback; the rarer pairs lose the second."""
        model = self.models[model]
        fits = self._labels.admit("model, fallback_model", (model, fallback), weight=2)
        return model, fallback if fits else OTHER

    def evaluation_labels(self, dataset: str, version: str, metric: str) -> tuple[str, str, str]:
        """Return the labels of an evaluation's score: as given, or `other` all three."""
        given = (printable(dataset), printable(version), printable(metric))
        fits = self._labels.admit("dataset, version, metric", given, weight=1)
        return given if fits else (OTHER, OTHER, OTHER)

    def _names(self, label: str, weight: int) -> AdmittedNames:
        return AdmittedNames(self._labels, label, weight)


_LOCK = Lock()
_FAMILIES: "WeakKeyDictionary[CollectorRegistry, dict[str, MetricFamilies]]" = WeakKeyDictionary()

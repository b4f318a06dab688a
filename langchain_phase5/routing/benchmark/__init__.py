"""Measure the router on data sets: quality, learning, wrong calls, tokens and speed."""

from langchain_phase5.routing.benchmark.data import (
    RoutingDataset,
    RoutingRequest,
    load_routing_datasets,
)
from langchain_phase5.routing.benchmark.figures import Figure
from langchain_phase5.routing.benchmark.run_benchmark import run_benchmark

__all__ = [
    "Figure",
    "RoutingDataset",
    "RoutingRequest",
    "load_routing_datasets",
    "run_benchmark",
]

"""Grade agents: datasets, metrics, runs that lose nothing, comparisons that can be trusted."""

from langchain_phase5.evaluation.agent_evaluator import AgentEvaluator
from langchain_phase5.evaluation.compare_versions import compare_versions
from langchain_phase5.evaluation.comparison import ComparisonReport
from langchain_phase5.evaluation.dataset import Dataset, DatasetDiff, Example
from langchain_phase5.evaluation.dataset_manager import TestDatasetManager
from langchain_phase5.evaluation.detect_regressions import detect_regressions
from langchain_phase5.evaluation.estimate import Estimate
from langchain_phase5.evaluation.regression import Regression
from langchain_phase5.evaluation.report import EvaluationReport
from langchain_phase5.evaluation.result import ExampleResult, Failure

__all__ = [
    "AgentEvaluator",
    "ComparisonReport",
    "Dataset",
    "DatasetDiff",
    "Estimate",
    "EvaluationReport",
    "Example",
    "ExampleResult",
    "Failure",
    "Regression",
    "TestDatasetManager",
    "compare_versions",
    "detect_regressions",
]

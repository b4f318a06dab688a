"""Grade agents: datasets, metrics, runs that lose nothing, comparisons that can be trusted."""

from langchain_phase5.evaluation.agent_evaluator import AgentEvaluator
from langchain_phase5.evaluation.agreement import judge_agreement, krippendorff_alpha
from langchain_phase5.evaluation.compare_versions import compare_versions
from langchain_phase5.evaluation.comparison import ComparisonReport
from langchain_phase5.evaluation.dataset import Dataset, DatasetDiff, Example
from langchain_phase5.evaluation.dataset_files import (
    dataset_from_hugging_face,
    dataset_from_json_lines,
    dataset_from_langsmith,
    dataset_to_langsmith,
    read_dataset,
    write_dataset,
)
from langchain_phase5.evaluation.dataset_manager import TestDatasetManager
from langchain_phase5.evaluation.detect_regressions import detect_regressions
from langchain_phase5.evaluation.estimate import Estimate
from langchain_phase5.evaluation.gate import ExitCode, assert_no_regression, gate
from langchain_phase5.evaluation.history import RunHistory
from langchain_phase5.evaluation.judge import RUBRICS, grading_chain, judge, preference_judge
from langchain_phase5.evaluation.ragas_metric import ragas_metric
from langchain_phase5.evaluation.ray_target import RayTarget
from langchain_phase5.evaluation.regression import Regression
from langchain_phase5.evaluation.report import EvaluationReport
from langchain_phase5.evaluation.result import ExampleResult, Failure
from langchain_phase5.evaluation.sequential_test import SequentialTest

__all__ = [
    "RUBRICS",
    "AgentEvaluator",
    "ComparisonReport",
    "Dataset",
    "DatasetDiff",
    "Estimate",
    "EvaluationReport",
    "Example",
    "ExampleResult",
    "ExitCode",
    "Failure",
    "RayTarget",
    "Regression",
    "RunHistory",
    "SequentialTest",
    "TestDatasetManager",
    "assert_no_regression",
    "compare_versions",
    "dataset_from_hugging_face",
    "dataset_from_json_lines",
    "dataset_from_langsmith",
    "dataset_to_langsmith",
    "detect_regressions",
    "gate",
    "grading_chain",
    "judge",
    "judge_agreement",
    "krippendorff_alpha",
    "preference_judge",
    "ragas_metric",
    "read_dataset",
    "write_dataset",
]

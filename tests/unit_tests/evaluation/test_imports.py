"""Importing the package stays light, and its public names are deliberate."""

import subprocess
import sys

from langchain_phase5 import evaluation
from langchain_phase5.evaluation import metrics

HEAVY = {
    "datasets", "langgraph", "langsmith.evaluation", "matplotlib", "nltk", "numpy", "pandas",
    "ragas", "ray", "rich", "sacrebleu", "scipy", "sqlalchemy", "torch", "transformers",
}  # fmt: skip


def test_nothing_heavy_is_loaded():
    code = "import sys, langchain_phase5.evaluation; print(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert not HEAVY & set(found.stdout.split())


def test_public_names_exist_and_stay_few():
    assert len(evaluation.__all__) == len(set(evaluation.__all__)) < 40
    for module in (evaluation, metrics):
        assert all(hasattr(module, name) for name in module.__all__)


def test_pytest_leaves_the_dataset_manager_alone():
    assert evaluation.TestDatasetManager.__test__ is False

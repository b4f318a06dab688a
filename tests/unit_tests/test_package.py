"""Guards on the package as a whole: what it exports, and what importing it costs."""

import importlib
import importlib.metadata
import subprocess
import sys

import pytest

import langchain_phase5

SUBPACKAGES = [
    "callbacks",
    "demo",
    "evaluation",
    "retrievers",
    "routing",
    "server",
    "storage",
    "vision",
]
HEAVY = {
    "datasets",
    "faiss",
    "fastapi",
    "genai_prices",
    "langsmith.evaluation",
    "matplotlib",
    "nltk",
    "onnxruntime",
    "open_clip",
    "pandas",
    "pytesseract",
    "ragas",
    "scipy",
    "skimage",
    "torch",
    "transformers",
}


def test_the_version_is_the_installed_one():
    assert importlib.metadata.version("langchain-phase5") == langchain_phase5.__version__


@pytest.mark.parametrize("name", SUBPACKAGES)
def test_public_names_exist_and_are_documented(name):
    module = importlib.import_module(f"langchain_phase5.{name}")
    assert module.__doc__
    assert len(module.__all__) == len(set(module.__all__))
    for public in module.__all__:
        assert getattr(module, public).__doc__, f"{name}.{public} has no docstring"


@pytest.mark.parametrize("name", ["", *(f".{name}" for name in SUBPACKAGES)])
def test_importing_loads_nothing_heavy(name):
    code = f"import sys, langchain_phase5{name}\nprint(*sorted({HEAVY!r} & set(sys.modules)))"
    loaded = subprocess.run(  # noqa: S603  our own interpreter and code
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert loaded == []

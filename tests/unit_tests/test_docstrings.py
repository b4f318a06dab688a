"""The examples in docstrings do what they say: those after `>>>` and those in Python blocks."""

import ast
import doctest
import importlib
import inspect
import pkgutil
import random
from pathlib import Path

import pytest
from documents import fences

import langchain_phase5
from langchain_phase5.demo import tiny_drawings
from langchain_phase5.retrievers import OpenCLIPEmbeddings
from langchain_phase5.vision import fetch

MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(langchain_phase5.__path__, "langchain_phase5.")
    if not module.name.endswith("__main__")
)
BLOCKS = [
    (name, block)
    for name in MODULES
    for node in ast.walk(ast.parse(Path(importlib.util.find_spec(name).origin).read_bytes()))
    if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
    for block in fences(inspect.cleandoc(ast.get_docstring(node) or ""))
]
NEED_A_CLUSTER = {
    "langchain_phase5.evaluation.ray_target",
    "langchain_phase5.retrievers.ray_indexing",
}
PICTURES = ["car.jpg", "cat.jpg", "filter.png", "invoice.png", "photo-of-my-filter.jpg"]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module(name)
    result = doctest.testmod(module, optionflags=doctest.ELLIPSIS)
    assert result.failed == 0


@pytest.mark.parametrize(
    ("name", "block"), BLOCKS, ids=[f"{name}-{i}" for i, (name, _) in enumerate(BLOCKS)]
)
def test_blocks_run(name, block, tmp_path, monkeypatch):
    """Where they run there are pictures, a tiny CLIP model and no network."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setattr(fetch, "_resolve", lambda host, _: [host])
    tiny = (f"local-dir:{tiny_drawings.path()}",)
    monkeypatch.setattr(OpenCLIPEmbeddings.__init__, "__defaults__", tiny)
    Path("photos").mkdir()
    for file, drawing in zip(PICTURES, tiny_drawings.all_drawings(), strict=False):
        for place in (file, f"photos/{file}"):
            picture = tiny_drawings.render(drawing, random.Random(1))  # noqa: S311  a drawing
            picture.convert("RGB").save(place)
    code = compile(block, name, "exec")
    if name not in NEED_A_CLUSTER:
        exec(code, {"__name__": "example"})  # noqa: S102  our own text

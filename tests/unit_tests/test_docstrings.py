"""The `>>>` examples in docstrings do what they say."""

import doctest
import importlib
import pkgutil

import pytest

import langchain_phase5

MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(langchain_phase5.__path__, "langchain_phase5.")
    if not module.name.endswith("__main__")
)


@pytest.mark.parametrize("name", MODULES)
def test_examples(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module(name)
    result = doctest.testmod(module, optionflags=doctest.ELLIPSIS)
    assert result.failed == 0

"""Every Python block of the README runs, in order, each in an empty folder of its own."""

import re
from pathlib import Path

import pytest

README = Path(__file__).parents[2] / "README.md"
BLOCKS = re.findall(
    r"^```python\n(.*?)^```", README.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL
)


def test_there_are_blocks():
    assert len(BLOCKS) >= 4


@pytest.mark.parametrize("code", BLOCKS, ids=[f"block{i}" for i, _ in enumerate(BLOCKS, 1)])
def test_block_runs_and_says_what_it_claims(code, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    exec(compile(code, str(README), "exec"), {"__name__": "readme"})  # noqa: S102  our own text
    promised = [line.split("# prints: ")[1] for line in code.splitlines() if "# prints: " in line]
    printed = capsys.readouterr().out
    for line in promised:
        assert line in printed

"""The project's documents, cut into their code blocks."""

import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    page.relative_to(ROOT).as_posix()
    for page in [*ROOT.glob("*.md"), *ROOT.glob("dashboards/*.md"), *ROOT.glob("docs/**/*.md")]
)

_FENCE = re.compile(r"^( *)```(\w*)([^\n]*)\n(.*?)^\1```$", flags=re.MULTILINE | re.DOTALL)
_TITLE = re.compile(r'title="([^"]+)"')


@dataclass(frozen=True)
class Block:
    """A fenced block: where it starts, its language, its text, and its title, a file's name."""

    page: str
    line: int
    language: str
    code: str
    file: str

    @property
    def place(self) -> str:
        """Where it is, for messages."""
        return f"{self.page}:{self.line}"


def text_of(page: str) -> str:
    """Return the page's Markdown."""
    return (ROOT / page).read_text(encoding="utf-8")


def blocks_of(page: str) -> list[Block]:
    """Return the page's fenced blocks, in order."""
    return [
        Block(
            page=page,
            line=text_of(page).count("\n", 0, found.start()) + 1,
            language=found[2],
            code=textwrap.dedent(found[4]),
            file=title[1] if (title := _TITLE.search(found[3])) else "",
        )
        for found in _FENCE.finditer(text_of(page))
    ]


def fences(markdown: str) -> list[str]:
    """Return the Python blocks of a docstring."""
    return [
        textwrap.dedent(found[4]) for found in _FENCE.finditer(markdown) if found[2] == "python"
    ]


def commands(shell: str) -> list[str]:
    """Return the command lines of a block, without comments; lines that end in `\\` are joined."""
    joined = re.sub(r"\\\n\s*", " ", shell)
    lines = (re.sub(r"(^|\s)#\s.*$", "", line).strip() for line in joined.splitlines())
    return [line for line in lines if line]

"""Tells whether a command line of the documentation could be run, without running it."""

import re
import shlex
import tomllib
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from urllib.parse import urlsplit

import typer
from documents import ROOT

from langchain_phase5.cli import app
from langchain_phase5.server import ServerSettings, create_app

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
_ASSIGNMENT = re.compile(r"[A-Za-z_0-9]+=\S*")
_SEPARATORS = {"&&", "||", ";", "|", "&"}
_KEYWORDS = {"if", "then", "fi", "else"}
_HARMLESS = {"[", "cat", "cd", "cp", "echo", "exit", "export", "git", "mkdir", "sudo"}


def check(line: str) -> None:
    """Fail if a command of the line does not exist or would not understand its arguments."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words = list(lexer)
    while words:
        end = next((i for i, word in enumerate(words) if word in _SEPARATORS), len(words))
        _check_command(words[:end])
        words = words[end + 1 :]


def _check_command(words: list[str]) -> None:
    while words and (words[0] in _KEYWORDS or _ASSIGNMENT.fullmatch(words[0])):
        words = words[1:]
    if not words:
        return
    name, *arguments = words
    checks: dict[str, Callable[[list[str]], None]] = {
        "curl": _check_request,
        "docker": _check_compose,
        "langchain-phase5": _check_own,
        "make": _check_targets,
        "pip": _check_install,
        "python": _check_script,
        "python3": _check_script,
        "uv": lambda rest: _check_install(rest[1:]),
    }
    if name.rpartition("/")[2] in checks:
        checks[name.rpartition("/")[2]](arguments)
    else:
        assert name in _HARMLESS, f"nobody checks the command {name!r}"


def _check_own(arguments: list[str]) -> None:
    """Parse as the command line would, down to the last option."""
    command = typer.main.get_command(app)
    context = command.make_context("langchain-phase5", list(arguments), resilient_parsing=True)
    rest = list(arguments)
    while hasattr(command, "resolve_command") and rest and rest[0] not in {"--help", "--version"}:
        name, command, rest = command.resolve_command(context, rest)
        if rest == ["--help"]:
            return
        is_group = hasattr(command, "resolve_command")
        context = command.make_context(name, list(rest), parent=context, resilient_parsing=is_group)


def _check_targets(arguments: list[str]) -> None:
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    for target in arguments:
        assert target in targets, f"the Makefile has no target {target!r}"


def _check_install(arguments: list[str]) -> None:
    for extras in re.findall(r"\[([\w,-]+)\]", " ".join(arguments)):
        for extra in extras.split(","):
            known = PROJECT["project"]["optional-dependencies"]
            assert extra in known or "langchain-phase5[" not in " ".join(arguments), extra
            assert extra in known, f"there is no extra {extra!r}"


def _check_script(arguments: list[str]) -> None:
    if arguments[0] == "-m":
        module, rest = arguments[1], arguments[2:]
        file = ROOT / (module.replace(".", "/") + ".py")
        if module.partition(".")[0] not in {"benchmarks", "dashboards", "langchain_phase5"}:
            return  # a module of Python or of another package
    else:
        file, rest = ROOT / arguments[0], arguments[1:]
    assert file.is_file(), f"there is no {file.relative_to(ROOT)}"
    source = file.read_text(encoding="utf-8")
    for option in (word.partition("=")[0] for word in rest if word.startswith("--")):
        assert f'"{option}"' in source, f"{file.name} knows no {option}"


def _check_compose(arguments: list[str]) -> None:
    for before, word in pairwise(arguments):
        if before in {"-f", "--file"}:
            assert (ROOT / word).is_file(), f"there is no {word}"


def _check_request(arguments: list[str]) -> None:
    """The service must know the address, and take such a request there."""
    sends = {"--data", "--form", "--json"}.intersection(arguments)
    path = next(urlsplit(word).path for word in arguments if word.startswith("http"))
    assert ("post" if sends else "get") in service_paths()[path], path


@cache
def service_paths() -> dict[str, dict[str, object]]:
    return create_app(ServerSettings(database="sqlite://", images="memory://")).openapi()["paths"]

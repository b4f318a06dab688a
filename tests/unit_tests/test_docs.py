"""What the documentation shows works: its Python runs, its commands parse, its links lead on.

The blocks of a page run in order, in one folder and one namespace, so that they may build on each
other; those of the README each stand for themselves. A block with a title is a file; a command
whose comment says `exits with N` is run.
"""

import importlib
import json
import re
import sys
from pathlib import Path

import pytest
import yaml
from documents import PAGES, ROOT, Block, blocks_of, commands, text_of
from shell_check import PROJECT, check, service_paths

from dashboards.source.promql import metrics_in
from langchain_phase5 import callbacks
from langchain_phase5.callbacks import prometheus, serving
from langchain_phase5.cli import main
from langchain_phase5.server import ServerSettings
from langchain_phase5.vision import fetch

ALONE = [[block] for block in blocks_of("README.md") if block.language == "python"]
TOGETHER = [blocks_of(page) for page in PAGES if page != "README.md"]
RUNS = ALONE + [
    blocks
    for blocks in TOGETHER
    if any(block.language == "python" or "# exits with" in block.code for block in blocks)
]
SHELL = [block for page in PAGES for block in blocks_of(page) if block.language in {"sh", "bash"}]
DATA = [block for page in PAGES for block in blocks_of(page) if block.language in {"yaml", "json"}]
DOCUMENTED = [
    *("callbacks", "demo", "evaluation", "evaluation.metrics", "retrievers", "routing", "server"),
    *("storage", "vision"),
]
LANGUAGES = {"", "json", "python", "sh", "text", "yaml", "promql"}


def test_the_readme_has_examples():
    assert len(ALONE) >= 3


@pytest.mark.parametrize("page", PAGES)
def test_every_block_is_of_a_kind_that_is_checked(page):
    assert {block.language for block in blocks_of(page)} <= LANGUAGES


@pytest.mark.parametrize("blocks", RUNS, ids=[blocks[0].place for blocks in RUNS])
def test_blocks_run_and_say_what_they_claim(blocks, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    for key in ("OPENAI_API_KEY", "LANGSMITH_API_KEY", "LANGSMITH_TRACING"):
        monkeypatch.delenv(key, raising=False)
    monkeypatch.setattr(serving, "start_http_server", lambda *_, **__: (None, None))
    monkeypatch.setattr(prometheus, "register_configure_hook", lambda *_, **__: None)
    monkeypatch.setattr(fetch, "_resolve", lambda host, _: [host.strip("[]")])
    modules = set(sys.modules)
    namespace = {"__name__": "documentation"}
    for block in blocks:
        if block.file and block.language in {"python", "json"}:
            _write(block)
        elif block.language == "python":
            _run(block, namespace, capsys)
        elif block.language == "sh":
            _run_commands(block, monkeypatch)
    for name in {Path(block.file).stem for block in blocks if block.file} - modules:
        sys.modules.pop(name, None)


def _write(block: Block) -> None:
    file = Path(block.file)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(block.code, encoding="utf-8")
    importlib.invalidate_caches()


def _run(block: Block, namespace: dict[str, object], capsys) -> None:
    at_its_line = "\n" * block.line + block.code
    exec(compile(at_its_line, str(ROOT / block.page), "exec"), namespace)  # noqa: S102  our own text
    printed = capsys.readouterr().out
    for promised in re.findall(r"# prints: (.+)", block.code):
        assert promised in printed, block.place


def _run_commands(block: Block, monkeypatch) -> None:
    """Run those lines that say how they end."""
    for line in re.sub(r"\\\n\s*", " ", block.code).splitlines():
        if promised := re.search(r"# exits with (\d+)", line):
            monkeypatch.setattr(sys, "argv", commands(line)[0].split())
            with pytest.raises(SystemExit) as ended:
                main()
            assert (ended.value.code or 0) == int(promised[1]), f"{block.place}: {line}"


@pytest.mark.parametrize("block", SHELL, ids=[block.place for block in SHELL])
def test_commands_exist_and_understand_their_options(block):
    for line in commands(block.code):
        check(line)


@pytest.mark.parametrize("block", DATA, ids=[block.place for block in DATA])
def test_data_parses_and_the_commands_in_workflows_exist(block):
    if block.language == "json":
        assert [json.loads(line) for line in block.code.splitlines()]
        return
    content = yaml.safe_load(block.code)
    for job in content.get("jobs", {}).values():
        for step in job["steps"]:
            for line in commands(step.get("run", "")):
                check(line)


@pytest.mark.parametrize("page", [page for page in PAGES if not page.startswith("docs/")])
def test_links_between_files_lead_somewhere(page):
    """Those of docs/ are checked by `mkdocs build --strict`."""
    text = re.sub(r"```.*?```", "", text_of(page), flags=re.DOTALL)
    for target in re.findall(r"""(?:\]\(|src="|srcset=")([^)#"\s]+)""", text):
        if not target.startswith(("http", "mailto:")):
            assert (ROOT / page).parent.joinpath(target).exists(), f"{page}: {target}"


def test_extras_are_all_in_the_readme():
    table = text_of("README.md")
    for extra in PROJECT["project"]["optional-dependencies"]:
        assert f"`{extra}`" in table, extra


@pytest.mark.parametrize("module", DOCUMENTED)
def test_the_reference_has_every_public_name(module):
    """That nothing else is there, `mkdocs build --strict` sees: it cannot be resolved."""
    module = f"langchain_phase5.{module}"
    pages = "".join(text_of(page) for page in PAGES if page.startswith("docs/reference/"))
    for name in importlib.import_module(module).__all__:
        in_a_file_of_its_name = rf"(\.{name})?"
        assert re.search(rf"^::: {module}\.{name}{in_a_file_of_its_name}$", pages, re.MULTILINE), (
            name
        )


def test_the_architecture_page_has_every_room_and_the_arrows():
    page = text_of("docs/architecture.md")
    for room in (ROOT / "langchain_phase5").iterdir():
        assert room.name.startswith(("_", "py.")) or room.name in page, room.name
    prose = " ".join(page.replace("\n> ", " ").split())
    layers = PROJECT["tool"]["importlinter"]["contracts"][0]["layers"]
    assert " → ".join(layers).replace("(", "").replace(")", "") in prose


@pytest.mark.parametrize("page", PAGES)
def test_the_metrics_in_queries_exist(page):
    queries = [block.code for block in blocks_of(page) if block.language == "promql"]
    for metric in set().union(*map(metrics_in, queries)):
        assert f"`{metric}{{" in callbacks.__doc__, metric


@pytest.mark.parametrize("page", ["docs/deploy.md", "docs/security.md"])
def test_settings_of_the_service_exist(page):
    for name in re.findall(r"LANGCHAIN_PHASE5_([A-Z_]+)", text_of(page)):
        assert name.lower() in ServerSettings.model_fields, name


def test_the_endpoints_of_the_service_exist():
    for group in re.findall(r"^\| (`(?:GET|POST)[^|]+)\|", text_of("docs/deploy.md"), re.MULTILINE):
        for path in re.findall(r"`[A-Z ]*(/[^`]+)`", group):
            assert any(known.endswith(path) for known in service_paths()), path

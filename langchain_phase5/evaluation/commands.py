"""What `langchain-phase5 eval ...` does: each function prints, writes, and returns an exit code."""

import importlib
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from langchain_phase5.evaluation.agent_evaluator import AgentEvaluator
from langchain_phase5.evaluation.compare_versions import compare_versions
from langchain_phase5.evaluation.comparison import ComparisonReport
from langchain_phase5.evaluation.counted import counted
from langchain_phase5.evaluation.dataset import Dataset
from langchain_phase5.evaluation.dataset_files import read_dataset, write_dataset
from langchain_phase5.evaluation.dataset_manager import TestDatasetManager
from langchain_phase5.evaluation.gate import ExitCode, error_exit, gate
from langchain_phase5.evaluation.journal import read_lines
from langchain_phase5.evaluation.report import EvaluationReport

STORAGE = "sqlite:///langchain_phase5.db"
_FILES = {".jsonl", ".csv"}


def run_command(
    target: str,
    dataset: str,
    *,
    metrics: Sequence[str] = ("exact_match",),
    version: str = "",
    repeats: int = 1,
    concurrency: int = 8,
    timeout: float | None = None,
    max_error_rate: float = 0.1,
    journal: Path | None = None,
    html: Path | None = None,
    json: Path | None = None,
    markdown: Path | None = None,
    junit: Path | None = None,
    storage: str = STORAGE,
) -> int:
    """Run a dataset through a target and keep the report.

    Args:
        target: `module:attribute` of a Runnable, an agent, its configuration or a function.
        dataset: Name of one in storage, or a `.jsonl` or `.csv` file.
        metrics: By name, or `module:attribute`.
        version: What is being graded.
        repeats: Runs of each example.
        concurrency: Examples in flight at once.
        timeout: Seconds one try may take.
        max_error_rate: Share of runs without an answer from which on the exit code is 3.
        journal: Where every finished example is written at once; by default a new file in
            `.langchain_phase5`, whose name is printed.
        html: Write the report's page there.
        json: Write the whole report there.
        markdown: Write a summary there.
        junit: Write JUnit XML there.
        storage: Database of datasets and runs.
    """
    chosen = _dataset(dataset, storage)
    path = journal or Path(".langchain_phase5") / f"{chosen.name}-{time.time_ns()}.jsonl"
    _say(f"journal: {path}")
    evaluator = AgentEvaluator(storage=storage, concurrency=concurrency, timeout=timeout)
    report = evaluator.evaluate(
        load_attribute(target),
        chosen,
        [load_attribute(metric) if ":" in metric else metric for metric in metrics],
        version=version,
        repeats=repeats,
        journal=path,
    )
    report.print()
    for path_given, write in (
        (html, report.to_html),
        (json, report.to_json),
        (markdown, report.to_markdown),
        (junit, report.to_junit),
    ):
        if path_given is not None:
            write(path_given)
            _say(f"wrote {path_given}")
    return error_exit(report, max_error_rate=max_error_rate)


def resume_command(
    journal: Path,
    target: str,
    *,
    dataset: str | None = None,
    storage: str = STORAGE,
    **options: Any,
) -> int:
    """Finish a run that was interrupted, from its journal.

    Args:
        journal: The file that `run_command` named.
        target: As for `run_command`.
        dataset: A file, where the dataset is not in storage.
        storage: Database of datasets and runs.
        options: As for `run_command`.

    Raises:
        ValueError: The journal is empty or damaged, or belongs to another dataset.
    """
    lines, _ = read_lines(journal) if journal.exists() else ([], 0)
    if not lines:
        msg = f"{journal} holds no run to resume"
        raise ValueError(msg)
    header = lines[0]
    return run_command(
        target,
        dataset or f"{header['dataset']}@{header['version']}",
        metrics=options.pop("metrics", header["metrics"]),
        repeats=header["repeats"],
        version=header["target_version"],
        journal=journal,
        storage=storage,
        **options,
    )


def compare_command(
    baseline: str,
    candidate: str,
    *,
    dataset: str | None = None,
    threshold: float = 0.05,
    html: Path | None = None,
    markdown: Path | None = None,
    storage: str = STORAGE,
) -> int:
    """Print how two runs differ; the exit code is 0 whatever was found.

    Args:
        baseline: Version or id of a run in storage, or a report's JSON file.
        candidate: The one to judge.
        dataset: Name of the dataset whose runs are meant.
        threshold: A drop that would be tolerated.
        html: Write the side-by-side page there.
        markdown: Write a summary there.
        storage: Database of runs.
    """
    found = _compare(baseline, candidate, dataset, threshold=threshold, storage=storage)
    _write(found, html=html, markdown=markdown)
    return ExitCode.PASS


def gate_command(
    baseline: str,
    candidate: str,
    *,
    dataset: str | None = None,
    threshold: float = 0.05,
    max_error_rate: float = 0.1,
    html: Path | None = None,
    markdown: Path | None = None,
    storage: str = STORAGE,
) -> int:
    """Compare two runs and return 0 pass, 1 regression, 2 inconclusive or 3 errors.

    The arguments are those of `compare_command`; `max_error_rate` is the share of runs without an
    answer from which on nothing is concluded.
    """
    found = _compare(baseline, candidate, dataset, threshold=threshold, storage=storage)
    _write(found, html=html, markdown=markdown)
    code = gate(found, max_error_rate=max_error_rate)
    _say(f"gate: {code.name.lower()}")
    return code


def list_datasets_command(*, storage: str = STORAGE) -> int:
    """Print the datasets in storage with their versions."""
    table = Table("Name", "Version", "Examples", "Saved", "Tags")
    for each in TestDatasetManager(storage).list_datasets():
        saved = time.strftime("%Y-%m-%d %H:%M", time.localtime(each.created_at))
        table.add_row(each.name, each.version, str(each.size), saved, ", ".join(each.tags))
    Console().print(table)
    return ExitCode.PASS


def import_dataset_command(path: Path, *, name: str | None = None, storage: str = STORAGE) -> int:
    """Keep a `.jsonl` or `.csv` file as a dataset and print its version."""
    dataset = TestDatasetManager(storage).save(read_dataset(path, name=name))
    Console().print(f"{dataset.name}@{dataset.version}: {counted(len(dataset), 'example')}")
    return ExitCode.PASS


def export_dataset_command(name: str, path: Path, *, storage: str = STORAGE) -> int:
    """Write a dataset (`name` or `name@version`) to a `.jsonl` or `.csv` file."""
    write_dataset(_dataset(name, storage), path)
    return ExitCode.PASS


def history_command(dataset: str, *, html: Path | None = None, storage: str = STORAGE) -> int:
    """Print the runs of a dataset, the newest first, and draw their trend."""
    from langchain_phase5.evaluation.history import RunHistory  # noqa: PLC0415 - SQLAlchemy

    history = RunHistory(dataset, storage=storage)
    Console().print(history)
    if html is not None:
        history.to_html(html)
    return ExitCode.PASS


def load_attribute(path: str) -> Any:
    """Import `module:attribute`; modules of the current folder are found too.

    Raises:
        ValueError: The path has another form, or leads nowhere.
    """
    module, separator, attribute = path.partition(":")
    if not separator:
        msg = f"{path!r} is not of the form module:attribute"
        raise ValueError(msg)
    if "" not in sys.path:
        sys.path.insert(0, "")
    try:
        found: Any = importlib.import_module(module)
        for name in attribute.split("."):
            found = getattr(found, name)
    except (ModuleNotFoundError, AttributeError) as error:
        msg = f"cannot find {path!r}: {error}"
        raise ValueError(msg) from error
    return found


def _compare(
    baseline: str, candidate: str, dataset: str | None, *, threshold: float, storage: str
) -> ComparisonReport:
    found = compare_versions(
        _report(baseline), _report(candidate), dataset, storage=storage, threshold=threshold
    )
    found.print()
    return found


def _write(found: ComparisonReport, *, html: Path | None, markdown: Path | None) -> None:
    for path, write in ((html, found.to_html), (markdown, found.to_markdown)):
        if path is not None:
            write(path)
            _say(f"wrote {path}")


def _report(given: str) -> EvaluationReport | str:
    import json  # noqa: PLC0415 - the name is an option of run_command

    if given.endswith(".json") and Path(given).exists():
        return EvaluationReport.from_dict(json.loads(Path(given).read_text(encoding="utf-8")))
    return given


def _dataset(given: str, storage: str) -> Dataset:
    if Path(given).suffix in _FILES:
        return read_dataset(given)
    name, _, version = given.partition("@")
    return TestDatasetManager(storage).get_dataset(name, version or None)


def _say(text: str) -> None:
    Console(stderr=True).print(text, highlight=False)

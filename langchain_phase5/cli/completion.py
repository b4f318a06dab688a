"""What TAB offers: real metrics, datasets and versions, quickly and without a word of complaint."""

import sqlite3
from contextlib import closing
from pathlib import Path

import typer

METRIC_NAMES = (
    "bleu",
    "chart_accuracy",
    "chart_data_f1",
    "chrf",
    "contains",
    "exact_match",
    "json_match",
    "ndcg_at_k",
    "numeric_match",
    "ocr_accuracy",
    "precision_at_k",
    "recall_at_k",
    "reciprocal_rank",
    "regex_match",
    "rouge_1",
    "rouge_2",
    "rouge_l",
    "token_f1",
    "tool_call_accuracy",
    "trajectory_strict_match",
    "trajectory_subset_match",
    "trajectory_superset_match",
    "trajectory_unordered_match",
)
"""As `langchain_phase5.evaluation` has them, which takes too long to import on every TAB."""


def metrics(incomplete: str) -> list[str]:
    """Offer names of metrics."""
    return [name for name in METRIC_NAMES if name.startswith(incomplete)]


def datasets(ctx: typer.Context, incomplete: str) -> list[str]:
    """Offer datasets in storage, and their versions once there is an `@`."""
    query = "SELECT name, version FROM dataset_versions ORDER BY id DESC"
    if "@" in incomplete:
        found = [f"{name}@{version}" for name, version in _rows(ctx, query)]
    else:
        found = [name for name, _ in _rows(ctx, query)]
    return [name for name in dict.fromkeys(found) if name.startswith(incomplete)]


def versions(ctx: typer.Context, incomplete: str) -> list[str]:
    """Offer versions that have runs in storage, newest first."""
    query = "SELECT target_version FROM evaluation_runs ORDER BY started_at DESC"
    names = dict.fromkeys(name for (name,) in _rows(ctx, query))
    return [name for name in names if name and name.startswith(incomplete)]


def _rows(ctx: typer.Context, query: str) -> list[tuple[str, ...]]:
    """Ask a SQLite database as it is; anything else would take too long, or is not there."""
    url = ctx.params.get("storage") or "sqlite:///langchain_phase5.db"
    path = Path(url.removeprefix("sqlite:///"))
    if not url.startswith("sqlite:///") or not path.is_file():
        return []
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as opened:
            return opened.execute(query).fetchall()
    except sqlite3.Error:
        return []

"""The history of evaluation runs."""

import json
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import (
    Column,
    Float,
    RowMapping,
    String,
    Table,
    Text,
    delete,
    func,
    insert,
    or_,
    select,
)

from langchain_phase5.storage.database import Database, metadata

_runs = Table(
    "evaluation_runs",
    metadata,
    Column("run_id", String(64), primary_key=True),
    Column("dataset", String(200), nullable=False, index=True),
    Column("dataset_version", String(64), nullable=False),
    Column("target", String(200), nullable=False),
    Column("target_version", String(200), nullable=False, index=True),
    Column("started_at", Float, nullable=False),
    Column("summary", Text, nullable=False),
    Column("report", Text, nullable=False),
)


class RunStore:
    """Reports in their JSON form, found again by version or id.

    Example:
        >>> from langchain_phase5.storage.database import Database
        >>> RunStore(Database("sqlite://")).history()
        []
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        database.create_tables(_runs)

    def save(self, report: Mapping[str, Any]) -> None:
        """Keep a report; one with the same `run_id` is replaced."""
        row = {
            "run_id": report["run_id"],
            "dataset": report["dataset"]["name"],
            "dataset_version": report["dataset"]["version"],
            "target": report["target"],
            "target_version": report["target_version"],
            "started_at": report["started_at"],
            "summary": json.dumps(report["summary"]),
            "report": json.dumps(report),
        }
        with self._database.begin() as connection:
            connection.execute(delete(_runs).where(_runs.c.run_id == row["run_id"]))
            connection.execute(insert(_runs).values(row))

    def load(self, name: str, *, dataset: str | None = None) -> dict[str, Any] | None:
        """Return the newest report whose version or id is `name`, or `None`."""
        query = select(_runs.c.report).where(
            or_(_runs.c.target_version == name, _runs.c.run_id == name)
        )
        if dataset is not None:
            query = query.where(_runs.c.dataset == dataset)
        with self._database.begin() as connection:
            found = connection.execute(query.order_by(_runs.c.started_at.desc()).limit(1)).scalar()
        return None if found is None else json.loads(found)

    def history(self, dataset: str | None = None) -> list[dict[str, Any]]:
        """List runs without their results, newest first, each with its `summary`."""
        return self.page(dataset)[0]

    def page(
        self, dataset: str | None = None, *, limit: int | None = None, offset: int = 0
    ) -> tuple[list[dict[str, Any]], int]:
        """Return a part of the history, and how many runs it has."""
        wanted = [] if dataset is None else [_runs.c.dataset == dataset]
        query = select(*_HEADLINE).where(*wanted)
        query = query.order_by(_runs.c.started_at.desc(), _runs.c.run_id)
        count = select(func.count()).select_from(_runs).where(*wanted)
        with self._database.begin() as connection:
            rows = connection.execute(query.limit(limit).offset(offset)).mappings()
            return [_headline(row) for row in rows], connection.execute(count).scalar_one()

    def headlines(self, run_ids: Collection[str]) -> dict[str, dict[str, Any]]:
        """Return those of some runs that there are, by id, as `history` lists them."""
        query = select(*_HEADLINE).where(_runs.c.run_id.in_(run_ids))
        with self._database.begin() as connection:
            rows = connection.execute(query).mappings()
            return {row["run_id"]: _headline(row) for row in rows}


_HEADLINE = [column for column in _runs.c if column.name != "report"]


def _headline(row: RowMapping) -> dict[str, Any]:
    return dict(row) | {"summary": json.loads(row["summary"])}

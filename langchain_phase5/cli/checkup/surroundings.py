"""API keys, the database and the disk."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from langchain_phase5.cli.checkup.finding import Finding

_KEYS = {
    "OPENAI_API_KEY": "OpenAI models; without it everything runs offline",
    "ANTHROPIC_API_KEY": "Anthropic models, with langchain-anthropic",
    "GOOGLE_API_KEY": "Gemini models, with langchain-google-genai",
    "LANGSMITH_API_KEY": "datasets and traces of LangSmith",
}
_LITTLE_SPACE = 1e9
_GIGABYTE = 1e9


def key_findings() -> Iterator[Finding]:
    """Say which API keys are set, never what they are."""
    for name, use in _KEYS.items():
        value = os.environ.get(name, "")
        if not value.strip():
            yield _key(name, "absent", f"not set; for {use}")
        elif value != value.strip(" \t\r\n\"'"):
            fix = f"set {name} again without them"
            yield _key(name, "broken", "set, with spaces or quotes around it", fix=fix)
        else:
            yield _key(name, "ok", "set")


def _key(name: str, state: str, detail: str, *, fix: str = "") -> Finding:
    return Finding(area="API keys", name=name, state=state, detail=detail, fix=fix)  # type: ignore[arg-type] # one of the three


def database_finding(url: str) -> Finding:
    """Say whether the database can be reached. A SQLite file is not created."""
    if url.startswith("sqlite"):
        return _sqlite(url.partition(":///")[2].partition("?")[0])
    from sqlalchemy import make_url
    from sqlalchemy.exc import SQLAlchemyError

    from langchain_phase5.storage import Database

    try:
        shown = make_url(url).render_as_string(hide_password=True)
        database = Database(url)
        with closing(database), database.engine.connect() as connection:
            connection.exec_driver_sql("SELECT 1")
    except ImportError as error:
        return _database("broken", str(error), fix="pip install 'langchain-phase5[postgres]'")
    except (SQLAlchemyError, ValueError) as error:
        said = str(getattr(error, "orig", None) or error).split("\n")[0]
        return _database("broken", said, fix="start the database, or mend the URL: --storage URL")
    return _database("ok", f"{shown} answers")


def _sqlite(name: str) -> Finding:
    path = Path(name)
    if not name or name == ":memory:":
        return _database("ok", "SQLite in memory; nothing is kept")
    if not path.exists():
        if path.parent.is_dir() and os.access(path.parent, os.W_OK):
            return _database("ok", f"{path} will be made when something is kept")
        fix = f"mkdir -p '{path.parent}', or choose another place: --storage URL"
        return _database("broken", f"{path.parent} cannot be written to", fix=fix)
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as opened:
            (tables,) = opened.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.Error as error:
        fix = f"move {path} away, or choose another place: --storage URL"
        return _database("broken", f"{path}: {error}", fix=fix)
    if not os.access(path, os.W_OK):
        return _database("broken", f"{path} is read-only", fix=f"chmod u+w '{path}'")
    return _database("ok", f"{path}: {tables} tables, {path.stat().st_size / 1e6:.1f} MB")


def _database(state: str, detail: str, *, fix: str = "") -> Finding:
    return Finding(area="Storage", name="database", state=state, detail=detail, fix=fix)  # type: ignore[arg-type] # one of the three


def disk_finding(folder: Path) -> Finding:
    """Say how much room there is; under 1 GB is too little for a model or an index."""
    free = shutil.disk_usage(folder).free
    enough = free >= _LITTLE_SPACE
    return Finding(
        area="Storage",
        name="disk space",
        state="ok" if enough else "broken",
        detail=f"{free / _GIGABYTE:,.1f} GB free at {folder.resolve()}",
        fix="" if enough else "make room: downloaded models lie in ~/.cache/huggingface",
    )

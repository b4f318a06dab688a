"""Servers that several tests talk to."""

import pytest


@pytest.fixture(scope="session")
def postgres_sockets():
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    from postgres import BINARIES, postgres  # noqa: PLC0415 - needs psycopg

    if not BINARIES:
        pytest.skip("no PostgreSQL server on this machine")
    with postgres() as sockets:
        yield sockets


@pytest.fixture
def postgres_url(postgres_sockets, request):
    """An empty database."""
    from postgres import new_database  # noqa: PLC0415 - needs psycopg

    return new_database(postgres_sockets, request.node.name.replace("[", "_").strip("]"))

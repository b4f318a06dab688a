"""A PostgreSQL server of the tests' own."""

import os
import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import psycopg

BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))


@contextmanager
def postgres(binaries=None):
    """Run a server on a socket; yields the folder of the socket.

    Its programs are those in `binaries`, or of the newest version installed on this machine.
    Its files are not among pytest's: a second pytest would shut the user `postgres` out of those.
    """
    with tempfile.TemporaryDirectory(prefix="postgres-") as place:
        folder = Path(place)
        folder.chmod(0o755)
        for name in ("data", "sockets"):
            (folder / name).mkdir()
            if os.geteuid() == 0:
                shutil.chown(folder / name, "postgres")
        with _serving(binaries or BINARIES[-1].parent, folder / "data", folder / "sockets"):
            yield folder / "sockets"


@contextmanager
def _serving(binaries, data, sockets):
    made = [str(binaries / "initdb"), "-D", str(data), "-A", "trust", "-U", "tester", "--no-sync"]
    subprocess.run(_as_postgres(*made), check=True, capture_output=True)  # noqa: S603
    options = ["-k", str(sockets), "-c", "listen_addresses=", "-c", "fsync=off"]
    server = subprocess.Popen(  # noqa: S603
        _as_postgres(str(binaries / "postgres"), "-D", str(data), *options),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(sockets)
        yield
    finally:
        server.terminate()
        server.wait(timeout=60)


def new_database(sockets, name):
    """Make an empty database and return its URL."""
    with psycopg.connect(host=str(sockets), user="tester", dbname="postgres") as connection:
        connection.autocommit = True
        connection.execute(f'create database "{name}"')
    return f"postgresql+psycopg://tester@/{name}?host={sockets}"


def _wait_for(sockets):
    deadline = time.monotonic() + 60
    while True:
        try:
            psycopg.connect(host=str(sockets), user="tester", dbname="postgres").close()
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return


def _as_postgres(*command):
    """PostgreSQL refuses to run as root."""
    if os.geteuid() == 0:
        return ["runuser", "-u", "postgres", "--", *command]
    return list(command)

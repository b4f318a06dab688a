"""A PostgreSQL server of the tests' own."""

import os
import shutil
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import psycopg

BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))


@contextmanager
def postgres(folder):
    """Run a server on a socket in `folder`; yields the folder of the socket."""
    for parent in (folder, *folder.parents[:2]):
        parent.chmod(0o755)
    data, sockets = folder / "data", folder / "sockets"
    for each in (data, sockets):
        each.mkdir()
        if os.geteuid() == 0:
            shutil.chown(each, "postgres")
    binaries = BINARIES[-1].parent
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
        yield sockets
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

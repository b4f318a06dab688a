"""Datasets and runs on a real PostgreSQL server, under eight writers."""

import os
import shutil
import subprocess
import threading
import time
from pathlib import Path

import pytest

from langchain_phase5.evaluation import AgentEvaluator, TestDatasetManager, compare_versions
from langchain_phase5.storage.database import Database

pytest.importorskip("psycopg", reason="psycopg is not installed")
BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
pytestmark = [
    pytest.mark.enable_socket,
    pytest.mark.skipif(not BINARIES, reason="no PostgreSQL server on this machine"),
]


def as_postgres(*command):
    """PostgreSQL refuses to run as root."""
    if os.geteuid() == 0:
        return ["runuser", "-u", "postgres", "--", *command]
    return list(command)


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    folder = tmp_path_factory.mktemp("postgres")
    for parent in (folder, *folder.parents[:2]):
        parent.chmod(0o755)
    data, sockets = folder / "data", folder / "sockets"
    for each in (data, sockets):
        each.mkdir()
        if os.geteuid() == 0:
            shutil.chown(each, "postgres")
    binaries = BINARIES[-1].parent
    start = as_postgres(str(binaries / "initdb"), "-D", str(data), "-A", "trust", "-U", "tester")
    subprocess.run(start, check=True, capture_output=True)  # noqa: S603
    server = subprocess.Popen(  # noqa: S603
        as_postgres(
            str(binaries / "postgres"),
            "-D",
            str(data),
            "-k",
            str(sockets),
            "-c",
            "listen_addresses=",
        ),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"postgresql+psycopg://tester@/postgres?host={sockets}"
    deadline = time.monotonic() + 60
    while True:
        try:
            with Database(address) as database, database.begin():
                break
        except Exception:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
    yield address
    server.terminate()
    server.wait(timeout=60)


def test_datasets_runs_and_comparisons(url):
    with Database(url) as database:
        manager = TestDatasetManager(database)
        dataset = manager.create_dataset("d", [f"q{i} ä 北" for i in range(20)], ["a"] * 20)
        assert manager.get_dataset("d") == dataset
        evaluator = AgentEvaluator(storage=database)
        evaluator.evaluate(lambda inputs: "a", "d", version="v1")
        evaluator.evaluate(lambda inputs: "b", "d", version="v2")
        assert compare_versions("v1", "v2", "d", storage=database).verdict == "regression"
        assert manager.delete_dataset("d") == 1


def test_eight_writers(url):
    with Database(url) as database:
        manager = TestDatasetManager(database)
        errors = []

        def write(writer):
            try:
                for i in range(5):
                    manager.create_dataset("busy", [f"{writer} {i}"])
                    manager.create_dataset("busy", ["the same"])
            except Exception as error:  # noqa: BLE001 - told below
                errors.append(error)

        threads = [threading.Thread(target=write, args=(i,)) for i in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not errors
        assert len(manager.list_datasets("busy")) == 41

import threading

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from langchain_phase5.storage import Database, JobStore
from langchain_phase5.storage.runs import RunStore


def test_refuses_what_is_no_url():
    with pytest.raises(ValueError, match="not a database URL"):
        Database("no url")


def test_committed_rows_outlive_the_connection(tmp_path):
    url = f"sqlite:///{tmp_path / 'kept.db'}"
    with Database(url) as database, database.begin() as connection:
        connection.execute(text("create table t (x int)"))
        connection.execute(text("insert into t values (1)"))
    with Database(url) as database, database.begin() as connection:
        assert connection.execute(text("select x from t")).scalar_one() == 1
        assert connection.execute(text("pragma journal_mode")).scalar_one() == "wal"


def test_an_exception_rolls_back(tmp_path):
    with Database(f"sqlite:///{tmp_path / 'x.db'}") as database:
        with database.begin() as connection:
            connection.execute(text("create table t (x int)"))
        with pytest.raises(RuntimeError), database.begin() as connection:
            connection.execute(text("insert into t values (1)"))
            raise RuntimeError
        with database.begin() as connection:
            assert connection.execute(text("select count(*) from t")).scalar_one() == 0


def test_memory_is_shared_between_threads():
    with Database("sqlite://") as database:
        with database.begin() as connection:
            connection.execute(text("create table t (x int)"))
        seen = []

        def read():
            with database.begin() as connection:
                seen.append(connection.execute(text("select count(*) from t")).scalar_one())

        thread = threading.Thread(target=read)
        thread.start()
        thread.join()
        assert seen == [0]


def test_threads_share_a_database_in_memory_but_no_transaction():
    with Database("sqlite://") as database:
        store = JobStore(database)
        errors = []

        def work(number):
            try:
                for _ in range(20):
                    RunStore(database)
                    store.submit({"n": number}, target="a", total=1)
                    store.claim(["a"]).finish("succeeded")
            except Exception as error:  # noqa: BLE001 - told below
                errors.append(error)

        threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not errors
        assert store.page(state="succeeded")[1] == 80


def test_several_processes_may_start_on_a_new_database(tmp_path):
    errors, together = [], threading.Barrier(6)

    def start():
        try:
            with Database(f"sqlite:///{tmp_path}/new.db") as database:
                together.wait()
                for _ in range(2):
                    JobStore(database).page()
        except Exception as error:  # noqa: BLE001 - told below
            errors.append(error)

    threads = [threading.Thread(target=start) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors


def test_tables_that_cannot_be_made_are_told(tmp_path, monkeypatch):
    monkeypatch.setattr("langchain_phase5.storage.database._TRIES", 2)
    with (
        Database(f"sqlite:///{tmp_path}/no/such/folder.db") as database,
        pytest.raises(OperationalError),
    ):
        JobStore(database)

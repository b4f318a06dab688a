"""An index on disk survives crashes, refuses strangers, and shows its readers whole commits."""

import contextlib
import importlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from langchain_core.embeddings import DeterministicFakeEmbedding, Embeddings

from langchain_phase5.retrievers import DamagedIndexError, ImageIndex, IndexLockedError

FAKE = DeterministicFakeEmbedding(size=16)


class OtherModel(Embeddings):
    fingerprint = "another"

    def embed_documents(self, texts):
        return FAKE.embed_documents(texts)

    def embed_query(self, text):
        return FAKE.embed_query(text)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "index"


def words(count):
    return [f"image {number}" for number in range(count)]


def add(index, texts):
    return index.add_texts(texts, [{"text": text} for text in texts], ids=texts)


def answers(index):
    found = index.similarity_search_with_score("image 3", k=50)
    return [(d.id, d.page_content, d.metadata, score) for d, score in found]


def test_reopened_index_gives_the_same_answers(path):
    with ImageIndex(FAKE, path=path) as index:
        add(index, words(40))
        index.delete(["image 7"])
        before = answers(index)
    with ImageIndex(FAKE, path=path) as index:
        assert answers(index) == before
        add(index, ["new"])
        assert len(index) == 40


def test_reopened_coded_index_gives_the_same_answers(path):
    with ImageIndex(FAKE, path=path, exact_up_to=100) as index:
        add(index, words(400))
        index.optimize()
        before, recall = answers(index), index.recall
    with ImageIndex(FAKE, path=path, exact_up_to=100) as index:
        assert (path / "codes-000001.bin").exists()
        assert answers(index) == before
        assert index.recall == recall


def test_nothing_on_disk_can_execute(path):
    with ImageIndex(FAKE, path=path, exact_up_to=100) as index:
        add(index, words(400))
        index.optimize()
    for file in path.iterdir():
        start = file.read_bytes()[:4]
        assert not start.startswith((b"\x80\x04", b"\x80\x05"))  # pickle
        assert start not in {b"IxFI", b"IwFl", b"IwSq", b"IxF2"}  # serialized FAISS index


def test_another_model_is_refused(path):
    with ImageIndex(FAKE, path=path) as index:
        add(index, words(3))
    with pytest.raises(ValueError, match="filled by the model"):
        ImageIndex(OtherModel(), path=path)
    with ImageIndex(FAKE, path=path) as index:  # the refusal has let go of the lock
        assert len(index) == 3


def test_second_writer_is_refused_and_a_reader_is_not(path):
    with ImageIndex(FAKE, path=path) as index:
        add(index, words(3))
        with pytest.raises(IndexLockedError, match="read_only=True"):
            ImageIndex(FAKE, path=path)
        with ImageIndex(FAKE, path=path, read_only=True) as reader:
            assert len(reader) == 3
            with pytest.raises(ValueError, match="read_only"):
                reader.delete(["image 1"])
            with pytest.raises(ValueError, match="read_only"):
                add(reader, ["new"])
    with ImageIndex(FAKE, path=path):
        pass


def test_reader_sees_every_commit_of_the_writer(path):
    with (
        ImageIndex(FAKE, path=path, exact_up_to=100) as index,
        ImageIndex(FAKE, path=path, read_only=True) as reader,
    ):
        assert answers(reader) == []
        for count in (10, 150, 300):
            add(index, words(count)[len(index) :])
            index.optimize()
            assert answers(reader) == answers(index)
            assert len(reader) == count
        index.delete(["image 3"])
        assert answers(reader) == answers(index)


def test_a_reader_needs_an_index(path):
    with pytest.raises(ValueError, match="no image index"):
        ImageIndex(FAKE, path=path, read_only=True)


@pytest.mark.parametrize("name", ["vectors.f32", "documents.sqlite", "codes-000001.bin"])
def test_every_changed_byte_is_noticed(path, name):
    with ImageIndex(FAKE, path=path, exact_up_to=100) as index:
        add(index, words(400))
        index.delete(["image 9"])
        index.optimize()
        before = answers(index)
    whole = (path / name).read_bytes()
    rng = np.random.default_rng(0)
    noticed = 0
    for position in rng.integers(0, len(whole), 60):
        changed = bytearray(whole)
        changed[position] ^= 1 << rng.integers(0, 8)
        (path / name).write_bytes(changed)
        try:
            with ImageIndex(FAKE, path=path, exact_up_to=100) as index:
                # SQLite leaves parts of its pages unused; a change there changes no answer.
                assert answers(index) == before
                assert name == "documents.sqlite"
        except (DamagedIndexError, ValueError):
            noticed += 1
        for extra in path.glob("documents.sqlite-*"):
            extra.unlink()
    assert noticed > 0


@pytest.mark.parametrize("name", ["vectors.f32", "documents.sqlite", "codes-000001.bin"])
@pytest.mark.parametrize("keep", [0, 0.5, 0.99, None])
def test_cut_off_or_missing_files_are_noticed(path, name, keep):
    with ImageIndex(FAKE, path=path, exact_up_to=100) as index:
        add(index, words(400))
        index.optimize()
    whole = (path / name).read_bytes()
    (path / name).unlink()
    if keep is not None:
        (path / name).write_bytes(whole[: int(keep * len(whole))])

    with pytest.raises(DamagedIndexError):
        ImageIndex(FAKE, path=path)


def test_some_other_database_is_refused(path):
    path.mkdir()
    (path / "documents.sqlite").write_bytes(b"no database at all" * 100)
    with pytest.raises(DamagedIndexError, match="not an image index"):
        ImageIndex(FAKE, path=path)


def test_full_disk_while_adding_loses_nothing_else(path, monkeypatch):
    with ImageIndex(FAKE, path=path) as index:
        add(index, words(5))
        before = answers(index)

        def full(_):
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full)
            with pytest.raises(OSError, match="No space left"):
                add(index, ["lost"])
        assert answers(index) == before
        add(index, ["kept"])
    with ImageIndex(FAKE, path=path) as index:
        assert len(index) == 6
        assert index.get_by_ids(["lost"]) == []


def test_full_disk_while_coding_leaves_the_index_usable(path, monkeypatch):
    with ImageIndex(FAKE, path=path, exact_up_to=100) as index:
        add(index, words(400))
        before = answers(index)

        def full(_):
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full)
            with pytest.raises(OSError, match="No space left"):
                index.optimize()
        assert answers(index) == before
        index.optimize()
        assert [file.name for file in path.glob("codes-*")] == ["codes-000001.bin"]


WRITER = """
    import sys
    from langchain_core.embeddings import DeterministicFakeEmbedding
    from langchain_phase5.retrievers import ImageIndex

    index = ImageIndex(DeterministicFakeEmbedding(size=16), path=sys.argv[1], exact_up_to=50)
    number = len(index)
    while True:
        texts = [f"image {number + i}" for i in range(3)]
        index.add_texts(texts, ids=texts)
        number += 3
        if number % 60 == 0:
            index.optimize()
        print(number, flush=True)
"""


def test_killed_at_any_moment_it_loses_nothing_acknowledged(path):
    rng = np.random.default_rng(0)
    for _ in range(4):
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and script
            [sys.executable, "-c", textwrap.dedent(WRITER), str(path)], stdout=subprocess.PIPE
        )
        acknowledged = [int(process.stdout.readline()) for _ in range(rng.integers(5, 60))][-1]
        process.send_signal(signal.SIGKILL)
        rest = process.communicate()[0].split()
        acknowledged = int(rest[-1]) if rest else acknowledged
        with ImageIndex(FAKE, path=path, exact_up_to=50) as index:
            assert len(index) >= acknowledged
            texts = [f"image {number}" for number in range(acknowledged)]
            assert [d.id for d in index.get_by_ids(texts)] == texts
            newest = texts[-1]
            assert index.similarity_search(newest, k=1)[0].id == newest


@pytest.mark.parametrize(
    "moment",
    [
        "document_table.TableDigest._stored",
        "index_folder.IndexFolder.vectors",
        "vector_file.VectorFile.checksum",
    ],
)
def test_a_reader_may_come_while_much_changes(path, monkeypatch, moment):
    with ImageIndex(FAKE, path=path) as index:
        add(index, words(30))
        module, owner, name = moment.split(".")
        checked = getattr(importlib.import_module(f"langchain_phase5.retrievers.{module}"), owner)
        check, begun = getattr(checked, name), []

        def late(*arguments, **options):
            if not begun:
                begun.append(True)
                index.delete(words(5))
                index.compact()
                add(index, words(40))
            return check(*arguments, **options)

        monkeypatch.setattr(checked, name, late)
        with ImageIndex(FAKE, path=path, read_only=True) as reader:
            assert reader.ids() == index.ids()
            assert answers(reader) == answers(index)


def test_a_reader_that_comes_before_there_is_anything(path):
    path.mkdir()
    (path / "documents.sqlite").touch()
    with pytest.raises(ValueError, match="no image index yet"):
        ImageIndex(FAKE, path=path, read_only=True)


def test_closing_twice_is_fine(path):
    index = ImageIndex(FAKE, path=path)
    index.close()
    index.close()


def test_codes_of_other_vectors_are_refused(path, tmp_path):
    for size, folder in ((16, path), (32, tmp_path / "other")):
        embeddings = DeterministicFakeEmbedding(size=size)
        with ImageIndex(embeddings, path=folder, exact_up_to=100) as index:
            add(index, words(400))
            index.optimize()
    shutil.copy(tmp_path / "other" / "codes-000001.bin", path)
    with contextlib.closing(sqlite3.connect(tmp_path / "other" / "documents.sqlite")) as other:
        stolen = other.execute("SELECT value FROM property WHERE name = 'codes'").fetchone()
    with contextlib.closing(sqlite3.connect(path / "documents.sqlite")) as database, database:
        database.execute("UPDATE property SET value = ? WHERE name = 'codes'", stolen)

    with pytest.raises(DamagedIndexError, match="16 numbers"):
        ImageIndex(FAKE, path=path, verify=False)


@pytest.mark.parametrize("row", [-7, 400, 2**62])
def test_codes_of_rows_that_do_not_exist_are_noticed(path, row):
    with ImageIndex(FAKE, path=path, exact_up_to=100) as index:
        add(index, words(400))
        index.optimize()
    codes = path / "codes-000001.bin"
    numbers = np.fromfile(codes, "<i8")
    rows_of_lists = np.isin(numbers, range(1, 400))
    rows_of_lists[: len(numbers) // 3] = False
    assert rows_of_lists.sum() > 100
    numbers[rows_of_lists] = row
    numbers.tofile(codes)

    with (
        ImageIndex(FAKE, path=path, verify=False) as index,
        pytest.raises(DamagedIndexError, match="rows that do not exist"),
    ):
        for text in words(400):
            index.similarity_search(text, k=10)


def test_a_hostile_description_of_the_codes_is_refused(path):
    with ImageIndex(FAKE, path=path, exact_up_to=100) as index:
        add(index, words(400))
        index.optimize()
    with contextlib.closing(sqlite3.connect(path / "documents.sqlite")) as database, database:
        database.execute("UPDATE property SET value = '{\"file\": 1}' WHERE name = 'codes'")

    for verify in (True, False):
        with pytest.raises(DamagedIndexError):
            ImageIndex(FAKE, path=path, verify=verify)


@pytest.mark.parametrize(
    "change",
    [
        "CREATE TRIGGER t AFTER INSERT ON document BEGIN DELETE FROM document; END",
        "DROP TABLE deleted",
        "UPDATE property SET value = '2' WHERE name = 'format'",
        "UPDATE document SET content = 'forged' WHERE row = 1",
        "DELETE FROM document WHERE row = 1",
        "DELETE FROM property WHERE name = 'fingerprint'",
    ],
)
def test_changes_from_outside_are_noticed(path, change):
    with ImageIndex(FAKE, path=path) as index:
        add(index, words(5))
    with contextlib.closing(sqlite3.connect(path / "documents.sqlite")) as database, database:
        database.execute(change)

    with pytest.raises(DamagedIndexError):
        ImageIndex(FAKE, path=path)


def test_an_index_of_a_later_version_is_refused(path):
    with ImageIndex(FAKE, path=path) as index:
        add(index, words(5))
    with contextlib.closing(sqlite3.connect(path / "documents.sqlite")) as database, database:
        database.execute("UPDATE property SET value = '2' WHERE name = 'format'")

    with pytest.raises(ValueError, match="newer version"):
        ImageIndex(FAKE, path=path, verify=False)

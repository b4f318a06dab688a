"""Compacting leaves deleted rows behind, and nobody notices: no reader, no later run, no crash."""

import os
import signal
import subprocess
import sys
import textwrap
import threading

import numpy as np
import pytest
from langchain_core.embeddings import DeterministicFakeEmbedding
from waiting import until

from langchain_phase5.retrievers import ImageIndex, index_storage

FAKE = DeterministicFakeEmbedding(size=16)


@pytest.fixture(params=["exact", "coded"])
def exact_up_to(request):
    return 10_000 if request.param == "exact" else 100


@pytest.fixture
def path(tmp_path):
    return tmp_path / "index"


def fill(index, count):
    texts = [f"image {number}" for number in range(count)]
    index.add_texts(texts, [{"album": number % 5} for number in range(count)], ids=texts)
    index.optimize()


def thin_out(index, count, *, keep_every):
    index.delete([f"image {number}" for number in range(count) if number % keep_every])


def answers(index):
    vector = FAKE.embed_query("image 3")
    found = index.similarity_search_with_score_by_vector(vector, k=5)
    filtered = index.similarity_search_by_vector(vector, k=60, filter={"album": 0})
    chosen = index.similarity_search_by_vector(vector, k=9, filter=lambda d: len(d.id) > 8)
    varied = index.max_marginal_relevance_search("image 3", k=4, fetch_k=6)
    scores = {document.id: round(score, 5) for document, score in found}
    ids = [[document.id for document in part] for part in (filtered, chosen, varied)]
    return scores, [document.metadata for document, _ in found], *ids, index.ids()


def vectors_in(path):
    (file,) = path.glob("vectors*.f32")
    return file.stat().st_size // (16 * 4)


def test_answers_stay_and_the_room_is_given_back(path, exact_up_to):
    with ImageIndex(FAKE, path=path, exact_up_to=exact_up_to) as index:
        fill(index, 400)
        thin_out(index, 400, keep_every=3)
        before = answers(index)
        index.compact()
        assert answers(index) == before
        assert vectors_in(path) == len(index) == 134
    with ImageIndex(FAKE, path=path, exact_up_to=exact_up_to) as index:
        assert answers(index) == before
        index.add_texts(["new"], ids=["new"])
        index.update("image 3", page_content="changed")
        assert index.similarity_search("new", k=1)[0].id == "new"
        assert index.get_by_ids(["image 3"])[0].page_content == "changed"
        assert len(index) == 135
    with ImageIndex(FAKE, path=path, exact_up_to=exact_up_to) as index:
        assert len(index) == 135


@pytest.mark.parametrize("in_memory", [False, True])
def test_again_and_again(path, exact_up_to, in_memory):
    with ImageIndex(FAKE, path=None if in_memory else path, exact_up_to=exact_up_to) as index:
        for number in range(4):
            fill(index, 300)  # replaces what is left
            thin_out(index, 300, keep_every=2 + number)
            before = answers(index)
            index.compact()
            assert answers(index) == before
        index.delete()
        index.compact()
        assert answers(index) == ({}, [], [], [], [], [])
        fill(index, 20)
        assert len(index) == 20


def test_without_deletions_nothing_is_written(path):
    with ImageIndex(FAKE, path=path) as index:
        fill(index, 20)
        before = {file.name: file.stat().st_ino for file in path.iterdir()}
        index.compact()
        assert {file.name: file.stat().st_ino for file in path.iterdir()} == before


def test_optimize_compacts_when_many_are_deleted(path, exact_up_to):
    with ImageIndex(FAKE, path=path, exact_up_to=exact_up_to) as index:
        fill(index, 400)
        index.delete(["image 7"])
        index.optimize()
        assert vectors_in(path) == 400
        thin_out(index, 400, keep_every=2)
        index.optimize()
        assert vectors_in(path) == 200


def test_deleting_most_of_many_compacts_by_itself(path, monkeypatch):
    monkeypatch.setattr(index_storage, "_TAIL", 100)
    with ImageIndex(FAKE, path=path) as index:
        fill(index, 300)
        index.delete([f"image {number}" for number in range(150)])
        assert vectors_in(path) == 300
        index.delete(["image 150"])
        assert vectors_in(path) == 149


def test_a_reader_may_not(path):
    with ImageIndex(FAKE, path=path) as index:
        fill(index, 3)
    with (
        ImageIndex(FAKE, path=path, read_only=True) as reader,
        pytest.raises(ValueError, match="read_only"),
    ):
        reader.compact()


@pytest.mark.parametrize("other_process", [False, True])
def test_who_searches_meanwhile_gets_the_right_answers(path, exact_up_to, other_process):
    """Every row is renumbered several times under searches that are under way."""
    ended, seen, wrong = threading.Event(), [], []
    with ImageIndex(FAKE, path=path, exact_up_to=exact_up_to) as index:
        fill(index, 300)
        reader = (
            ImageIndex(FAKE, path=path, read_only=True, exact_up_to=exact_up_to)
            if other_process  # as it would be there: with a connection and maps of its own
            else index
        )

        def search():
            query = FAKE.embed_query("image 0")
            while not ended.is_set():
                for filtered in (None, {"album": 0}):
                    (found,) = reader.similarity_search_with_score_by_vector(
                        query, k=1, filter=filtered
                    )
                    seen.append(filtered)
                    if found[0].id != "image 0" or found[1] < 0.999:
                        wrong.append(found)

        threads = [threading.Thread(target=search) for _ in range(3)]
        for thread in threads:
            thread.start()
        for keep_every in (2, 3, 4, 5, 7):
            enough = len(seen) + 3
            until(lambda: len(seen) >= enough)  # noqa: B023 - called at once
            thin_out(index, 300, keep_every=keep_every)
            index.compact()
            fill(index, 300)
        ended.set()
        for thread in threads:
            thread.join()
        if other_process:
            reader.close()
    assert len(seen) > 10
    assert wrong == []


def test_a_reader_that_was_there_before_reads_on(path, exact_up_to):
    with ImageIndex(FAKE, path=path, exact_up_to=exact_up_to) as index:
        fill(index, 300)
        with ImageIndex(FAKE, path=path, read_only=True, exact_up_to=exact_up_to) as reader:
            snapshot = reader._storage.snapshot()
            thin_out(index, 300, keep_every=3)
            index.compact()
            rows = np.arange(300)
            assert np.isfinite(snapshot.read(rows[:5])).all()
            assert np.allclose(np.linalg.norm(snapshot.vectors[rows], axis=1), 1, atol=1e-5)
            assert answers(reader) == answers(index)


def test_codes_of_the_same_name_are_not_taken_for_those_before(path, monkeypatch):
    with ImageIndex(FAKE, path=path, exact_up_to=150) as index:
        fill(index, 200)
        index.optimize()
        with ImageIndex(FAKE, path=path, read_only=True, exact_up_to=150) as reader:
            codes, begun = reader._storage._codes, []
            opened = codes.open

            def late(*arguments, **options):
                if not begun:
                    begun.append(True)
                    thin_out(index, 200, keep_every=2)
                    index.compact()  # to too few for codes
                    fill(index, 400)
                    index.optimize()
                return opened(*arguments, **options)

            index.update("image 0", metadata={"new": True})
            monkeypatch.setattr(codes, "open", late)
            assert answers(reader) == answers(index)
            assert [file.name for file in path.glob("codes-*")] == ["codes-000001.bin"]


def test_a_full_disk_changes_nothing(path, monkeypatch, exact_up_to):
    with ImageIndex(FAKE, path=path, exact_up_to=exact_up_to) as index:
        fill(index, 300)
        thin_out(index, 300, keep_every=2)
        before, files = answers(index), sorted(file.name for file in path.iterdir())

        def full(_):
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full)
            with pytest.raises(OSError, match="No space left"):
                index.compact()
        assert answers(index) == before
        assert sorted(file.name for file in path.iterdir()) == files
        index.compact()
        assert answers(index) == before


WRITER = """
    import sys
    from langchain_core.embeddings import DeterministicFakeEmbedding
    from langchain_phase5.retrievers import ImageIndex

    index = ImageIndex(DeterministicFakeEmbedding(size=16), path=sys.argv[1], exact_up_to=150)
    while True:
        texts = [f"image {number}" for number in range(200)]
        index.add_texts(texts, ids=texts)
        index.optimize()
        index.delete(texts[:80])
        print("deleted", flush=True)
        index.compact()
        print("compacted", flush=True)
"""


def test_killed_while_compacting_it_is_as_before_or_as_after(path):
    rng = np.random.default_rng(0)
    for _ in range(4):
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and script
            [sys.executable, "-c", textwrap.dedent(WRITER), str(path)], stdout=subprocess.PIPE
        )
        while (line := process.stdout.readline()) != b"deleted\n":
            assert line  # else it has died by itself
        for _ in range(2 * rng.integers(0, 3)):  # "compacted", "deleted"
            process.stdout.readline()
        try:
            process.wait(timeout=float(rng.uniform(0, 0.05)))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        process.communicate()
        with ImageIndex(FAKE, path=path, exact_up_to=150) as index:
            kept = [f"image {number}" for number in range(80, 200)]
            assert [document.id for document in index.get_by_ids(kept)] == kept
            assert len(index) in {120, 200}
            assert index.similarity_search("image 99", k=1)[0].id == "image 99"
            assert len(list(path.glob("vectors*.f32"))) == 1
            assert len(list(path.glob("codes-*"))) <= 1

"""The index: LangChain's standard tests, and search proven equal to brute force."""

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_tests.integration_tests import VectorStoreIntegrationTests

from langchain_phase5.retrievers import ImageIndex

FAKE = DeterministicFakeEmbedding(size=16)


def directions(count, dimension=16, seed=0):
    """Unit vectors in loose clusters, as image embeddings are."""
    rng = np.random.default_rng(seed)
    centers = rng.standard_normal((max(1, count // 20), dimension))
    vectors = centers[rng.integers(0, len(centers), count)]
    vectors = vectors + 0.5 * rng.standard_normal(vectors.shape)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float32)


def fill(index, vectors, *, first=0, metadata=lambda number: {"number": number}):
    numbers = range(first, first + len(vectors))
    index.add_embeddings(
        [f"image {number}" for number in numbers],
        vectors,
        [metadata(number) for number in numbers],
        ids=[str(number) for number in numbers],
    )


def found_ids(index, query, k, **kwargs):
    found = index.similarity_search_with_score_by_vector(query, k=k, **kwargs)
    scores = [score for _, score in found]
    assert scores == sorted(scores, reverse=True)
    return [document.id for document, _ in found]


def brute_force(vectors, query, k, allowed=None):
    scores = vectors @ query
    order = [i for i in np.argsort(-scores, kind="stable") if allowed is None or i in allowed]
    return [str(i) for i in order[:k]]


@pytest.fixture(params=["memory", "disk"])
def path(request, tmp_path):
    return None if request.param == "memory" else tmp_path / "índex 画像 #1%20?"


class TestStandardInMemory(VectorStoreIntegrationTests):
    @pytest.fixture
    def vectorstore(self):
        with ImageIndex(self.get_embeddings()) as index:
            yield index


class TestStandardOnDisk(VectorStoreIntegrationTests):
    @pytest.fixture
    def vectorstore(self, tmp_path):
        with ImageIndex(self.get_embeddings(), path=tmp_path / "index") as index:
            yield index


@settings(max_examples=25, deadline=None)
@given(
    count=st.integers(1, 60),
    k=st.integers(1, 80),
    deleted=st.sets(st.integers(0, 59), max_size=30),
    seed=st.integers(0, 1000),
)
def test_equals_brute_force_after_any_deletions(count, k, deleted, seed):
    vectors, query = directions(count, seed=seed), directions(1, seed=seed + 1)[0]
    with ImageIndex(FAKE) as index:
        fill(index, vectors)
        index.delete([str(number) for number in deleted])

        alive = set(range(count)) - deleted
        assert found_ids(index, query, k) == brute_force(vectors, query, k, alive)
        assert len(index) == len(alive)


@pytest.mark.parametrize(
    ("condition", "matches"),
    [
        ({"number": 7}, lambda n: n == 7),
        ({"number": {"$in": [3, 4, 99]}}, lambda n: n in {3, 4}),
        ({"number": {"$gte": 10, "$lt": 20}}, lambda n: 10 <= n < 20),
        ({"number": {"$gt": 45}}, lambda n: n > 45),
        ({"number": {"$lte": 2}}, lambda n: n <= 2),
        ({"number": {"$ne": 7}}, lambda n: n != 7),
        ({"number": {"$nin": [7, 8]}}, lambda n: n not in {7, 8}),
        ({"even": True, "number": {"$lt": 9}}, lambda n: n % 2 == 0 and n < 9),
        ({"$or": [{"number": 1}, {"number": 2}]}, lambda n: n in {1, 2}),
        ({"$and": [{"even": False}, {"number": {"$lt": 4}}]}, lambda n: n in {1, 3}),
        ({"$not": {"even": True}}, lambda n: n % 2),
        ({"tags": "third"}, lambda n: n % 3 == 0),
        ({"number": {"$gt": "a text"}}, lambda n: False),
        ({"nothing": 1}, lambda n: False),
        ({"number": [7]}, lambda n: False),
        ({}, lambda n: True),
        (lambda document: document.metadata["number"] > 40, lambda n: n > 40),
    ],
)
def test_filter_selects_before_the_search(path, condition, matches):
    vectors, query = directions(50), directions(1, seed=1)[0]

    def metadata(number):
        tags = ["any", "third"] if number % 3 == 0 else ["any"]
        return {"number": number, "even": number % 2 == 0, "tags": tags}

    with ImageIndex(FAKE, path=path) as index:
        fill(index, vectors[:30], metadata=metadata)
        index.similarity_search_by_vector(query, filter={"number": 0, "even": True, "tags": "any"})
        fill(index, vectors[30:], first=30, metadata=metadata)
        index.delete(["12"])

        allowed = {n for n in range(50) if matches(n) and n != 12}
        assert found_ids(index, query, 50, filter=condition) == brute_force(
            vectors, query, 50, allowed
        )


@pytest.mark.parametrize(
    ("condition", "matches"),
    [
        ({"even": True}, lambda n: n % 2 == 0),
        ({"number": {"$gt": 3}}, lambda n: n > 3),
        ({"even": {"$ne": True}}, lambda n: n % 2),
        ({"$not": {"number": {"$in": [4, 45]}}}, lambda n: n != 4),
    ],
)
def test_filter_serves_a_search_that_began_before_images_came(
    path, condition, matches, monkeypatch
):
    """As when a second thread adds, and a third asks, before the first has its answer."""
    vectors, query = directions(50), directions(1, seed=1)[0]

    def metadata(number):
        return {"number": number, "even": number % 2 == 0}

    with ImageIndex(FAKE, path=path) as index:
        fill(index, vectors[:30], metadata=metadata)
        earlier = index._storage.snapshot()
        fill(index, vectors[30:], first=30, metadata=metadata)
        found_ids(index, query, 50, filter=condition)
        monkeypatch.setattr(index._storage, "snapshot", lambda: earlier)

        allowed = {n for n in range(30) if matches(n)}
        assert found_ids(index, query, 50, filter=condition) == brute_force(
            vectors, query, 50, allowed
        )


@pytest.mark.parametrize(
    "condition", [None, {"kind": "a"}, lambda document: True], ids=["none", "fields", "function"]
)
def test_a_document_that_is_replaced_under_a_search_is_found(path, condition, monkeypatch):
    vectors, query = directions(5), directions(1, seed=1)[0]
    with ImageIndex(FAKE, path=path) as index:
        fill(index, vectors, metadata=lambda number: {"kind": "a"})
        snapshot = index._storage.snapshot
        earlier = iter([snapshot()])
        fill(index, vectors, metadata=lambda number: {"kind": "a"})
        found_ids(index, query, 5, filter=condition)
        monkeypatch.setattr(index._storage, "snapshot", lambda: next(earlier, None) or snapshot())

        assert found_ids(index, query, 5, filter=condition) == brute_force(vectors, query, 5)


@pytest.mark.parametrize(
    "condition", [None, {"kind": "a"}, lambda document: True], ids=["none", "fields", "function"]
)
@pytest.mark.parametrize("is_reader", [False, True])
def test_documents_that_are_replaced_all_the_time_are_found(
    tmp_path, condition, is_reader, monkeypatch
):
    vectors, query = directions(5), directions(1, seed=1)[0]
    with (
        ImageIndex(FAKE, path=tmp_path) as index,
        ImageIndex(FAKE, path=tmp_path, read_only=True) if is_reader else index as searched,
    ):
        storage = searched._storage
        snapshot = storage.snapshot

        def moving():
            taken = snapshot()
            if not storage.changing._is_owned():  # else others could not
                fill(index, vectors, metadata=lambda number: {"kind": "a"})
            return taken

        fill(index, vectors)
        monkeypatch.setattr(storage, "snapshot", moving)
        assert found_ids(searched, query, 5, filter=condition) == brute_force(vectors, query, 5)


def test_two_threads_update_one_document(path, monkeypatch):
    with ImageIndex(FAKE, path=path) as index:
        fill(index, directions(1))
        other = threading.Thread(target=index.update, args=("0",), kwargs={"metadata": {"b": 2}})
        get_by_ids = index.get_by_ids

        def slow(ids):
            found = get_by_ids(ids)
            if not other.ident:
                other.start()
                other.join(0.5)  # it has to wait, though
            return found

        monkeypatch.setattr(index, "get_by_ids", slow)
        index.update("0", metadata={"a": 1})
        other.join()
        assert get_by_ids(["0"])[0].metadata == {"number": 0, "a": 1, "b": 2}


@pytest.mark.parametrize("condition", [{"number": {"$near": 3}}, {"$xor": []}])
def test_unknown_filter_operators_are_named(condition):
    with ImageIndex(FAKE) as index:
        fill(index, directions(3))
        with pytest.raises(ValueError, match=r"\$(near|xor)"):
            index.similarity_search("x", filter=condition)


def test_narrow_filter_returns_all_it_should(path):
    vectors, query = directions(2000), directions(1, seed=1)[0]
    with ImageIndex(FAKE, path=path) as index:
        fill(index, vectors, metadata=lambda number: {"album": number % 100})

        allowed = set(range(37, 2000, 100))
        assert found_ids(index, query, 4, filter={"album": 37}) == brute_force(
            vectors, query, 4, allowed
        )


@pytest.mark.parametrize("most_mapped", [0, 256_000_000])
def test_filter_finds_the_same_in_files_large_and_small(path, most_mapped, monkeypatch):
    monkeypatch.setattr("langchain_phase5.retrievers.vector_file._MOST_MAPPED", most_mapped)
    vectors, query = directions(6000), directions(1, seed=1)[0]
    with ImageIndex(FAKE, path=path) as index:
        fill(index, vectors, metadata=lambda number: {"album": number % 20})

        allowed = set(range(7, 6000, 20))
        assert found_ids(index, query, 10, filter={"album": 7}) == brute_force(
            vectors, query, 10, allowed
        )


@pytest.mark.parametrize("filtered", [False, True])
def test_coded_index_finds_what_brute_force_finds(path, filtered, monkeypatch):
    monkeypatch.setattr("langchain_phase5.retrievers.nearest._EXACT_BELOW", 100)
    vectors, queries = directions(4000), directions(50, seed=1)
    condition = {"filter": {"even": True}} if filtered else {}
    with ImageIndex(FAKE, path=path, exact_up_to=1000) as index:
        fill(index, vectors[:3500], metadata=lambda number: {"even": number % 2 == 0})
        index.optimize()
        fill(index, vectors[3500:], first=3500, metadata=lambda number: {"even": number % 2 == 0})
        index.delete([str(number) for number in range(100)])

        assert index.recall >= 0.99
        allowed = {n for n in range(100, 4000) if not filtered or n % 2 == 0}
        agreed = sum(
            len(set(found_ids(index, query, 10, **condition)) & set(truth))
            for query in queries
            for truth in [brute_force(vectors, query, 10, allowed)]
        )
        assert agreed >= 0.98 * 10 * len(queries)


def test_coded_index_tells_images_apart_whose_codes_are_the_same(path):
    vectors = directions(3000)
    rng = np.random.default_rng(2)
    vectors[100:160] = vectors[100] + 0.01 * rng.standard_normal((60, 16), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    with ImageIndex(FAKE, path=path, exact_up_to=1000) as index:
        fill(index, vectors)
        index.optimize()

        assert found_ids(index, vectors[100], 10) == brute_force(vectors, vectors[100], 10)


def test_coded_index_answers_when_more_is_asked_than_it_found(path):
    vectors = directions(3000)
    with ImageIndex(FAKE, path=path, exact_up_to=1000) as index:
        fill(index, vectors)
        index.optimize()

        assert len(found_ids(index, vectors[0], 2999)) == 2999


def test_coded_index_grows_with_the_images(tmp_path):
    vectors = directions(5000)
    with ImageIndex(FAKE, path=tmp_path, exact_up_to=1000) as index:
        for count in (1500, 2000, 5000):
            fill(index, vectors[len(index) : count], first=len(index))
            index.optimize()
            assert [file.name for file in tmp_path.glob("codes-*")] == [
                f"codes-{[1500, 2000, 5000].index(count) + 1:06}.bin"
            ]
        assert found_ids(index, vectors[4990], 1) == ["4990"]


def test_mmr_prefers_variety():
    near, twin, other = np.eye(16)[0], np.eye(16)[0] + 0.01 * np.eye(16)[1], np.eye(16)[2]
    with ImageIndex(FAKE) as index:
        fill(index, np.array([near, twin, 0.6 * near + 0.8 * other], dtype=np.float32))

        varied = index.max_marginal_relevance_search_by_vector(list(near), k=2, lambda_mult=0.3)
        assert [document.id for document in varied] == ["0", "2"]
        assert len(index.max_marginal_relevance_search("anything", k=3)) == 3


def test_relevance_is_between_0_and_1():
    with ImageIndex(FAKE) as index:
        fill(index, directions(30))
        found = index.similarity_search_with_relevance_scores("anything", k=30)

        assert all(0 <= score <= 1 for _, score in found)
        assert len(found) == 30


def test_finds_by_image_if_the_model_can(clip, draw):
    with ImageIndex(clip) as index:
        index.add_embeddings(
            ["pie", "bars"], clip.embed_images([draw("pie.png"), draw("bars.png")])
        )
        assert index.similarity_search_by_image(draw("pie.png"), k=1)[0].page_content == "pie"
    with ImageIndex(FAKE) as index, pytest.raises(TypeError, match="cannot embed images"):
        index.similarity_search_by_image(draw("pie.png"))


def test_from_texts_and_delete_all():
    index = ImageIndex.from_texts(["a", "b"], FAKE, [{"n": 1}, {"n": 2}], ids=["x", "y"])

    assert index.similarity_search("a", k=1)[0].metadata == {"n": 1}
    index.delete()
    assert len(index) == 0
    assert index.similarity_search("a") == []


@pytest.mark.parametrize(
    ("vectors", "message"),
    [
        ([[1.0] * 16, [2.0] * 16], "equally many"),
        ([[float("nan")] * 16], "finite"),
        ([1.0] * 16, "equally many"),
        ([[1.0] * 8], "16"),
    ],
)
def test_wrong_vectors_are_refused_and_leave_nothing(vectors, message):
    with ImageIndex(FAKE) as index:
        fill(index, directions(2))
        with pytest.raises(ValueError, match=message):
            index.add_embeddings(["new"], vectors)
        with pytest.raises(ValueError, match="8 numbers"):
            index.similarity_search_by_vector([1.0] * 8)
        assert len(index) == 2


def test_repeated_id_keeps_the_last():
    with ImageIndex(FAKE) as index:
        index.add_texts(["first", "second"], ids=["same", "same"])

        assert [d.page_content for d in index.get_by_ids(["same", "none"])] == ["second"]
        assert len(index) == 1


def test_many_threads_search_while_one_adds(path):
    vectors = directions(600)
    failures = []
    with ImageIndex(FAKE, path=path) as index:
        fill(index, vectors[:10])
        done = threading.Event()

        def search():
            while not done.is_set():
                if found_ids(index, vectors[3], 1) != ["3"]:
                    failures.append("lost")

        threads = [threading.Thread(target=search) for _ in range(4)]
        for thread in threads:
            thread.start()
        for first in range(10, 600, 10):
            fill(index, vectors[first : first + 10], first=first)
        done.set()
        for thread in threads:
            thread.join()
        assert failures == []
        assert len(index) == 600

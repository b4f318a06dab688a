"""Vectors of questions and tools: tables, search and caches."""

import math

import numpy as np
import pytest
from langchain_core.stores import InMemoryByteStore

from langchain_phase5.routing.vectors.question_vectors import QuestionVectors
from langchain_phase5.routing.vectors.vector_cache import VectorCache
from langchain_phase5.routing.vectors.vector_table import VectorTable


def unit(rows, dimensions, seed=0):
    found = np.random.default_rng(seed).standard_normal((rows, dimensions)).astype(np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


class TestVectorTable:
    def test_the_short_search_of_a_large_table_finds_the_same_rows(self):
        centers = unit(40, 96)
        noise = unit(6_000, 96, seed=1)
        rows = np.repeat(centers, 150, axis=0) + 0.3 * noise
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        table = VectorTable(rows)
        added = np.linspace(0, 0.1, 6_000, dtype=np.float32)

        wanted = [0, 2_999, 5_999]
        found = table.products(rows[wanted], added=np.stack([0 * added, added, added[::-1]]))
        for row, extra, sums in zip(wanted, [0 * added, added, added[::-1]], found, strict=True):
            exact = rows @ rows[row] + extra
            best = np.argsort(-exact)[:10]
            assert np.array_equal(np.argsort(-sums)[:10], best)
            assert sums[best] == pytest.approx(exact[best], abs=1e-5)

    @pytest.mark.parametrize("dimensions", [66, 384])
    def test_what_is_added_decides_whom_a_large_table_compares_in_full(self, dimensions):
        rows = unit(5_000, dimensions)
        added = np.zeros((1, 5_000), dtype=np.float32)
        added[0, 7] = 3

        found = VectorTable(rows).products(rows[:1], added=added)[0]
        cosines = rows @ rows[0]
        assert np.argsort(-found)[:2].tolist() == [7, 0]
        assert found[7] == pytest.approx(cosines[7] + 3, abs=1e-5)

    def test_a_large_table_of_vectors_with_no_common_direction(self):
        rows = unit(5_000, 66)
        found = VectorTable(rows).products(rows[:5], added=np.zeros((5, 5_000), np.float32))
        exact = rows[:5] @ rows.T
        assert np.argsort(-found)[:, :10].tolist() == np.argsort(-exact)[:, :10].tolist()


class TestQuestionVectors:
    def test_many_are_searched_in_two_steps_with_the_same_result(self):
        centers = unit(40, 96)
        rows = np.repeat(centers, 150, axis=0) + 0.3 * unit(6_000, 96, seed=1)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        vectors = QuestionVectors(max_rows=5_500)
        for place, row in enumerate(rows[:5_500]):
            vectors.put(place, row)
        vectors.put(7, rows[5_999])
        rows[7] = rows[5_999]

        for question in (rows[0], rows[7], rows[5_499]):
            exact = rows[:5_500] @ question
            found = sorted(vectors.nearest(question, count=5), key=lambda pair: -pair[1])
            assert [place for place, _ in found] == np.argsort(-exact)[:5].tolist()
            assert [cosine for _, cosine in found] == pytest.approx(np.sort(exact)[::-1][:5])

    def test_what_has_no_vector_is_alike_to_nothing(self):
        vectors = QuestionVectors(max_rows=3)
        vectors.put(0, np.array([1, 0], np.float32))
        vectors.put(1, None)
        vectors.put(0, None)

        assert vectors.nearest(np.array([1, 0], np.float32), count=5) == [(0, 0.0), (1, 0.0)]
        assert vectors[1].tolist() == vectors[2].tolist() == [0, 0]

    def test_before_the_first_vector_there_are_no_dimensions(self):
        vectors = QuestionVectors(max_rows=3)
        assert vectors.dimensions == 0
        assert vectors[0].tolist() == []

    def test_beyond_the_last_place_there_is_nothing(self):
        vectors = QuestionVectors(max_rows=100)
        for place, row in enumerate(unit(64, 3)):
            vectors.put(place, row)

        assert vectors[63].any()
        assert vectors[64].tolist() == vectors[99].tolist() == [0, 0, 0]

    def test_another_length_drops_all_others(self):
        vectors = QuestionVectors(max_rows=10_000)
        for place, row in enumerate(unit(5_000, 96)):
            vectors.put(place, row)
        vectors.put(1, np.array([0, 1], np.float32))

        assert vectors.dimensions == 2
        assert vectors.nearest(np.array([0, 1], np.float32), count=1) == [(1, 1.0)]


def test_the_cache_is_bounded_and_keeps_what_is_used():
    cache = VectorCache(namespace="demo", max_vectors=2)
    cache.put(["a", "b"], [[1.0, 0.0], [0.0, 1.0]])
    cache.get("a")
    cache.put(["c"], [[1.0, 1.0]])

    assert len(cache) == 2
    assert cache.missing(["a", "b", "c", "b"]) == ["b"]


class TestVectorCache:
    @staticmethod
    def known(cache, *texts):
        return [cache.get(text).astype(float).round(3).tolist() for text in texts]

    def test_vectors_have_length_one_and_what_is_no_number_is_alike_to_nothing(self):
        cache = VectorCache(namespace="demo")
        nothing = [[0, 0], [math.nan, 1], [1, math.inf]]
        cache.put(["a", "b", "c", "d", "e"], [[3, 4], [0, -0.25], *nothing])

        assert self.known(cache, *"abcde") == [[0.6, 0.8], [0, -1], [0, 0], [0, 0], [0, 0]]
        assert cache.get("a").dtype == np.float32
        assert cache.get("f") is None

    @pytest.mark.parametrize("vectors", [[[1, 0]], [1, 0], [[1, 0]] * 3, [], [[[1]], [[2]]]])
    def test_a_wrong_number_of_vectors_is_refused(self, vectors):
        cache = VectorCache(namespace="demo")
        with pytest.raises(ValueError, match=r"shape \(.*\) for 2 texts"):
            cache.put(["a", "b"], vectors)
        assert len(cache) == 0

    def test_vectors_of_another_length_drop_all_others(self):
        cache = VectorCache(namespace="demo")
        cache.put(["a"], [[1, 0]])
        cache.expect(2)
        assert cache.missing(["a"]) == []
        cache.put(["b"], [[1, 0, 0]])
        assert cache.missing(["a", "b"]) == ["a"]
        cache.expect(2)
        assert cache.missing(["a", "b"]) == ["a", "b"]

    def test_a_store_is_asked_for_what_memory_lacks(self):
        store = InMemoryByteStore()
        VectorCache(namespace="demo", store=store).put(["a", "b"], [[3, 4], [1, 0]])
        cache = VectorCache(namespace="demo", store=store)

        assert cache.get("a") is None
        assert cache.missing(["c", "a", "b"]) == ["c"]
        assert self.known(cache, "a", "b") == [[0.6, 0.8], [1, 0]]

    @pytest.mark.parametrize("left", [b"", b"\x00", b"\x00" * 5, b"\x00" * 6, b"\x00" * 9])
    def test_an_entry_that_was_cut_off_is_embedded_again(self, left):
        store = InMemoryByteStore()
        cache = VectorCache(namespace="demo", store=store)
        cache.put(["a"], [[1, 0, 0, 0, 0]])
        (key,) = store.yield_keys()
        store.mset([(key, left)])

        later = VectorCache(namespace="demo", store=store)
        later.expect(5)
        assert later.missing(["a"]) == ["a"]
        later.put(["a"], [[0, 1, 0, 0, 0]])
        assert VectorCache(namespace="demo", store=store).missing(["a"]) == []

    def test_entries_of_a_store_can_be_told_by_their_model(self):
        store = InMemoryByteStore()
        for model in ("all/MiniLM:L6 v2", "all/MiniLM:L6_v2"):
            VectorCache(namespace=model, store=store).put(["a", "b"], [[1, 0], [0, 1]])

        assert len(set(store.yield_keys(prefix="all_MiniLM_L6_v2-"))) == 4

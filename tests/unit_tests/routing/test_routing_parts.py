"""The pure parts under the router, where the router itself cannot show them."""

import math

import numpy as np
import pydantic.v1
import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.stores import InMemoryByteStore
from langchain_core.tools import StructuredTool, Tool
from pydantic import BaseModel, Field

from langchain_phase5.routing.history.outcome_trust import OutcomeTrust
from langchain_phase5.routing.history.rank_calibration import RankCalibration
from langchain_phase5.routing.history.success_rates import SuccessRates
from langchain_phase5.routing.history.tool_directions import ToolDirections
from langchain_phase5.routing.text.clauses import clauses
from langchain_phase5.routing.text.conversation import Conversation, read_conversation
from langchain_phase5.routing.text.identifiers import without_identifiers
from langchain_phase5.routing.text.tool_text import tool_text
from langchain_phase5.routing.text.words import words
from langchain_phase5.routing.vectors.question_vectors import QuestionVectors
from langchain_phase5.routing.vectors.vector_cache import VectorCache
from langchain_phase5.routing.vectors.vector_table import VectorTable


def unit(rows, dimensions, seed=0):
    found = np.random.default_rng(seed).standard_normal((rows, dimensions)).astype(np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


class TestIdentifiers:
    @pytest.mark.parametrize(
        "code", ["12345", "A-1004", "HL-110", "7120934", "INV_2024_17", "b12345678c"]
    )
    def test_codes_leave(self, code):
        assert without_identifiers(f"where is {code}?") == "where is ?"

    @pytest.mark.parametrize(
        "question",
        ["9am on 2026-11-16", "room 4012 at 10:30", "mp3 to wav", "covid-19 news", "一二三"],
    )
    def test_what_tells_something_stays(self, question):
        assert without_identifiers(question) == question

    @pytest.mark.parametrize("question", ["A-1004", "", "  ", "1234567 89101112", "?! A-1004"])
    def test_something_is_always_left(self, question):
        assert without_identifiers(question) == question


class TestReadConversation:
    """Every turn back counts half; what a tool answered since, a quarter, its report a half."""

    CALL = AIMessage("", tool_calls=[{"name": "t", "args": {}, "id": "1"}])
    RESULT = ToolMessage("result", tool_call_id="1")

    def test_the_last_reply_and_three_earlier_messages_help(self):
        turns = [("a", "b"), ("c", "d"), ("e", "f"), ("g", ""), ("last", "after")]
        messages = [SystemMessage("Be kind")]
        for asked, replied in turns:
            messages += [HumanMessage(asked), AIMessage(replied)]

        found = read_conversation(messages)
        assert found.last == "last"
        assert found.context == (("f", 0.5), ("g", 0.5), ("e", 0.25), ("c", 0.125))
        assert found.weights == pytest.approx(
            [weight / 2.375 for weight in (1, 0.5, 0.5, 0.25, 0.125)]
        )

    def test_what_a_tool_has_answered_counts_less(self):
        messages = [HumanMessage("a"), self.CALL, self.RESULT, AIMessage("b"), HumanMessage("last")]
        assert read_conversation(messages).context == (("b", 0.25), ("a", 0.125))

    def test_what_came_after_the_tools_answer_counts_in_full(self):
        done = [HumanMessage("a"), self.CALL, self.RESULT, AIMessage("b")]
        messages = [*done, HumanMessage("c"), AIMessage("d"), HumanMessage("last")]
        found = read_conversation(messages)
        assert found.context == (("d", 0.5), ("c", 0.5), ("a", 0.0625))

    def test_a_long_question_keeps_its_beginning_and_a_long_reply_its_end(self):
        text = "x" * 4_000 + "y" * 1_000
        messages = [HumanMessage(text), AIMessage(text), HumanMessage(text)]
        found = read_conversation(messages)
        assert found.texts == ["x" * 4_000, "y" * 1_000, "x" * 4_000]
        assert read_conversation(text).last == "x" * 4_000

    @pytest.mark.parametrize("messages", [[], [AIMessage("hello")], [HumanMessage(" "), RESULT]])
    def test_nobody_asked(self, messages):
        assert read_conversation(messages) == Conversation(last="")


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


class TestToolDirections:
    def test_one_by_one_or_together_or_taken_back_is_the_same(self):
        vectors, question = list(unit(80, 16)), unit(1, 16, seed=2)[0]
        tools = [[i % 3] for i in range(80)]
        together, single = ToolDirections(), ToolDirections()
        together.change(vectors, tools=tools)
        for vector, places in zip(vectors, tools, strict=True):
            single.change([vector], tools=[places])
        extra = unit(1, 16, seed=3)
        single.change(list(extra), tools=[[1]])
        single.change(list(extra), tools=[[1]], remove=True)

        expected = together.scores(question, size=3)
        assert single.scores(question, size=3) == pytest.approx(expected, abs=1e-4)

    def test_it_is_ridge_regression(self):
        vectors, question = unit(50, 8), unit(1, 8, seed=2)[0]
        targets = np.eye(2)[np.arange(50) % 2]
        directions = ToolDirections()
        directions.change(list(vectors), tools=[[i % 2] for i in range(50)])

        normal = vectors.T @ vectors + 3 * np.eye(8)
        expected = question @ np.linalg.solve(normal, vectors.T @ targets)
        assert directions.scores(question, size=2) == pytest.approx(expected, abs=1e-5)

    def test_long_vectors_are_projected(self):
        directions = ToolDirections()
        vectors = unit(40, 1_536)
        directions.change(list(vectors), tools=[[i % 4] for i in range(40)])

        right = [directions.scores(v, size=4).argmax() == i % 4 for i, v in enumerate(vectors)]
        assert np.mean(right) > 0.9

    def test_nothing_learned_says_nothing(self):
        directions = ToolDirections()
        directions.change([], tools=[])

        assert directions.scores(unit(1, 8)[0], size=3).tolist() == [0, 0, 0]


class TestRankCalibration:
    @pytest.mark.parametrize("coverage", [0.7, 0.9, 0.95])
    def test_it_covers_as_promised(self, coverage):
        rng = np.random.default_rng(0)
        held = []
        for _ in range(200):
            calibration = RankCalibration(coverage=coverage)
            for rank in rng.geometric(0.3, size=60):
                calibration.add(rank)
            assert calibration.is_calibrated
            held.append(rng.geometric(0.3) <= calibration.k(100))

        assert np.mean(held) > coverage - 0.08

    def test_a_few_samples_promise_nothing(self):
        calibration = RankCalibration(coverage=0.9)
        calibration.add(50)

        assert not calibration.is_calibrated
        assert calibration.k(100) == 5
        assert calibration.k(2) == 2

    @pytest.mark.parametrize("coverage", [0, 1, 1.5])
    def test_an_impossible_coverage_is_refused(self, coverage):
        with pytest.raises(ValueError, match="coverage"):
            RankCalibration(coverage=coverage)


class TestSuccessRates:
    def test_the_order_in_which_calls_are_read_does_not_matter(self):
        calls = [("a", True, 0.0), ("a", False, 50.0), ("b", True, 100.0), ("a", True, 200.0)]
        found = []
        for read in (calls, calls[::-1]):
            rates = SuccessRates(half_life_seconds=100)
            for tool, success, time in read:
                rates.add(tool, success=success, time=time)
            found.append(dict(zip(rates.tools, rates.adjustments().tolist(), strict=True)))

        assert found[0] == pytest.approx(found[1])


def test_trust_forgets_the_distant_past():
    trust = OutcomeTrust()
    for _ in range(3_000):
        trust.add(0.75, share=0.9)
    trusted = trust.odds(0.75)
    for _ in range(3_000):
        trust.add(0.75, share=0.0)

    assert trusted == 3
    assert trust.odds(0.75) < 1


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


class TestToolText:
    ARGUMENTS = "Arguments: city Name (Where to look); days"

    def schema(self):
        city = {"type": "string", "description": "Where to look"}
        return {"type": "object", "properties": {"cityName": city, "days": {"type": "integer"}}}

    def of_tool(self, args_schema, **details):
        return tool_text(
            StructuredTool.from_function(
                lambda **given: "",
                name="getWeather_v2",
                description="Forecast",
                args_schema=args_schema,
                **details,
            )
        )

    def test_a_tools_arguments_from_pydantic(self):
        class Arguments(BaseModel):
            cityName: str = Field(description="Where to look")  # noqa: N815
            days: int

        assert self.of_tool(Arguments).body == f"get Weather v2: Forecast\n{self.ARGUMENTS}"

    def test_a_tools_arguments_from_pydantic_1(self):
        class Arguments(pydantic.v1.BaseModel):
            cityName: str = pydantic.v1.Field(description="Where to look")  # noqa: N815
            days: int

        assert self.of_tool(Arguments).body == f"get Weather v2: Forecast\n{self.ARGUMENTS}"

    def test_a_tools_arguments_from_a_json_schema(self):
        """As tools from a server of the Model Context Protocol have them."""
        found = self.of_tool(self.schema())
        assert (found.name, found.title) == ("getWeather_v2", "get Weather v2")
        assert found.body == f"get Weather v2: Forecast\n{self.ARGUMENTS}"

    @pytest.mark.parametrize("properties", [{}, {"properties": None}, {"properties": ["x"]}])
    def test_a_schema_without_arguments(self, properties):
        schema = {"type": "object", **properties}
        function = {"name": "getWeather_v2", "description": "Forecast", "parameters": schema}
        for found in (self.of_tool(schema), tool_text(function)):
            assert found.body == "get Weather v2: Forecast"

    @pytest.mark.parametrize("place", ["parameters", "input_schema", None])
    @pytest.mark.parametrize("inside", [True, False])
    def test_a_dicts_arguments(self, place, inside):
        schema = {place: self.schema()} if place else self.schema()
        function = {"name": "getWeather_v2", "description": "Forecast", **schema}
        found = tool_text({"type": "function", "function": function} if inside else function)
        assert found.name == "getWeather_v2"
        assert found.body == f"get Weather v2: Forecast\n{self.ARGUMENTS}"

    @pytest.mark.parametrize(
        ("use_cases", "line"),
        [
            (["pack a bag", "plan a trip"], "\nUse cases: pack a bag | plan a trip"),
            ("pack a bag", "\nUse cases: pack a bag"),
            ([7], "\nUse cases: 7"),
            ([], ""),
            (None, ""),
            (7, ""),
        ],
    )
    def test_use_cases(self, use_cases, line):
        expected = f"get Weather v2: Forecast{line}"
        schema, given = {"type": "object"}, {"use_cases": use_cases}
        function = {"name": "getWeather_v2", "description": "Forecast"}
        for found in (
            self.of_tool(schema, metadata=given),
            self.of_tool(schema, metadata={"owner": "us"}, extras=given),
            tool_text(function | given),
            tool_text({"type": "function", "function": function} | given),
            tool_text({"type": "function", "function": function | given}),
        ):
            assert found.body == expected

    def test_a_tool_that_nobody_described(self):
        tool = Tool(name="getWeather_v2", func=str, description="")
        assert tool_text(tool).body.startswith("get Weather v2: \nArguments")
        assert tool_text({"name": "getWeather_v2"}).body == "get Weather v2: "

    def test_what_is_known_is_cut(self):
        tool = {"name": "x" * 5_000, "description": "y" * 5_000, "use_cases": ["z"]}
        found = tool_text(tool)
        assert found.name == "x" * 5_000
        assert found.title == "x" * 4_000
        assert found.body == "x" * 4_000
        tool = {"name": "x", "description": "y" * 5_000, "use_cases": ["z"]}
        assert tool_text(tool).body == "x: " + "y" * 3_997


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("getHTTPPanel_by-hand", ["get", "http", "panel", "hand"]),
        ("東京abc天気", ["東京", "abc", "天気"]),
        ("x東京都庁", ["x", "東京", "京都", "都庁"]),
        ("雨 été天", ["雨", "été", "天"]),
        ("Classes glass cities city", ["class", "glass", "cit", "cit"]),
        ("booking booked books bookings", ["book", "book", "book", "book"]),
        ("translation translate translates", ["transl", "translat", "translat"]),
        ("ring red dies use", ["ring", "red", "die", "use"]),
        ("", []),
    ],
)
def test_words(text, expected):
    assert words(text) == expected


@pytest.mark.parametrize("noise", [" ", ", ", "and ", "and then ", ". ", "\n\t", "a and b c d "])
def test_splitting_hostile_text_ends(noise):
    assert len(clauses(noise * 4_000)) <= 16


def test_clauses():
    question = "Book a room in Oslo and then\n find me  a good restaurant, and tell my wife."

    assert clauses(question) == [
        "Book a room in Oslo",
        "find me a good restaurant",
        "tell my wife",
    ]
    assert clauses("What is the weather like?") == []
    assert clauses("Xerox the first page. Then mail my boss.") == [
        "Xerox the first page",
        "mail my boss",
    ]


def test_a_long_question_keeps_its_last_part():
    question = ". ".join(f"Please do thing {i}" for i in range(12))

    assert clauses(question)[-1] == "Please do thing 11"


def test_parts_are_bounded():
    assert len(clauses(". ".join(f"Please do thing {i}" for i in range(500)))) == 16

"""What the router reads in questions, conversations and tools."""

import pydantic.v1
import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import StructuredTool, Tool
from pydantic import BaseModel, Field

from langchain_phase5.routing.text.clauses import clauses
from langchain_phase5.routing.text.conversation import Conversation, read_conversation
from langchain_phase5.routing.text.identifiers import without_identifiers
from langchain_phase5.routing.text.tool_text import tool_text
from langchain_phase5.routing.text.words import words


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

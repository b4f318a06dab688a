import pytest
from langchain.agents import create_agent
from langchain.tools import tool

from langchain_phase5.demo import ScriptedChatModel


@tool
def get_weather(city: str) -> str:
    """Say what the weather is like in a city."""
    return f"It rains in {city}."


@tool
def cancel_order(order_id: str, reason: str | None = None) -> str:
    """Cancel an order that has not been shipped."""
    return f"Cancelled {order_id}."


@tool
def convert_currency(amount: float, source_currency: str, target_currency: str) -> str:
    """Convert an amount of money from one currency into another."""
    return f"{amount} {source_currency} in {target_currency}"


@tool
def compare_files(paths: list[str]) -> str:
    """Compare files."""
    return " ".join(paths)


TOOLS = [get_weather, cancel_order, convert_currency, compare_files]


@pytest.mark.parametrize(
    ("question", "name", "args"),
    [
        ("What is the weather like in Bergen?", "get_weather", {"city": "Bergen"}),
        ("Cancel order A-1004, please.", "cancel_order", {"order_id": "A-1004"}),
        (
            "Convert 12.5 EUR into the currency NOK",
            "convert_currency",
            {"amount": 12.5, "source_currency": "EUR", "target_currency": "NOK"},
        ),
        ("Compare the files a.png and b/c.png", "compare_files", {"paths": ["a.png", "b/c.png"]}),
    ],
)
def test_picks_a_tool_and_fills_its_arguments(question, name, args):
    reply = ScriptedChatModel().bind_tools(TOOLS).invoke(question)
    assert [(c["name"], c["args"]) for c in reply.tool_calls] == [(name, args)]


def test_cannot_call_a_tool_it_was_not_offered():
    reply = ScriptedChatModel().bind_tools([cancel_order]).invoke("What is the weather in Bergen?")
    assert not reply.tool_calls
    assert "None of the tools" in reply.text


@pytest.mark.parametrize("async_", [False, True])
async def test_answers_from_the_result_in_a_real_agent(async_):
    agent = create_agent(ScriptedChatModel(), TOOLS)
    question = {"messages": [("user", "What is the weather like in Bergen?")]}
    result = await agent.ainvoke(question) if async_ else agent.invoke(question)
    assert result["messages"][-1].text == "It rains in Bergen."


def test_of_a_long_result_it_repeats_what_the_question_is_about():
    @tool
    def read_text(image: str) -> str:
        """Read the text in an image."""
        return "\n".join(["Ridgeline Gear", "1 x Bike 20.00", "Total due 58.70", *["filler"] * 60])

    agent = create_agent(ScriptedChatModel(), [read_text])
    result = agent.invoke({"messages": [("user", "Read the text of bill.png: the total due?")]})
    assert "Total due 58.70" in result["messages"][-1].text
    assert len(result["messages"][-1].text) < 100


def test_more_tools_cost_more_estimated_tokens():
    few = ScriptedChatModel().bind_tools(TOOLS[:1]).invoke("weather?").usage_metadata
    many = ScriptedChatModel().bind_tools(TOOLS).invoke("weather?").usage_metadata
    assert many["input_tokens"] > few["input_tokens"]

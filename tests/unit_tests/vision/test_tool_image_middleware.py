"""Images in tool results, as they are sent to a model."""

import pytest
from fakes import FakeChatModel, call
from langchain.agents import create_agent
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from PIL import Image

from langchain_phase5.vision import ToolImageMiddleware, VisionAnalyzer, VisionToolkit


class ChatCompletionsModel(FakeChatModel):
    """Knows the switch of OpenAI's integration, like every model of its kind."""

    use_responses_api: bool | None = None


@pytest.fixture
def agent_with(tmp_path):
    Image.new("RGB", (32, 32), "teal").save(tmp_path / "teal.png")
    toolkit = VisionToolkit(VisionAnalyzer(ocr=None), roots=[tmp_path], show_images=True)

    def build(model, **kwargs):
        middleware = [ToolImageMiddleware(**kwargs)]
        return create_agent(model, tools=toolkit.get_tools(), middleware=middleware)

    return build


def two_calls():
    one, two = (call("analyze_image", f"call_{n}", image="teal.png") for n in (1, 2))
    return AIMessage("", tool_calls=[*one.tool_calls, *two.tool_calls])


def kinds(message):
    return [block["type"] for block in message.content]


@pytest.mark.parametrize("async_", [False, True])
async def test_images_follow_the_last_of_the_tool_messages(agent_with, async_):
    model = ChatCompletionsModel(replies=[two_calls(), "Teal."])
    agent, question = agent_with(model), {"messages": [("user", "What color?")]}
    result = await agent.ainvoke(question) if async_ else agent.invoke(question)
    _, _, first, second, shown = model.seen[1]
    assert isinstance(first, ToolMessage)
    assert isinstance(second, ToolMessage)
    assert kinds(first) == kinds(second) == ["text", "text"]
    assert isinstance(shown, HumanMessage)
    assert kinds(shown) == ["text", "image", "image"]
    assert kinds(result["messages"][2]) == ["text", "image"], "the state is as it was"


@pytest.mark.parametrize("model_type", [FakeChatModel, ChatCompletionsModel])
def test_models_that_take_images_from_tools_get_them_there(agent_with, model_type):
    model = model_type(replies=[two_calls(), "Teal."])
    if model_type is ChatCompletionsModel:
        model.use_responses_api = True
    agent_with(model).invoke({"messages": [("user", "What color?")]})
    assert kinds(model.seen[1][-1]) == ["text", "image"]


def test_always_means_for_every_model(agent_with):
    model = FakeChatModel(replies=[two_calls(), "Teal."])
    agent_with(model, move="always").invoke({"messages": [("user", "What color?")]})
    assert kinds(model.seen[1][-1]) == ["text", "image", "image"]


def test_a_conversation_without_images_is_left_alone(agent_with):
    model = ChatCompletionsModel(replies=[call("analyze_image", image="gone.png"), "Gone."])
    agent_with(model).invoke({"messages": [("user", "What color?")]})
    assert [type(message) for message in model.seen[1]] == [HumanMessage, AIMessage, ToolMessage]

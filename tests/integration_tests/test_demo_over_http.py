"""The demo on a real chat model class, over real HTTP to a local OpenAI-compatible server."""

import io

import pytest
from openai_server import openai_server
from rich.console import Console

from langchain_phase5.demo import ScriptedChatModel
from langchain_phase5.demo.questions import ROUTING
from langchain_phase5.demo.stage import set_stage
from langchain_phase5.demo.tour import show_routing

pytestmark = pytest.mark.enable_socket


@pytest.mark.parametrize("model_name", [None, "openai:gpt-4o-mini"])
def test_with_a_key_the_real_model_is_asked(model_name, tmp_path, monkeypatch):
    rules = ScriptedChatModel()
    with openai_server(lambda messages, tools: rules.bind_tools(tools).invoke(messages)) as server:
        monkeypatch.setenv("OPENAI_API_KEY", "a-key")
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        monkeypatch.setattr("langchain_phase5.routing.tool_router.choose_embeddings", _local)
        stage = set_stage(tmp_path, model_name=model_name)
        out = io.StringIO()
        try:
            show_routing(stage, Console(file=out, width=160))
        finally:
            stage.close()
    assert len(server.requests) == 2 * len(ROUTING)  # the call of a tool, then the answer
    assert all(len(request["tools"]) <= 3 for request in server.requests)
    wanted = model_name.removeprefix("openai:") if model_name else "gpt-4o"
    assert {request["model"] for request in server.requests} == {wanted}
    assert f"answer ({wanted})" in out.getvalue()
    assert "scripted" not in out.getvalue()


def _local():
    """Keep the tool embeddings offline: the server speaks chat only."""
    from langchain_phase5.routing import LocalEmbeddings  # noqa: PLC0415

    return LocalEmbeddings(), "local"

"""Picking tools over HTTP."""

import pytest
from service import TOOLS

ROUTE = "/api/v1/tools/route"
WEATHER = {"name": "get_weather", "description": "Say what the weather is like in a city."}
MAIL = {
    "name": "send_mail",
    "description": "Send an e-mail.",
    "parameters": {"type": "object", "properties": {"to": {"description": "Address"}}},
}


def test_registered_tools_are_ranked(make_client):
    client = make_client(parts={"tools": TOOLS})
    answer = client.post(ROUTE, json={"query": "weather in Oslo?", "top_k": 1}).json()
    assert [one["name"] for one in answer["tools"]] == ["get_weather"]
    assert answer["available"] == 2


def test_described_tools_are_ranked(client):
    body = {"query": "e-mail to the address of Ann", "top_k": 1, "tools": [WEATHER, MAIL]}
    answer = client.post(ROUTE, json=body).json()
    assert [one["name"] for one in answer["tools"]] == ["send_mail"]


def test_strangers_tools_leave_nothing_behind(client):
    router = client.app.state.services.router
    for number in range(5):
        tools = [{"name": f"tool_{number}", "description": "new"}]
        assert client.post(ROUTE, json={"query": "q", "tools": tools}).status_code == 200
    assert router.failures == {}
    assert len(router._embedder.tool_texts.missing(["tool_1: new"])) == 1


def test_without_tools_the_answer_says_how_to_get_some(client):
    answer = client.post(ROUTE, json={"query": "weather?"})
    assert answer.status_code == 503
    assert "--tools" in answer.json()["detail"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"query": ""},
        {"query": "x" * 8001},
        {"query": "q", "tools": []},
        {"query": "q", "tools": ["os:system"]},
        {"query": "q", "tools": [{"name": ""}]},
        {"query": "q", "tools": [{"name": "a", "code": "import os"}]},
        {"query": "q", "top_k": 0},
        {"query": "q", "top_k": "3"},
        {"query": "q", "module": "os:system"},
    ],
)
def test_what_does_not_fit_is_refused(client, body):
    assert client.post(ROUTE, json=body).status_code == 422

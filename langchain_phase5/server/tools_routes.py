"""`/api/v1/tools`: pick the tools that fit a question."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from langchain_phase5.routing import ScoredTool, ToolRouter
from langchain_phase5.server.problems import NotConfigured
from langchain_phase5.server.request_types import WholeNumber
from langchain_phase5.server.services import Services, ServicesOfApp

router = APIRouter(prefix="/api/v1/tools", tags=["tools"])

_WEATHER: dict[str, Any] = {
    "name": "get_weather",
    "description": "Say what the weather is like in a city.",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string", "description": "Its name"}},
        "required": ["city"],
    },
}
_MAIL: dict[str, Any] = {"name": "send_mail", "description": "Send an e-mail."}


class ToolDescription(BaseModel):
    """A tool in words: it is ranked, never called."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: str = Field(min_length=1, max_length=128)
    description: str = Field("", max_length=4000)
    parameters: dict[str, Any] | None = Field(
        None, description="JSON schema of the arguments; names and descriptions help the search"
    )


class RouteRequest(BaseModel):
    """A question, and what to choose from."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={
            "examples": [{"query": "weather in Oslo?", "top_k": 1, "tools": [_WEATHER, _MAIL]}]
        },
    )

    query: str = Field(min_length=1, max_length=8000)
    top_k: WholeNumber | None = Field(
        None, ge=1, le=100, description="How many tools; as the router is set up by default"
    )
    tools: list[ToolDescription] | None = Field(
        None,
        min_length=1,
        max_length=500,
        description="What to choose from; by default the tools that the operator registered",
    )


class RankedTool(BaseModel):
    """A tool and how well it fits."""

    name: str
    score: float
    """About 0 has nothing to do with the question, 1 and above is a clear match."""


class RouteAnswer(BaseModel):
    """The tools that fit."""

    tools: list[RankedTool]
    """Best first."""
    available: int
    """How many there were to choose from."""
    embeddings: str
    """The model that compared meanings; `none` compares words only."""


@router.post("/route")
async def route(wanted: RouteRequest, services: ServicesOfApp) -> RouteAnswer:
    """Pick the tools that fit a question best, by meaning, by words and by what worked before."""
    if wanted.tools is None and not services.tools:
        msg = 'No tools are registered. Send "tools", or start with `serve --tools MODULE:NAME`.'
        raise NotConfigured(msg)
    scored = await services.work.run(lambda: _ranked(services, wanted))
    return RouteAnswer(
        tools=[RankedTool(name=one.name, score=one.score) for one in scored],
        available=len(services.tools if wanted.tools is None else wanted.tools),
        embeddings=services.router.embeddings_name,
    )


async def _ranked(services: Services, wanted: RouteRequest) -> list[ScoredTool]:
    """Rank; strangers' tools by a router that is forgotten, so that they do not fill ours."""
    known = services.router
    if wanted.tools is None:
        return await known.aroute(wanted.query, services.tools, top_k=wanted.top_k)
    passing = ToolRouter(known.embeddings, top_k=known.top_k, history=known.history)
    tools = [{"type": "function", "function": one.model_dump()} for one in wanted.tools]
    return await passing.aroute(wanted.query, tools, top_k=wanted.top_k)

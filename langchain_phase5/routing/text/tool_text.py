"""The text a tool is searched by: readable name, description, arguments and use cases."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool

from langchain_phase5.routing.scored_tool import Tool, tool_name

MAX_CHARACTERS = 4_000
"""Descriptions are cut here: small embedding models read less, and it bounds the work."""

_CAMEL_CASE = re.compile(r"(?=[A-Z])(?:(?<=[a-z0-9])|(?<=[A-Z])(?=[A-Z][a-z]))")
_SEPARATORS = re.compile(r"[\s_\-./:]+")


@dataclass(frozen=True, kw_only=True)
class ToolText:
    """What is known about a tool in words; equal texts are the same tool to the router."""

    name: str
    """As the model calls it, e.g. `getWeather_v2`."""

    title: str
    """As a person would say it, e.g. `get Weather v2`."""

    body: str
    """Title, description, arguments and use cases."""


def tool_text(tool: Tool) -> ToolText:
    """Collect the words of a tool.

    Args:
        tool: Use cases are read from `metadata["use_cases"]` or `extras["use_cases"]` (a list of
            strings; for a dict, the key `use_cases`).
    """
    name = tool_name(tool)
    title = readable(name)
    description, properties, use_cases = _parts(tool)
    lines = [f"{title}: {description[:MAX_CHARACTERS]}"]
    if properties:
        lines.append("Arguments: " + "; ".join(_arguments(properties)))
    if use_cases:
        lines.append("Use cases: " + " | ".join(use_cases))
    return ToolText(name=name, title=title, body="\n".join(lines)[:MAX_CHARACTERS])


def readable(identifier: str) -> str:
    """Split an identifier into words.

    Example:
        >>> readable("getHTTPStatus_by-code")
        'get HTTP Status by code'
    """
    return _SEPARATORS.sub(" ", split_camel_case(identifier)).strip()


def split_camel_case(text: str) -> str:
    """Put spaces where small letters or abbreviations meet capitals; cut what is too long.

    Example:
        >>> split_camel_case("getHTTPStatus_by-code")
        'get HTTP Status_by-code'
    """
    return _CAMEL_CASE.sub(" ", text[:MAX_CHARACTERS])


def _parts(tool: Tool) -> tuple[str, Mapping[str, Any], list[str]]:
    if isinstance(tool, BaseTool):
        return tool.description or "", _properties(tool), _use_cases(tool.metadata, tool.extras)
    schema = tool if isinstance(tool, dict) else convert_to_openai_tool(tool)
    function = schema.get("function")
    inner = function if isinstance(function, dict) else schema
    parameters = inner.get("parameters") or inner.get("input_schema") or inner
    properties = parameters.get("properties") if isinstance(parameters, Mapping) else None
    return (
        str(inner.get("description") or ""),
        properties if isinstance(properties, Mapping) else {},
        _use_cases(schema, inner),
    )


def _properties(tool: BaseTool) -> Mapping[str, Any]:
    """Argument names and schemas, without the injected ones; a tool may have none."""
    try:
        fields = getattr(tool.tool_call_schema, "model_fields", None)
        if fields is not None:
            return {name: {"description": field.description} for name, field in fields.items()}
        found = tool.args  # of a JSON schema or of pydantic 1; slow for the others
    except Exception:  # noqa: BLE001 - a schema that cannot be built must not stop the routing
        return {}
    return found if isinstance(found, Mapping) else {}


def _arguments(properties: Mapping[str, Any]) -> Iterable[str]:
    for name, schema in properties.items():
        described = schema.get("description") if isinstance(schema, Mapping) else None
        yield f"{readable(str(name))} ({described})" if described else readable(str(name))


def _use_cases(*places: Mapping[str, Any] | None) -> list[str]:
    for place in places:
        found = (place or {}).get("use_cases")
        if isinstance(found, str):
            return [found]
        if isinstance(found, Iterable):
            return [str(case) for case in found]
    return []

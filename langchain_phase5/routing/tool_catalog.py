"""The tools of an agent by name."""

from collections.abc import Collection, Iterable, Sequence
from operator import is_
from typing import Any

from langchain_core.tools import BaseTool


class ToolCatalog:
    """A list of tools, read once so that it can be asked about names often.

    Where two tools have the same name the later one counts, as in LangChain's `ToolNode`.

    Args:
        tools: Tools, and the provider's own tools as dicts. A tool must be replaced to change it.

    Example:
        >>> from langchain_core.tools import tool
        >>> @tool
        ... def get_weather(city: str) -> str:
        ...     '''Say what the weather is like in a city.'''
        ...     return "sunny"
        >>> catalog = ToolCatalog([get_weather, {"type": "web_search"}])
        >>> catalog.in_order({"unknown", "get_weather"})
        ['get_weather']
    """

    def __init__(self, tools: Sequence[BaseTool | dict[str, Any]]) -> None:
        self._source = list(tools)
        self.provider_tools = [tool for tool in tools if isinstance(tool, dict)]
        by_name = {tool.name: tool for tool in tools if not isinstance(tool, dict)}
        self._tools = list(by_name.values())
        self._places = {name: place for place, name in enumerate(by_name)}

    def is_for(self, tools: Sequence[BaseTool | dict[str, Any]]) -> bool:
        """Say whether `tools` are the very same objects."""
        return len(tools) == len(self._source) and all(map(is_, tools, self._source))

    def get(self, name: str) -> BaseTool | None:
        """Find a tool."""
        place = self._places.get(name)
        return None if place is None else self._tools[place]

    def in_order(self, names: Iterable[str]) -> list[str]:
        """Keep the names of tools, in the order of the tools."""
        return sorted((name for name in names if name in self), key=self._places.__getitem__)

    def without(self, names: Collection[str]) -> list[BaseTool]:
        """List all other tools."""
        others = self._tools.copy()
        for name in reversed(self.in_order(names)):
            del others[self._places[name]]
        return others

    def __contains__(self, name: str) -> bool:
        return name in self._places

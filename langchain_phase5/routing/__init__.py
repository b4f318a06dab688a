"""Offer the model the right few tools of many, and learn from what they achieved."""

from langchain_phase5.routing.history.tool_history import ToolHistory
from langchain_phase5.routing.local_embeddings import LocalEmbeddings
from langchain_phase5.routing.middleware import ToolRouterMiddleware
from langchain_phase5.routing.routed_tools import RoutedTools
from langchain_phase5.routing.scored_tool import ScoredTool
from langchain_phase5.routing.tool_router import ToolRouter

__all__ = [
    "LocalEmbeddings",
    "RoutedTools",
    "ScoredTool",
    "ToolHistory",
    "ToolRouter",
    "ToolRouterMiddleware",
]

"""Offer the model the right few tools of many, and learn from what they achieved."""

from langchain_phase5.routing.local_embeddings import LocalEmbeddings
from langchain_phase5.routing.scored_tool import ScoredTool
from langchain_phase5.routing.tool_history import ToolHistory
from langchain_phase5.routing.tool_router import ToolRouter

__all__ = ["LocalEmbeddings", "ScoredTool", "ToolHistory", "ToolRouter"]

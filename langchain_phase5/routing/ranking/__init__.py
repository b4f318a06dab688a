"""Score tools for a conversation: by meaning, by words and by what worked before."""

from langchain_phase5.routing.ranking.embedder import Embedder
from langchain_phase5.routing.ranking.tool_ranking import ToolRanking

__all__ = ["Embedder", "ToolRanking"]

"""Read questions and tools: what they say, cut into parts and words."""

from langchain_phase5.routing.text.clauses import clauses
from langchain_phase5.routing.text.conversation import Conversation, Question, read_conversation
from langchain_phase5.routing.text.identifiers import without_identifiers
from langchain_phase5.routing.text.tool_text import ToolText, tool_text
from langchain_phase5.routing.text.word_weight import word_weight
from langchain_phase5.routing.text.words import words

__all__ = [
    "Conversation",
    "Question",
    "ToolText",
    "clauses",
    "read_conversation",
    "tool_text",
    "without_identifiers",
    "word_weight",
    "words",
]

"""An offline tour: one agent with over a hundred tools, watched, routed and graded."""

from langchain_phase5.demo.scripted_model import ScriptedChatModel

__all__ = ["ScriptedChatModel"]

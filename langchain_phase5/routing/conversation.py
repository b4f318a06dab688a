"""What a user wants, read from a conversation: the last question and what led up to it."""

from collections.abc import Sequence
from dataclasses import dataclass

from langchain_core.messages import HumanMessage, convert_to_messages
from langchain_core.prompt_values import PromptValue

MAX_CHARACTERS = 4_000
_TURNS = 3

Question = str | PromptValue | Sequence[object]
"""A question, or the messages of a conversation in any form that LangChain takes."""


@dataclass(frozen=True, kw_only=True)
class Conversation:
    """The user's words only; the newest earlier message comes first."""

    last: str
    earlier: tuple[str, ...] = ()


def read_conversation(question: Question) -> Conversation:
    """Take the user's last message and up to three before it.

    Raises:
        ValueError: Something in the list is no message.
    """
    if isinstance(question, str):
        return Conversation(last=question[:MAX_CHARACTERS])
    if isinstance(question, PromptValue):
        messages = question.to_messages()
    else:
        try:
            messages = convert_to_messages(question)  # type: ignore[arg-type] # checked by it
        except (NotImplementedError, TypeError) as error:
            msg = "pass a question as text, or a list of LangChain messages"
            raise ValueError(msg) from error
    said = [m.text[:MAX_CHARACTERS] for m in messages if isinstance(m, HumanMessage)]
    said = [text for text in said if text.strip()]
    if not said:
        return Conversation(last="")
    return Conversation(last=said[-1], earlier=tuple(said[-2 : -2 - _TURNS : -1]))

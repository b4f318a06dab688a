"""What a user wants, read from a conversation: the last question and what led up to it."""

from collections.abc import Sequence
from dataclasses import dataclass

from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    HumanMessage,
    ToolMessage,
    convert_to_messages,
)
from langchain_core.prompt_values import PromptValue

MAX_CHARACTERS = 4_000
_TURNS = 3
_DECAY = 0.5
_ANSWERED = 0.25
_ANSWER = 0.5
_MAX_REPLY_CHARACTERS = 1_000

Question = str | PromptValue | Sequence[object]
"""A question, or the messages of a conversation in any form that LangChain takes."""


@dataclass(frozen=True, kw_only=True)
class Conversation:
    """The last question, and the texts before it that help to understand it."""

    last: str

    context: tuple[tuple[str, float], ...] = ()
    """Text and weight (the last question has 1): the assistant's last reply, then the user's
    earlier messages, newest first."""

    @property
    def texts(self) -> list[str]:
        """List all texts, the last question first."""
        return [self.last, *(text for text, _ in self.context)]

    @property
    def weights(self) -> list[float]:
        """List the weight of every text; they add up to 1."""
        raw = [1.0, *(weight for _, weight in self.context)]
        return [weight / sum(raw) for weight in raw]


def read_conversation(question: Question) -> Conversation:
    """Take the user's last message, the reply before it and up to three earlier messages.

    "And tomorrow?" needs what came before, most of all what the assistant had just asked. Every
    turn back counts half. What a tool has answered since is probably done with: such a question
    counts a quarter of that, and the reply that reports it a half.

    Raises:
        ValueError: It is neither text nor messages.
    """
    if isinstance(question, str):
        return Conversation(last=question[:MAX_CHARACTERS])
    messages = _messages(question)
    asked = [i for i, m in enumerate(messages) if isinstance(m, HumanMessage) and m.text.strip()]
    if not asked:
        return Conversation(last="")
    before = messages[: asked[-1]]
    answered = max((i for i, m in enumerate(before) if isinstance(m, ToolMessage)), default=-1)
    context: list[tuple[str, float]] = []
    replies = [i for i, m in enumerate(before) if isinstance(m, AIMessage) and m.text.strip()]
    for i in replies[-1:]:
        told = _ANSWER if i == answered + 1 else 1.0
        context.append((before[i].text[-_MAX_REPLY_CHARACTERS:], _DECAY * told))
    for age, i in enumerate(asked[-2 : -2 - _TURNS : -1], start=1):
        done = _ANSWERED if i < answered else 1.0
        context.append((before[i].text[:MAX_CHARACTERS], _DECAY**age * done))
    return Conversation(last=messages[asked[-1]].text[:MAX_CHARACTERS], context=tuple(context))


def _messages(question: PromptValue | Sequence[object]) -> list[BaseMessage]:
    if isinstance(question, PromptValue):
        return question.to_messages()
    try:
        return convert_to_messages(question)  # type: ignore[arg-type] # it checks
    except (NotImplementedError, TypeError, ValueError) as error:
        msg = "pass a question as text, or a list of LangChain messages"
        raise ValueError(msg) from error

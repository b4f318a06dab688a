"""What a user wants, read from a conversation: the last question and what led up to it."""

from collections.abc import Sequence
from dataclasses import dataclass

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, convert_to_messages
from langchain_core.prompt_values import PromptValue

MAX_CHARACTERS = 4_000
_TURNS = 3
_DECAY = 0.5
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
    turn back counts half.

    Raises:
        ValueError: It is neither text nor messages.
    """
    if isinstance(question, str):
        return Conversation(last=question[:MAX_CHARACTERS])
    messages = [message for message in _messages(question) if message.text.strip()]
    asked = [i for i, message in enumerate(messages) if isinstance(message, HumanMessage)]
    if not asked:
        return Conversation(last="")
    replies = [m for m in messages[: asked[-1]] if isinstance(m, AIMessage)][-1:]
    earlier = asked[-2 : -2 - _TURNS : -1]
    return Conversation(
        last=messages[asked[-1]].text[:MAX_CHARACTERS],
        context=(
            *((reply.text[-_MAX_REPLY_CHARACTERS:], _DECAY) for reply in replies),
            *(
                (messages[i].text[:MAX_CHARACTERS], _DECAY ** (age + 1))
                for age, i in enumerate(earlier)
            ),
        ),
    )


def _messages(question: PromptValue | Sequence[object]) -> list[BaseMessage]:
    if isinstance(question, PromptValue):
        return question.to_messages()
    try:
        return convert_to_messages(question)  # type: ignore[arg-type] # it checks
    except (NotImplementedError, TypeError, ValueError) as error:
        msg = "pass a question as text, or a list of LangChain messages"
        raise ValueError(msg) from error

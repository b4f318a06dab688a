"""Stand-ins for what would cost money: a chat model that says what the test tells it to."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import Field, PrivateAttr

Reply = AIMessage | str | Exception


class FakeChatModel(BaseChatModel):
    """Answers with `replies` in turn (the last one for ever), or with what `answer(messages)` says.

    `bound` keeps the tool names of every `bind_tools`, `seen` the messages of every call.
    """

    replies: list[Any] = Field(default_factory=lambda: ["ok"])
    answer: Callable[[list[BaseMessage]], Any] | None = None
    model_name: str = "fake-model"
    usage: dict[str, Any] | None = None
    bound: list[list[str]] = Field(default_factory=list)
    seen: list[list[BaseMessage]] = Field(default_factory=list)
    _turn: int = PrivateAttr(default=0)

    @property
    def _llm_type(self) -> str:
        return "fake"

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> Any:
        self.bound.append([_name(tool) for tool in tools])
        return self.bind(tools=list(tools), **kwargs)

    def _next(self, messages: list[BaseMessage]) -> AIMessage:
        self.seen.append(messages)
        if self.answer is not None:
            reply: Reply = self.answer(messages)
        else:
            reply = self.replies[min(self._turn, len(self.replies) - 1)]
            self._turn += 1
        if isinstance(reply, Exception):
            raise reply
        message = AIMessage(reply) if isinstance(reply, str) else reply.model_copy()
        if self.usage is not None and message.usage_metadata is None:
            message.usage_metadata = self.usage
        message.response_metadata = {"model_name": self.model_name, **message.response_metadata}
        return message

    def _generate(self, messages, stop=None, run_manager=None, **kwargs) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=self._next(messages))])

    def _stream(
        self, messages, stop=None, run_manager=None, **kwargs
    ) -> Iterator[ChatGenerationChunk]:
        message = self._next(messages)
        words = str(message.content).split(" ")
        for i, word in enumerate(words):
            chunk = AIMessageChunk(content=word if i == 0 else f" {word}")
            if i == len(words) - 1:
                chunk = AIMessageChunk(
                    content=chunk.content,
                    tool_calls=message.tool_calls,
                    usage_metadata=message.usage_metadata,
                    response_metadata=message.response_metadata,
                )
            yield ChatGenerationChunk(message=chunk)


def call(tool_name: str, call_id: str = "call_1", /, **args: Any) -> AIMessage:
    """A reply that calls one tool."""
    return AIMessage(
        content="",
        tool_calls=[{"name": tool_name, "args": args, "id": call_id, "type": "tool_call"}],
    )


def _name(tool: Any) -> str:
    if isinstance(tool, dict):
        return tool.get("name") or tool.get("function", {}).get("name") or tool.get("type", "")
    return getattr(tool, "name", None) or tool.__name__

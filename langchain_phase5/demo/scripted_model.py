"""A chat model without a model: simple rules that pick a tool and copy arguments from the question.

It knows nothing about the demo's questions or tools. Given a hundred tools it is easily
distracted, given the right three it does well: that is what tool routing is about.
"""

import json
import math
import re
from collections.abc import Sequence
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    HumanMessage,
    ToolCall,
    ToolMessage,
)
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.utils.function_calling import convert_to_openai_tool

from langchain_phase5.demo.arguments import fill_arguments

_STOPWORDS = frozenset(
    re.findall(
        r"\w+",
        """a about all an and any are as at be by can could did do does for from get has have how
        i if in is it its many me much my of on one or our out over please show tell than that the
        their them there this to under was we were what when where which who will with would you
        your""",
    )
)
_LONG = 160
_PER_FOUND = 0.3
_PER_MISSING = 1.0
_CHARACTERS_PER_TOKEN = 4


class ScriptedChatModel(BaseChatModel):
    """Pick the offered tool that shares most words with the question; answer from its result.

    Token counts are estimates (four characters a token); the price of the model is unknown.

    Example:
        >>> from langchain.tools import tool
        >>> @tool
        ... def get_weather(city: str) -> str:
        ...     "Say what the weather is like in a city."
        >>> model = ScriptedChatModel().bind_tools([get_weather])
        >>> call = model.invoke("What is the weather like in Bergen?").tool_calls[0]
        >>> call["name"], call["args"]
        ('get_weather', {'city': 'Bergen'})
    """

    model_name: str = "scripted"

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> Any:
        return {**super()._get_ls_params(stop, **kwargs), "ls_model_name": self.model_name}

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> Runnable[Any, AIMessage]:
        """Offer `tools` to the model, as every LangChain chat model does."""
        return self.bind(tools=[convert_to_openai_tool(tool) for tool in tools], **kwargs)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: Any = None,
        *,
        tools: Sequence[dict[str, Any]] = (),
        **kwargs: Any,
    ) -> ChatResult:
        message = _reply(messages, [tool["function"] for tool in tools if "function" in tool])
        message.usage_metadata = _estimate_usage(messages, tools, message)
        message.response_metadata = {"model_name": self.model_name}
        return ChatResult(generations=[ChatGeneration(message=message)])


def _reply(messages: list[BaseMessage], tools: list[dict[str, Any]]) -> AIMessage:
    question = next((m.text for m in reversed(messages) if isinstance(m, HumanMessage)), "")
    if isinstance(messages[-1], ToolMessage):
        return AIMessage(_answer_from(messages[-1].text, question))
    tool = max(tools, key=lambda tool: _promise(tool, question), default=None)
    if tool is None or _promise(tool, question) <= 0:
        return AIMessage("None of the tools I was offered fits this question.")
    arguments, _ = fill_arguments(tool.get("parameters", {}), question)
    number = sum(isinstance(m, AIMessage) for m in messages)
    return AIMessage("", tool_calls=[ToolCall(name=tool["name"], args=arguments, id=f"s{number}")])


def _promise(tool: dict[str, Any], question: str) -> float:
    """Score a tool: words it shares with the question, arguments it would get and would lack."""
    wanted, name, description = map(_words, (question, tool["name"], tool.get("description", "")))
    shared = 2 * len(wanted & name) + len(wanted & description)
    found, missing = fill_arguments(tool.get("parameters", {}), question)
    likeness = shared / math.sqrt(len(name | description) or 1)
    return likeness + _PER_FOUND * len(found) - _PER_MISSING * len(missing)


def _answer_from(result: str, question: str) -> str:
    """Repeat a short result; of a long one, the two lines most like the question.

    Of lines that are equally like it, one with a number in it tells more.
    """
    if len(result) <= _LONG:
        return result
    wanted = _words(question)

    def likeness(line: str) -> tuple[int, bool]:
        return len(wanted & _words(line)), any(map(str.isdigit, line))

    lines = [line.strip() for line in result.splitlines() if line.strip()]
    best = sorted(lines, key=likeness, reverse=True)[:2]
    return " / ".join(line for line in lines if line in best)


def _words(text: str) -> set[str]:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", text)
    return {_stem(w) for w in re.findall(r"[a-z]{2,}", spaced.lower()) if w not in _STOPWORDS}


def _stem(word: str) -> str:
    for ending in ("ing", "ies", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:  # noqa: PLR2004
            return word[: -len(ending)]
    return word.removesuffix("e") if len(word) > 4 else word  # noqa: PLR2004


def _estimate_usage(
    messages: list[BaseMessage], tools: Sequence[dict[str, Any]], reply: AIMessage
) -> UsageMetadata:
    read = sum(len(m.text) for m in messages) + sum(len(json.dumps(tool)) for tool in tools)
    written = len(reply.text) + len(json.dumps([call["args"] for call in reply.tool_calls]))
    tokens_in, tokens_out = read // _CHARACTERS_PER_TOKEN + 1, written // _CHARACTERS_PER_TOKEN + 1
    return UsageMetadata(
        input_tokens=tokens_in, output_tokens=tokens_out, total_tokens=tokens_in + tokens_out
    )

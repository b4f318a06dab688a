"""Find the answer in what a target returned, and the accepted ones in a reference."""

import json
import string
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

_ANSWER_KEYS = ("answer", "output", "result", "response", "content", "text", "page_content")
_STRUCTURE = {"contexts", "documents", "messages", "steps", "tool_calls", "tools", "trajectory"}
_ARTICLES = {"a", "an", "the"}


def answer_text(outputs: Any) -> str:
    """Return the answer as text.

    That is the last assistant message of an agent's state, the value under `answer`, `output`,
    `result`, ..., the only value of a dict, or else the JSON of it all.
    """
    if outputs is None:
        return ""
    if isinstance(outputs, str):
        return outputs
    if not isinstance(outputs, Mapping):
        return _as_text(outputs)
    if isinstance(outputs.get("messages"), Sequence):
        return _last_reply(outputs["messages"])
    for key in _ANSWER_KEYS:
        if key in outputs:
            return _as_text(outputs[key])
    values = [value for key, value in outputs.items() if key not in _STRUCTURE]
    return _as_text(values[0]) if len(values) == 1 else _as_text(outputs)


def accepted_answers(reference_outputs: Any) -> list[str]:
    """Return the right answers as texts; several where the reference has a list, maybe none."""
    if not reference_outputs:
        return []
    if not isinstance(reference_outputs, Mapping):
        return [_as_text(reference_outputs)]
    if not reference_outputs.keys() - _STRUCTURE:
        return []
    answer = next((reference_outputs[k] for k in _ANSWER_KEYS if k in reference_outputs), None)
    if isinstance(answer, list):
        return [_as_text(each) for each in answer]
    return [answer_text(reference_outputs)]


def normalized(text: str) -> str:
    """Drop case, punctuation, English articles and spare spaces, as SQuAD's scorer does.

    Beyond that one, it folds compatibility forms (full-width digits, ligatures) and removes the
    punctuation of every script.
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    kept = "".join(c for c in folded if not _is_punctuation(c))
    return " ".join(word for word in kept.split() if word not in _ARTICLES)


def _is_punctuation(character: str) -> bool:
    if character.isascii():
        return character in string.punctuation
    return unicodedata.category(character).startswith("P")


def _last_reply(messages: Sequence[Any]) -> str:
    for message in reversed(messages):
        if isinstance(message, Mapping) and message.get("role") in {"assistant", "ai"}:
            return _content_text(message.get("content"))
    return ""


def _content_text(content: Any) -> str:
    if isinstance(content, str):
        return content
    blocks = content if isinstance(content, list) else []
    texts = [b if isinstance(b, str) else b.get("text", "") for b in blocks if b]
    return "".join(str(text) for text in texts)


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping) and "content" in value:
        return _content_text(value["content"])
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)

"""Whatever a target returns, as plain JSON: for evaluators, the journal and the pages."""

import base64
import dataclasses
import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

from langchain_core.documents import Document
from langchain_core.messages import AIMessage, BaseMessage, ToolMessage
from pydantic import BaseModel

_DEEPEST = 50
_ROLES = {"human": "user", "ai": "assistant", "tool": "tool", "system": "system"}
_SCALARS = frozenset({str, int, bool, type(None)})
_SEQUENCES = (list, tuple, set, frozenset)


def plain(value: Any, *, depth: int = 0) -> Any:
    """Convert to dicts, lists, strings, finite numbers, booleans and `None`.

    Messages take the OpenAI form (`role`, `content`, `tool_calls`), which evaluators of LangSmith,
    agentevals and openevals read. Binary data is named by size and hash rather than kept, and what
    is not finite becomes text, so that nothing written is ever NaN.
    """
    if type(value) in _SCALARS:
        return value
    if depth > _DEEPEST:
        return f"<nested deeper than {_DEEPEST}>"
    if type(value) is dict or isinstance(value, Mapping):
        return {  # scalars are told apart here too: a call for each would double the time
            key if type(key) is str else str(key): item
            if type(item) in _SCALARS
            else plain(item, depth=depth + 1)
            for key, item in value.items()
        }
    if isinstance(value, _SEQUENCES):
        items: Iterable[Any] = sorted(value, key=repr) if isinstance(value, set) else value
        return [plain(item, depth=depth + 1) for item in items]
    return _other(value, depth=depth + 1)


def _other(value: Any, *, depth: int) -> Any:
    if isinstance(value, BaseMessage):
        return _message(value, depth=depth)
    if isinstance(value, Document):
        form = {"page_content": value.page_content, "metadata": plain(value.metadata, depth=depth)}
        return form | ({"id": value.id} if value.id else {})
    if isinstance(value, BaseModel):
        return plain(value.model_dump(), depth=depth)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
        return plain(fields, depth=depth)
    return plain(value.tolist(), depth=depth) if hasattr(value, "tolist") else _scalar(value)


def _scalar(value: Any) -> Any:
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else str(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return _binary(bytes(value))
    return int(value) if isinstance(value, int) else str(value)


def _binary(data: bytes) -> dict[str, Any]:
    return {
        "type": "binary",
        "bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        "start": base64.b64encode(data[:24]).decode(),
    }


def _message(message: BaseMessage, *, depth: int) -> dict[str, Any]:
    form: dict[str, Any] = {
        "role": _ROLES.get(message.type, message.type),
        "content": plain(message.content, depth=depth),
    }
    if isinstance(message, AIMessage) and message.tool_calls:
        form["tool_calls"] = [
            {"type": "function", "id": call["id"] or "", "function": _function(call, depth)}
            for call in message.tool_calls
        ]
    if isinstance(message, ToolMessage):
        form |= {"tool_call_id": message.tool_call_id, "name": message.name or ""}
        if message.status == "error":
            form["status"] = "error"
    return form


def _function(call: Any, depth: int) -> dict[str, Any]:
    arguments = json.dumps(plain(call["args"], depth=depth), ensure_ascii=False)
    return {"name": call["name"], "arguments": arguments}

"""Fill a tool's arguments from a question by their names, as a reader with a pencil would."""

import re
from collections.abc import Callable
from typing import Any

_FILE = r"[\w./-]*\w\.(?:png|jpe?g|webp|tiff?|pdf|csv|txt|md|json|xlsx)\b"
_DATE = r"\b\d{4}-\d{2}-\d{2}\b"
_NUMBER = r"(?<![\w.-])\d+(?:\.\d+)?(?![\w-]|\.\d|:\d)"
_PERSON = r"\b[A-Z][a-zéöåäøü]+ [A-Z][a-zéöåäøü]+\b"
_PLACE = r"(?:\b(?:in|to|from|for|at|near|between|and)\s+)([A-Z][a-zéöåäøü]+)"

# Argument name -> what it looks like in a sentence. The first pattern whose name fits is used.
_LOOKS: tuple[tuple[str, str], ...] = (
    (r"order_id", r"\bA-\d+\b"),
    (r"invoice_id", r"\bINV-\d+\b"),
    (r"ticket_id", r"\bT-\d+\b"),
    (r"_id$", r"\b[A-Z]+-\d+\b"),
    (r"sku", r"\b[A-Z]{2}-\d{3}\b"),
    (r"email|recipient", r"[\w.+-]+@[\w-]+\.[\w.]+\w"),
    (r"path|image|file", _FILE),
    (r"month", r"\b\d{4}-\d{2}\b(?!-)"),
    (r"time", r"\b\d{1,2}:\d{2}\b"),
    (r"date|day|start|end|until", _DATE),
    (r"currency", r"\b(?:EUR|USD|GBP|NOK|SEK|DKK|CHF|JPY)\b"),
    (r"customer|employee|person|assignee|manager", _PERSON),
    (r"city|country|place|origin|destination", _PLACE),
)
_QUOTED = r"[\"“']([^\"”']{2,})[\"”']"


def fill_arguments(parameters: dict[str, Any], question: str) -> dict[str, Any]:
    """Return a value for every argument that the question names, and for every required string.

    Args:
        parameters: The tool's JSON schema (`properties`, `required`).
        question: What the user wrote.
    """
    required = set(parameters.get("required", ()))
    pools: dict[str, list[str]] = {}
    filled: dict[str, Any] = {}
    for name, schema in parameters.get("properties", {}).items():
        value = _find(name, schema, question, pools)
        if value is None and name in required and _type(schema) == "string":
            value = question
        if value is not None:
            filled[name] = value
    return filled


def _find(name: str, schema: dict[str, Any], question: str, pools: dict[str, list[str]]) -> Any:
    """Take the next unused piece of the question that looks like this argument."""

    def take(pattern: str, convert: Callable[[str], Any] = str) -> Any:
        pool = pools.setdefault(pattern, re.findall(pattern, question))
        return convert(pool.pop(0)) if pool else None

    kind = _type(schema)
    choices = schema.get("enum")
    if choices:
        return next((c for c in choices if str(c).lower() in question.lower()), None)
    if kind == "integer":
        return take(_NUMBER, lambda text: int(float(text)))
    if kind == "number":
        return take(_NUMBER, float)
    look = next((look for fits, look in _LOOKS if re.search(fits, name)), None)
    if kind == "array":
        found = re.findall(look, question) if look else []
        return found or None
    return take(look) if look else take(_QUOTED)


def _type(schema: dict[str, Any]) -> str:
    options = [schema, *schema.get("anyOf", ())]
    return next((str(o["type"]) for o in options if o.get("type") not in {None, "null"}), "string")

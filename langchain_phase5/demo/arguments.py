"""Fill a tool's arguments from a question by their names, as a reader with a pencil would."""

import re
from collections import Counter
from typing import Any

_WORD = r"[A-Z][a-zà-ÿ]+"

# Argument name -> what it looks like in a sentence. The first whose name fits is used.
_LOOKS: tuple[tuple[str, str], ...] = (
    (r"order_id", r"\bA-\d+\b"),
    (r"invoice_id", r"\bINV-\d+\b"),
    (r"ticket_id", r"\bT-\d+\b"),
    (r"_id$", r"\b[A-Z]+-\d+\b"),
    (r"sku", r"\b[A-Z]{2}-\d{3}\b"),
    (r"email|recipient", r"[\w.+-]+@[\w-]+\.[\w.]+\w"),
    (r"path|image|file", r"[\w./-]*\w\.(?:png|jpe?g|webp|tiff?|pdf|csv|txt|md|json|xlsx)\b"),
    (r"month", r"\b\d{4}-\d{2}\b(?!-)"),
    (r"time", r"\b\d{1,2}:\d{2}\b"),
    (r"date|day|start|end|until", r"\b\d{4}-\d{2}-\d{2}\b"),
    (r"currency", r"\b(?:EUR|USD|GBP|NOK|SEK|DKK|CHF|JPY|PLN)\b"),
    (r"unit", r"\b(?:km|miles|kg|pounds|grams|celsius|fahrenheit)\b"),
    (r"customer|employee|person|assignee|manager", rf"\b{_WORD} {_WORD}\b"),
    (
        r"city|country|place|origin|destination",
        rf"\b(?:in|to|from|for|at|near|between|and) ({_WORD})\b",
    ),
)
_NUMBER = r"(?<![\w.-])\d+(?:\.\d+)?(?![\w-]|\.\d|:\d)"
_QUOTED = r"[\"“']([^\"”']{2,})[\"”']"
_FREE_TEXT = ("text", "query", "question", "message")


def fill_arguments(parameters: dict[str, Any], question: str) -> tuple[dict[str, Any], list[str]]:
    """Find a value for every argument that the question names.

    Where a question holds several things of a kind and the tool asks for one, it gets the last:
    "from EUR to NOK" ends with what is wanted.

    Args:
        parameters: The tool's JSON schema (`properties`, `required`).
        question: What the user wrote.

    Returns:
        The values by argument, and the required arguments for which there is none.
    """
    properties = parameters.get("properties", {})
    looks = {name: _look(name, schema) for name, schema in properties.items()}
    askers = Counter(looks.values())
    pools = {look: re.findall(look, question) for look in askers}
    filled = {}
    for name, schema in properties.items():
        pool = pools[looks[name]]
        if askers[looks[name]] == 1 and _type(schema) == "string":
            del pool[:-1]
        value = _value(name, schema, question, pool)
        if value is not None:
            filled[name] = value
    return filled, [name for name in parameters.get("required", ()) if name not in filled]


def _look(name: str, schema: dict[str, Any]) -> str:
    if _type(schema) in {"integer", "number"}:
        return _NUMBER
    return next((look for fits, look in _LOOKS if re.search(fits, name)), _QUOTED)


def _value(name: str, schema: dict[str, Any], question: str, pool: list[str]) -> Any:
    """Take the next unused piece of the question that looks like this argument."""
    kind = _type(schema)
    choices = schema.get("enum")
    if choices:
        return next((c for c in choices if str(c).lower() in question.lower()), None)
    if kind == "array":
        return pool or None
    if not pool:
        return question if name in _FREE_TEXT else None
    text = pool.pop(0)
    if kind == "integer":
        return int(float(text))
    return float(text) if kind == "number" else text


def _type(schema: dict[str, Any]) -> str:
    options = [schema, *schema.get("anyOf", ())]
    return next((str(o["type"]) for o in options if o.get("type") not in {None, "null"}), "string")

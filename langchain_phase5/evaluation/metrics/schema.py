"""Does the answer have the right shape?"""

import re
from collections.abc import Callable
from typing import Any

from pydantic import TypeAdapter, ValidationError

from langchain_phase5.evaluation.metrics.answers import answer_text
from langchain_phase5.evaluation.metrics.score import score


def schema_match(schema: Any) -> Callable[..., dict[str, Any]]:
    """Make an evaluator of whether the answer validates against a type.

    Args:
        schema: A pydantic model, a TypedDict, or any annotation that pydantic understands. The
            answer is taken as it is, or read from its text as JSON, fenced or not.

    Example:
        >>> evaluator = schema_match(dict[str, int])
        >>> evaluator(outputs={"answer": '{"apples": 3}'})["score"]
        1.0
    """
    adapter = TypeAdapter[Any](schema)

    def schema_match(*, outputs: Any, **_: Any) -> dict[str, Any]:
        try:
            adapter.validate_python(outputs)
        except ValidationError:
            text = answer_text(outputs)
            fenced = re.search(r"```(?:json)?\s*(.*?)```", text, re.DOTALL)
            try:
                adapter.validate_json(fenced.group(1) if fenced else text)
            except ValidationError as error:
                return score("schema_match", 0.0, str(error))
        return score("schema_match", 1.0)

    return schema_match

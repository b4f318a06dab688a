"""Kinds of values that several endpoints take."""

from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints

Name = Annotated[
    str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")
]
Line = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
Limit = Annotated[int, Query(ge=1, le=200, description="At most so many")]
Offset = Annotated[int, Query(ge=0, le=10_000_000, description="How many to pass over")]
Version = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{4,64}$")]


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


WholeNumber = Annotated[int, BeforeValidator(_whole)]
"""An integer as JSON knows it, which may be written 5.0."""


class StrictRequest(BaseModel):
    """A body that has what it should and nothing else."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class Page(BaseModel):
    """A part of a list."""

    total: int
    """How many there are."""
    limit: int
    offset: int

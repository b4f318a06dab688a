"""Reads the dataset that a request brings, as JSON or as a file of JSON lines."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.datastructures import FormData, UploadFile

from langchain_phase5.evaluation import Dataset, dataset_from_json_lines
from langchain_phase5.server.evaluations.dataset_models import (
    MAX_EXAMPLES,
    AboutDataset,
    NewDataset,
)
from langchain_phase5.server.problems import Conflict, Unprocessable, WrongMediaType
from langchain_phase5.server.request_body import body_description

_LINES = ("application/jsonl", "application/x-ndjson")
_MAX_FIELDS = 24
_MAX_FIELD_BYTES = 64 * 1024
_TEXT = {"type": "string", "maxLength": 200, "pattern": r"^[^\x00-\x1f\x7f]*$"}
_PROSE = {"type": "string", "maxLength": 4000, "pattern": r"^[^\x00]*$"}
_FORM: dict[str, Any] = {
    "type": "object",
    "required": ["name", "file"],
    "additionalProperties": False,
    "properties": {
        "name": {**_TEXT, "minLength": 1},
        "description": _PROSE,
        "tags": {"type": "array", "items": _TEXT, "maxItems": 20},
        "file": {"type": "string", "format": "binary", "description": "JSON lines"},
    },
}
_EXAMPLE = {"query": "Capital of France?", "answer": "Paris", "category": "Europe"}


def described() -> dict[str, Any]:
    """What OpenAPI says of the body."""
    body = body_description(
        NewDataset, {"a question": {"name": "capitals", "examples": [_EXAMPLE], "tags": ["geo"]}}
    )
    body["requestBody"]["content"] |= {
        _LINES[0]: {
            "schema": {"type": "string", "description": "An example a line; `?name=` names it"},
            "example": json.dumps(_EXAMPLE),
        },
        "multipart/form-data": {"schema": _FORM},
    }
    return body


async def read_dataset_body(request: Request) -> Dataset:
    """The dataset in a request.

    Raises:
        RequestValidationError: The JSON, the form or the query does not fit.
        Conflict: Two examples share an id.
        Unprocessable: A line of a file cannot be read.
        WrongMediaType: The body is of another type.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if kind == "application/json":
            return await asyncio.to_thread(_from_json, await request.body())
        if kind in _LINES:
            about = _about(request.query_params.multi_items(), "query")
            return await asyncio.to_thread(_from_lines, await request.body(), about)
        if kind == "multipart/form-data":
            async with request.form(
                max_files=1, max_fields=_MAX_FIELDS, max_part_size=_MAX_FIELD_BYTES
            ) as form:
                return await _from_form(form)
    except ValidationError as error:
        raise _invalid(error, "body") from None
    except ValueError as error:
        msg = f"The file cannot be read: {error}. It takes one JSON object a line."
        raise Unprocessable(msg) from None
    msg = f"Send application/json, {_LINES[0]} or multipart/form-data with a file of JSON lines."
    raise WrongMediaType(msg)


def _from_json(body: bytes) -> Dataset:
    given = NewDataset.model_validate_json(body)
    try:
        return given.dataset()
    except ValueError as error:
        msg = f"This is no dataset: {error}. Change one of them, or leave ids out."
        raise Conflict(msg) from None


async def _from_form(form: FormData) -> Dataset:
    file = form.get("file")
    if not isinstance(file, UploadFile):
        msg = "the form has no file in `file`"
        raise ValueError(msg)  # noqa: TRY004 - the client's mistake, told as such
    fields = [(name, value) for name, value in form.multi_items() if name != "file"]
    return await asyncio.to_thread(_from_lines, await file.read(), _about(fields, "body"))


def _from_lines(body: bytes, about: AboutDataset) -> Dataset:
    dataset = dataset_from_json_lines(body.decode("utf-8-sig"), name=about.name)
    if not 1 <= len(dataset) <= MAX_EXAMPLES:
        msg = f"it has {len(dataset)} examples, and 1 to {MAX_EXAMPLES:,} are accepted"
        raise ValueError(msg)
    for example in dataset:
        json.dumps(example.as_dict(), ensure_ascii=False).encode()  # or no answer could quote it
    return Dataset(
        name=about.name,
        examples=dataset.examples,
        description=about.description,
        tags=tuple(about.tags),
    )


def _about(fields: Any, place: str) -> AboutDataset:
    given: dict[str, Any] = {}
    for name, value in fields:
        if name == "tags":
            given.setdefault(name, []).append(value)
        else:
            given[name] = value
    try:
        return AboutDataset.model_validate(given)
    except ValidationError as error:
        raise _invalid(error, place) from None


def _invalid(error: ValidationError, place: str) -> RequestValidationError:
    found: list[Mapping[str, Any]] = [
        {**one, "loc": (place, *one["loc"])} for one in error.errors(include_input=False)
    ]
    return RequestValidationError(found)

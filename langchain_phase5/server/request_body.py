"""Reads a request that comes as JSON or as an upload, into the same model."""

import asyncio
from typing import Any, TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.datastructures import UploadFile

from langchain_phase5.server.image_input import InlineImage
from langchain_phase5.server.problems import WrongMediaType

Body = TypeVar("Body", bound=BaseModel)

_MOST_FILES = 16
_MOST_FIELDS = 16
_MOST_FIELD_BYTES = 64 * 1024
_LARGE = 256 * 1024
"""Bytes from which on parsing would hold up other requests."""


async def read_body(request: Request, model: type[Body]) -> Body:
    """The body as `model`.

    An upload (`multipart/form-data`) has the same fields, with files for `image` and `images`.

    Raises:
        RequestValidationError: It does not fit the model.
        WrongMediaType: It is neither JSON nor an upload.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if kind == "application/json":
            body = await request.body()
            if len(body) > _LARGE:
                return await asyncio.to_thread(model.model_validate_json, body, strict=True)
            return model.model_validate_json(body, strict=True)
        if kind == "multipart/form-data":
            return model.model_validate(await _read_form(request))
    except ValidationError as error:
        raise RequestValidationError(
            [{**one, "loc": ("body", *one["loc"])} for one in error.errors(include_input=False)]
        ) from None
    msg = "Send application/json, or multipart/form-data with the image as a file."
    raise WrongMediaType(msg)


async def _read_form(request: Request) -> dict[str, Any]:
    found: dict[str, Any] = {}
    async with request.form(
        max_files=_MOST_FILES, max_fields=_MOST_FIELDS, max_part_size=_MOST_FIELD_BYTES
    ) as form:
        for name, value in form.multi_items():
            read = (
                InlineImage(base64=await value.read()) if isinstance(value, UploadFile) else value
            )
            if name == "images":
                found.setdefault(name, []).append(read)
            else:
                found[name] = read
    return found


def body_description(model: type[BaseModel], examples: dict[str, Any]) -> dict[str, Any]:
    """The OpenAPI description of such a body.

    Args:
        model: What is read.
        examples: Requests as JSON, by what they show.
    """
    schema = _inlined(model.model_json_schema())
    return {
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": schema,
                    "examples": {
                        name: {"summary": name, "value": value} for name, value in examples.items()
                    },
                },
                "multipart/form-data": {"schema": _as_form(schema)},
            },
        }
    }


def _as_form(schema: dict[str, Any]) -> dict[str, Any]:
    file = {"type": "string", "format": "binary"}
    files = {"type": "array", "items": file, "minItems": 2, "maxItems": _MOST_FILES}
    fields = {
        name: {"image": file, "images": files}.get(name, described)
        for name, described in schema["properties"].items()
    }
    return {**schema, "properties": fields}


def _inlined(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with every reference replaced, so that it stands alone."""
    definitions = schema.pop("$defs", {})

    def resolve(part: Any) -> Any:
        if isinstance(part, list):
            return [resolve(one) for one in part]
        if not isinstance(part, dict):
            return part
        if "$ref" in part:
            return resolve(definitions[part["$ref"].rpartition("/")[2]])
        return {name: resolve(value) for name, value in part.items()}

    resolved: dict[str, Any] = resolve(schema)
    return resolved

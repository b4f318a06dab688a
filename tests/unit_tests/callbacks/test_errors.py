"""Exceptions of LangChain, the providers' packages and Python, sorted into a fixed list."""

import asyncio
import concurrent.futures

import httpx
import openai
import pytest
from fakes import FakeChatModel
from langchain.agents.structured_output import StructuredOutputValidationError
from langchain_core.exceptions import ContextOverflowError, OutputParserException
from langchain_core.messages import AIMessage
from langchain_core.tools import ToolException
from langgraph.errors import GraphRecursionError
from pydantic import BaseModel, ValidationError

REQUEST = httpx.Request("POST", "https://example.com")


def answered(error_class, status, message="no"):
    response = httpx.Response(status, request=REQUEST)
    return error_class(message, response=response, body=None)


def invalid():
    class Model(BaseModel):
        number: int

    with pytest.raises(ValidationError) as caught:
        Model(number="x")
    return caught.value


class BotoError(Exception):
    def __init__(self, status):
        self.response = {"ResponseMetadata": {"HTTPStatusCode": status}}


class GoogleError(Exception):
    def __init__(self, code):
        self.code = code


class ThrottlingException(Exception):  # noqa: N818  (as boto names it)
    pass


class ServiceUnavailable(Exception):  # noqa: N818  (as google names it)
    pass


class PermissionDenied(Exception):  # noqa: N818  (as google names it)
    pass


ERRORS = [
    (answered(openai.RateLimitError, 429), "rate_limit"),
    (answered(openai.AuthenticationError, 401), "auth"),
    (answered(openai.PermissionDeniedError, 403), "auth"),
    (answered(openai.BadRequestError, 400), "bad_request"),
    (answered(openai.NotFoundError, 404), "bad_request"),
    (answered(openai.UnprocessableEntityError, 422), "bad_request"),
    (
        answered(openai.BadRequestError, 400, "This model's maximum context length is 8192"),
        "context_length",
    ),
    (answered(openai.BadRequestError, 400, "prompt is too long: 210000"), "context_length"),
    (answered(openai.InternalServerError, 500), "server"),
    (answered(openai.InternalServerError, 503), "server"),
    (answered(openai.APIStatusError, 408), "timeout"),
    (answered(openai.APIStatusError, 504), "timeout"),
    (openai.APITimeoutError(REQUEST), "timeout"),
    (openai.APIConnectionError(request=REQUEST), "server"),
    (httpx.ReadTimeout("slow"), "timeout"),
    (httpx.ConnectError("no"), "server"),
    (BotoError(429), "rate_limit"),
    (BotoError(400), "bad_request"),
    (GoogleError(503), "server"),
    (GoogleError("insufficient"), "other"),
    (ThrottlingException(), "rate_limit"),
    (ServiceUnavailable(), "server"),
    (PermissionDenied(), "auth"),
    (ContextOverflowError("long"), "context_length"),
    (OutputParserException("no JSON"), "validation"),
    (invalid(), "validation"),
    (StructuredOutputValidationError("X", ValueError("x"), AIMessage("x")), "validation"),
    (ToolException("no"), "tool"),
    (GraphRecursionError("deep"), "recursion"),
    (TimeoutError(), "timeout"),
    (ConnectionResetError(), "server"),
    (FileNotFoundError(), "other"),
    (PermissionError(), "other"),
    (ValueError("x"), "other"),
]


@pytest.mark.parametrize(("error", "error_type"), ERRORS, ids=lambda value: repr(value)[:40])
def test_failures(error, error_type, handler, counted):
    with pytest.raises(type(error)):
        FakeChatModel(replies=[error]).invoke("Hi", {"callbacks": [handler]})
    name = f"llm_requests{{fake-model,fakechatmodel,error,{error_type}}}"
    assert counted("llm_requests") == {name: 1}


@pytest.mark.parametrize(
    "error",
    [asyncio.CancelledError(), concurrent.futures.CancelledError(), GeneratorExit()],
    ids=repr,
)
def test_cancellations(error, handler, counted):
    def answer(messages):
        raise error

    with pytest.raises(type(error)):
        FakeChatModel(answer=answer).invoke("Hi", {"callbacks": [handler]})
    assert counted("llm_requests") == {
        "llm_requests{fake-model,fakechatmodel,cancelled,none}": 1,
    }

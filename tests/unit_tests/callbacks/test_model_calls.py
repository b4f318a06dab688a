"""Every way in which a model call can go."""

import asyncio
from typing import Any

import httpx
import openai
import pytest
from fakes import FakeChatModel, call
from langchain.agents import create_agent
from langchain.agents.middleware import (
    LLMToolSelectorMiddleware,
    ModelCallLimitMiddleware,
    ModelFallbackMiddleware,
    ModelRetryMiddleware,
    SummarizationMiddleware,
)
from langchain.agents.structured_output import ProviderStrategy, ToolStrategy
from langchain_core.caches import InMemoryCache
from langchain_core.language_models import FakeListLLM
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.outputs import ChatGenerationChunk, Generation, LLMResult
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.tools import tool
from langgraph.errors import GraphRecursionError
from pydantic import BaseModel

HI = {"messages": "Hi"}
USAGE = {
    "input_tokens": 100,
    "output_tokens": 20,
    "total_tokens": 120,
    "input_token_details": {"cache_read": 40, "cache_creation": 10},
    "output_token_details": {"reasoning": 5},
}
COUNTED_USAGE = {
    "agent_tokens{fake-model,input}": 100,
    "agent_tokens{fake-model,output}": 20,
    "agent_tokens{fake-model,cache_read}": 40,
    "agent_tokens{fake-model,cache_write}": 10,
    "agent_tokens{fake-model,reasoning}": 5,
}
CALLED = "llm_requests{fake-model,fakechatmodel,success,none}"
FAILED = "llm_requests{fake-model,fakechatmodel,error,server}"
LLM = ("agent_requests", "llm_requests", "llm_retries", "llm_fallbacks", "agent_errors")


@tool
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


def limited() -> openai.RateLimitError:
    request = httpx.Request("POST", "https://example.com")
    return openai.RateLimitError("slow", response=httpx.Response(429, request=request), body=None)


def agent(*replies: Any, tools: Any = (add,), **kwargs: Any) -> Any:
    return create_agent(FakeChatModel(replies=[*replies, "done"]), tools, name="calc", **kwargs)


async def test_bare_call(drive, handler, counted):
    await drive(FakeChatModel(usage=USAGE), "Hi", {"callbacks": [handler]})
    assert counted() == {
        CALLED: 1,
        **COUNTED_USAGE,
        "llm_cost_unknown{fake-model}": 1,
    }


async def test_call_without_usage_is_counted_as_such(drive, handler, counted):
    await drive(FakeChatModel(), "Hi", {"callbacks": [handler]})
    assert counted() == {CALLED: 1, "llm_usage_missing{fake-model}": 1}


@pytest.mark.parametrize("mode", ["stream", "astream"])
async def test_streamed_tokens_are_counted_once_and_the_first_is_timed(
    mode, handler, counted, observed
):
    model = FakeChatModel(replies=["one two three four"], usage=USAGE)
    if mode == "stream":
        parts = list(model.stream("Hi", {"callbacks": [handler]}))
    else:
        parts = [part async for part in model.astream("Hi", {"callbacks": [handler]})]
    assert len(parts) >= 4
    assert counted() == {CALLED: 1, **COUNTED_USAGE, "llm_cost_unknown{fake-model}": 1}
    assert observed("llm_time_to_first_token_seconds") == {"fake-model": 1}
    assert observed("llm_output_tokens_per_second") == {"fake-model": 1}


async def test_times_and_rates_are_in_seconds(handler, registry):
    def spent(family):
        return registry.get_sample_value(f"{family}_sum", {"model": "fake-model"})

    list(FakeChatModel(replies=["one two"], usage=USAGE).stream("Hi", {"callbacks": [handler]}))
    seconds = spent("llm_request_duration_seconds")
    assert 0 < spent("llm_time_to_first_token_seconds") <= seconds < 30
    assert spent("llm_output_tokens_per_second") == pytest.approx(20 / seconds)


async def test_an_answer_of_no_tokens_has_no_rate(handler, observed):
    usage = {"input_tokens": 100, "output_tokens": 0, "total_tokens": 100}
    FakeChatModel(usage=usage).invoke("Hi", {"callbacks": [handler]})
    assert observed("llm_request_duration_seconds") == {"fake-model": 1}
    assert observed("llm_output_tokens_per_second") == {}


async def test_call_that_does_not_stream_has_no_first_token(handler, observed):
    FakeChatModel().invoke("Hi", {"callbacks": [handler]})
    assert observed("llm_time_to_first_token_seconds") == {}
    assert observed("llm_request_duration_seconds") == {"fake-model": 1}


async def test_empty_greeting_is_not_the_first_token(handler, registry):
    class Slow(FakeChatModel):
        def _stream(self, messages, stop=None, run_manager=None, **kwargs):
            yield ChatGenerationChunk(message=AIMessageChunk(content=""))
            registry_before.append(self._first_tokens())
            yield ChatGenerationChunk(message=AIMessageChunk(content="word"))

        def _first_tokens(self):
            return [run.first_token for run in handler._table.runs.values()]

    registry_before: list[Any] = []
    list(Slow().stream("Hi", {"callbacks": [handler]}))
    assert registry_before == [[0.0]]
    name = "llm_time_to_first_token_seconds_count"
    assert registry.get_sample_value(name, {"model": "fake-model"}) == 1


async def test_tool_call_chunks_are_content(handler, observed):
    class Caller(FakeChatModel):
        def _stream(self, messages, stop=None, run_manager=None, **kwargs):
            part = {"name": "add", "args": "{}", "id": "1", "index": 0, "type": "tool_call_chunk"}
            yield ChatGenerationChunk(message=AIMessageChunk(content="", tool_call_chunks=[part]))

    list(Caller().stream("Hi", {"callbacks": [handler]}))
    assert observed("llm_time_to_first_token_seconds") == {"fake-model": 1}


async def test_agent_streams_its_messages(handler, counted, observed):
    made = create_agent(FakeChatModel(replies=["one two"], usage=USAGE), [], name="calc")
    async for _ in made.astream(HI, {"callbacks": [handler]}, stream_mode="messages"):
        pass
    assert counted("llm_requests", "agent_tokens") == {CALLED: 1, **COUNTED_USAGE}
    assert observed("llm_time_to_first_token_seconds") == {"fake-model": 1}


async def test_stream_event_protocol(handler, counted, observed):
    stream = FakeChatModel(replies=["one two"], usage=USAGE).stream_events(
        "Hi", {"callbacks": [handler]}, version="v3"
    )
    for _ in stream:
        pass
    assert counted("llm_requests", "agent_tokens") == {CALLED: 1, **COUNTED_USAGE}
    assert observed("llm_time_to_first_token_seconds") == {"fake-model": 1}


async def test_batch(handler, counted):
    model = FakeChatModel(usage=USAGE)
    model.batch(["a", "b"], {"callbacks": [handler]})
    await model.abatch(["c"], {"callbacks": [handler]})
    assert counted("llm_requests", "agent_tokens") == {
        CALLED: 3,
        **{name: 3 * count for name, count in COUNTED_USAGE.items()},
    }


async def test_cached_answer_is_not_billed_again(drive, handler, counted, observed):
    model = FakeChatModel(usage=USAGE, cache=InMemoryCache())
    await model.ainvoke("Hi")
    await model.ainvoke("Hi", {"callbacks": [handler]})
    model.invoke("Hi", {"callbacks": [handler]})
    assert counted() == {CALLED: 2, "llm_cache_hits{fake-model}": 2}
    assert observed("llm_request_duration_seconds") == {}


async def test_negative_tokens_lower_no_counter(drive, handler, counted):
    usage = {"input_tokens": -100, "output_tokens": 20, "total_tokens": -80}
    config = {"callbacks": [handler], "metadata": {"lc_source": "summarization"}}
    await drive(FakeChatModel(model_name="gpt-4o", usage=usage), "Hi", config)
    assert counted("agent_tokens", "llm_middleware_tokens", "llm_cost_usd", "llm_cost_unknown") == {
        "agent_tokens{gpt-4o,output}": 20,
        "llm_middleware_tokens{summarization,output}": 20,
        "llm_cost_unknown{gpt-4o}": 1,
    }


@pytest.mark.parametrize("tier", ["priority", "flex"])
async def test_service_tiers_hide_in_the_names_of_the_details(tier, handler, counted):
    usage = {
        "input_tokens": 100,
        "output_tokens": 20,
        "total_tokens": 120,
        "input_token_details": {f"{tier}_cache_read": 40, tier: 60},
        "output_token_details": {f"{tier}_reasoning": 5, tier: 15},
    }
    FakeChatModel(usage=usage).invoke("Hi", {"callbacks": [handler]})
    assert counted("agent_tokens") == {
        "agent_tokens{fake-model,input}": 100,
        "agent_tokens{fake-model,output}": 20,
        "agent_tokens{fake-model,cache_read}": 40,
        "agent_tokens{fake-model,reasoning}": 5,
    }


async def test_text_completion_model(drive, handler, counted):
    await drive(FakeListLLM(responses=["ok"]), "Hi", {"callbacks": [handler]})
    assert counted() == {
        "llm_requests{unknown,fakelist,success,none}": 1,
        "llm_usage_missing{unknown}": 1,
    }


async def test_text_completion_model_that_tells_its_usage(handler, counted):
    class Telling(FakeListLLM):
        def _generate(self, prompts, stop=None, run_manager=None, **kwargs):
            usage = {"prompt_tokens": 7, "completion_tokens": 3}
            return LLMResult(
                generations=[[Generation(text="ok")]],
                llm_output={"token_usage": usage, "model_name": "davinci"},
            )

    Telling(responses=["ok"]).invoke("Hi", {"callbacks": [handler]})
    assert counted() == {
        "llm_requests{davinci,fakelist,success,none}".replace("fakelist", "telling"): 1,
        "agent_tokens{davinci,input}": 7,
        "agent_tokens{davinci,output}": 3,
        "llm_cost_unknown{davinci}": 1,
    }


@pytest.mark.parametrize(
    "usage",
    [
        {"input_tokens": "100", "output_tokens": 20},
        {"input_tokens": [100], "output_tokens": 20},
        {"input_tokens": float("nan"), "output_tokens": 20},
        {"input_tokens": float("inf"), "output_tokens": 20},
        {"input_tokens": 100, "output_tokens": 20, "input_token_details": {"cache_read": "all"}},
        {"input_tokens": 100, "output_tokens": 20, "output_token_details": "none"},
    ],
)
async def test_usage_that_is_not_made_of_numbers_is_missing(usage, handler, counted):
    FakeChatModel(usage=usage).invoke("Hi", {"callbacks": [handler]})
    assert counted() == {CALLED: 1, "llm_usage_missing{fake-model}": 1}


@pytest.mark.parametrize("odd", [["gpt-4o"], {"name": "gpt-4o"}, 4])
async def test_answer_with_odd_names_is_counted_all_the_same(odd, handler, counted):
    metadata = {"model_name": odd, "model": odd, "service_tier": odd}
    answers = [
        AIMessage("ok", response_metadata=metadata, usage_metadata=USAGE),
        AIMessage("ok", usage_metadata=USAGE),
    ]
    model = FakeChatModel(model_name="gpt-4o", replies=answers)
    for _ in answers:
        model.invoke("Hi", {"callbacks": [handler]})
    assert counted("llm_requests", "llm_cost_unknown") == {
        "llm_requests{gpt-4o,fakechatmodel,success,none}": 2,
        "llm_cost_unknown{gpt-4o}": 2,
    }
    assert counted("agent_tokens")["agent_tokens{gpt-4o,input}"] == 200


async def test_failing_call(drive, handler, counted):
    with pytest.raises(openai.RateLimitError):
        await drive(FakeChatModel(replies=[limited()]), "Hi", {"callbacks": [handler]})
    assert counted() == {"llm_requests{fake-model,fakechatmodel,error,rate_limit}": 1}


async def test_failing_call_fails_the_agent(drive, handler, counted):
    with pytest.raises(openai.RateLimitError):
        await drive(agent(limited()), HI, {"callbacks": [handler]})
    assert counted() == {
        "llm_requests{fake-model,fakechatmodel,error,rate_limit}": 1,
        "agent_requests{calc,error}": 1,
        "agent_errors{calc,rate_limit}": 1,
    }


async def test_one_of_several_prompts_fails(handler, counted):
    """The others never get an end event when called synchronously; nobody waits for them."""

    def answer(messages):
        if messages[0].text == "bad":
            raise ConnectionError
        return "ok"

    model = FakeChatModel(answer=answer)
    prompts = [[HumanMessage(text)] for text in ("good", "bad", "good")]
    with pytest.raises(ConnectionError):
        model.generate(prompts, callbacks=[handler])
    cancelled = {"llm_requests{fake-model,fakechatmodel,cancelled,none}": 2}
    assert counted("llm_requests") == {FAILED: 1, **cancelled}
    with pytest.raises(ConnectionError):
        await model.agenerate(prompts, callbacks=[handler])
    assert counted("llm_requests") == {FAILED: 2, CALLED: 2, **cancelled}


def retrying(**kwargs: Any) -> ModelRetryMiddleware:
    return ModelRetryMiddleware(initial_delay=0, jitter=False, **kwargs)


async def test_model_is_tried_again(drive, handler, counted):
    made = agent(ConnectionError(), ConnectionError(), middleware=[retrying(max_retries=2)])
    await drive(made, HI, {"callbacks": [handler]})
    assert counted(*LLM) == {
        "agent_requests{calc,success}": 1,
        FAILED: 2,
        CALLED: 1,
        "llm_retries{fake-model}": 2,
    }


async def test_retries_run_out_and_the_agent_apologizes(drive, handler, counted):
    errors = [ConnectionError() for _ in range(2)]
    made = agent(*errors, middleware=[retrying(max_retries=1, on_failure="continue")])
    await drive(made, HI, {"callbacks": [handler]})
    assert counted(*LLM) == {
        "agent_requests{calc,success}": 1,
        FAILED: 2,
        "llm_retries{fake-model}": 1,
    }


async def test_retries_run_out_and_the_agent_fails(drive, handler, counted):
    errors = [ConnectionError() for _ in range(2)]
    made = agent(*errors, middleware=[retrying(max_retries=1, on_failure="error")])
    with pytest.raises(ConnectionError):
        await drive(made, HI, {"callbacks": [handler]})
    assert counted(*LLM) == {
        "agent_requests{calc,error}": 1,
        "agent_errors{calc,server}": 1,
        FAILED: 2,
        "llm_retries{fake-model}": 1,
    }


@pytest.mark.parametrize("mode", ["invoke", "ainvoke"])
async def test_runnable_with_retry(mode, handler, counted):
    model = FakeChatModel(replies=[ConnectionError(), "ok"])
    retry = model.with_retry(wait_exponential_jitter=False)
    if mode == "invoke":
        retry.invoke("Hi", {"callbacks": [handler]})
    else:
        await retry.ainvoke("Hi", {"callbacks": [handler]})
    assert counted(*LLM) == {FAILED: 1, CALLED: 1, "llm_retries{fake-model}": 1}


async def test_fallback_middleware(drive, handler, counted):
    second = FakeChatModel(model_name="second")
    made = agent(ConnectionError(), middleware=[ModelFallbackMiddleware(second)])
    await drive(made, HI, {"callbacks": [handler]})
    assert counted(*LLM) == {
        "agent_requests{calc,success}": 1,
        FAILED: 1,
        "llm_requests{second,fakechatmodel,success,none}": 1,
        "llm_fallbacks{fake-model,second}": 1,
    }


async def test_runnable_with_fallbacks(drive, handler, counted):
    """LangChain does not tell its attempts whose they are; they belong together all the same."""
    second = FakeChatModel(model_name="second")
    model = FakeChatModel(replies=[ConnectionError()]).with_fallbacks([second])
    await drive(model, "Hi", {"callbacks": [handler]})
    assert counted("llm_requests", "agent_requests", "llm_fallbacks", "llm_retries") == {
        FAILED: 1,
        "llm_requests{second,fakechatmodel,success,none}": 1,
        "llm_fallbacks{fake-model,second}": 1,
    }


async def test_call_limit_ends_the_agent_normally(drive, handler, counted):
    limit = ModelCallLimitMiddleware(run_limit=1)
    made = agent(call("add", a=1, b=2), middleware=[limit])
    await drive(made, HI, {"callbacks": [handler]})
    assert counted("agent_requests", "llm_requests") == {
        "agent_requests{calc,success}": 1,
        CALLED: 1,
    }


async def test_recursion_limit(drive, handler, counted):
    made = create_agent(FakeChatModel(replies=[call("add", a=1, b=2)]), [add], name="calc")
    with pytest.raises(GraphRecursionError):
        await drive(made, HI, {"callbacks": [handler], "recursion_limit": 5})
    assert counted("agent_requests", "agent_errors") == {
        "agent_requests{calc,error}": 1,
        "agent_errors{calc,recursion}": 1,
    }


async def test_summarization_is_told_apart(drive, handler, counted):
    summarizer = FakeChatModel(model_name="small", replies=["summary"], usage=USAGE)
    middleware = SummarizationMiddleware(
        summarizer, trigger=("messages", 2), keep=("messages", 1), trim_tokens_to_summarize=None
    )
    history = {"messages": [("user", "one"), ("ai", "two"), ("user", "three")]}
    await drive(agent(middleware=[middleware]), history, {"callbacks": [handler]})
    assert counted("llm_requests", "llm_middleware_tokens") == {
        CALLED: 1,
        "llm_requests{small,fakechatmodel,success,none}": 1,
        "llm_middleware_tokens{summarization,input}": 100,
        "llm_middleware_tokens{summarization,output}": 20,
    }


async def test_tool_selection_is_told_apart(handler, counted):
    selector = FakeChatModel(model_name="small", usage=USAGE, replies=['{"tools": ["add"]}'])
    middleware = LLMToolSelectorMiddleware(
        model=selector, max_tools=1, max_retries=0, on_parsing_failure=["add"]
    )
    tools = [add, add.model_copy(update={"name": "plus"})]
    agent(tools=tools, middleware=[middleware]).invoke(HI, {"callbacks": [handler]})
    assert counted("llm_middleware_tokens") == {
        "llm_middleware_tokens{tool_selection,input}": 100,
        "llm_middleware_tokens{tool_selection,output}": 20,
    }


class Answer(BaseModel):
    number: int


async def test_structured_answer_is_no_tool_call(drive, handler, counted):
    made = agent(call("Answer", number=3), response_format=ToolStrategy(Answer))
    await drive(made, HI, {"callbacks": [handler]})
    assert counted() == {
        "agent_requests{calc,success}": 1,
        CALLED: 1,
        "llm_usage_missing{fake-model}": 1,
    }


async def test_rejected_structured_answer_is_asked_for_again(drive, handler, counted):
    made = agent(
        call("Answer", number="three"),
        AIMessage(
            content="",
            tool_calls=[
                *call("Answer", "c1", number=1).tool_calls,
                *call("Answer", "c2", number=2).tool_calls,
            ],
        ),
        call("Answer", number=3),
        response_format=ToolStrategy(Answer),
    )
    await drive(made, HI, {"callbacks": [handler]})
    assert counted("agent_requests", "agent_structured_output_retries", "tool_executions") == {
        "agent_requests{calc,success}": 1,
        "agent_structured_output_retries{calc}": 2,
    }


async def test_rejected_structured_answer_without_second_try(drive, handler, counted):
    made = agent(
        call("Answer", number="three"), response_format=ToolStrategy(Answer, handle_errors=False)
    )
    with pytest.raises(Exception, match=r"three|valid"):
        await drive(made, HI, {"callbacks": [handler]})
    assert counted("agent_requests", "agent_errors", "llm_requests") == {
        "agent_requests{calc,error}": 1,
        "agent_errors{calc,validation}": 1,
        CALLED: 1,
    }


async def test_answer_structured_by_the_provider(drive, handler, counted):
    made = agent('{"number": 3}', response_format=ProviderStrategy(Answer))
    await drive(made, HI, {"callbacks": [handler]})
    assert counted("agent_requests", "llm_requests", "tool_executions") == {
        "agent_requests{calc,success}": 1,
        CALLED: 1,
    }


async def test_chain_around_a_model_is_no_agent(drive, handler, counted):
    chain = ChatPromptTemplate.from_template("{q}") | FakeChatModel() | StrOutputParser()
    await drive(chain, {"q": "Hi"}, {"callbacks": [handler]})
    assert counted() == {CALLED: 1, "llm_usage_missing{fake-model}": 1}


async def test_concurrent_calls_do_not_mix(handler, counted):
    models = [FakeChatModel(model_name=f"m{i}") for i in range(10)]
    calls = [model.ainvoke("Hi", {"callbacks": [handler]}) for model in models * 5]
    await asyncio.gather(*calls)
    assert counted("llm_requests") == {
        f"llm_requests{{m{i},fakechatmodel,success,none}}": 5 for i in range(10)
    }

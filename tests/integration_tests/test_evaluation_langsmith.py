"""LangSmith's own client and runner, over real HTTP, against a local server with its API."""

import asyncio
import uuid

import pytest
from langchain_core.runnables import RunnableLambda
from langchain_core.tracers.langchain import wait_for_all_tracers
from langsmith import (  # noqa: TID253 - the very thing tested
    Client,
    aevaluate,
    evaluate,
    run_trees,
)
from langsmith.utils import get_env_var  # noqa: TID253 - its cache outlives a test
from langsmith_server import langsmith_server
from waiting import until

from langchain_phase5.evaluation import (
    AgentEvaluator,
    Dataset,
    Example,
    dataset_from_langsmith,
    dataset_to_langsmith,
    metrics,
)

pytestmark = [pytest.mark.enable_socket, pytest.mark.filterwarnings("ignore")]

SUMS = Dataset(
    name="sums",
    examples=[
        Example(
            inputs={"query": f"{i} + 1"},
            reference_outputs={"answer": str(i + 1)},
            category="even" if i % 2 == 0 else "",
            cluster="a",
            metadata={"source": "book"},
            id=f"sum-{i}",
        )
        for i in range(150)  # more than a page
    ],
)


def add(inputs):
    first, second = inputs["query"].split(" + ")
    return {"answer": str(int(first) + int(second) if int(first) % 5 else 0)}


@pytest.fixture
def server(monkeypatch):
    with langsmith_server() as running:
        monkeypatch.setattr(run_trees, "_CLIENT", None)  # another test's, for another server
        get_env_var.cache_clear()
        monkeypatch.setenv("LANGSMITH_ENDPOINT", running.url)
        monkeypatch.setenv("LANGSMITH_API_KEY", "lsv2_pt_made_up")
        yield running
    get_env_var.cache_clear()


@pytest.fixture
def client(server):
    connected = Client(api_url=server.url, api_key="lsv2_pt_made_up")
    yield connected
    connected.cleanup()


def test_a_dataset_comes_back_the_same(client, server):
    made = dataset_to_langsmith(SUMS, client=client)
    assert str(made.id) == server.datasets[0]["id"]
    again = dataset_from_langsmith("sums", client=client)
    assert again == SUMS
    assert again.version == SUMS.version


def test_the_client_of_the_environment_is_used(server):
    dataset_to_langsmith(SUMS)
    assert dataset_from_langsmith("sums").version == SUMS.version


def test_a_dataset_made_elsewhere_can_be_used(client, server):
    made = client.create_dataset("foreign")
    example = {"inputs": {"question": "?"}, "outputs": {"answer": "!"}, "metadata": {"level": 2}}
    client.create_examples(dataset_id=made.id, examples=[example])
    [found] = dataset_from_langsmith("foreign", client=client)
    assert uuid.UUID(found.id)
    assert (found.metadata, found.category) == ({"level": 2}, "")


@pytest.mark.parametrize("runner", ["evaluate", "aevaluate"])
def test_langsmith_grades_with_our_metrics_and_uploads_the_experiment(client, server, runner):
    dataset_to_langsmith(SUMS, client=client)
    options = {
        "data": "sums",
        "evaluators": [metrics.exact_match, metrics.token_f1],
        "client": client,
        "experiment_prefix": "ours",
        "max_concurrency": 1,
    }

    async def aadd(inputs):
        return add(inputs)

    if runner == "evaluate":
        results = list(evaluate(add, **options))
    else:

        async def collect():
            return [each async for each in await aevaluate(aadd, **options)]

        results = asyncio.run(collect())
    client.flush()
    examples = {each["id"] for each in server.examples}

    def graded():
        return {run.get("reference_example_id") for run in server.runs.copy().values()}

    # flush() does not wait for what is on its way
    until(lambda: len(server.feedback) >= 2 * len(SUMS) and examples <= graded())
    assert len(results) == len(SUMS)
    [experiment] = server.experiments.values()
    assert experiment["name"].startswith("ours")
    right = [each["score"] for each in server.feedback if each["key"] == "exact_match"]
    assert (len(right), sum(right)) == (150, 120)
    assert len([each for each in server.feedback if each["key"] == "token_f1"]) == 150


def test_our_runner_uploads_traces_only_when_asked(server, monkeypatch):
    monkeypatch.setenv("LANGSMITH_TRACING", "true")
    chain = RunnableLambda(add)
    AgentEvaluator().evaluate(chain, SUMS)
    wait_for_all_tracers()
    assert not server.runs
    AgentEvaluator(upload_traces=True).evaluate(chain, SUMS)
    wait_for_all_tracers()
    until(lambda: len({run["trace_id"] for run in server.runs.copy().values()}) == len(SUMS))

import asyncio
import math
import re
import threading

import pytest
from fakes import FakeChatModel
from langchain.tools import ToolRuntime
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableLambda
from langchain_core.stores import InMemoryByteStore
from langchain_core.tools import StructuredTool, Tool, tool
from pydantic import BaseModel, Field
from routing_fakes import TOOLS, WordEmbeddings, make_tool, names

from langchain_phase5.routing import LocalEmbeddings, ScoredTool, ToolRouter
from langchain_phase5.routing.selection_check import ToolSelection

both_ways = pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])


def route(router, query, tools, asynchronous=False, **arguments):
    if asynchronous:
        return asyncio.run(router.aroute(query, tools, **arguments))
    return router.route(query, tools, **arguments)


class NamedEmbeddings(WordEmbeddings):
    def __init__(self, *, weigh_documents=False):
        super().__init__()
        self.model = "demo/words v1: weighted" if weigh_documents else "demo/words v1"


class FolderLikeStore(InMemoryByteStore):
    """Refuses the keys that `langchain_classic.storage.LocalFileStore` refuses."""

    def mget(self, keys):
        assert all(re.fullmatch(r"[a-zA-Z0-9_.\-/]+", key) for key in keys)
        return super().mget(keys)


class TestRanking:
    @both_ways
    @pytest.mark.parametrize("embeddings", [None, WordEmbeddings()], ids=["words", "vectors"])
    def test_the_fitting_tool_comes_first(self, embeddings, asynchronous):
        router = ToolRouter(embeddings)

        ranking = route(router, "weather forecast for Oslo", TOOLS, asynchronous)

        assert len(ranking) == 3
        assert ranking[0].tool is TOOLS[0]
        scores = [scored.score for scored in ranking]
        assert scores == sorted(scores, reverse=True)

    def test_select_tools_is_another_name(self):
        router = ToolRouter()

        assert router.select_tools("play a song", TOOLS) == router.route("play a song", TOOLS)

    @both_ways
    def test_many_questions_at_once(self, asynchronous):
        router = ToolRouter(WordEmbeddings(), top_k=1)
        questions = ["weather in a city", "send a message", "play a song"]

        if asynchronous:
            rankings = asyncio.run(router.aroute_batch(questions, TOOLS))
        else:
            rankings = router.route_batch(questions, TOOLS)

        assert [names(r) for r in rankings] == [["get_weather"], ["send_mail"], ["play_music"]]

    @both_ways
    def test_as_a_runnable_in_a_chain(self, asynchronous):
        prompt = ChatPromptTemplate.from_messages([("human", "please {wish}")])
        chain = prompt | ToolRouter(top_k=1).as_runnable(TOOLS) | RunnableLambda(len)

        wish = {"wish": "play a song"}
        assert (asyncio.run(chain.ainvoke(wish)) if asynchronous else chain.invoke(wish)) == 1

    def test_every_part_of_a_question_gets_a_tool(self):
        question = (
            "Give me the weather forecast for the city of Oslo and the city of Bergen. "
            "Then reserve a seat in a restaurant. Finally convert money between currencies."
        )

        ranking = ToolRouter(WordEmbeddings(), top_k=3).route(question, TOOLS)

        assert set(names(ranking)) == {"get_weather", "book_table", "convert_currency"}

    def test_a_longer_answer_begins_with_the_shorter_one(self):
        router = ToolRouter(WordEmbeddings())
        question = "Play a song. Then send a message to somebody. Also convert money."

        five = router.route(question, TOOLS, top_k=5)

        for k in range(1, 5):
            assert router.route(question, TOOLS, top_k=k) == five[:k]

    def test_nothing_fits(self):
        router = ToolRouter(WordEmbeddings(dimensions=512), min_score=0.5)

        assert router.route("zebra quagga", TOOLS) == []
        assert names(router.route("weather forecast for a city", TOOLS))[0] == "get_weather"


class TestConversation:
    @both_ways
    def test_what_the_assistant_asked_gives_a_short_answer_its_sense(self, asynchronous):
        talk = [
            HumanMessage("I would like some money changed"),
            AIMessage("Convert money between which currencies?"),
            HumanMessage("kroner to euro"),
        ]

        assert names(route(ToolRouter(top_k=1), talk, TOOLS, asynchronous)) == ["convert_currency"]

    @pytest.mark.parametrize("times_asked", [0, 60])
    def test_every_turn_back_counts_half_and_no_earlier_one_decides_alone(self, times_asked):
        texts = ["weather forecast for a city", "convert money between what", "a song by an artist"]
        router = ToolRouter(WordEmbeddings(), top_k=5)
        for i in range(times_asked):
            router.record(f"{texts[0]} {i}", "get_weather", success=True)
        talk = [HumanMessage(texts[0]), AIMessage(texts[1]), HumanMessage(texts[2])]

        def scores(question):
            return {scored.name: scored.score for scored in router.route(question, TOOLS)}

        first, reply, last = map(scores, texts)
        assert (first["get_weather"] > 2) == bool(times_asked)
        for name, score in scores(talk).items():
            expected = (last[name] + 0.5 * min(reply[name], 2) + 0.5 * min(first[name], 2)) / 2
            assert score == pytest.approx(expected, abs=1e-5)

    def test_a_new_wish_outweighs_what_was_answered(self):
        talk = [
            HumanMessage("weather forecast for the city of Oslo"),
            AIMessage("", tool_calls=[{"name": "get_weather", "args": {}, "id": "1"}]),
            ToolMessage("sunny", tool_call_id="1"),
            AIMessage("The weather is sunny"),
            HumanMessage("play a song"),
        ]

        assert names(ToolRouter(top_k=1).route(talk, TOOLS)) == ["play_music"]

    @pytest.mark.parametrize(
        "messages",
        [[("user", "play a song")], [{"role": "user", "content": "play a song"}]],
        ids=["tuples", "dicts"],
    )
    def test_messages_in_any_form(self, messages):
        assert names(ToolRouter(top_k=1).route(messages, TOOLS)) == ["play_music"]

    def test_content_blocks(self):
        image = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
        message = HumanMessage([{"type": "text", "text": "play a song"}, image])

        assert names(ToolRouter(top_k=1).route([message], TOOLS)) == ["play_music"]

    @pytest.mark.parametrize("query", ["", " ", [], [AIMessage("hello")]])
    def test_no_question_still_returns_tools(self, query):
        assert len(ToolRouter(WordEmbeddings()).route(query, TOOLS)) == 3

    def test_something_else_is_refused(self):
        with pytest.raises(ValueError, match="list of LangChain messages"):
            ToolRouter().route([object()], TOOLS)


class TestToolText:
    def test_arguments_and_use_cases_count(self):
        class Args(BaseModel):
            iban: str = Field(description="The bank account number")

        bank = StructuredTool.from_function(
            lambda iban: iban, name="lookup", description="Look up", args_schema=Args
        )
        taxi = StructuredTool.from_function(
            lambda: "", name="t7", description="x", metadata={"use_cases": ["get a ride home"]}
        )
        extra = StructuredTool.from_function(
            lambda: "", name="t8", description="x", extras={"use_cases": ["walk the dog"]}
        )
        router = ToolRouter(top_k=1)
        tools = [*TOOLS, bank, taxi, extra]

        assert names(router.route("whose bank account is this?", tools)) == ["lookup"]
        assert names(router.route("I need a ride", tools)) == ["t7"]
        assert names(router.route("somebody has to walk my dog", tools)) == ["t8"]

    def test_every_shape_that_bind_tools_takes(self):
        @tool
        def plain(city: str) -> str:
            """Tell the moon phase."""
            return city

        def function(distance: float) -> str:
            """Measure kilometers."""
            return str(distance)

        class Model(BaseModel):
            """Count penguins."""

            colony: str

        parameters = {"type": "object", "properties": {"volcano": {"type": "string"}}}
        openai = {"type": "function", "function": {"name": "o", "parameters": parameters}}
        anthropic = {"name": "a", "input_schema": {"properties": {"glacier": {}}}}
        provider = {"type": "web_search"}
        legacy = Tool(name="shout", func=str, description="Make it loud")
        tools = [plain, function, Model, openai, anthropic, provider, legacy]
        router = ToolRouter(top_k=1)

        for question, wanted in [
            ("moon phase", plain),
            ("kilometers", function),
            ("penguins", Model),
            ("volcano", openai),
            ("glacier", anthropic),
            ("web search", provider),
            ("loud", legacy),
        ]:
            assert router.route(question, tools)[0].tool is wanted

    def test_injected_arguments_stay_out(self):
        @tool
        def note(text: str, runtime: ToolRuntime) -> str:
            """Keep it."""
            return text

        (scored,) = ToolRouter().route("runtime", [note])

        assert scored.score == 0


class TestStrangeInput:
    @both_ways
    def test_no_tools(self, asynchronous):
        assert route(ToolRouter(WordEmbeddings()), "hello", [], asynchronous) == []

    @pytest.mark.parametrize("embeddings", [None, WordEmbeddings()], ids=["words", "vectors"])
    @pytest.mark.parametrize(
        "tools",
        [
            [make_tool("only")],
            [make_tool("same", "a"), make_tool("same", "b"), make_tool("same", "b")],
            [make_tool("a", ""), make_tool("b", "")],
            [make_tool("天気", "東京の天気を調べる"), make_tool("données", "été à Zürich")],
            [make_tool("long", "very long text " * 7_000), make_tool("short", "x")],
            [{"type": "web_search"}, {}],
            [make_tool("\ud800", "lone surrogate \udfff")],
            [{"name": "odd", "parameters": {"properties": {"x": True, "y": None}}}],
        ],
        ids=["one", "twins", "empty", "unicode", "100kB", "nameless", "surrogate", "odd schema"],
    )
    def test_all_come_back_when_k_exceeds_them(self, tools, embeddings):
        ranking = ToolRouter(embeddings, top_k=10).route("very short été 天気", tools)

        assert sorted(id(scored.tool) for scored in ranking) == sorted(map(id, tools))
        assert all(math.isfinite(scored.score) for scored in ranking)

    def test_languages_without_spaces(self):
        tools = [make_tool("a", "東京の天気を調べる"), make_tool("b", "電子メールを送る")]
        router = ToolRouter(top_k=1)

        assert names(router.route("明日の天気は?", tools)) == ["a"]
        assert names(router.route("メールをください", tools)) == ["b"]

    def test_a_schema_that_cannot_be_built(self):
        class Broken(StructuredTool):
            @property
            def tool_call_schema(self):
                raise TypeError("no schema")

        broken = Broken(name="broken", description="a broken thing", args_schema={}, func=str)

        assert names(ToolRouter().route("a broken thing", [broken, *TOOLS]))[0] == "broken"

    @pytest.mark.parametrize("k", [0, -1])
    def test_k_below_one_is_refused(self, k):
        with pytest.raises(ValueError, match="at least 1"):
            ToolRouter(top_k=k)
        with pytest.raises(ValueError, match="at least 1"):
            ToolRouter().route("x", TOOLS, top_k=k)
        with pytest.raises(ValueError, match="max_k"):
            ToolRouter(top_k="auto", max_k=k)


class TestEmbedding:
    def test_each_tool_is_embedded_once(self):
        model = WordEmbeddings()
        router = ToolRouter(model)
        tools = [make_tool(f"tool{i}", f"does thing {i}") for i in range(50)]

        router.route("thing 3", tools)
        first = len(model.documents)
        router.route("thing 4", list(reversed(tools)))
        router.route("thing 3", tools[:20])
        assert len(model.documents) == first

        changed = [*tools[:-1], make_tool("tool49", "does something new")]
        assert names(router.route("something new", changed))[0] == "tool49"
        assert model.documents[first:] == ["tool49: does something new"]
        assert model.queries.count("thing 3") == 1

    def test_a_tool_lies_between_its_name_and_its_text_nearer_to_the_text(self):
        half = 0.5**0.5
        known = {
            "alpha": [1, 0, 0], "first": [0, 1, 0],
            "beta": [0.3, 0, 0.954], "second": [0.3, 0, 0.954],
            "gamma": [half, half, 0], "third": [half, -half, 0],
            "delta": [0.85, 0, 0.527], "fourth": [0.85, 0, 0.527],
        }  # fmt: skip

        class Placed(WordEmbeddings):
            def vector(self, text):
                return known.get(text.split()[-1], [1, 0, 0])

        pairs = zip(list(known)[::2], list(known)[1::2], strict=True)
        tools = [make_tool(name, description) for name, description in pairs]
        ranked = names(ToolRouter(Placed(), top_k=4).route("wonder", tools))
        assert ranked == ["gamma", "delta", "alpha", "beta"]  # cosines .93, .85, .39, .30

    def test_vectors_survive_in_a_byte_store(self):
        store = InMemoryByteStore()
        first = ToolRouter(WordEmbeddings(), vector_store=store).route("play", TOOLS)
        model = WordEmbeddings()

        assert ToolRouter(model, vector_store=store).route("play", TOOLS) == first
        assert model.documents == []

    def test_a_store_with_strict_keys_keeps_the_vectors_of_a_model_of_any_name(self):
        store = FolderLikeStore()
        first = ToolRouter(NamedEmbeddings(), vector_store=store)
        ranking = first.route("play", TOOLS)
        assert not first.failures

        model = NamedEmbeddings()

        assert ToolRouter(model, vector_store=store).route("play", TOOLS) == ranking
        assert not model.documents

    def test_models_do_not_share_stored_vectors(self):
        class Other(WordEmbeddings):
            model = "other"

        store = InMemoryByteStore()
        ToolRouter(WordEmbeddings(), vector_store=store).route("play", TOOLS)
        other = Other(dimensions=32)
        ToolRouter(other, vector_store=store).route("play", TOOLS)

        assert len(other.documents) == 2 * len(TOOLS)

    @both_ways
    @pytest.mark.parametrize(
        "answer",
        [
            lambda texts: 1 / 0,
            lambda texts: [],
            lambda texts: [[1.0], [1.0, 2.0]] * len(texts),
            lambda texts: "nonsense",
            lambda texts: [["a"] for _ in texts],
        ],
        ids=["raises", "too few", "ragged", "text", "letters"],
    )
    def test_a_failing_model_is_counted_and_words_go_on(self, answer, asynchronous, caplog):
        class Failing(WordEmbeddings):
            def embed_documents(self, texts):
                return answer(texts)

            def embed_query(self, text):
                return answer([text])[0]

        router = ToolRouter(Failing(), top_k=1)

        assert names(route(router, "play a song", TOOLS, asynchronous)) == ["play_music"]
        assert router.failures["embedding"] > 0
        assert "without embeddings" in caplog.text

    @pytest.mark.parametrize("bad", [math.nan, math.inf])
    @pytest.mark.parametrize("where", ["documents", "queries"])
    def test_not_a_number(self, bad, where):
        class Sick(WordEmbeddings):
            def embed_documents(self, texts):
                found = super().embed_documents(texts)
                return [[bad] * 64, *found[1:]] if where == "documents" else found

            def embed_query(self, text):
                return [bad] * 64 if where == "queries" else super().embed_query(text)

        ranking = ToolRouter(Sick(), top_k=5).route("play a song", TOOLS)

        assert names(ranking)[0] == "play_music"
        assert all(math.isfinite(scored.score) for scored in ranking)

    def test_a_model_that_recovers_is_used_again(self):
        model = WordEmbeddings()
        sound, model.embed_documents = model.embed_documents, lambda texts: 1 / 0
        router = ToolRouter(model)
        weak = router.route("play a song", TOOLS)[0].score
        model.embed_documents = sound

        assert router.route("play a song", TOOLS)[0].score > weak

    def test_a_changed_dimension_means_embedding_anew(self):
        model = WordEmbeddings(dimensions=64)
        router = ToolRouter(model, top_k=1)
        router.route("play a song", TOOLS)
        router.record("play a song", "play_music", success=True)
        model.dimensions = 48

        assert names(router.route("weather in a city", TOOLS)) == ["get_weather"]
        fresh = ToolRouter(WordEmbeddings(dimensions=48), top_k=1)
        assert fresh.route("send it", TOOLS) == router.route("send it", TOOLS)

    def test_only_words_without_embeddings(self):
        router = ToolRouter()

        assert router.embeddings is None
        assert router.embeddings_name == "lexical"


class TestAuto:
    def test_openai_with_a_key(self, monkeypatch, caplog):
        monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
        caplog.set_level("INFO")

        assert ToolRouter("auto").embeddings_name == "openai:text-embedding-ada-002"
        assert "openai:text-embedding-ada-002" in caplog.text

    def test_the_local_model_without_one(self, monkeypatch, caplog):
        monkeypatch.delenv("OPENAI_API_KEY", raising=False)
        monkeypatch.setattr(
            "langchain_phase5.routing.local_embeddings.LocalEmbeddings", NamedEmbeddings
        )
        caplog.set_level("INFO")

        assert ToolRouter("auto").embeddings_name == "local:demo/words v1: weighted"
        assert "all-MiniLM-L6-v2" in caplog.text

    def test_words_where_the_extra_is_missing(self, monkeypatch, caplog):
        def missing(**_):
            raise ImportError("pip install 'langchain-phase5[local]'")

        monkeypatch.delenv("OPENAI_API_KEY", raising=False)
        monkeypatch.setattr("langchain_phase5.routing.local_embeddings.LocalEmbeddings", missing)
        caplog.set_level("INFO")

        assert ToolRouter("auto").embeddings_name == "lexical"
        assert "langchain-phase5[local]" in caplog.text

    def test_words_where_the_model_is_damaged(self, monkeypatch, caplog, tmp_path):
        def damaged(**_):
            return LocalEmbeddings(folder=tmp_path)

        monkeypatch.delenv("OPENAI_API_KEY", raising=False)
        (tmp_path / "tokenizer.json").write_text("{}")
        monkeypatch.setattr("langchain_phase5.routing.local_embeddings.LocalEmbeddings", damaged)

        router = ToolRouter("auto")

        assert router.embeddings_name == "lexical"
        (record,) = caplog.records
        assert record.levelname == "WARNING"
        assert "tokenizer.json" in record.message
        assert names(router.route("weather", TOOLS))[0] == "get_weather"


class TestAdaptiveK:
    def test_as_many_as_held_the_wanted_tool(self):
        router = ToolRouter(top_k="auto", max_k=4, coverage=0.8)
        assert router.top_k == 4
        assert len(router.route("play a song", TOOLS)) == 4

        for i in range(20):
            ranking = router.route(f"play a song {i}", TOOLS)
            router.record(f"play a song {i}", ranking[0].name, success=True)
        assert len(router.route("play a song", TOOLS)) == 1

        for i in range(200):
            router.route(f"play a song {i}", TOOLS)
            router.record(f"play a song {i}", "a tool out of sight", success=True)
        assert len(router.route("play a song", TOOLS)) == 4

    def test_a_number_for_one_route_goes_before(self):
        assert len(ToolRouter(top_k="auto").route("play a song", TOOLS, top_k=2)) == 2

    @pytest.mark.parametrize("coverage", [0, 1])
    def test_an_impossible_coverage_is_refused(self, coverage):
        with pytest.raises(ValueError, match="coverage"):
            ToolRouter(top_k="auto", coverage=coverage)


class Checker(FakeChatModel):
    """Answers in the form that was asked for."""

    def with_structured_output(self, schema, **kwargs):
        def parse(message):
            numbers = [int(n) for n in message.content.split() if n.isdigit()]
            return schema(numbers=numbers) if message.content != "garbage" else "garbage"

        return self | RunnableLambda(parse)


class TestValidation:
    @both_ways
    def test_a_model_keeps_and_orders_what_it_names(self, asynchronous):
        model = Checker(replies=["2 1 2 99"])
        plain = names(ToolRouter().route("play a song", TOOLS))

        ranking = route(ToolRouter(validator=model), "play a song", TOOLS, asynchronous)

        assert names(ranking) == [plain[1], plain[0]]
        assert len(model.seen) == 1
        assert "play a song" in model.seen[0][-1].text

    @both_ways
    @pytest.mark.parametrize("reply", [RuntimeError("down"), "0 99", "", "garbage"])
    def test_the_ranking_stands_when_it_fails(self, reply, asynchronous, caplog):
        router = ToolRouter(validator=Checker(replies=[reply]))

        ranking = route(router, "play a song", TOOLS, asynchronous)

        assert ranking == ToolRouter().route("play a song", TOOLS)
        assert router.failures["validation"] == 1
        assert "without validation" in caplog.text

    def test_a_model_without_structured_output_is_refused(self):
        class Plain(FakeChatModel):
            def with_structured_output(self, schema, **kwargs):
                raise NotImplementedError

        with pytest.raises(ValueError, match="structured output"):
            ToolRouter(validator=Plain())

    def test_the_schema_says_what_is_wanted(self):
        assert "numbers" in ToolSelection.model_json_schema()["required"]


class TestAtTheSameTime:
    def test_threads_route_while_others_record(self):
        router = ToolRouter(WordEmbeddings())
        faults = []

        def work(number):
            try:
                for i in range(20):
                    tools = TOOLS[number % 3 :]
                    assert len(router.route(f"play a song {number} {i}", tools)) <= 3
                    router.record(f"play a song {number} {i}", f"tool{i}", success=i % 2 == 0)
            except Exception as fault:  # noqa: BLE001
                faults.append(fault)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert faults == []
        assert len(router.history) == 120

    async def test_tasks_route_while_others_record(self):
        router = ToolRouter(WordEmbeddings())

        async def work(number):
            ranking = await router.aroute(f"play a song {number}", TOOLS)
            router.record(f"play a song {number}", ranking[0].name, success=True)
            return ranking[0].name

        assert set(await asyncio.gather(*map(work, range(30)))) == {"play_music"}
        assert len(router.history) == 30

    async def test_what_a_cancelled_route_was_learning_is_learned_by_the_next(self):
        class Hanging(WordEmbeddings):
            reached = None

            async def aembed_query(self, text):
                if self.reached and "grub" in text:
                    self.reached.set()
                    await asyncio.Event().wait()
                return self.embed_query(text)

        model = Hanging()
        router = ToolRouter(model, top_k=1)
        for i in range(5):
            router.record(f"grub tonight number {i}", "book_table", success=True)
        model.reached = asyncio.Event()
        cancelled = asyncio.create_task(router.aroute("play a song", TOOLS))
        await asyncio.wait_for(model.reached.wait(), 60)
        cancelled.cancel()
        with pytest.raises(asyncio.CancelledError):
            await cancelled
        model.reached = None

        assert names(await router.aroute("grub tonight", TOOLS)) == ["book_table"]


def test_a_scored_tool_is_a_value():
    assert ScoredTool(tool=TOOLS[0], score=1.0) == ScoredTool(tool=TOOLS[0], score=1.0)
    with pytest.raises(AttributeError):
        ScoredTool(tool=TOOLS[0], score=1.0).score = 2.0

import sqlite3
import threading
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from routing_fakes import TOOLS, WordEmbeddings, make_tool, names
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from waiting import until

from langchain_phase5.routing import ToolHistory, ToolRouter
from langchain_phase5.storage import Database
from langchain_phase5.storage.outcomes import OutcomeStore, ToolOutcome


def outcome(query="play", tool_name="play_music", *, success=True, age_days=0.0):
    when = datetime(2026, 1, 1, tzinfo=UTC) - timedelta(days=age_days)
    return ToolOutcome(query=query, tool_name=tool_name, success=success, recorded_at=when)


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path / 'history.db'}"


class TestLearning:
    def test_an_outcome_counts_from_the_next_route_on(self):
        router = ToolRouter(WordEmbeddings(), top_k=1)
        question = "something for the evening"
        assert names(router.route(question, TOOLS)) != ["convert_currency"]

        for _ in range(3):
            router.record(question, "convert_currency", success=True)
            router.record(f"{question} please", "convert_currency", success=True)

        assert names(router.route(question, TOOLS)) == ["convert_currency"]
        assert names(router.route("something for this evening", TOOLS)) == ["convert_currency"]

    def test_it_learns_without_embeddings(self):
        router = ToolRouter(top_k=1)
        for i in range(5):
            router.record(f"grub tonight number {i}", "book_table", success=True)

        assert names(router.route("grub tonight", TOOLS)) == ["book_table"]

    def test_the_better_of_two_alike_tools_comes_first(self):
        twins = [
            {"name": "alpha", "description": "Weather forecast for a city"},
            {"name": "beta", "description": "Weather forecast for a city"},
        ]
        router = ToolRouter(WordEmbeddings())
        for i in range(10):
            router.record(f"weather in city {i}", "alpha", success=False)
            router.record(f"weather in city {i}", "beta", success=True)

        assert names(router.route("weather forecast for my city", twins))[0] == "beta"

    def test_a_failing_tool_that_alone_fits_is_still_offered(self):
        router = ToolRouter(WordEmbeddings(dimensions=512), top_k=1)
        for i in range(100):
            router.record(f"play a song {i}", "play_music", success=False)
            router.record(f"weather forecast {i}", "get_weather", success=True)

        assert names(router.route("play a song by an artist", TOOLS)) == ["play_music"]

    def test_old_outcomes_fade(self):
        def rank(age_days):
            history = ToolHistory(half_life=timedelta(days=10))
            for i in range(10):
                history.record(outcome(f"city {i}", "alpha", success=False, age_days=age_days))
                history.record(outcome(f"town {i}", "other", success=True))
            router = ToolRouter(history=history)
            tools = [make_tool("alpha", "rain"), make_tool("beta", "rain")]
            scores = {scored.name: scored.score for scored in router.route("rain", tools)}
            return scores["beta"] - scores["alpha"]

        assert rank(age_days=0) > 2 * rank(age_days=60) >= 0

    def test_an_outage_is_forgotten_sooner_than_what_answers_a_question(self):
        tools = [make_tool("alpha", "rain"), make_tool("beta", "rain")]

        def lead_of_beta(days):
            history = ToolHistory(rate_half_life=timedelta(days=1))
            for i in range(50):
                history.record(outcome(f"city {i}", "alpha", success=False, age_days=days))
            for i in range(200):
                history.record(outcome(f"anything {i}", "other"))
            scores = {s.name: s.score for s in ToolRouter(history=history).route("rain", tools)}
            return scores["beta"] - scores["alpha"]

        assert lead_of_beta(0) > 0.05
        assert lead_of_beta(7) < 0.2 * lead_of_beta(0)

    def test_a_question_finds_its_tool_again_soon_after_failures(self):
        router = ToolRouter(top_k=1)
        for times, success in ((5, True), (50, False)):
            for _ in range(times):
                router.record("grub tonight", "book_table", success=success)
        assert names(router.route("grub tonight", TOOLS)) != ["book_table"]
        for _ in range(4):
            router.record("grub tonight", "book_table", success=True)

        assert names(router.route("grub tonight", TOOLS)) == ["book_table"]

    @pytest.mark.parametrize("model", [None, WordEmbeddings(dimensions=512)])
    def test_a_shared_order_number_lifts_no_tool(self, model):
        tools = [*TOOLS, make_tool("track_parcel", "Where a parcel is")]
        router = ToolRouter(model, top_k=len(tools))

        def score_of_book_table():
            return {s.name: s.score for s in router.route("track A-1004", tools)}["book_table"]

        before = score_of_book_table()
        for number in range(1000, 1020):
            router.record(f"ring A-{number}", "book_table", success=True)
            router.record(f"dine A-{number}", "book_table", success=True)

        assert score_of_book_table() < before + 0.05

    def test_a_foreign_history_changes_nothing_that_fits(self):
        plain = ToolRouter(WordEmbeddings(dimensions=512))
        taught = ToolRouter(WordEmbeddings(dimensions=512))
        rng = np.random.default_rng(0)
        for i in range(200):
            taught.record(f"zebra {rng.integers(9)} quagga {i}", f"tool{i % 20}", success=True)

        for tool in TOOLS:
            question = tool["description"]
            assert names(taught.route(question, TOOLS))[0] == names(plain.route(question, TOOLS))[0]

    def test_wrong_labels_earn_no_trust(self):
        rng = np.random.default_rng(0)
        router = ToolRouter(WordEmbeddings(dimensions=512), top_k=1)
        for i in range(200):
            tool = TOOLS[i % 5]
            wrong = TOOLS[rng.integers(5)]["name"]
            router.record(f"{tool['description']} {i}", wrong, success=True)

        for tool in TOOLS:
            assert names(router.route(tool["description"], TOOLS)) == [tool["name"]]

    def test_a_conversation_is_recorded_by_its_last_question(self):
        router = ToolRouter()
        router.record([("user", "hello"), ("ai", "yes?"), ("user", "play")], "t", success=True)
        router.record("", "t", success=True)

        assert [kept.query for kept in router.history.since(0)[0]] == ["play"]

    def test_memory_is_bounded(self):
        history = ToolHistory(max_outcomes=10)
        router = ToolRouter(WordEmbeddings(), history=history, top_k=1)
        for i in range(50):
            router.record(f"question number {i} about {i % 7}", f"tool{i % 3}", success=True)
            if i % 4 == 0:
                router.route(f"question {i}", TOOLS)
        for _ in range(3):
            router.record("evening out", "book_table", success=True)

        assert len(history) == 10
        assert names(router.route("evening out", TOOLS)) == ["book_table"]

    def test_a_bound_below_one_is_refused(self):
        with pytest.raises(ValueError, match="max_outcomes"):
            ToolHistory(max_outcomes=0)


class TestAnotherModel:
    @pytest.fixture
    def history(self):
        history = ToolHistory()
        for i in range(50):
            history.record(outcome(f"evening number {i}", "book_table"))
        return history

    def test_a_route_embeds_few_old_questions_the_newest_first(self, history):
        model = WordEmbeddings()
        router = ToolRouter(model, history=history)

        router.route("play", TOOLS)
        first = [query for query in model.queries if query != "play"]
        router.route("play", TOOLS)

        assert 0 < len(first) < 20
        assert "evening number 49" in first
        assert "evening number 0" not in model.queries
        assert len(model.queries) == 2 * len(first) + 1

    def test_all_are_embedded_in_time(self, history):
        model = WordEmbeddings()
        router = ToolRouter(model, history=history)
        for i in range(10):
            router.route(f"play {i}", TOOLS)

        assert {f"evening number {i}" for i in range(50)} <= set(model.queries)
        assert len(model.queries) == len(set(model.queries)) == 60

    @pytest.mark.parametrize("asynchronous", [False, True])
    async def test_preparing_leaves_the_routes_nothing_to_embed(self, history, asynchronous):
        model = WordEmbeddings()
        router = ToolRouter(model, history=history, top_k=1)
        await router.aprepare(TOOLS) if asynchronous else router.prepare(TOOLS)
        model.queries.clear()
        model.documents.clear()

        assert names(router.route("evening number", TOOLS)) == ["book_table"]
        assert model.queries == ["evening number"]
        assert model.documents == []

    def test_what_is_recorded_since_counts_at_once(self, history):
        router = ToolRouter(WordEmbeddings(), history=history, top_k=1)
        for i in range(30):
            router.record(f"something quiet {i}", "send_mail", success=True)

        assert names(router.route("something quiet", TOOLS)) == ["send_mail"]

    def test_a_model_that_fails_uses_up_no_old_question(self, history):
        model = WordEmbeddings()
        router = ToolRouter(model, history=history, top_k=1)
        model.vector = None
        router.route("evening", TOOLS)
        del model.vector
        model.queries.clear()
        router.prepare()

        assert {f"evening number {i}" for i in range(50)} <= set(model.queries)

    def test_a_model_that_fails_is_asked_once_a_route(self, history):
        model = WordEmbeddings()
        router = ToolRouter(model, history=history)
        router.prepare(TOOLS)
        model.vector = None
        router.route("an evening with A-1004", TOOLS)

        assert router.failures["embedding"] == 1

    def test_without_a_model_all_counts_at_once(self, history):
        assert names(ToolRouter(history=history, top_k=1).route("evening number", TOOLS)) == [
            "book_table"
        ]


class TestPersistence:
    def test_the_number_of_tools_stays_calibrated_over_a_restart(self, url):
        def router():
            return ToolRouter(top_k="auto", max_k=4, coverage=0.8, history=url)

        first = router()
        for i in range(20):
            first.route(f"play a song {i}", TOOLS)
            first.record(f"play a song {i}", "play_music", success=True)
            first.record(f"play a song {i}", "send_mail", success=False)
        assert len(first.route("play a song", TOOLS)) == 1
        first.history.close()

        assert len(router().route("play a song", TOOLS)) == 1

    def test_a_tool_out_of_sight_is_remembered_as_such(self, url):
        def router():
            return ToolRouter(top_k="auto", max_k=3, coverage=0.8, history=url)

        first = router()
        for i in range(20):
            first.route(f"play a song {i}", TOOLS)
            first.record(f"play a song {i}", "elsewhere", success=True)
        first.history.close()

        assert len(router().route("play a song", TOOLS)) == 3

    def test_a_table_without_ranks_is_extended(self, url, tmp_path):
        OutcomeStore(url).add([outcome()])
        with sqlite3.connect(tmp_path / "history.db") as connection:
            connection.execute("ALTER TABLE tool_outcomes DROP COLUMN routed_rank")

        store = OutcomeStore(url)

        assert [(o.query, o.routed_rank) for o in store.latest(5)] == [("play", None)]

    def test_a_restart_ranks_alike_and_embeds_no_question_anew(self, url):
        first = ToolRouter(WordEmbeddings(), history=url)
        for i in range(5):
            first.route(f"evening out {i}", TOOLS)
            first.record(f"evening out {i}", "book_table", success=True)
        first.history.close()
        expected = first.route("evening out", TOOLS)

        model = WordEmbeddings()
        again = ToolRouter(model, history=url).route("evening out", TOOLS)

        assert names(again) == names(expected)
        assert [s.score for s in again] == pytest.approx([s.score for s in expected], abs=1e-2)
        assert model.queries == ["evening out"]

    def test_questions_of_another_model_are_embedded_again(self, url):
        class Other(WordEmbeddings):
            model = "other"

        first = ToolRouter(WordEmbeddings(), history=url)
        first.route("evening out", TOOLS)
        first.record("evening out", "book_table", success=True)
        first.history.close()
        model = Other(dimensions=32)

        ToolRouter(model, history=url).route("hello", TOOLS)

        assert model.queries == ["hello", "evening out"]

    def test_a_new_model_embeds_the_old_questions_once_and_for_all(self, url):
        class Other(WordEmbeddings):
            model = "other"

        with_numbers = [f"evening out {i}" for i in range(40)]
        first = ToolRouter(WordEmbeddings(), history=url)
        for question in with_numbers:
            first.record(question, "book_table", success=True)
        first.history.close()
        second = ToolRouter(Other(dimensions=32), history=url)
        second.prepare(TOOLS)
        second.record("evening out 40", "book_table", success=True)
        second.history.close()
        model = Other(dimensions=32)
        third = ToolRouter(model, history=url)
        third.prepare(TOOLS)

        assert set(model.queries).isdisjoint(with_numbers)
        assert [o.query for o in OutcomeStore(url).latest(99)] == [
            *with_numbers,
            "evening out 40",
        ]

    def test_a_database_object_is_taken_too(self, url):
        with Database(url) as database:
            history = ToolHistory(database)
            history.record(outcome())
            assert history.flush()
            assert OutcomeStore(database).count() == 1
            history.close()

    def test_it_can_be_used_after_closing(self, url):
        history = ToolHistory(url)
        history.record(outcome())
        history.close()
        history.record(outcome())
        history.close()

        assert len(ToolHistory(url)) == 2

    def test_the_database_is_bounded(self, url, monkeypatch):
        monkeypatch.setattr("langchain_phase5.routing.history.tool_history._PRUNE_EVERY", 5)
        history = ToolHistory(url, max_outcomes=3)
        for i in range(10):
            history.record(outcome(f"q{i}"))
            history.flush()
        history.close()

        assert [kept.query for kept in OutcomeStore(url).latest(100)] == ["q7", "q8", "q9"]


class TestFaults:
    @pytest.fixture(autouse=True)
    def quick(self, monkeypatch):
        monkeypatch.setattr("langchain_phase5.routing.history.tool_history._RETRY_SECONDS", 0.01)

    def test_a_database_that_is_gone_is_counted(self, tmp_path, caplog):
        history = ToolHistory(f"sqlite:///{tmp_path / 'no' / 'such' / 'folder.db'}")
        router = ToolRouter(history=history, top_k=1)

        router.record("evening out", "book_table", success=True)
        router.record("evening out now", "book_table", success=True)

        assert names(router.route("evening out", TOOLS)) == ["book_table"]
        until(lambda: history.failures >= 2)  # it could not be read, nor written
        assert not history.flush(timeout=0.2)
        assert "Cannot read the tool history" in caplog.text
        history.close(timeout=0)

    def test_outcomes_wait_while_it_is_locked(self, tmp_path, url, monkeypatch):
        monkeypatch.setattr("langchain_phase5.storage.database._BUSY_SECONDS", 0.01)
        history = ToolHistory(url)
        lock = sqlite3.connect(tmp_path / "history.db")
        lock.execute("BEGIN EXCLUSIVE")

        history.record(outcome())

        until(lambda: history.failures >= 1)
        assert not history.flush(timeout=0.2)
        lock.rollback()
        lock.close()
        assert history.flush(timeout=60)
        assert OutcomeStore(url).count() == 1
        history.close()

    def test_a_table_dropped_under_it(self, url):
        with Database(url) as database:
            history = ToolHistory(database)
            with database.begin() as connection:
                connection.execute(text("DROP TABLE tool_outcomes"))
            history.record(outcome())

            until(lambda: history.failures >= 1)
            assert not history.flush(timeout=0.2)
            assert len(history) == 1
            history.close(timeout=0)

    def test_what_was_being_written_when_it_was_closed_is_not_lost(self, url, monkeypatch):
        writing, fail, add = threading.Event(), threading.Event(), OutcomeStore.add

        def slow(store, outcomes):
            if not writing.is_set():
                writing.set()
                assert fail.wait(60)
                raise OperationalError("insert", {}, Exception("locked"))
            add(store, outcomes)

        monkeypatch.setattr(OutcomeStore, "add", slow)
        history = ToolHistory(url)
        history.record(outcome("first"))
        assert writing.wait(60)
        history.close(timeout=0)
        history.record(outcome("second"))

        assert not history.flush(timeout=0.5)
        fail.set()
        assert history.flush(timeout=60)
        assert [kept.query for kept in OutcomeStore(url).latest(9)] == ["first", "second"]
        history.close()

    def test_a_wrong_url_is_the_callers_mistake(self):
        with pytest.raises(ValueError, match="database URL"):
            ToolHistory("not a url")


class TestStore:
    def test_outcomes_come_back_as_they_were(self):
        store = OutcomeStore("sqlite://")
        kept = ToolOutcome(
            query="été",
            tool_name="t",
            success=False,
            recorded_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
            embeddings="model",
            vector=b"\x00\x3c",
        )

        store.add([])
        store.add([outcome(), kept])

        assert store.latest(1) == [kept]
        assert store.count() == 2
        assert store.prune(keep=5) == 0
        assert store.prune(keep=1) == 1
        assert store.latest(9) == [kept]

    def test_writing_threads_lose_nothing(self, url):
        store = OutcomeStore(url)

        def work():
            for _ in range(20):
                store.add([outcome()])

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert store.count() == 80

    def test_a_failure_is_the_callers_to_handle(self, tmp_path):
        with pytest.raises(OperationalError):
            OutcomeStore(f"sqlite:///{tmp_path / 'no' / 'folder.db'}")

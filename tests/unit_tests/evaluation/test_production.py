"""From recorded interactions to reviewed examples."""

from datetime import UTC, datetime, timedelta

import pytest
from langchain_core.embeddings import Embeddings

from langchain_phase5.evaluation import TestDatasetManager
from langchain_phase5.storage.database import Database
from langchain_phase5.storage.interactions import Interaction, InteractionStore, ToolUse

START = datetime(2026, 1, 1, tzinfo=UTC)


def interaction(i, question, *, agent="support", quality=0.95, **fields):
    given = {"output": f"answer {i}", "status": "success"} | fields
    return Interaction(
        id=str(i),
        agent_type=agent,
        started_at=START + timedelta(minutes=i),
        input=question,
        quality=quality,
        **given,
    )


@pytest.fixture
def database():
    with Database("sqlite://") as opened:
        yield opened


def record(database, *interactions):
    InteractionStore(database).add(interactions)
    return TestDatasetManager(database)


def questions(examples):
    return [example.inputs["query"] for example in examples]


def test_only_good_answers_are_queued_and_count_after_review(database):
    manager = record(
        database,
        interaction(1, "Good?", tools=(ToolUse(name="lookup", status="success"),)),
        interaction(2, "Bad?", quality=0.5),
        interaction(3, "Unrated?", quality=None),
        interaction(4, "Failed?", status="error"),
        interaction(5, "No answer?", output=""),
    )
    [example] = manager.add_from_production("real")
    assert example.inputs == {"query": "Good?"}
    assert example.reference_outputs == {"answer": "answer 1", "tool_calls": ["lookup"]}
    assert example.category == "support"
    assert example.metadata["interaction"] == "1"
    with pytest.raises(ValueError, match="no dataset 'real'"):
        manager.get_dataset("real")
    approved = manager.approve("real")
    assert questions(approved) == ["Good?"]
    assert manager.candidates("real") == []
    assert questions(manager.candidates("real", state="approved")) == ["Good?"]


def test_rejected_and_known_questions_do_not_come_back(database):
    manager = record(database, interaction(1, "Keep?"), interaction(2, "Drop?"))
    manager.create_dataset("real", ["Old?"], ["yes"])
    keep, drop = sorted(manager.add_from_production("real"), key=lambda e: e.inputs["query"])[::-1]
    manager.reject("real", [drop])
    assert questions(manager.approve("real", [keep])) == ["Old?", "Keep?"]
    record(database, interaction(3, "keep"), interaction(4, "DROP!"), interaction(5, "old"))
    assert manager.add_from_production("real") == []


def test_samples_are_spread_over_the_agents_best_first(database):
    manager = record(
        database,
        *(interaction(i, f"busy {i}", quality=0.9 + i / 1000) for i in range(20)),
        interaction(100, "rare one", agent="billing", quality=0.91),
    )
    picked = manager.add_from_production("real", max_samples=3)
    assert questions(picked) == ["busy 19", "rare one", "busy 18"]
    only = manager.add_from_production("other", agent_type="billing")
    assert questions(only) == ["rare one"]
    late = manager.add_from_production("late", since=START + timedelta(minutes=50))
    assert questions(late) == ["rare one"]


class Topics(Embeddings):
    def embed_documents(self, texts):
        return [[1.0, 0.0] if "refund" in text else [0.0, 1.0] for text in texts]

    def embed_query(self, text):
        return self.embed_documents([text])[0]


def test_questions_that_mean_the_same_count_once(database):
    manager = record(
        database,
        interaction(1, "How do I get a refund?", quality=0.99),
        interaction(2, "refund please"),
        interaction(3, "Where is my parcel?"),
    )
    picked = manager.add_from_production("real", embeddings=Topics())
    assert questions(picked) == ["How do I get a refund?", "Where is my parcel?"]


def test_redaction_comes_before_anything_is_kept(database):
    manager = record(database, interaction(1, "I am Ada, help", output="Hello Ada"))
    [example] = manager.add_from_production("real", redact=lambda text: text.replace("Ada", "***"))
    assert example.inputs == {"query": "I am ***, help"}
    assert example.reference_outputs == {"answer": "Hello ***"}
    assert "Ada" not in str(manager.candidates("real"))

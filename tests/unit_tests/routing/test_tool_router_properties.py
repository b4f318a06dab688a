"""What must hold for every list of tools and every question."""

import hashlib

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from langchain_core.embeddings import Embeddings

from langchain_phase5.routing import ToolRouter
from langchain_phase5.routing.ranking.coverage import rank_by_coverage
from langchain_phase5.routing.text.words import words

WORDS = ["mail", "song", "city", "money", "table", "flight", "photo", "stock", "map", "note"]
STEMS = [stem for word in WORDS for stem in words(word)]
UNRELATED = ["zebra", "quagga", "okapi"]

texts = st.lists(st.sampled_from(WORDS), min_size=1, max_size=6).map(" ".join)
tool_lists = st.lists(
    st.builds(
        lambda name, text: {"name": name, "description": text}, st.sampled_from(WORDS), texts
    ),
    min_size=1,
    max_size=12,
)
questions = st.lists(texts, min_size=1, max_size=3).map(". ".join)
histories = st.lists(st.tuples(texts, st.sampled_from(WORDS), st.booleans()), max_size=8)


class Axes(Embeddings):
    """Every known word has an axis of its own, all unknown words share one."""

    def embed_query(self, text):
        vector = np.zeros(len(STEMS) + 1)
        for word in words(text):
            vector[STEMS.index(word) if word in STEMS else len(STEMS)] += 1
        return (vector / max(1.0, np.linalg.norm(vector))).tolist()

    def embed_documents(self, texts):
        return [self.embed_query(text) for text in texts]


class Hashed(Embeddings):
    """A direction of its own for every text."""

    def embed_query(self, text):
        seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")
        return np.random.default_rng(seed).standard_normal(16).tolist()

    def embed_documents(self, texts):
        return [self.embed_query(text) for text in texts]


models = st.sampled_from([None, Axes(), Hashed()])


def router_with(model, history):
    router = ToolRouter(model, top_k=5)
    for question, tool_name, success in history:
        router.record(question, tool_name, success=success)
    return router


def contents(ranking):
    return [(scored.tool, scored.score) for scored in ranking]


@settings(deadline=None, max_examples=60)
@given(tools=tool_lists, question=questions, history=histories, model=models, data=st.data())
def test_the_order_of_the_tools_does_not_matter(tools, question, history, model, data):
    shuffled = data.draw(st.permutations(tools))

    one = router_with(model, history).route(question, tools)
    other = router_with(model, history).route(question, shuffled)

    assert contents(one) == contents(other)


@settings(deadline=None, max_examples=60)
@given(
    tools=tool_lists, question=questions, history=histories, model=st.sampled_from([None, Axes()])
)
def test_an_irrelevant_tool_removes_no_better_one(tools, question, history, model):
    stranger = {"name": UNRELATED[0], "description": " ".join(UNRELATED)}

    before = router_with(model, history).route(question, tools)
    after = router_with(model, history).route(question, [*tools, stranger])

    # Tools that fit no better than the stranger may give way to it, and to it only.
    fitting = [scored for scored in before if scored.score > 1e-6]
    kept = [scored for scored in after if scored.tool is not stranger]
    assert [s.tool for s in kept][: len(fitting)] == [s.tool for s in fitting]
    for one, other in zip(fitting, kept, strict=False):
        assert abs(one.score - other.score) < 1e-5


@settings(deadline=None, max_examples=100)
@given(
    scores=st.lists(
        st.lists(st.floats(-1, 2, width=16), min_size=4, max_size=4), min_size=2, max_size=30
    ),
    worst=st.floats(-3, -1.5, width=16),
    place=st.integers(0, 30),
    count=st.integers(1, 6),
)
def test_picking_is_monotone(scores, worst, place, count):
    table = np.array(scores, dtype=np.float32).T
    assume(len(np.unique(table[0].round(4))) == table.shape[1])
    place = min(place, table.shape[1])

    before = rank_by_coverage(table[0], table[1:], count=count)
    longer = np.insert(table, place, worst, axis=1)
    after = rank_by_coverage(longer[0], longer[1:], count=count)

    moved = [(p + (p >= place), worth) for p, worth in before]
    assert [pick for pick in after if pick[0] != place] == moved[: len(after)]
    worths = [worth for _, worth in before]
    assert worths == sorted(worths, reverse=True)
    assert len({p for p, _ in before}) == len(before) == min(count, table.shape[1])


@settings(deadline=None, max_examples=100)
@given(question=st.text(max_size=200), name=st.text(max_size=30), description=st.text(max_size=300))
def test_no_text_breaks_it(question, name, description):
    tools = [{"name": name, "description": description}, {"name": "mail", "description": "mail"}]
    router = ToolRouter(Hashed())

    assert len(router.route(question, tools)) == 2
    router.record(question, name, success=True)
    assert len(router.route(question, tools)) == 2

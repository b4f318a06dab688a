"""The analyzer with a scripted model, and without any."""

import asyncio
import base64
import inspect
import io

import pytest
from fakes import FakeChatModel, call
from langchain_core.documents import Document
from langchain_core.messages import AIMessage, ToolMessage
from langchain_core.retrievers import BaseRetriever
from PIL import Image, ImageDraw

from langchain_phase5.vision import (
    UnreadableChartError,
    VisionAnalyzer,
    VisionModelError,
)

SEEN = {"description": "A teal square.", "objects": ["square"], "confidence": 0.8}
USAGE = {"input_tokens": 1000, "output_tokens": 100, "total_tokens": 1100}
PRICES = {"fake-model": {"input": 2.0, "output": 10.0}}


@pytest.fixture(params=["sync", "async"])
def ask(request):
    """Calls a method of an analyzer in both ways."""

    def invoke(analyzer, method, *args, **kwargs):
        if request.param == "sync":
            return getattr(analyzer, f"{method}_sync")(*args, **kwargs)
        return asyncio.run(getattr(analyzer, method)(*args, **kwargs))

    return invoke


def picture(color="teal", size=(64, 48)):
    return Image.new("RGB", size, color)


def sent_images(model, turn=-1):
    """The pictures in the human messages of one call."""
    blocks = [b for m in model.seen[turn] if isinstance(m.content, list) for b in m.content]
    return [
        Image.open(io.BytesIO(base64.b64decode(b["base64"])))
        for b in blocks
        if b["type"] == "image"
    ]


def scripted(*replies, **kwargs):
    return FakeChatModel(replies=list(replies), usage=USAGE, **kwargs)


def test_a_typed_answer_with_usage_and_cost(ask):
    model = scripted(call("SeenImage", **SEEN, answer="No."))
    result = ask(VisionAnalyzer(model, prices=PRICES), "analyze_image", picture(), "Is it red?")
    assert (result.answer, result.engine, result.objects) == ("No.", "fake-model", ["square"])
    assert result.usage["total_tokens"] == 1100
    assert result.cost == pytest.approx(0.003)
    assert "Is it red?" in model.seen[0][-1].content[0]["text"]
    assert sent_images(model)[0].getpixel((5, 5)) == (0, 128, 128)


def test_a_malformed_answer_is_sent_back_once(ask):
    model = scripted(call("SeenImage", description="x", confidence=7), call("SeenImage", **SEEN))
    result = ask(VisionAnalyzer(model, prices=PRICES), "analyze_image", picture())
    correction = model.seen[1][-1]
    assert isinstance(correction, ToolMessage)
    assert "confidence" in correction.content
    assert result.description == "A teal square."
    assert result.usage["total_tokens"] == 2200
    assert result.cost == pytest.approx(0.006)


def test_an_answer_without_a_call_is_sent_back_too(ask):
    model = scripted("It is teal.", call("SeenImage", **SEEN))
    assert ask(VisionAnalyzer(model), "analyze_image", picture()).description == "A teal square."


def test_a_model_that_never_answers_validly_is_an_error(ask):
    with pytest.raises(VisionModelError, match="no valid SeenImage"):
        ask(VisionAnalyzer(scripted("no"), max_repairs=2), "analyze_image", picture())


def test_the_models_own_failure_passes_through(ask):
    with pytest.raises(ConnectionError):
        ask(VisionAnalyzer(scripted(ConnectionError("down"))), "analyze_image", picture())


def test_an_unknown_price_is_no_price(ask):
    result = ask(VisionAnalyzer(scripted(call("SeenImage", **SEEN))), "analyze_image", picture())
    assert result.cost is None


def test_the_same_question_about_the_same_image_is_paid_once(ask):
    model = scripted(call("SeenImage", **SEEN))
    analyzer = VisionAnalyzer(model, prices=PRICES)
    first = ask(analyzer, "analyze_image", picture())
    first.objects.append("changed by the caller")
    again = ask(analyzer, "analyze_image", picture())
    other = ask(analyzer, "analyze_image", picture("red"))
    assert len(model.seen) == 2
    assert (first.cached, again.cached, other.cached) == (False, True, False)
    assert (again.objects, again.usage, again.cost) == (["square"], None, 0.0)


def test_the_cache_forgets_the_oldest(ask):
    model = scripted(call("SeenImage", **SEEN))
    analyzer = VisionAnalyzer(model, cache_size=1)
    for color in ("red", "blue", "red"):
        ask(analyzer, "analyze_image", picture(color))
    assert len(model.seen) == 3


def test_equal_images_are_sent_once_and_measured(ask):
    answer = call("SeenDifference", summary="One is red.", confidence=0.9)
    model = scripted(answer)
    images = [picture(), picture("red"), picture()]
    result = ask(VisionAnalyzer(model), "compare_images", images, "Which differs?")
    assert len(sent_images(model)) == 2
    assert [one.identical for one in result.measured] == [False, True]
    assert result.summary == "One is red."
    labels = [b["text"] for b in model.seen[0][-1].content if b["type"] == "text"]
    assert "Image 1 and 3:" in labels


def test_nobody_is_asked_whether_equal_images_differ(ask):
    model = scripted("unused")
    result = ask(VisionAnalyzer(model), "compare_images", [picture(), picture()])
    assert model.seen == []
    assert result.measured[0].structural_similarity == 1.0
    assert "identical" in result.summary


@pytest.mark.parametrize("count", [1, 17])
def test_comparisons_have_two_to_sixteen_images(ask, count):
    with pytest.raises(ValueError, match="2 to 16"):
        ask(VisionAnalyzer(), "compare_images", [picture()] * count)


def chart(**values):
    points = [{"x": key, "y": value} for key, value in values.items()]
    return {"kind": "bar", "series": [{"points": points}], "confidence": 0.9}


@pytest.mark.parametrize(
    ("reading", "doubt"),
    [
        (chart(North=12, South=30), None),
        (chart(North=12, South=39), "measured 1 values differently"),
        (chart(A=1, B=2, C=3, D=4), "other names"),
        (chart(North=12, South=30) | {"y_axis": {"minimum": 0, "maximum": 10}}, "outside the axis"),
    ],
)
def test_a_models_chart_reading_is_checked_by_the_offline_reader(ask, reading, doubt):
    drawn = VisionAnalyzer(scripted(call("ChartContent", **chart(North=12, South=30))))
    image = ask(drawn, "extract_chart_data", picture()).redraw()
    result = ask(
        VisionAnalyzer(scripted(call("ChartContent", **reading))), "extract_chart_data", image
    )
    assert result.engine == "fake-model"
    if doubt is None:
        assert result.notes == []
        assert result.confidence >= 0.9
    else:
        assert any(doubt in note for note in result.notes)
        assert result.confidence < 0.6


@pytest.mark.parametrize(
    ("reading", "doubt"),
    [
        ({"kind": "line", "series": [{"points": [{"x": 2, "y": 1}, {"x": 1, "y": 1}]}]}, "ascend"),
        ({"kind": "bar", "series": [{"points": [{"x": "a", "y": 1}, {"x": "a", "y": 2}]}]}, "two"),
        (
            {
                "kind": "pie",
                "y_axis": {"unit": "%"},
                "series": [{"points": [{"x": "a", "y": 50}, {"x": "b", "y": 20}]}],
            },
            "add up to 70",
        ),
    ],
)
def test_arithmetic_finds_impossible_readings(ask, reading, doubt):
    analyzer = VisionAnalyzer(scripted(call("ChartContent", **reading)), chart_reader=None)
    result = ask(analyzer, "extract_chart_data", picture())
    assert doubt in result.notes[0]


def test_without_model_and_reader_there_is_no_chart(ask):
    with pytest.raises(UnreadableChartError):
        ask(VisionAnalyzer(chart_reader=None), "extract_chart_data", picture())


class Collection(BaseRetriever):
    """Finds two cars, for any query."""

    def _get_relevant_documents(self, query, *, run_manager):
        assert isinstance(query["image"], Image.Image)
        return [Document("a red car"), Document("a blue car", metadata={"score": 0.5})]


def test_image_search_answers_from_what_was_found(ask):
    model = scripted(call("SeenMatches", answer="A car.", confidence=0.7))
    analyzer = VisionAnalyzer(model, retriever=Collection())
    found = ask(analyzer, "image_rag_search", picture(), 1, "What is it?")
    assert [match.caption for match in found.matches] == ["a red car"]
    assert found.answer == "A car."
    assert "1. a red car" in model.seen[0][-1].content[0]["text"]


def test_image_search_without_a_query_asks_no_model(ask):
    model = scripted("unused")
    found = ask(VisionAnalyzer(model, retriever=Collection()), "image_rag_search", picture())
    assert [match.score for match in found.matches] == [None, 0.5]
    assert (found.engine, model.seen) == ("offline", [])


@pytest.mark.parametrize(("retriever", "top_k"), [(None, 5), (Collection(), 0)])
def test_image_search_needs_a_retriever_and_a_number(ask, retriever, top_k):
    with pytest.raises(ValueError, match=r"retriever|top_k"):
        ask(VisionAnalyzer(retriever=retriever), "image_rag_search", picture(), top_k)


def test_offline_results_say_so(ask):
    image = picture("white", (200, 100))
    ImageDraw.Draw(image).rectangle((0, 0, 99, 99), fill=(76, 120, 168))
    result = ask(VisionAnalyzer(ocr=None), "analyze_image", image, "What is it?")
    assert (result.engine, result.answer, result.usage) == ("offline", None, None)
    assert [(one.name, one.share) for one in result.colors] == [("white", 0.5), ("blue", 0.5)]
    assert any("not answered" in note for note in result.notes)


def test_large_images_are_sent_as_small_as_the_model_sees_them(ask):
    model = scripted(call("SeenImage", **SEEN))
    ask(VisionAnalyzer(model), "analyze_image", picture(size=(3000, 1500)), detail="low")
    assert sent_images(model)[0].size == (512, 256)


def test_an_analyzer_estimates_for_its_own_model():
    assert VisionAnalyzer().estimate_tokens(1024, 1024) == 0
    assert VisionAnalyzer(scripted("x")).estimate_tokens(1024, 1024) == 1229


def test_every_method_has_a_sync_twin_with_the_same_arguments():
    for name in ("analyze_image", "compare_images", "extract_chart_data", "image_rag_search"):
        twin = getattr(VisionAnalyzer, f"{name}_sync")
        assert inspect.signature(getattr(VisionAnalyzer, name)) == inspect.signature(twin)


def test_text_in_the_system_prompt_warns_of_instructions_in_images(ask):
    model = scripted(call("SeenImage", **SEEN))
    ask(VisionAnalyzer(model), "analyze_image", picture())
    assert "never an instruction" in model.seen[0][0].content


def test_a_broken_tool_call_is_corrected_by_its_id(ask):
    broken = AIMessage(
        "", invalid_tool_calls=[{"name": "SeenImage", "args": "{", "id": "c1", "error": "cut"}]
    )
    model = scripted(broken, call("SeenImage", **SEEN))
    ask(VisionAnalyzer(model), "analyze_image", picture())
    assert model.seen[1][-1].tool_call_id == "c1"

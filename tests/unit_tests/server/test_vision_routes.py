"""Looking at images over HTTP, in every way an image can be given."""

import io

import pytest
from fakes import FakeChatModel, call
from PIL import Image
from service import Manuals, inline, png

from langchain_phase5.vision import VisionAnalyzer

VISION = "/api/v1/vision"


def kept(client, data):
    return client.post("/api/v1/images", files={"image": data}).json()["image_id"]


@pytest.mark.parametrize("way", ["json", "upload", "id"])
def test_an_image_is_described_however_it_is_given(client, way):
    picture = png("teal", size=(64, 48))
    if way == "json":
        answer = client.post(f"{VISION}/analyze", json={"image": inline(picture)})
    elif way == "upload":
        answer = client.post(f"{VISION}/analyze", files={"image": picture})
    else:
        answer = client.post(f"{VISION}/analyze", json={"image": {"id": kept(client, picture)}})
    assert answer.status_code == 200
    found = answer.json()
    assert (found["engine"], found["width"], found["height"]) == ("offline", 64, 48)
    assert found["colors"][0]["name"] == "teal"


def test_without_a_model_a_question_is_said_to_be_open(client):
    answer = client.post(
        f"{VISION}/analyze", files={"image": png()}, data={"query": "Who is it?", "detail": "low"}
    ).json()
    assert answer["answer"] is None
    assert "takes a model" in " ".join(answer["notes"])


@pytest.mark.parametrize("way", ["json", "upload"])
def test_differences_are_measured(client, way):
    first, second = png("teal"), png("navy")
    if way == "json":
        images = [inline(first), inline(second), inline(first)]
        answer = client.post(f"{VISION}/compare", json={"images": images})
    else:
        files = [("images", ("a.png", one)) for one in (first, second, first)]
        answer = client.post(f"{VISION}/compare", files=files)
    measured = answer.json()["measured"]
    assert [one["identical"] for one in measured] == [False, True]


def test_one_image_is_nothing_to_compare(client):
    answer = client.post(f"{VISION}/compare", json={"images": [inline(png())]})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/images"


@pytest.mark.parametrize("way", ["json", "upload"])
def test_text_is_read_word_by_word(client, way):
    picture = png("white", size=(420, 90), text="Hello, world")
    if way == "json":
        answer = client.post(f"{VISION}/ocr", json={"image": inline(picture), "page": 0})
    else:
        answer = client.post(f"{VISION}/ocr", files={"image": picture}, data={"page": "0"})
    found = answer.json()
    assert found["text"] == "Hello, world"
    assert [word["text"] for word in found["words"]] == ["Hello,", "world"]
    assert found["lines"][0]["box"]["width"] > 100


def test_a_page_that_is_not_there_is_not_found(client):
    answer = client.post(f"{VISION}/ocr", files={"image": png()}, data={"page": "7"})
    assert answer.status_code == 404


def test_where_reading_is_switched_off_the_answer_says_so(make_client):
    answer = make_client(ocr=False).post(f"{VISION}/ocr", files={"image": png()})
    assert answer.status_code == 503
    assert "switched" in answer.json()["detail"]


def test_the_numbers_of_a_chart_come_back(client):
    plot = pytest.importorskip("matplotlib.figure").Figure(figsize=(6, 4), dpi=100)
    axes = plot.subplots()
    axes.bar(["a", "b", "c"], [10, 20, 30])
    axes.set_ylim(0, 40)
    out = io.BytesIO()
    plot.savefig(out, format="png")
    answer = client.post(f"{VISION}/chart-data", files={"image": out.getvalue()})
    points = answer.json()["series"][0]["points"]
    assert [round(point["y"]) for point in points] == [10, 20, 30]


def test_what_is_no_chart_is_refused_with_a_reason(client):
    answer = client.post(f"{VISION}/chart-data", files={"image": png()})
    assert answer.status_code == 422
    assert "cannot be read surely" in answer.json()["detail"]


def test_documents_are_found_by_image(make_client):
    client = make_client(parts={"retriever": Manuals()})
    answer = client.post(f"{VISION}/rag", files={"image": png()}, data={"top_k": "3"})
    match = answer.json()["matches"][0]
    assert (match["id"], match["caption"]) == ("manual-7", "How to change the filter")


def test_without_an_index_the_search_says_how_to_get_one(client):
    answer = client.post(f"{VISION}/rag", files={"image": png()})
    assert answer.status_code == 503
    assert "--index" in answer.json()["detail"]


def test_a_model_looks_where_there_is_one(make_client):
    seen = {
        "description": "A teal square.",
        "confidence": 0.9,
        "answer": "Teal.",
        "objects": [],
        "text": None,
    }
    analyzer = VisionAnalyzer(FakeChatModel(replies=[call("SeenImage", **seen)]))
    client = make_client(parts={"analyzer": analyzer})
    answer = client.post(
        f"{VISION}/analyze", files={"image": png()}, data={"query": "What color?"}
    ).json()
    assert answer["answer"] == "Teal."


def test_a_model_that_fails_is_not_our_fault(make_client):
    analyzer = VisionAnalyzer(FakeChatModel(replies=["no structure"]))
    client = make_client(parts={"analyzer": analyzer})
    answer = client.post(f"{VISION}/analyze", files={"image": png()})
    assert answer.status_code == 502


@pytest.mark.parametrize(
    "image",
    [
        {"path": "/etc/passwd"},
        "/etc/passwd",
        {"url": "file:///etc/passwd"},
        {"url": "/etc/passwd"},
        {"id": "../../etc/passwd"},
        {"base64": "not base64!"},
        {"base64": "", "url": "https://example.com"},
        7,
        None,
    ],
)
def test_what_is_no_image_is_refused(client, image):
    answer = client.post(f"{VISION}/analyze", json={"image": image})
    assert answer.status_code == 422
    assert "root:" not in answer.text


def test_bytes_that_are_no_image_are_refused(client):
    answer = client.post(f"{VISION}/analyze", files={"image": b"MZ this is a program"})
    assert answer.status_code == 422


def test_addresses_are_refused_where_the_operator_says_so(make_client):
    answer = make_client(fetch_urls=False).post(
        f"{VISION}/analyze", json={"image": {"url": "https://example.com/a.png"}}
    )
    assert answer.status_code == 403


def test_an_image_with_too_many_pixels_is_refused(make_client):
    client = make_client(max_pixels=1000)
    answer = client.post(f"{VISION}/analyze", files={"image": png(size=(64, 48))})
    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"content-type": "application/json"}, b"{", 400),
        ({"content-type": "application/json"}, b"[" * 100_000, 400),
        ({"content-type": "application/json"}, b'{"image": {"base64": "\xff"}}', 400),
        ({"content-type": "text/plain"}, b"hello", 415),
        ({}, b"hello", 415),
        ({"content-type": "multipart/form-data"}, b"hello", 400),
        ({"content-type": "multipart/form-data; boundary=x"}, b"hello", 400),
    ],
)
def test_bodies_that_cannot_be_read_are_refused(client, headers, body, status):
    answer = client.post(f"{VISION}/analyze", content=body, headers=headers)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_large_body_is_parsed_beside_other_requests(make_client):
    client = make_client(ocr=False)
    picture = Image.effect_noise((700, 700), 90)
    out = io.BytesIO()
    picture.save(out, "PNG")
    answer = client.post(f"{VISION}/analyze", json={"image": inline(out.getvalue())})
    assert answer.json()["width"] == 700


def test_a_text_where_a_file_belongs_is_refused(client):
    answer = client.post(
        f"{VISION}/analyze",
        files={"image": (None, b"/etc/passwd")},
        headers={"x-request-id": "mine"},
    )
    assert answer.status_code == 422
    assert answer.json()["request_id"] == "mine"


def test_work_on_images_is_counted(client):
    client.post(f"{VISION}/analyze", files={"image": png()})
    metrics = client.get("/metrics").text
    assert (
        'vision_operations_total{engine="offline",operation="analyze",status="success"} 1.0'
        in metrics
    )

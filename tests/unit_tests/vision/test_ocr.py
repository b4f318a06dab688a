import asyncio
import os
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont, ImageOps

import langchain_phase5.vision.tesseract as tesseract_module
from langchain_phase5.vision import (
    Box,
    ImageError,
    ImageTooLargeError,
    OCREngine,
    OCRResult,
    OCRWord,
    TesseractNotFoundError,
    load_image,
)
from langchain_phase5.vision.careful_reading import read_carefully
from langchain_phase5.vision.picture import Picture, evenness_of_light, is_dark, skew_of
from langchain_phase5.vision.rapid_ocr import RapidOCR

TEXT = [
    "The harbour was quiet when the first boats came home.",
    "Seven lanterns burned along the northern wall and",
    "nobody on the quay had slept. Maria counted the crates",
    "twice, wrote 148 in her ledger, and closed the gate.",
    "By morning the fog had lifted from the water, and the",
    "bells of the old church rang across the narrow streets.",
    "A letter lay on the kitchen table, addressed to no one.",
    "She read it slowly, folded it, and put the kettle on.",
]
WORDS = " ".join(TEXT).split()


@cache
def page(size=40):
    font = ImageFont.load_default(size)
    image = Image.new("L", (size * 30, size * 16), 255)
    draw = ImageDraw.Draw(image)
    for number, line in enumerate(TEXT):
        draw.text((size * 2, size * 2 + number * size * 1.5), line, fill=0, font=font)
    return image


def photographed(image):
    """A shadow over half of it, so deep that paper there is darker than ink here."""
    shadow = np.linspace(1.0, 0.15, image.width)[None, :]
    lit = (30 + np.asarray(image, dtype=np.float32) * 0.85) * shadow
    return Image.fromarray(np.clip(lit, 0, 255).astype(np.uint8)).convert("RGB")


def share_of_words(result):
    found = result.text.split()
    return sum(word in found for word in WORDS) / len(WORDS)


def by_program(monkeypatch):
    """Make believe that tesserocr is not installed, so that pytesseract runs."""
    monkeypatch.setattr(tesseract_module, "_language_folder", lambda languages: None)


@pytest.fixture(params=["inside", "program"])
def tesseract(request, monkeypatch):
    if request.param == "program":
        by_program(monkeypatch)
    else:
        pytest.importorskip("tesserocr")
    return OCREngine(engine="tesseract")


def read(engine, source, async_=False, **options):
    if async_:
        return asyncio.run(engine.aread(source, **options))
    return engine.read(source, **options)


@pytest.mark.parametrize("async_", [False, True])
def test_words_come_with_boxes_confidence_and_lines(tesseract, async_):
    result = read(tesseract, page(), async_)
    assert share_of_words(result) == 1
    assert [line.text for line in result.lines] == TEXT
    assert result.text.split() == WORDS
    assert (result.width, result.height, result.engine) == (*page().size, "tesseract")
    assert result.corrections == []
    assert result.angle == 0
    assert 0.9 < result.confidence <= 1
    first = result.words[0]
    assert first.text == "The"
    assert abs(first.box.left - 80) < 8
    assert abs(first.box.top - 90) < 12
    assert result.blocks[0].box.bottom >= result.lines[-1].box.bottom - 5


def test_a_loaded_image_is_read_without_loading_again(tesseract):
    assert share_of_words(tesseract.read(load_image(page()))) == 1


def test_an_empty_page_has_no_text(tesseract):
    result = tesseract.read(Image.new("RGB", (300, 200), "white"))
    assert (result.text, result.words, result.confidence, result.lines) == ("", [], 0.0, [])


def overlap(a, b):
    width = min(a.right, b.right) - max(a.left, b.left)
    height = min(a.bottom, b.bottom) - max(a.top, b.top)
    return max(0, width) * max(0, height) / (a.width * a.height)


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_page_that_lies_wrongly_is_read_and_its_angle_known(degrees):
    engine = OCREngine(engine="tesseract")
    result = engine.read(page().rotate(degrees, expand=True))
    assert share_of_words(result) > 0.98
    assert result.angle == 360 - degrees
    box = engine.read(page()).words[0].box
    width, height = page().size
    turned = {
        90: Box(left=box.top, top=width - box.right, width=box.height, height=box.width),
        180: Box(
            left=width - box.right, top=height - box.bottom, width=box.width, height=box.height
        ),
        270: Box(left=height - box.bottom, top=box.left, width=box.height, height=box.width),
    }
    first = next(word for word in result.words if word.text == "The")
    assert overlap(turned[degrees], first.box) > 0.8


def test_a_crooked_page_is_made_level():
    crooked = page().rotate(4, Image.Resampling.BICUBIC, expand=True, fillcolor=255)
    result = OCREngine(engine="tesseract").read(crooked)
    plain = OCREngine(engine="tesseract", correct=False).read(crooked)
    assert plain.corrections == []
    assert share_of_words(result) > 0.98
    assert share_of_words(result) >= share_of_words(plain)
    assert abs(skew_of(crooked) + 4) < 0.3


def test_small_letters_are_enlarged_if_that_helps():
    small = page().resize((400, 213), Image.Resampling.LANCZOS)
    result = OCREngine(engine="tesseract").read(small)
    plain = OCREngine(engine="tesseract", correct=False).read(small)
    assert any("scaled" in correction for correction in result.corrections)
    assert share_of_words(result) > max(0.9, share_of_words(plain) - 0.01)
    assert result.words[0].box.right < 400


def test_shadows_are_removed_if_that_helps():
    photo = photographed(page())
    result = OCREngine(engine="tesseract").read(photo)
    plain = OCREngine(engine="tesseract", correct=False).read(photo)
    assert "evenly lit" in result.corrections
    assert share_of_words(result) > 0.95 > share_of_words(plain)


def test_light_text_on_dark_ground_is_read():
    assert share_of_words(OCREngine(engine="tesseract").read(ImageOps.invert(page()))) > 0.98


def words_like(text, confidence):
    box = Box(left=0, top=0, width=60, height=40)
    return [OCRWord(text=text, confidence=confidence, box=box)]


def test_a_correction_that_does_not_read_better_is_dropped():
    seen = []

    def read(image):
        seen.append(image.size)
        return words_like("guess" * 20, 0.5)

    reading = read_carefully(photographed(page()).convert("L"), read=read)
    assert len(seen) > 2
    assert reading.picture.corrections == ()


def test_a_clean_page_is_read_once():
    seen = []

    def read(image):
        seen.append(image.size)
        return words_like("clear", 0.95)

    read_carefully(page(), read=read)
    assert seen == [page().size]


def test_a_dark_unreadable_page_is_tried_inverted():
    def read(image):
        return words_like("letters" * 9, 0.2 if is_dark(image) else 0.95)

    reading = read_carefully(ImageOps.invert(page()), read=read)
    assert reading.picture.corrections == ("inverted",)


@pytest.mark.parametrize("degrees", [90, 180, 270, 3.5])
def test_boxes_find_back_through_corrections(degrees):
    image = Image.new("L", (400, 300), 255)
    image.paste(0, (100, 50, 140, 80))
    picture = Picture(image).scaled(2).turned(degrees)
    ink = picture.image.point(lambda value: 255 * (value < 128)).getbbox()
    box = Box(left=ink[0], top=ink[1], width=ink[2] - ink[0], height=ink[3] - ink[1])
    word = OCRWord(text="x", confidence=1, box=box)
    back = picture.in_origin([word])[0].box
    assert overlap(Box(left=100, top=50, width=40, height=30), back) > 0.9
    assert back.width < 55
    assert picture.angle == degrees


def test_light_is_measured():
    assert evenness_of_light(page()) > 0.95
    assert evenness_of_light(photographed(page()).convert("L")) < 0.5


RIGHT = words_like("right" * 10, 0.9)


@pytest.mark.parametrize(
    ("confidence", "rapid", "engine"),
    [
        (0.95, RIGHT, "tesseract"),  # sure: the second engine is not asked
        (0.6, RIGHT, "rapidocr"),
        (0.87, RIGHT, "tesseract"),  # asked, and they agree on how much is legible
        (0.85, RIGHT, "rapidocr"),
        (0.6, [], "tesseract"),
    ],
)
def test_auto_takes_the_engine_that_reads_more(monkeypatch, confidence, rapid, engine):
    monkeypatch.setattr(RapidOCR, "is_installed", lambda *_: True)
    monkeypatch.setattr(RapidOCR, "read", lambda self, picture: rapid)
    auto = OCREngine()
    monkeypatch.setattr(
        auto._tesseract, "read", lambda picture: words_like("right" * 10, confidence)
    )
    assert auto.read(page()).engine == engine


def test_auto_asks_a_second_engine_about_photos(monkeypatch):
    monkeypatch.setattr(RapidOCR, "is_installed", lambda *_: True)
    monkeypatch.setattr(RapidOCR, "read", lambda self, picture: words_like("more" * 100, 0.9))
    auto = OCREngine()
    monkeypatch.setattr(auto._tesseract, "read", lambda picture: words_like("few", 0.95))
    assert auto.read(page()).engine == "tesseract"
    assert auto.read(photographed(page())).engine == "rapidocr"


def test_auto_does_not_trust_the_second_engine_with_other_languages(monkeypatch):
    monkeypatch.setattr(RapidOCR, "is_installed", lambda *_: True)
    assert OCREngine(languages="osd")._rapid is None


def test_rapidocr_reads_rows():
    pytest.importorskip("rapidocr")
    image = Image.new("RGB", (700, 160), "white")
    draw = ImageDraw.Draw(image)
    for row, (left, right) in enumerate([("Coffee beans", "12.50"), ("Two oranges", "3.00")]):
        draw.text((20, 20 + 70 * row), left, fill="black", font_size=34)
        draw.text((560, 22 + 70 * row), right, fill="black", font_size=34)
    result = OCREngine(engine="rapidocr").read(image)
    assert [line.text for line in result.lines] == ["Coffee beans 12.50", "Two oranges 3.00"]
    assert result.engine == "rapidocr"
    coffee, price = result.words[0], result.words[2]
    assert coffee.box.right < 250
    assert price.box.left > 550
    assert OCREngine(engine="rapidocr").read(Image.new("RGB", (99, 99), "white")).words == []


def no_tesseract(monkeypatch):
    by_program(monkeypatch)
    monkeypatch.setattr("pytesseract.pytesseract.tesseract_cmd", "no-such-program")


async def test_an_engine_of_ones_own_reads_what_was_loaded(monkeypatch):
    monkeypatch.setenv("PATH", "")  # no Tesseract is needed
    word = OCRWord(text="Hello", confidence=0.9, box=Box(left=4, top=2, width=40, height=12))

    def cloud_ocr(picture):
        assert picture.size == (100, 40)
        return [word]

    engine = OCREngine(engine=cloud_ocr)
    picture = Image.new("RGB", (100, 40), "white")
    for result in (engine.read(picture), await engine.aread(picture)):
        assert (result.engine, result.words, result.corrections) == ("cloud_ocr", [word], [])


def test_without_tesseract_the_remedy_is_named(monkeypatch):
    no_tesseract(monkeypatch)
    with pytest.raises(TesseractNotFoundError) as failure:
        OCREngine(engine="tesseract")
    for remedy in ("apt-get install tesseract-ocr", "brew install", "winget install"):
        assert remedy in str(failure.value)
    monkeypatch.setattr(RapidOCR, "is_installed", lambda *_: False)
    with pytest.raises(TesseractNotFoundError):
        OCREngine()


def test_without_tesseract_auto_uses_what_there_is(monkeypatch):
    no_tesseract(monkeypatch)
    monkeypatch.setattr(RapidOCR, "is_installed", lambda *_: True)
    monkeypatch.setattr(RapidOCR, "read", lambda self, picture: RIGHT)
    assert OCREngine().read(page()).engine == "rapidocr"


@pytest.mark.parametrize("name", ["pytesseract", "rapidocr"])
def test_missing_packages_are_named(monkeypatch, name):
    by_program(monkeypatch)
    monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setattr(RapidOCR, "is_installed", lambda *_: False)
    with pytest.raises(ImportError, match=r"langchain-phase5\["):
        OCREngine(engine="tesseract" if name == "pytesseract" else "rapidocr")


def test_a_language_that_is_not_installed_is_named():
    with pytest.raises(ValueError, match=r"xxx.*apt-get install tesseract-ocr-xxx"):
        OCREngine(languages="eng+xxx")


@pytest.mark.parametrize(
    "wrong", [{"engine": "best"}, {"page_segmentation": 0}, {"page_segmentation": 14}]
)
def test_wrong_arguments_are_refused(wrong):
    with pytest.raises(ValueError, match=r"Use|Take"):
        OCREngine(**wrong)


def test_one_line_can_be_asked_for(tesseract):
    assert OCREngine(page_segmentation=7).read(page().crop((0, 70, 1200, 140))).text == TEXT[0]


def test_a_picture_that_takes_too_long_is_given_up(monkeypatch):
    with pytest.raises(ImageTooLargeError, match="max_seconds"):
        OCREngine(max_seconds=0.001).read(page())
    by_program(monkeypatch)
    with pytest.raises(ImageTooLargeError, match="max_seconds"):
        OCREngine(max_seconds=0.001).read(page())


def test_sources_are_guarded():
    with pytest.raises(ImageError, match="roots="):
        OCREngine().read("/etc/hostname")
    with pytest.raises(ImageError, match="fetcher="):
        OCREngine().read("http://127.0.0.1/")


def test_nothing_is_left_in_the_temporary_folder(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    OCREngine(engine="tesseract").read(page())
    by_program(monkeypatch)
    OCREngine(engine="tesseract").read(page())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("is_program", [False, True], ids=["inside", "program"])
def test_reading_leaves_the_threads_of_other_libraries_alone(monkeypatch, is_program):
    monkeypatch.delenv("OMP_THREAD_LIMIT", raising=False)
    if is_program:
        by_program(monkeypatch)
    OCREngine(engine="tesseract").read(page())
    assert "OMP_THREAD_LIMIT" not in os.environ


def test_a_result_survives_json():
    result = OCREngine(engine="tesseract").read(page())
    assert OCRResult.model_validate_json(result.model_dump_json()) == result


SAMPLES = Path(__file__).parents[4] / "shared" / "data" / "vision" / "ocr_tesseract_test"


@pytest.mark.skipif(not SAMPLES.exists(), reason="the sample files are not here")
@pytest.mark.parametrize("file", sorted(SAMPLES.glob("*.[pt][ni][gf]")), ids=lambda file: file.name)
def test_rotated_sample_pages_are_read_without_error(file):
    expected = file.with_suffix(".txt").read_text().split()
    assert OCREngine(engine="tesseract").read(file).text.split() == expected

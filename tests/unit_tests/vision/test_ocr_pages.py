import asyncio
import io
import threading
import xml.etree.ElementTree as ET

import pytest
from PIL import Image, ImageDraw

from langchain_phase5.vision import (
    Box,
    ImageNotFoundError,
    OCREngine,
    OCRResult,
    OCRWord,
    load_frames,
    load_image,
    to_hocr,
)
from langchain_phase5.vision.page_pool import read_in_parallel
from langchain_phase5.vision.searchable_pdf import PageWithText, searchable_pdf

NAMES = ["Anchor", "Beacon", "Compass", "Dinghy", "Ensign"]


def pages():
    images = []
    for name in NAMES:
        image = Image.new("RGB", (500, 150), "white")
        ImageDraw.Draw(image).text((40, 40), f"Chapter {name}", fill="black", font_size=48)
        images.append(image)
    return images


def document(kind="PDF"):
    out = io.BytesIO()
    first, *rest = pages()
    first.save(out, kind, save_all=True, append_images=rest, resolution=150)
    return out.getvalue()


def texts_of(pdf):
    import pypdfium2

    with pypdfium2.PdfDocument(pdf) as opened:
        return [page.get_textpage().get_text_range().strip() for page in opened]


@pytest.mark.parametrize("async_", [False, True])
@pytest.mark.parametrize("kind", ["PDF", "TIFF"])
def test_pages_are_read_in_order(kind, async_, capsys):
    engine = OCREngine(engine="tesseract")
    if async_:
        results = asyncio.run(engine.aread_pages(document(kind), workers=2))
    else:
        results = engine.read_pages(document(kind), workers=2, progress=True)
    assert [result.text for result in results] == [f"Chapter {name}" for name in NAMES]
    assert [result.page for result in results] == [0, 1, 2, 3, 4]
    assert ("5/5" in capsys.readouterr().err) is not async_


def test_some_pages_can_be_asked_for():
    engine = OCREngine(engine="tesseract")
    results = engine.read_pages(document(), pages=[3, 1])
    assert [result.text for result in results] == ["Chapter Dinghy", "Chapter Beacon"]
    assert engine.read(document(), page=2).text == "Chapter Compass"
    with pytest.raises(ImageNotFoundError, match="page 7"):
        engine.read_pages(document(), pages=[7])


def test_pages_are_taken_only_as_fast_as_they_are_read():
    taken, most = [], []
    release = threading.Event()

    def source():
        for image in pages() * 4:
            taken.append(1)
            yield load_image(image)

    def read(loaded):
        release.wait(60)
        return loaded.width

    results = read_in_parallel(source(), read=read, workers=2)
    threading.Timer(0.05, lambda: (most.append(len(taken)), release.set())).start()
    assert list(results) == [500] * 20
    assert most[0] <= 4


def test_a_page_that_fails_stops_the_rest():
    def read(loaded):
        msg = "no"
        raise RuntimeError(msg)

    with pytest.raises(RuntimeError, match="no"):
        list(read_in_parallel(load_frames(document("TIFF")), read=read, workers=1))


@pytest.mark.parametrize("kind", ["PDF", "TIFF"])
def test_a_searchable_pdf_holds_the_words_of_its_pages(kind):
    pdf = OCREngine(engine="tesseract").to_searchable_pdf(document(kind))
    assert texts_of(pdf) == [f"Chapter {name}" for name in NAMES]
    assert load_image(pdf, dpi=300).image.convert("L").getextrema() == (0, 255)


def result_of(words, **options):
    return OCRResult(words=words, width=400, height=500, engine="tesseract", **options)


def word(text, left, top, width=120, height=30, **options):
    box = Box(left=left, top=top, width=width, height=height)
    return OCRWord(text=text, confidence=0.9, box=box, **options)


def pdf_of(result, image=None, dpi=72):
    loaded = load_image(image or Image.new("RGB", (400, 500), "white"))
    return searchable_pdf([PageWithText.of(result, loaded, dpi=dpi)])


def test_any_script_can_be_copied_out_of_it():
    signs = "".join(chr(0x4E00 + i) for i in range(600))
    words = [word("naïve", 10, 10), word("Ελλάδα", 10, 60), word(signs, 10, 110, width=380)]
    (text,) = texts_of(pdf_of(result_of(words)))
    assert text.replace("\r\n", "").split() == ["naïve", "Ελλάδα", signs]


@pytest.mark.parametrize(
    ("angle", "words"),
    [
        (0, [word("one", 100, 100), word("two", 250, 100)]),
        (90, [word("one", 100, 100, 30, 120), word("two", 100, 250, 30, 120)]),
        (180, [word("one", 250, 100), word("two", 100, 100)]),
        (270, [word("one", 100, 250, 30, 120), word("two", 100, 100, 30, 120)]),
    ],
)
def test_a_page_that_lies_wrongly_is_shown_upright_with_its_words_in_order(angle, words):
    import pypdfium2

    pdf = pdf_of(result_of(words, angle=angle))
    assert texts_of(pdf) == ["one two"]
    with pypdfium2.PdfDocument(pdf) as opened:
        assert opened[0].get_rotation() == -angle % 360
        boxes = opened[0].get_textpage()
        left, bottom, right, top = boxes.get_charbox(0, loose=True)
    box = words[0].box
    assert box.left - 2 <= left <= right <= box.right + 2
    assert 500 - box.bottom - 2 <= bottom <= top <= 500 - box.top + 2


@pytest.mark.parametrize("kind", ["gray", "color", "photo"])
def test_the_picture_is_kept_as_it_is(kind):
    image = Image.linear_gradient("L").resize((400, 500)).convert("RGB")
    if kind != "gray":
        image.paste("orange", (50, 50, 90, 90))
    source = image
    if kind == "photo":
        out = io.BytesIO()
        image.save(out, "JPEG", quality=95)
        source = out.getvalue()
    shown = load_image(pdf_of(result_of([]), source), dpi=72).image
    difference = [abs(a - b) for a, b in zip(shown.tobytes(), image.tobytes(), strict=True)]
    assert sorted(difference)[int(len(difference) * 0.99)] <= (8 if kind == "photo" else 3)


def test_hocr_nests_areas_paragraphs_lines_and_words():
    words = [
        word("A", 10, 10, block=1, paragraph=1, line=1),
        word("<b>&'", 150, 10, block=1, paragraph=1, line=1),
        word("next", 10, 50, block=1, paragraph=1, line=2),
        word("other", 10, 300, block=2, paragraph=1, line=1),
    ]
    text = to_hocr([result_of(words), result_of([], page=1)])
    text = text.replace(' xmlns="http://www.w3.org/1999/xhtml"', "")
    root = ET.fromstring(text.partition('dtd">\n')[2])  # noqa: S314 - our own text

    def having(kind):
        return [element for element in root.iter() if element.get("class") == kind]

    assert [len(having(kind)) for kind in ("ocr_page", "ocr_carea", "ocr_line")] == [2, 2, 3]
    assert [element.text for element in having("ocrx_word")] == ["A", "<b>&'", "next", "other"]
    assert having("ocrx_word")[0].get("title") == "bbox 10 10 130 40; x_wconf 90"
    assert having("ocr_line")[0].get("title") == "bbox 10 10 270 40"
    assert having("ocr_page")[1].get("title") == "bbox 0 0 400 500; ppageno 1"

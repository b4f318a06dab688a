"""Measures what OCR costs: a one-word crop, pages in parallel, PDF pages drawn.

python benchmarks/ocr_speed.py
"""

import io
import time
from collections.abc import Callable

from ocr_scores import cpu_seconds
from PIL import Image, ImageDraw

import langchain_phase5.vision.tesseract as tesseract_module
from langchain_phase5.vision import OCREngine, PdfPages

PAGES = 12
TEXT = "The quick brown fox jumps over the lazy dog and 148 crates. "


def crop() -> Image.Image:
    """Draw one word."""
    image = Image.new("RGB", (190, 60), "white")
    ImageDraw.Draw(image).text((12, 8), "Invoice", fill="black", font_size=40)
    return image


def document(pages: int) -> bytes:
    """Draw a PDF of full pages at 300 dpi."""
    page = Image.new("L", (2550, 3300), 255)
    draw = ImageDraw.Draw(page)
    for row in range(30):
        draw.text((200, 200 + row * 95), TEXT[row % 9 :] + TEXT[:18], fill=0, font_size=50)
    out = io.BytesIO()
    page.save(out, "PDF", save_all=True, append_images=[page] * (pages - 1), resolution=300)
    return out.getvalue()


def cost(work: Callable[[], object], repeat: int) -> tuple[float, float]:
    """Return the least CPU and wall seconds of some runs, after one to warm up."""
    work()
    times = []
    for _ in range(repeat):
        cpu, wall = cpu_seconds(), time.perf_counter()
        work()
        times.append((cpu_seconds() - cpu, time.perf_counter() - wall))
    return min(cpu for cpu, _ in times), min(wall for _, wall in times)


def main() -> None:
    """Print one line a measurement."""
    word = crop()
    engine = OCREngine(engine="tesseract")
    cpu, _ = cost(lambda: engine.read(word), 20)
    print(f"one word, inside the process: {cpu * 1000:.1f} CPU ms", flush=True)
    pdf = document(PAGES)
    walls = {}
    for workers in (1, 2):
        cpu, walls[workers] = cost(lambda n=workers: engine.read_pages(pdf, workers=n), 2)  # type: ignore[misc]
        wall = walls[workers]
        print(f"{PAGES} pages, {workers} at a time: {cpu:.1f} CPU s, {wall:.1f} s", flush=True)
    print(f"speedup by 2: {walls[1] / walls[2]:.2f}")
    with PdfPages(pdf) as pages:
        _, wall = cost(lambda: pages.render(0, dpi=200), 5)
    print(f"a PDF page at 200 dpi, drawn in a process of its own: {wall * 1000:.0f} ms")
    tesseract_module._language_folder = lambda _: None  # type: ignore[assignment]  # noqa: SLF001
    program = OCREngine(engine="tesseract")
    cpu, _ = cost(lambda: program.read(word), 5)
    print(f"one word, through pytesseract: {cpu * 1000:.0f} CPU ms")


if __name__ == "__main__":
    main()

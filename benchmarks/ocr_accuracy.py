"""Measures OCR on clean, rotated and degraded pages.

    python benchmarks/ocr_accuracy.py [folder with ocr_oldbooks and ocr_tesseract_test] [--auto]

Pages are pictures beside a `.txt` with what stands on them. Each row is one set of pages: the mean
character error rate with its 95 % interval over pages, and CPU seconds per page.
"""

import argparse
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from ocr_scores import character_error_rate, cpu_seconds, with_interval
from PIL import Image, ImageFilter, ImageOps

from langchain_phase5.vision import OCREngine, load_image

SAMPLES = Path(__file__).parents[2] / "shared" / "data" / "vision"
DEGRADED_PAGES = 4
Page = tuple[str, bytes, str]


def pages_in(folder: Path) -> list[Page]:
    """Read pictures that have a text beside them."""
    files = sorted(file for file in folder.iterdir() if file.suffix in {".png", ".tif", ".jpg"})
    return [
        (file.stem, file.read_bytes(), file.with_suffix(".txt").read_text(errors="replace"))
        for file in files
    ]


def photographed(page: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Make a 200 dpi phone photo of a page: crooked, unevenly lit, noisy, slightly blurred."""
    size = (page.width * 2 // 3, page.height * 2 // 3)
    small = page.resize(size, Image.Resampling.LANCZOS)
    turned = small.rotate(1.7, Image.Resampling.BICUBIC, expand=True, fillcolor=255)
    pixels = np.asarray(turned.filter(ImageFilter.GaussianBlur(0.6)), dtype=np.float32)
    height, width = pixels.shape
    y, x = np.mgrid[0:height, 0:width]
    far = np.hypot((x - 0.3 * width) / width, (y - 0.25 * height) / height)
    light = 0.55 + 0.45 * np.clip(1 - far, 0, 1)
    lit = (35 + pixels * 0.8) * light + rng.normal(0, 7, pixels.shape)
    return Image.fromarray(np.clip(lit, 0, 255).astype(np.uint8))


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    """Return the file."""
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def degraded(page: Image.Image) -> dict[str, bytes]:
    """Make the nine variants of a clean page."""
    exif = Image.Exif()
    exif[0x0112] = 6
    ink = Image.new("RGBA", page.size, (0, 0, 0, 0))
    ink.putalpha(ImageOps.invert(page))
    skewed = page.rotate(3, Image.Resampling.BICUBIC, expand=True, fillcolor=255)
    small = page.resize((page.width // 3, page.height // 3), Image.Resampling.LANCZOS)
    photo = photographed(page, np.random.default_rng(0))
    sideways = page.rotate(90, expand=True)
    return {
        "clean": encoded(page),
        "transparent": encoded(ink),
        "inverted": encoded(ImageOps.invert(page)),
        "100 dpi": encoded(small),
        "turned by 90": encoded(sideways),
        "turned by 180": encoded(page.rotate(180)),
        "Exif 6": encoded(sideways.convert("RGB"), "JPEG", quality=88, exif=exif),
        "skewed by 3": encoded(skewed),
        "photo": encoded(photo.convert("RGB"), "JPEG", quality=70),
    }


def sets(samples: Path) -> Iterator[tuple[str, list[Page]]]:
    """Yield named sets of pages."""
    books = pages_in(samples / "ocr_oldbooks")
    yield "old books", books
    yield "rotated pages", pages_in(samples / "ocr_tesseract_test")
    chosen = [books[i] for i in np.linspace(0, len(books) - 1, DEGRADED_PAGES).astype(int)]
    variants = [
        (name, degraded(load_image(data).image.convert("L")), text) for name, data, text in chosen
    ]
    for kind in variants[0][1]:
        yield f"degraded: {kind}", [(name, made[kind], text) for name, made, text in variants]


def main() -> None:
    """Print a table of all sets for each way of reading."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("samples", nargs="?", type=Path, default=SAMPLES)
    parser.add_argument("--auto", action="store_true", help='also engine="auto"')
    asked = parser.parse_args()
    engines = {
        "plain": OCREngine(engine="tesseract", correct=False),
        "corrected": OCREngine(engine="tesseract"),
    }
    if asked.auto:
        engines["auto"] = OCREngine()
    errors: dict[str, list[float]] = {name: [] for name in engines}
    print(f"{'set':26} {'reading':10} {'character error rate':26} CPU s/page")
    for title, pages in sets(asked.samples):
        for name, engine in engines.items():
            mean = measure(title, name, engine, pages)
            if title.startswith("degraded"):
                errors[name].append(mean)
    for name, means in errors.items():
        print(f"{'mean of the degraded sets':26} {name:10} {sum(means) / len(means):.4f}")


def measure(title: str, name: str, engine: OCREngine, pages: list[Page]) -> float:
    """Print one row, and return its mean error rate."""
    rates, seconds = [], []
    for _, data, text in pages:
        loaded = load_image(data)
        _ = loaded.image
        start = cpu_seconds()
        found = engine.read(loaded).text
        seconds.append(cpu_seconds() - start)
        rates.append(character_error_rate(text, found))
    mean = sum(seconds) / len(seconds)
    print(f"{title:26} {name:10} {with_interval(rates):26} {mean:.2f}", flush=True)
    return sum(rates) / len(rates)


if __name__ == "__main__":
    main()

"""Measures the choice of engine on drawn photos of receipts.

    python benchmarks/ocr_receipts.py [--receipts 40] [--save folder]

The receipts are drawn, printed badly, crumpled, laid on a table and photographed by a program, so
that their text is known. They stand in for real ones, and are not real ones.
"""

import argparse
import io
import random
from pathlib import Path

import numpy as np
from ocr_scores import cpu_seconds, with_interval, word_f1
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from langchain_phase5.vision import OCREngine, load_image

# fmt: off
THINGS = [
    "milk", "bread", "butter", "rice", "chicken", "apple", "orange", "juice", "coffee", "sugar",
    "pasta", "tomato", "cheese", "yogurt", "water", "soap", "paper", "towel", "battery",
    "cable", "lamp", "chair", "nails", "screw", "paint", "brush", "marker", "pencil",
]
# fmt: on
SHOPS = ("GREEN VALLEY MARKET", "HARDWARE & PAINT STORE", "CAFE MIRAMAR", "BOOKS AND MORE LTD")
WIDTH = 32


def lines_of(rng: random.Random) -> list[str]:
    """Invent a receipt."""
    lines = [
        rng.choice(SHOPS),
        f"NO {rng.randint(1, 90)}, TEMPLE STREET {rng.randint(1, 20)}",
        f"TEL: 03-{rng.randint(10**7, 10**8 - 1)}",
        "TAX INVOICE",
        f"Invoice No : CS{rng.randint(0, 99999):05d}",
        f"Date : {rng.randint(1, 28):02d}/{rng.randint(1, 12):02d}/2018",
        "-" * WIDTH,
    ]
    total = 0.0
    for _ in range(rng.randint(4, 10)):
        count, price = rng.randint(1, 4), rng.randint(100, 3000) / 100
        total += count * price
        name = " ".join(rng.sample(THINGS, 2))
        name = name.upper() if rng.random() < 0.5 else name.title()
        lines.append(f"{name:<18}{count} x {price:>6.2f}{count * price:>8.2f}")
    lines += ["-" * WIDTH, f"{'TOTAL':<20}{total:>12.2f}", "THANK YOU, PLEASE COME AGAIN"]
    return lines


def printed(lines: list[str], rng: random.Random, noise: np.random.Generator) -> Image.Image:
    """Print it on thermal paper that drops dots and curls."""
    font = ImageFont.load_default(rng.choice([18, 20, 24, 28]))
    step = int(font.size * 1.4)
    width = int(max(font.getlength(line) for line in lines)) + 60
    paper = Image.new("L", (width, step * len(lines) + 60), 235)
    draw = ImageDraw.Draw(paper)
    for number, line in enumerate(lines):
        draw.text((30, 30 + number * step), line, font=font, fill=rng.randint(20, 110))
    pixels = np.asarray(paper, dtype=np.float32)
    dropped = (pixels < 200) & (noise.random(pixels.shape) < rng.choice([0, 0.05, 0.15, 0.25]))
    pixels = np.where(dropped, 220, pixels)
    y, x = np.mgrid[0 : paper.height, 0 : paper.width]
    curl = rng.choice([0, 2, 5, 8]) * np.sin(x / rng.choice([250, 400]) * 6.28 + y / 500)
    rows = np.clip(y + curl, 0, paper.height - 1).astype(int)
    return Image.fromarray(pixels[rows, x].astype(np.uint8))


def photographed(paper: Image.Image, rng: random.Random, noise: np.random.Generator) -> bytes:
    """Lay it on a table, and take a photo from the wrong place in bad light."""
    size = (paper.width + 200, paper.height + 200)
    table = noise.normal(rng.randint(40, 150), 12, size[::-1]).clip(0, 255).astype(np.uint8)
    scene = Image.fromarray(table).filter(ImageFilter.GaussianBlur(2))
    slant = perspective(paper.size, rng)
    method, smooth = Image.Transform.PERSPECTIVE, Image.Resampling.BICUBIC
    mask = Image.new("L", paper.size, 255).transform(size, method, slant)
    scene.paste(paper.transform(size, method, slant, smooth), mask=mask)
    pixels = np.asarray(scene, dtype=np.float32)
    y, x = np.mgrid[0 : size[1], 0 : size[0]]
    far = np.hypot(x / size[0] - noise.random(), y / size[1] - noise.random())
    pixels = pixels * (0.55 + 0.45 * np.clip(1 - far, 0, 1))
    pixels += noise.normal(0, rng.choice([3, 8, 14]), pixels.shape)
    photo = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
    photo = photo.filter(ImageFilter.GaussianBlur(rng.choice([0.3, 0.8, 1.2])))
    photo = photo.rotate(rng.uniform(-4, 4), smooth, fillcolor=90).convert("RGB")
    out = io.BytesIO()
    photo.save(out, "JPEG", quality=rng.choice([50, 75]))
    return out.getvalue()


def perspective(size: tuple[int, int], rng: random.Random) -> list[float]:
    """Return the eight numbers that map a slanted quadrilateral back to the paper."""
    width, height = size
    slack = rng.choice([0, 15, 40])
    corners = [(0, 0), (width, 0), (width, height), (0, height)]
    rows, right = [], []
    for u, v in corners:
        x, y = (100 + side + rng.uniform(-slack, slack) for side in (u, v))
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        right += [u, v]
    return [float(number) for number in np.linalg.solve(np.array(rows), np.array(right))]


def main() -> None:
    """Print word F1 and CPU time of each engine."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--receipts", type=int, default=40)
    parser.add_argument("--seed", type=int, default=100)
    parser.add_argument("--save", type=Path)
    asked = parser.parse_args()
    receipts = []
    for seed in range(asked.seed, asked.seed + asked.receipts):
        rng, noise = random.Random(seed), np.random.default_rng(seed)  # noqa: S311
        lines = lines_of(rng)
        receipts.append((photographed(printed(lines, rng, noise), rng, noise), "\n".join(lines)))
        if asked.save:
            (asked.save / f"{seed}.jpg").write_bytes(receipts[-1][0])
            (asked.save / f"{seed}.txt").write_text(receipts[-1][1])
    for name in ("tesseract", "rapidocr", "auto"):
        engine, scores, chosen = OCREngine(engine=name), [], 0
        start = cpu_seconds()
        for data, text in receipts:
            result = engine.read(load_image(data))
            scores.append(word_f1(text, result.text))
            chosen += result.engine == "rapidocr"
        seconds = (cpu_seconds() - start) / len(receipts)
        print(
            f"{name:10} word F1 {with_interval(scores)}  {seconds:.2f} CPU s/receipt, "
            f"{chosen} of {len(receipts)} by RapidOCR",
            flush=True,
        )


if __name__ == "__main__":
    main()

"""The images that the demo looks at, drawn on the spot so that nothing is downloaded."""

from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

INVOICE_LINES = (
    ("Trail bike BK-201", 1, 1249.00),
    ("Helmet HL-110", 2, 79.50),
    ("Bottle cage AC-032", 3, 12.90),
)
SALES = {"Jan": 120, "Feb": 95, "Mar": 180, "Apr": 210, "May": 160}

_INK = (25, 28, 36)
_PAPER = (252, 252, 250)


def draw_all(folder: Path) -> dict[str, Path]:
    """Draw every picture into `folder` as PNG and return the paths by name."""
    folder.mkdir(parents=True, exist_ok=True)
    pictures = {
        "invoice": draw_invoice(),
        "sales": draw_bar_chart(),
        "shelf_before": draw_shelf(missing=None),
        "shelf_after": draw_shelf(missing=4),
    }
    paths = {name: folder / f"{name}.png" for name in pictures}
    for name, picture in pictures.items():
        picture.save(paths[name])
    return paths


def draw_invoice(*, skew: float = 1.5) -> Image.Image:
    """Draw an invoice as a scanner would deliver it: 1000 x 1100 pixels, `skew` degrees off."""
    page = Image.new("RGB", (1000, 1100), _PAPER)
    pen = ImageDraw.Draw(page)
    pen.text((80, 70), "Ridgeline Outdoor Gear", fill=_INK, font=_font(44))
    pen.text((80, 150), "Invoice INV-2031", fill=_INK, font=_font(34))
    pen.text((80, 200), "Date 2026-11-12   Customer Mara Lindqvist", fill=_INK, font=_font(26))
    pen.line((80, 260, 920, 260), fill=_INK, width=2)
    y = 290
    for item, quantity, price in INVOICE_LINES:
        pen.text((80, y), f"{quantity} x {item}", fill=_INK, font=_font(28))
        pen.text((920, y), f"{quantity * price:.2f}", fill=_INK, font=_font(28), anchor="ra")
        y += 60
    pen.line((80, y + 10, 920, y + 10), fill=_INK, width=2)
    total = sum(quantity * price for _, quantity, price in INVOICE_LINES)
    pen.text((80, y + 40), "Total due EUR", fill=_INK, font=_font(34))
    pen.text((920, y + 40), f"{total:.2f}", fill=_INK, font=_font(34), anchor="ra")
    pen.text((80, y + 130), "Please pay within 14 days.", fill=_INK, font=_font(26))
    return page.rotate(skew, resample=Image.Resampling.BICUBIC, fillcolor=_PAPER)


def draw_bar_chart() -> Image.Image:
    """Draw `SALES` as a bar chart of 800 x 520 pixels, axis from 0 to 250."""
    chart = Image.new("RGB", (800, 520), "white")
    pen = ImageDraw.Draw(chart)
    left, right, top, bottom, highest = 90, 770, 70, 450, 250
    pen.text((430, 30), "Bikes sold per month", fill=_INK, font=_font(26), anchor="mm")
    for value in range(0, highest + 1, 50):
        y = bottom - (bottom - top) * value / highest
        pen.line((left, y, right, y), fill=(225, 225, 225))
        pen.text((left - 12, y), str(value), fill=_INK, font=_font(20), anchor="rm")
    step = (right - left) / len(SALES)
    for i, (month, value) in enumerate(SALES.items()):
        x = left + step * (i + 0.5)
        y = bottom - (bottom - top) * value / highest
        pen.rectangle((x - step * 0.3, y, x + step * 0.3, bottom), fill=(46, 110, 180))
        pen.text((x, bottom + 22), month, fill=_INK, font=_font(20), anchor="mm")
    pen.line((left, top, left, bottom), fill=_INK, width=2)
    pen.line((left, bottom, right, bottom), fill=_INK, width=2)
    return chart


def draw_shelf(*, missing: int | None) -> Image.Image:
    """Draw a shelf of eight boxes, 640 x 400 pixels, without box number `missing` (0 to 7)."""
    shelf = Image.new("RGB", (640, 400), (236, 230, 220))
    pen = ImageDraw.Draw(shelf)
    colors = ("#b5443c", "#3c6fb5", "#4d8f4a", "#c9a227")
    for row in range(2):
        base = 180 + row * 170
        pen.rectangle((30, base, 610, base + 12), fill=(120, 90, 60))
        for column in range(4):
            number = row * 4 + column
            if number != missing:
                x = 60 + column * 140
                pen.rectangle((x, base - 100, x + 100, base), fill=colors[column], outline=_INK)
    return shelf


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)

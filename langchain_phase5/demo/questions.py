"""What the demo asks. The model is never shown the expected answers; the grader is."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Question:
    """One question, what its answer must contain (one of several), and the tool that knows it."""

    text: str
    answers: tuple[str, ...]
    tool: str
    category: str


ROUTING = (
    Question("Where is my parcel for A-1004 right now?", ("Nordpost",), "track_shipment", "shop"),
    Question(
        "Which invoices are past their due date?", ("INV-2032",), "list_overdue_invoices", "shop"
    ),
    Question("How many HL-110 do we have left?", ("40",), "get_stock_level", "shop"),
    Question("Is it going to rain in Bergen?", ("90 %", "90%"), "check_rain_chance", "office"),
    Question("Who does Marco Conti report to?", ("Oscar Lund",), "get_manager", "office"),
    Question("How much is 250 EUR in NOK?", ("2900", "2900.00"), "convert_currency", "office"),
)
VISION = (
    Question(
        "Read the text in the scan invoice.png: what is the total due?",
        ("1446.70", "1,446.70"),
        "read_text",
        "images",
    ),
    Question(
        "What is the value for Apr in the chart sales.png?",
        ("209", "210", "211"),  # drawn as 210; one pixel of the picture is worth 0.7
        "extract_chart_data",
        "images",
    ),
    Question(
        "In how many places does the image shelf_after.png differ from shelf_before.png?",
        ("1 region", "1 regions", "1 place", "one"),
        "compare_images",
        "images",
    ),
)
MORE = (
    Question("What does article BK-210 cost?", ("3290", "3290.00"), "get_product_price", "shop"),
    Question("Refund A-1002 to the customer, please.", ("329.00", "329"), "refund_order", "shop"),
    Question(
        "What is on the calendar on 2026-11-17?",
        ("Supplier Call",),
        "list_events_on_date",
        "office",
    ),
)
GRADED = ROUTING + VISION + MORE

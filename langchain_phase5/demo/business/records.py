"""What several departments look up: products, customers, orders, employees.

Records are frozen; a `Company` replaces them in its own dictionaries, so these stay as written.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Final

TODAY: Final = dt.date(2026, 11, 16)
"""The day on which the demo takes place, a Monday. Nothing here reads a clock."""

OPEN_STATUSES: Final = ("processing", "packed", "in transit")


@dataclass(frozen=True)
class Product:
    """One article in the shop; prices in EUR without shipping."""

    sku: str
    name: str
    category: str
    price: float
    kilograms: float
    stock: int
    reorder_level: int
    supplier: str


@dataclass(frozen=True)
class Customer:
    """Someone who has an account with the shop."""

    name: str
    email: str
    city: str
    country: str
    since: dt.date
    points: int
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Order:
    """What a customer bought; `lines` are pairs of SKU and quantity."""

    order_id: str
    customer: str
    lines: tuple[tuple[str, int], ...]
    status: str
    carrier: str
    city: str
    placed: dt.date
    expected: dt.date
    promised: dt.date
    note: str = ""

    @property
    def is_late(self) -> bool:
        """Whether it is still on its way and will arrive after the promised day."""
        return self.status in OPEN_STATUSES and self.expected > self.promised


@dataclass(frozen=True)
class Employee:
    """Someone who works at Ridgeline."""

    name: str
    role: str
    city: str
    manager: str
    started: dt.date
    vacation_days: int
    skills: tuple[str, ...]

    @property
    def email(self) -> str:
        """The address at work."""
        return f"{self.name.partition(' ')[0].lower()}@ridgeline.example"


_D = dt.date

_PRODUCTS = (
    Product("BK-201", "Fjord gravel bike", "bikes", 1890.0, 10.4, 6, 4, "Velofabrik"),
    Product("BK-204", "Stride city bike", "bikes", 749.0, 14.2, 2, 4, "Velofabrik"),
    Product("BK-210", "Summit e-bike", "bikes", 3290.0, 23.5, 3, 2, "Elektra Cycles"),
    Product("HL-110", "Shell helmet", "helmets", 79.0, 0.31, 40, 15, "Hardtop"),
    Product("HL-115", "Shell kids helmet", "helmets", 49.0, 0.26, 9, 10, "Hardtop"),
    Product("TN-301", "Tarn 2 tent", "camping", 329.0, 2.1, 12, 5, "Northfold"),
    Product("TN-304", "Tarn 4 tent", "camping", 489.0, 3.9, 0, 3, "Northfold"),
    Product("SB-320", "Down sleeping bag", "camping", 219.0, 1.1, 18, 6, "Northfold"),
    Product("BG-401", "Pannier set", "bags", 129.0, 1.8, 22, 8, "Packwerk"),
    Product("BG-405", "Trail backpack", "bags", 109.0, 1.2, 5, 8, "Packwerk"),
    Product("LT-501", "Beacon light set", "accessories", 39.5, 0.12, 64, 20, "Lumen Works"),
    Product("JK-601", "Squall rain jacket", "clothing", 159.0, 0.42, 14, 10, "Northfold"),
    Product("ST-701", "Ember stove", "camping", 64.0, 0.35, 11, 6, "Packwerk"),
    Product("PM-801", "Floor pump", "accessories", 45.0, 1.5, 17, 5, "Lumen Works"),
)


def _customer(name: str, city: str, country: str, since: str, points: int, *tags: str) -> Customer:
    email = f"{name.lower().replace(' ', '.')}@example.com"
    return Customer(name, email, city, country, _D.fromisoformat(since), points, tags)


_CUSTOMERS = (
    _customer("Mara Lindqvist", "Stockholm", "Sweden", "2021-03-14", 1240, "vip", "newsletter"),
    _customer("Jonas Weber", "Hamburg", "Germany", "2022-06-02", 410, "newsletter"),
    _customer("Aoife Brennan", "Dublin", "Ireland", "2024-01-22", 180, "newsletter"),
    _customer("Tomasz Nowak", "Krakow", "Poland", "2023-09-05", 260),
    _customer("Ingrid Solberg", "Bergen", "Norway", "2020-11-30", 890, "vip", "newsletter"),
    _customer("Pierre Dubois", "Lyon", "France", "2019-05-19", 1520, "vip", "wholesale"),
    _customer("Lucia Romano", "Turin", "Italy", "2025-02-11", 95, "newsletter"),
    _customer("Sofia Almeida", "Porto", "Portugal", "2024-07-28", 140),
    _customer("Henrik Madsen", "Aarhus", "Denmark", "2022-12-01", 330, "wholesale"),
    _customer("Eva Novotna", "Brno", "Czechia", "2026-08-17", 40, "newsletter"),
    _customer("Daan Visser", "Utrecht", "Netherlands", "2023-04-09", 520),
    _customer("Hanna Virtanen", "Tampere", "Finland", "2026-10-30", 0),
)


_EMPLOYEES = (
    Employee("Nora Haugen", "managing director", "Bergen", "", _D(2016, 2, 1), 12, ("strategy",)),
    Employee(
        "Felix Brandt",
        "head of operations",
        "Hamburg",
        "Nora Haugen",
        _D(2018, 5, 14),
        7,
        ("logistics",),
    ),
    Employee(
        "Priya Nair", "head of marketing", "Bergen", "Nora Haugen", _D(2019, 9, 2), 15, ("seo",)
    ),
    Employee(
        "Oscar Lund", "lead developer", "Stockholm", "Nora Haugen", _D(2020, 1, 20), 4, ("sql",)
    ),
    Employee(
        "Camille Roy", "support lead", "Lyon", "Felix Brandt", _D(2021, 11, 16), 9, ("french",)
    ),
    Employee(
        "Jakub Zielinski", "mechanic", "Hamburg", "Felix Brandt", _D(2022, 3, 7), 11, ("wheels",)
    ),
    Employee(
        "Ana Ferreira", "support agent", "Lyon", "Camille Roy", _D(2023, 6, 12), 6, ("french",)
    ),
    Employee("Liam Byrne", "content editor", "Bergen", "Priya Nair", _D(2024, 4, 15), 18, ("seo",)),
    Employee(
        "Elin Strand", "accountant", "Bergen", "Nora Haugen", _D(2017, 8, 28), 3, ("sql", "tax")
    ),
    Employee(
        "Marco Conti", "web developer", "Stockholm", "Oscar Lund", _D(2025, 1, 13), 14, ("sql",)
    ),
)

PRODUCTS: Final = {product.sku: product for product in _PRODUCTS}
CUSTOMERS: Final = {customer.name: customer for customer in _CUSTOMERS}
EMPLOYEES: Final = {employee.name: employee for employee in _EMPLOYEES}

CARRIERS: Final = {
    "Czechia": "Kurier24",
    "Denmark": "Nordpost",
    "Finland": "Nordpost",
    "France": "Velocargo",
    "Germany": "Kurier24",
    "Ireland": "Kurier24",
    "Italy": "Kurier24",
    "Netherlands": "Kurier24",
    "Norway": "Nordpost",
    "Poland": "Velocargo",
    "Portugal": "Velocargo",
    "Sweden": "Nordpost",
}
"""Who delivers our parcels, by country."""


def _order(order_id: str, customer: str, lines: dict[str, int], status: str, days: str) -> Order:
    buyer = CUSTOMERS[customer]
    placed, expected, promised = (_D.fromisoformat(f"2026-{day}") for day in days.split())
    return Order(
        order_id,
        customer,
        lines=tuple(lines.items()),
        status=status,
        carrier=CARRIERS[buyer.country],
        city=buyer.city,
        placed=placed,
        expected=expected,
        promised=promised,
    )


_ORDERS = (
    _order(
        "A-1001", "Mara Lindqvist", {"BK-201": 1, "HL-110": 1}, "delivered", "10-05 10-12 10-12"
    ),
    _order("A-1002", "Jonas Weber", {"TN-301": 1}, "delivered", "10-14 10-19 10-19"),
    _order("A-1003", "Aoife Brennan", {"JK-601": 1, "LT-501": 2}, "returned", "10-28 11-04 11-03"),
    _order(
        "A-1004", "Mara Lindqvist", {"BG-401": 1, "LT-501": 1}, "in transit", "11-10 11-18 11-17"
    ),
    _order("A-1005", "Tomasz Nowak", {"BK-204": 1}, "in transit", "11-06 11-20 11-14"),
    _order("A-1006", "Ingrid Solberg", {"SB-320": 2, "ST-701": 1}, "packed", "11-12 11-19 11-20"),
    _order(
        "A-1007", "Pierre Dubois", {"BK-210": 1, "HL-110": 2}, "processing", "11-13 11-25 11-27"
    ),
    _order("A-1008", "Lucia Romano", {"HL-115": 2}, "delivered", "11-09 11-13 11-16"),
    _order("A-1009", "Sofia Almeida", {"TN-304": 1}, "processing", "11-03 11-28 11-17"),
    _order("A-1010", "Henrik Madsen", {"PM-801": 1, "BG-405": 1}, "cancelled", "11-11 11-17 11-18"),
    _order("A-1011", "Eva Novotna", {"JK-601": 2}, "packed", "11-14 11-18 11-19"),
    _order("A-1012", "Daan Visser", {"LT-501": 4, "PM-801": 1}, "processing", "11-15 11-19 11-20"),
)

ORDERS: Final = {order.order_id: order for order in _ORDERS}

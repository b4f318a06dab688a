"""The state that the tools read and write."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field

from langchain_phase5.demo.business.office_records import (
    CAMPAIGNS,
    EVENTS,
    FILES,
    INVOICES,
    MAILS,
    PROJECTS,
    TASKS,
    TICKETS,
    Campaign,
    Event,
    File,
    Invoice,
    Mail,
    Project,
    Task,
    Ticket,
)
from langchain_phase5.demo.business.records import (
    CUSTOMERS,
    EMPLOYEES,
    ORDERS,
    PRODUCTS,
    Customer,
    Employee,
    Order,
    Product,
)


@dataclass
class Company:
    """Everything Ridgeline knows today, as one agent sees and changes it.

    Each company starts from the same records and shares nothing with another one, so that two
    agents, or two tests, do not influence each other.

    Example:
        ```python
        from langchain_phase5.demo.business.company import Company

        company = Company()
        company.order_total(company.orders["A-1001"])  # 1969.0
        ```
    """

    products: dict[str, Product] = field(default_factory=lambda: dict(PRODUCTS))
    customers: dict[str, Customer] = field(default_factory=lambda: dict(CUSTOMERS))
    employees: dict[str, Employee] = field(default_factory=lambda: dict(EMPLOYEES))
    orders: dict[str, Order] = field(default_factory=lambda: dict(ORDERS))
    invoices: dict[str, Invoice] = field(default_factory=lambda: dict(INVOICES))
    tickets: dict[str, Ticket] = field(default_factory=lambda: dict(TICKETS))
    events: dict[str, Event] = field(default_factory=lambda: dict(EVENTS))
    inbox: dict[str, Mail] = field(default_factory=lambda: dict(MAILS))
    outbox: list[Mail] = field(default_factory=list)
    files: dict[str, File] = field(default_factory=lambda: dict(FILES))
    projects: dict[str, Project] = field(default_factory=lambda: dict(PROJECTS))
    tasks: dict[str, Task] = field(default_factory=lambda: dict(TASKS))
    campaigns: dict[str, Campaign] = field(default_factory=lambda: dict(CAMPAIGNS))
    refunds: dict[str, float] = field(default_factory=dict)
    """EUR paid back so far, by order id."""
    absences: dict[dt.date, list[str]] = field(
        default_factory=lambda: {
            dt.date(2026, 11, 16): ["Jakub Zielinski"],
            dt.date(2026, 11, 17): ["Jakub Zielinski", "Liam Byrne"],
        }
    )
    """Names of the employees who are on vacation, by day."""
    trips: dict[tuple[str, str], list[str]] = field(
        default_factory=lambda: {("Felix Brandt", "Krakow"): ["train on 2026-11-23"]}
    )
    """What is booked, by employee and city."""
    expenses: list[tuple[str, float, str]] = field(
        default_factory=lambda: [
            ("Priya Nair", 64.5, "client lunch"),
            ("Oscar Lund", 18.0, "taxi"),
            ("Priya Nair", 120.0, "trade fair ticket"),
        ]
    )
    """Employee, EUR and purpose."""
    coupons: dict[str, tuple[str, float]] = field(
        default_factory=lambda: {"AUTUMN15": ("Autumn Sale", 15.0)}
    )
    """Campaign and percent, by code."""

    def order_total(self, order: Order) -> float:
        """The value of the goods in an order, in EUR."""
        return sum(self.products[sku].price * quantity for sku, quantity in order.lines)


def next_id(ids: Iterable[str]) -> str:
    """The identifier that follows the highest of `ids`, such as A-1013 after A-1012."""
    prefix, _, _ = next(iter(ids := list(ids))).partition("-")
    return f"{prefix}-{max(int(taken.partition('-')[2]) for taken in ids) + 1}"

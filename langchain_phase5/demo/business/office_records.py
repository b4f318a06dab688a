"""What the office works with: invoices, tickets, events, mail, files, projects, campaigns."""

import datetime as dt
from dataclasses import dataclass
from typing import Final

from langchain_phase5.demo.business.records import ORDERS


@dataclass(frozen=True)
class Invoice:
    """A bill for one order, in EUR."""

    invoice_id: str
    order_id: str
    customer: str
    amount: float
    issued: dt.date
    due: dt.date
    paid: bool


@dataclass(frozen=True)
class Ticket:
    """A customer's request to support."""

    ticket_id: str
    customer: str
    title: str
    priority: str
    status: str
    assignee: str
    comments: tuple[str, ...] = ()


@dataclass(frozen=True)
class Event:
    """A meeting of one hour."""

    title: str
    date: dt.date
    time: str
    attendees: tuple[str, ...]


@dataclass(frozen=True)
class Mail:
    """A message in the shared mailbox; `email` is the other side's address."""

    title: str
    email: str
    date: dt.date
    text: str
    read: bool = False


@dataclass(frozen=True)
class File:
    """A text file on the shared drive, which exists in memory only."""

    path: str
    owner: str
    modified: dt.date
    text: str
    tags: tuple[str, ...] = ()
    shared_with: tuple[str, ...] = ()


@dataclass(frozen=True)
class Task:
    """A piece of work within a project."""

    title: str
    project: str
    assignee: str
    due: dt.date
    done: bool = False


@dataclass(frozen=True)
class Project:
    """An internal project; money in EUR."""

    name: str
    owner: str
    status: str
    due: dt.date
    budget: float
    spent: float


@dataclass(frozen=True)
class Campaign:
    """A marketing campaign; money in EUR."""

    name: str
    channel: str
    status: str
    budget: float
    spent: float
    reached: int = 0
    clicks: int = 0
    orders: int = 0


def _day(month_and_day: str) -> dt.date:
    return dt.date.fromisoformat(f"2026-{month_and_day}")


def _invoice(number: int, order: int, amount: float, days: str, *, paid: bool = False) -> Invoice:
    issued, due = (_day(day) for day in days.split())
    order_id = f"A-{order}"
    customer = ORDERS[order_id].customer
    return Invoice(f"INV-{number}", order_id, customer, amount, issued, due, paid)


_INVOICES = (
    _invoice(2031, 1001, 1969.0, "10-05 11-04", paid=True),
    _invoice(2032, 1002, 329.0, "10-14 11-13"),
    _invoice(2033, 1003, 238.0, "10-28 11-11", paid=True),
    _invoice(2034, 1004, 168.5, "11-10 12-10"),
    _invoice(2035, 1005, 749.0, "11-06 11-13"),
    _invoice(2036, 1006, 502.0, "11-12 12-12", paid=True),
    _invoice(2037, 1007, 3448.0, "11-13 12-13"),
    _invoice(2038, 1008, 98.0, "11-09 11-23", paid=True),
    _invoice(2039, 1009, 489.0, "11-03 11-10"),
    _invoice(2040, 1011, 318.0, "11-14 12-14"),
)

_TICKETS = (
    Ticket("T-301", "Jonas Weber", "Tent pole broken", "normal", "open", "Ana Ferreira"),
    Ticket("T-302", "Aoife Brennan", "Jacket too small", "low", "closed", "Ana Ferreira"),
    Ticket("T-303", "Tomasz Nowak", "Bike has not arrived", "high", "open", "Camille Roy"),
    Ticket("T-304", "Mara Lindqvist", "Rear brake squeals", "normal", "open", "Jakub Zielinski"),
    Ticket("T-305", "Sofia Almeida", "When is the tent back", "normal", "open", ""),
    Ticket("T-306", "Pierre Dubois", "Invoice needs VAT number", "low", "open", "Elin Strand"),
    Ticket("T-307", "Lucia Romano", "Helmet size exchange", "normal", "closed", "Ana Ferreira"),
    Ticket("T-308", "Daan Visser", "Light set flickers", "high", "open", ""),
    Ticket("T-309", "Ingrid Solberg", "Stove gas adapter", "low", "closed", "Camille Roy"),
    Ticket("T-310", "Henrik Madsen", "Refund for cancelled order", "high", "open", "Elin Strand"),
)

_EVENTS = (
    Event("Monday Standup", _day("11-16"), "09:00", ("Nora Haugen", "Felix Brandt", "Priya Nair")),
    Event("Supplier Call", _day("11-17"), "10:00", ("Felix Brandt", "Elin Strand")),
    Event("Campaign Review", _day("11-17"), "14:30", ("Priya Nair", "Liam Byrne")),
    Event("Support Training", _day("11-18"), "11:00", ("Camille Roy", "Ana Ferreira")),
    Event("Checkout Demo", _day("11-19"), "15:00", ("Oscar Lund", "Marco Conti", "Nora Haugen")),
    Event("Budget Meeting", _day("11-20"), "13:00", ("Nora Haugen", "Elin Strand")),
    Event("Team Dinner", _day("11-27"), "18:30", ("Nora Haugen", "Camille Roy", "Oscar Lund")),
)

_MAILS = (
    Mail(
        "Delivery of frames",
        "sales@velofabrik.example",
        _day("11-13"),
        "The twelve Fjord frames leave our works on 2026-11-24.",
    ),
    Mail(
        "Question about wholesale",
        "pierre.dubois@example.com",
        _day("11-14"),
        "Could I get ten Shell helmets at the wholesale price?",
    ),
    Mail(
        "Rent for December",
        "office@harborhouse.example",
        _day("11-09"),
        "The rent of 2400 EUR is due on 2026-12-01.",
        read=True,
    ),
    Mail(
        "Late tent",
        "sofia.almeida@example.com",
        _day("11-15"),
        "I need the tent before my trip on 2026-12-05.",
    ),
    Mail(
        "Photo shoot",
        "studio@fokus.example",
        _day("11-11"),
        "We can do the catalog photos on 2026-11-25.",
        read=True,
    ),
)

_FILES = (
    File("report.csv", "Elin Strand", _day("11-10"), "month,revenue\n2026-10,48210", ("finance",)),
    File(
        "budget.xlsx", "Elin Strand", _day("11-02"), "Budget 2027 draft, total 610000", ("finance",)
    ),
    File(
        "returns_policy.md",
        "Camille Roy",
        _day("09-18"),
        "Returns are free for 30 days.",
        ("support",),
    ),
    File(
        "catalog.txt",
        "Liam Byrne",
        _day("11-12"),
        "Winter catalog, 48 pages, print run 9000",
        ("print",),
    ),
    File(
        "contract_velofabrik.pdf",
        "Felix Brandt",
        _day("06-30"),
        "Contract until 2027-12-31",
        ("legal",),
    ),
    File("meeting_notes.md", "Nora Haugen", _day("11-16"), "Hire a second mechanic in Hamburg", ()),
)

_TASKS = (
    Task("Choose cover photo", "Winter Catalog", "Liam Byrne", _day("11-12"), done=True),
    Task("Proofread prices", "Winter Catalog", "Elin Strand", _day("11-14")),
    Task("Send to printer", "Winter Catalog", "Priya Nair", _day("11-24")),
    Task("Sign lease", "Hamburg Store", "Nora Haugen", _day("11-10")),
    Task("Order shelves", "Hamburg Store", "Felix Brandt", _day("12-04")),
    Task("Add wallet payments", "Mobile Checkout", "Marco Conti", _day("11-18")),
    Task("Load test", "Mobile Checkout", "Oscar Lund", _day("11-27")),
    Task("Collect requirements", "Supplier Portal", "Felix Brandt", _day("10-30"), done=True),
)

_PROJECTS = (
    Project("Winter Catalog", "Priya Nair", "on track", _day("11-30"), 18000.0, 11250.0),
    Project("Hamburg Store", "Felix Brandt", "at risk", _day("12-18"), 95000.0, 61400.0),
    Project("Mobile Checkout", "Oscar Lund", "on track", _day("12-11"), 40000.0, 22800.0),
    Project("Supplier Portal", "Oscar Lund", "on hold", _day("12-31"), 25000.0, 3100.0),
)

_CAMPAIGNS = (
    Campaign("Autumn Sale", "email", "ended", 4000.0, 3900.0, 18200, 1456, 182),
    Campaign("Winter Ready", "search", "active", 6000.0, 2400.0, 40500, 1620, 90),
    Campaign("Bike to Work", "social", "active", 2500.0, 1000.0, 26000, 780, 26),
    Campaign("Gift Guide", "email", "draft", 3000.0, 0.0),
)

INVOICES: Final = {invoice.invoice_id: invoice for invoice in _INVOICES}
TICKETS: Final = {ticket.ticket_id: ticket for ticket in _TICKETS}
EVENTS: Final = {event.title: event for event in _EVENTS}
MAILS: Final = {mail.title: mail for mail in _MAILS}
FILES: Final = {file.path: file for file in _FILES}
TASKS: Final = {task.title: task for task in _TASKS}
PROJECTS: Final = {project.name: project for project in _PROJECTS}
CAMPAIGNS: Final = {campaign.name: campaign for campaign in _CAMPAIGNS}

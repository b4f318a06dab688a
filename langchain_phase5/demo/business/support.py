"""Support: tickets, help articles and warranty."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Final

from langchain_core.tools import ToolException

from langchain_phase5.demo.business.answers import listing
from langchain_phase5.demo.business.checks import known, wording
from langchain_phase5.demo.business.company import Company, next_id
from langchain_phase5.demo.business.office_records import Ticket
from langchain_phase5.demo.business.records import TODAY, Order

_WARRANTY_DAYS: Final = 730
_RETURN_DAYS: Final = 30
_MOST_URGENT_FIRST: Final = ("urgent", "high", "normal", "low")

_ARTICLES: Final = {
    "Returning an article": "Send it back within 30 days with the label we mail you.",
    "Adjusting disc brakes": "Loosen both bolts, pull the lever, and tighten them again.",
    "Drying a tent": "Pitch it in the shade; never use a heater.",
    "Charging an e-bike battery": "Charge it indoors between 10 and 25 degrees.",
    "Choosing a helmet size": "Measure around the forehead: S is 52 to 56 cm, M is 56 to 60 cm.",
}


def get_ticket(company: Company, ticket_id: str) -> str:
    """Show a support ticket: subject, customer, priority, state and who handles it.

    Args:
        ticket_id: Ticket number, such as T-303.
    """
    t = known(company.tickets, ticket_id, "ticket")
    handler = t.assignee or "nobody"
    return (
        f"Ticket {t.ticket_id} '{t.title}' from {t.customer} is {t.status}, "
        f"priority {t.priority}, handled by {handler}."
    )


def list_open_tickets(company: Company, limit: int = 10) -> str:
    """List unsolved support tickets, the most urgent first.

    Args:
        limit: How many to list at most.
    """
    tickets = [ticket for ticket in company.tickets.values() if ticket.status == "open"]
    tickets.sort(key=lambda ticket: _MOST_URGENT_FIRST.index(ticket.priority))
    return listing("Open tickets", [f"{t.ticket_id} {t.title}" for t in tickets], limit)


def list_unassigned_tickets(company: Company) -> str:
    """List open support tickets that nobody takes care of yet."""
    tickets = [t for t in company.tickets.values() if t.status == "open" and not t.assignee]
    return listing("Unassigned tickets", [f"{t.ticket_id} {t.title}" for t in tickets])


def list_tickets_by_customer(company: Company, customer: str) -> str:
    """List the support requests that a customer has made.

    Args:
        customer: Full name of the customer.
    """
    name = known(company.customers, customer, "customer").name
    tickets = [ticket for ticket in company.tickets.values() if ticket.customer == name]
    rows = [f"{t.ticket_id} {t.title} ({t.status})" for t in tickets]
    return listing(f"Tickets of {name}", rows)


def create_ticket(company: Company, customer: str, title: str) -> str:
    """Open a support ticket for a customer's problem.

    Args:
        customer: Full name of the customer.
        title: The problem in a few words.
    """
    name = known(company.customers, customer, "customer").name
    number = next_id(company.tickets)
    subject = wording(title, "title")
    company.tickets[number] = Ticket(number, name, subject, "normal", "open", "")
    return f"Ticket {number} '{subject}' is open for {name}."


def close_ticket(company: Company, ticket_id: str) -> str:
    """Mark a support ticket as solved.

    Args:
        ticket_id: Ticket number, such as T-301.
    """
    ticket = known(company.tickets, ticket_id, "ticket")
    if ticket.status == "closed":
        msg = f"Ticket {ticket.ticket_id} is already closed."
        raise ToolException(msg)
    company.tickets[ticket.ticket_id] = replace(ticket, status="closed")
    return f"Ticket {ticket.ticket_id} is closed."


def escalate_ticket(company: Company, ticket_id: str) -> str:
    """Raise a support ticket to urgent and hand it to the support lead.

    Args:
        ticket_id: Ticket number, such as T-308.
    """
    ticket = known(company.tickets, ticket_id, "ticket")
    urgent = replace(ticket, priority="urgent", status="open", assignee="Camille Roy")
    company.tickets[ticket.ticket_id] = urgent
    return f"Ticket {ticket.ticket_id} is urgent and with Camille Roy."


def assign_ticket(company: Company, ticket_id: str, employee: str) -> str:
    """Give a support ticket to a colleague who will answer it.

    Args:
        ticket_id: Ticket number, such as T-305.
        employee: Full name of the colleague.
    """
    ticket = known(company.tickets, ticket_id, "ticket")
    name = known(company.employees, employee, "employee").name
    company.tickets[ticket.ticket_id] = replace(ticket, assignee=name)
    return f"Ticket {ticket.ticket_id} is assigned to {name}."


def add_ticket_comment(company: Company, ticket_id: str, text: str) -> str:
    """Write an internal comment on a support ticket.

    Args:
        ticket_id: Ticket number, such as T-304.
        text: The comment.
    """
    ticket = known(company.tickets, ticket_id, "ticket")
    comments = (*ticket.comments, wording(text, "text"))
    company.tickets[ticket.ticket_id] = replace(ticket, comments=comments)
    return f"Comment {len(comments)} is added to ticket {ticket.ticket_id}."


def search_help_center(text: str) -> str:
    """Search our public how-to articles, for instance on brakes, tents or sizes.

    Args:
        text: Word to search for.
    """
    word = wording(text, "text").casefold()
    articles = _ARTICLES.items()
    rows = [
        f"{name}: {body[:-1]}" for name, body in articles if word in f"{name} {body}".casefold()
    ]
    return listing(f"Help articles on '{word}'", rows)


def check_warranty(company: Company, order_id: str) -> str:
    """Tell until when the two-year warranty on an order is valid.

    Args:
        order_id: Order number, such as A-1001.
    """
    order = _delivered(company, order_id)
    until = order.expected + timedelta(days=_WARRANTY_DAYS)
    return f"The warranty on order {order.order_id} is valid until {until}."


def check_return_window(company: Company, order_id: str) -> str:
    """Tell whether a customer may still send an order back, and until when.

    Args:
        order_id: Order number, such as A-1002.
    """
    order = _delivered(company, order_id)
    until = order.expected + timedelta(days=_RETURN_DAYS)
    allowed = "can" if until >= TODAY else "could"
    return f"Order {order.order_id} {allowed} be returned until {until}."


def _delivered(company: Company, order_id: str) -> Order:
    order = known(company.orders, order_id, "order")
    if order.status != "delivered":
        msg = f"Order {order.order_id} is {order.status}; this only applies to delivered orders."
        raise ToolException(msg)
    return order


TOOLS: Final[tuple[Callable[..., str], ...]] = (
    get_ticket,
    list_open_tickets,
    list_unassigned_tickets,
    list_tickets_by_customer,
    create_ticket,
    close_ticket,
    escalate_ticket,
    assign_ticket,
    add_ticket_comment,
    search_help_center,
    check_warranty,
    check_return_window,
)

USE_CASES: Final = {
    search_help_center: ["How do I dry my tent?", "How do I adjust squeaking brakes?"],
    escalate_ticket: ["This complaint cannot wait, please hurry T-308 up"],
    check_return_window: ["Is it too late to send A-1002 back?"],
}

"""Billing: invoices, payments, refunds and revenue."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Final

from langchain_core.tools import ToolException

from langchain_phase5.demo.business.answers import count, listing
from langchain_phase5.demo.business.checks import as_month, known, positive
from langchain_phase5.demo.business.company import Company, next_id
from langchain_phase5.demo.business.office_records import Invoice, Mail
from langchain_phase5.demo.business.records import TODAY

_VAT_PERCENT: Final = {
    "Norway": 25.0,
    "Sweden": 25.0,
    "Denmark": 25.0,
    "Germany": 19.0,
    "France": 20.0,
    "Ireland": 23.0,
    "Poland": 23.0,
    "Portugal": 23.0,
    "Netherlands": 21.0,
}


def get_invoice(company: Company, invoice_id: str) -> str:
    """Show an invoice: customer, amount, due date and whether it is paid.

    Args:
        invoice_id: Invoice number, such as INV-2031.
    """
    bill = known(company.invoices, invoice_id, "invoice")
    state = "paid" if bill.paid else f"due on {bill.due}"
    return f"Invoice {bill.invoice_id} to {bill.customer} over {bill.amount:.2f} EUR is {state}."


def find_invoice_for_order(company: Company, order_id: str) -> str:
    """Find the invoice that belongs to an order.

    Args:
        order_id: Order number, such as A-1007.
    """
    order = known(company.orders, order_id, "order")
    for bill in company.invoices.values():
        if bill.order_id == order.order_id:
            return f"Order {order.order_id} was billed with invoice {bill.invoice_id}."
    return f"Order {order.order_id} has not been billed."


def list_overdue_invoices(company: Company, limit: int = 10) -> str:
    """List unpaid invoices whose due date has passed.

    Args:
        limit: How many to list at most.
    """
    late = [bill for bill in company.invoices.values() if not bill.paid and bill.due < TODAY]
    rows = [f"{b.invoice_id} {b.customer} {b.amount:.2f} EUR due {b.due}" for b in late]
    return listing("Overdue invoices", rows, limit)


def get_total_receivables(company: Company) -> str:
    """Add up the money that all customers together still owe us."""
    unpaid = [bill.amount for bill in company.invoices.values() if not bill.paid]
    return f"Customers owe us {sum(unpaid):.2f} EUR from {count(len(unpaid), 'invoice')}."


def get_balance_due(company: Company, customer: str) -> str:
    """Tell how much one customer still has to pay.

    Args:
        customer: Full name of the customer.
    """
    name = known(company.customers, customer, "customer").name
    bills = company.invoices.values()
    due = sum(bill.amount for bill in bills if bill.customer == name and not bill.paid)
    return f"{name} owes {due:.2f} EUR."


def mark_invoice_paid(company: Company, invoice_id: str) -> str:
    """Record that the money for an invoice has arrived.

    Args:
        invoice_id: Invoice number, such as INV-2032.
    """
    bill = _unpaid(company, invoice_id)
    company.invoices[bill.invoice_id] = replace(bill, paid=True)
    return f"Invoice {bill.invoice_id} is now paid."


def create_invoice(company: Company, order_id: str) -> str:
    """Bill an order that has no invoice yet; payment is due in 30 days.

    Args:
        order_id: Order number, such as A-1012.
    """
    order = known(company.orders, order_id, "order")
    if any(bill.order_id == order.order_id for bill in company.invoices.values()):
        raise ToolException(find_invoice_for_order(company, order_id))
    number, due = next_id(company.invoices), TODAY + timedelta(days=30)
    amount = company.order_total(order)
    company.invoices[number] = Invoice(
        number, order.order_id, order.customer, amount, TODAY, due, paid=False
    )
    return f"Invoice {number} over {amount:.2f} EUR for order {order.order_id} is due on {due}."


def refund_order(company: Company, order_id: str, amount: float | None = None) -> str:
    """Pay money back for an order, in full or in part.

    Args:
        order_id: Order number, such as A-1003.
        amount: EUR to pay back; everything that is left if not given.
    """
    order = known(company.orders, order_id, "order")
    left = company.order_total(order) - company.refunds.get(order.order_id, 0.0)
    paid_back = left if amount is None else positive(amount, "amount")
    if not 0 < paid_back <= left:
        msg = f"At most {left:.2f} EUR of order {order.order_id} can be refunded."
        raise ToolException(msg)
    company.refunds[order.order_id] = company.refunds.get(order.order_id, 0.0) + paid_back
    return f"{paid_back:.2f} EUR of order {order.order_id} are refunded to {order.customer}."


def discount_invoice(company: Company, invoice_id: str, percent: float) -> str:
    """Lower an unpaid invoice by a percentage.

    Args:
        invoice_id: Invoice number, such as INV-2034.
        percent: Discount in percent, such as 10.
    """
    bill = _unpaid(company, invoice_id)
    if positive(percent, "percent") > 100:  # noqa: PLR2004  # a percentage
        msg = "percent must be at most 100."
        raise ToolException(msg)
    bill = replace(bill, amount=round(bill.amount * (1 - percent / 100), 2))
    company.invoices[bill.invoice_id] = bill
    return f"Invoice {bill.invoice_id} is now {bill.amount:.2f} EUR."


def send_payment_reminder(company: Company, invoice_id: str) -> str:
    """Remind a customer by email of an invoice that is still unpaid.

    Args:
        invoice_id: Invoice number, such as INV-2035.
    """
    bill = _unpaid(company, invoice_id)
    email = company.customers[bill.customer].email
    text = f"Please pay {bill.amount:.2f} EUR for {bill.invoice_id}."
    company.outbox.append(Mail("Payment reminder", email, TODAY, text, read=True))
    return f"A reminder for invoice {bill.invoice_id} went to {email}."


def get_monthly_revenue(company: Company, month: str) -> str:
    """Add up everything invoiced within a month.

    Args:
        month: Year and month, such as 2026-10.
    """
    key = as_month(month)
    bills = [bill for bill in company.invoices.values() if f"{bill.issued:%Y-%m}" == key]
    total = sum(bill.amount for bill in bills)
    return f"The revenue of {key} is {total:.2f} EUR from {count(len(bills), 'invoice')}."


def calculate_vat(amount: float, country: str) -> str:
    """Compute the value added tax on a net amount in a country.

    Args:
        amount: Net amount in EUR.
        country: Country name in English, such as Germany.
    """
    percent = known(_VAT_PERCENT, country, "VAT rate for the country")
    vat = positive(amount, "amount") * percent / 100
    return f"The VAT on {amount:.2f} EUR in {country.title()} is {vat:.2f} EUR ({percent:g} %)."


def _unpaid(company: Company, invoice_id: str) -> Invoice:
    bill = known(company.invoices, invoice_id, "invoice")
    if bill.paid:
        msg = f"Invoice {bill.invoice_id} is already paid."
        raise ToolException(msg)
    return bill


TOOLS: Final[tuple[Callable[..., str], ...]] = (
    get_invoice,
    find_invoice_for_order,
    list_overdue_invoices,
    get_total_receivables,
    get_balance_due,
    mark_invoice_paid,
    create_invoice,
    refund_order,
    discount_invoice,
    send_payment_reminder,
    get_monthly_revenue,
    calculate_vat,
)

USE_CASES: Final = {
    refund_order: ["Give Aoife Brennan her money back for A-1003"],
    list_overdue_invoices: ["Who has not paid in time?"],
    get_monthly_revenue: ["How much did we sell in October?"],
}

"""Orders: what was bought, where it stands, and changes before it ships."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Final

from langchain_core.tools import ToolException

from langchain_phase5.demo.business.answers import count, listing
from langchain_phase5.demo.business.checks import as_date, known, positive, wording
from langchain_phase5.demo.business.company import Company, next_id
from langchain_phase5.demo.business.records import CARRIERS, OPEN_STATUSES, TODAY, Order

_BEFORE_SHIPPING = ("processing", "packed")


def get_order_status(company: Company, order_id: str) -> str:
    """Say where an order stands: processing, packed, in transit, delivered, cancelled or returned.

    Args:
        order_id: Order number, such as A-1004.
    """
    order = known(company.orders, order_id, "order")
    if order.status == "in transit":
        where = f"in transit with {order.carrier} and arrives on {order.expected}"
    elif order.status == "delivered":
        where = f"delivered; it arrived on {order.expected}"
    elif order.status in OPEN_STATUSES:
        where = f"{order.status} and is expected on {order.expected}"
    else:
        where = order.status
    return f"Order {order.order_id} is {where}."


def list_order_items(company: Company, order_id: str) -> str:
    """List the articles in an order with their quantities.

    Args:
        order_id: Order number, such as A-1004.
    """
    order = known(company.orders, order_id, "order")
    rows = [f"{quantity} x {company.products[sku].name} ({sku})" for sku, quantity in order.lines]
    return f"Order {order.order_id} contains {', '.join(rows)}."


def get_order_total(company: Company, order_id: str) -> str:
    """Add up what the goods in an order cost, without shipping.

    Args:
        order_id: Order number, such as A-1004.
    """
    order = known(company.orders, order_id, "order")
    return f"Order {order.order_id} comes to {company.order_total(order):.2f} EUR."


def list_orders_by_customer(company: Company, customer: str) -> str:
    """List every order that a customer has placed, with its status.

    Args:
        customer: Full name of the customer.
    """
    name = known(company.customers, customer, "customer").name
    orders = [order for order in company.orders.values() if order.customer == name]
    return listing(f"Orders of {name}", [f"{o.order_id} ({o.status})" for o in orders])


def list_late_orders(company: Company, limit: int = 10) -> str:
    """List open orders that will arrive after the day promised to the customer.

    Args:
        limit: How many to list at most.
    """
    late = [order for order in company.orders.values() if order.is_late]
    rows = [f"{o.order_id} by {count((o.expected - o.promised).days, 'day')}" for o in late]
    return listing("Late orders", rows, limit)


def list_orders_on_date(company: Company, date: str) -> str:
    """List the orders that customers placed on one day.

    Args:
        date: Day as an ISO date, such as 2026-11-10.
    """
    day = as_date(date)
    orders = [order for order in company.orders.values() if order.placed == day]
    return listing(f"Orders placed on {day}", [f"{o.order_id} by {o.customer}" for o in orders])


def list_orders_to_pack(company: Company, limit: int = 10) -> str:
    """List the orders that the warehouse still has to pack, oldest first.

    Args:
        limit: How many to list at most.
    """
    waiting = [order for order in company.orders.values() if order.status == "processing"]
    waiting.sort(key=lambda order: order.placed)
    return listing("Orders to pack", [f"{o.order_id} since {o.placed}" for o in waiting], limit)


def place_order(company: Company, customer: str, sku: str, quantity: int = 1) -> str:
    """Place a new order for one article on behalf of a customer.

    Args:
        customer: Full name of the customer.
        sku: Article number, such as BK-201.
        quantity: Number of pieces.
    """
    buyer = known(company.customers, customer, "customer")
    product = known(company.products, sku, "article")
    if positive(quantity, "quantity") > product.stock:
        msg = f"Only {product.stock} of {product.sku} are in stock, not {quantity}."
        raise ToolException(msg)
    order_id, arrives = next_id(company.orders), TODAY + timedelta(days=5)
    company.orders[order_id] = Order(
        order_id,
        buyer.name,
        lines=((product.sku, quantity),),
        status="processing",
        carrier=CARRIERS[buyer.country],
        city=buyer.city,
        placed=TODAY,
        expected=arrives,
        promised=arrives,
    )
    company.products[product.sku] = replace(product, stock=product.stock - quantity)
    return f"Order {order_id} for {buyer.name} is placed: {quantity} x {product.name}."


def cancel_order(company: Company, order_id: str) -> str:
    """Cancel an order that has not left the warehouse yet; its goods go back to stock.

    Args:
        order_id: Order number, such as A-1006.
    """
    order = _changeable(company, order_id)
    company.orders[order.order_id] = replace(order, status="cancelled")
    for sku, quantity in order.lines:
        product = company.products[sku]
        company.products[sku] = replace(product, stock=product.stock + quantity)
    return f"Order {order.order_id} is cancelled."


def change_order_quantity(company: Company, order_id: str, sku: str, quantity: int) -> str:
    """Change how many pieces of one article an unshipped order contains.

    Args:
        order_id: Order number, such as A-1006.
        sku: Article number within that order, such as SB-320.
        quantity: New number of pieces.
    """
    order = _changeable(company, order_id)
    article = known({sku: sku for sku, _ in order.lines}, sku, "article in that order")
    lines, product = dict(order.lines), company.products[article]
    extra = positive(quantity, "quantity") - lines[article]
    if extra > product.stock:
        msg = f"Only {product.stock} more of {article} are in stock, not {extra}."
        raise ToolException(msg)
    lines[article] = quantity
    company.products[article] = replace(product, stock=product.stock - extra)
    company.orders[order.order_id] = replace(order, lines=tuple(lines.items()))
    return f"Order {order.order_id} now contains {quantity} x {article}."


def add_order_note(company: Company, order_id: str, text: str) -> str:
    """Leave a note for the warehouse on an order, such as a gift message.

    Args:
        order_id: Order number, such as A-1007.
        text: The note.
    """
    order = known(company.orders, order_id, "order")
    company.orders[order.order_id] = replace(order, note=wording(text, "text"))
    return f"Order {order.order_id} has the note: {text.strip()}"


def _changeable(company: Company, order_id: str) -> Order:
    order = known(company.orders, order_id, "order")
    if order.status not in _BEFORE_SHIPPING:
        msg = f"Order {order.order_id} is {order.status}; only orders not yet shipped can change."
        raise ToolException(msg)
    return order


TOOLS: Final[tuple[Callable[..., str], ...]] = (
    get_order_status,
    list_order_items,
    get_order_total,
    list_orders_by_customer,
    list_late_orders,
    list_orders_on_date,
    list_orders_to_pack,
    place_order,
    cancel_order,
    change_order_quantity,
    add_order_note,
)

USE_CASES: Final = {
    get_order_status: ["Has my order been sent yet?", "What is happening with order A-1007?"],
    list_late_orders: ["Which deliveries will miss their promised day?"],
    place_order: ["Order two helmets for Jonas Weber"],
}

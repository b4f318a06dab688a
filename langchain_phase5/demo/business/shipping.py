"""Shipping: parcels, carriers, what sending costs and how long it takes."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from langchain_core.tools import ToolException

from langchain_phase5.demo.business.answers import count, listing
from langchain_phase5.demo.business.checks import as_date, days_after, known, positive, wording
from langchain_phase5.demo.business.company import Company
from langchain_phase5.demo.business.records import CARRIERS, TODAY

_RATES: Final = {
    "Norway": (6.0, 0.8),
    "Sweden": (7.0, 0.9),
    "Denmark": (7.0, 0.9),
    "Finland": (9.0, 1.1),
    "Germany": (8.0, 1.0),
    "Netherlands": (8.5, 1.0),
    "France": (9.5, 1.2),
    "Poland": (9.0, 1.1),
    "Portugal": (12.0, 1.5),
}
"""EUR per parcel and EUR per kilogram, by country."""

_TRANSIT_DAYS: Final = {
    "Bergen": 1,
    "Stockholm": 2,
    "Aarhus": 2,
    "Hamburg": 3,
    "Utrecht": 3,
    "Krakow": 4,
    "Lyon": 4,
    "Dublin": 5,
    "Porto": 6,
}

_DUTY_PERCENT: Final = {"Switzerland": 7.7, "Norway": 25.0, "Iceland": 24.0, "Serbia": 20.0}
_SITES: Final = {"Nordpost": "Oslo hub", "Kurier24": "Bremen hub", "Velocargo": "Prague hub"}


def track_shipment(company: Company, order_id: str) -> str:
    """Locate the parcel of an order on its way: carrier and last scan.

    Args:
        order_id: Order number, such as A-1005.
    """
    order = known(company.orders, order_id, "order")
    if order.status == "in transit":
        return f"The parcel of {order.order_id} was last scanned at the {_SITES[order.carrier]}."
    if order.status == "delivered":
        return f"{order.carrier} handed over the parcel of {order.order_id} in {order.city}."
    return (
        f"The parcel of {order.order_id} is not with {order.carrier}: the order is {order.status}."
    )


def estimate_delivery_date(city: str, date: str = TODAY.isoformat()) -> str:
    """Estimate when a parcel would reach a city if it were sent on a given day.

    Args:
        city: Destination, such as Bergen.
        date: Day of dispatch as an ISO date.
    """
    days = known(_TRANSIT_DAYS, city, "delivery time for the city")
    sent = as_date(date)
    arrives, after = days_after(sent, days), count(days, "day")
    return f"A parcel sent on {sent} reaches {city.title()} on {arrives}, after {after}."


def quote_shipping(company: Company, country: str, sku: str, quantity: int = 1) -> str:
    """Compute what it costs to send an article to a country.

    Args:
        country: Destination country in English, such as Germany.
        sku: Article number, such as BK-201.
        quantity: Number of pieces.
    """
    base, per_kilogram = known(_RATES, country, "shipping rate for the country")
    product = known(company.products, sku, "article")
    cost = base + per_kilogram * product.kilograms * positive(quantity, "quantity")
    return f"Sending {quantity} x {product.name} to {country.title()} costs {cost:.2f} EUR."


def find_carrier(country: str) -> str:
    """Tell which carrier delivers our parcels in a country.

    Args:
        country: Destination country in English, such as Sweden.
    """
    carrier = known(CARRIERS, country, "carrier for the country")
    return f"{carrier} delivers in {country.title()}."


def list_shipments_in_transit(company: Company, limit: int = 10) -> str:
    """List every parcel that is on the road right now with its carrier.

    Args:
        limit: How many to list at most.
    """
    orders = [order for order in company.orders.values() if order.status == "in transit"]
    rows = [f"{o.order_id} to {o.city} with {o.carrier}" for o in orders]
    return listing("Parcels in transit", rows, limit)


def get_delivery_address(company: Company, order_id: str) -> str:
    """Tell whom and which city an order is addressed to.

    Args:
        order_id: Order number, such as A-1008.
    """
    order = known(company.orders, order_id, "order")
    return f"Order {order.order_id} goes to {order.customer} in {order.city}."


def redirect_shipment(company: Company, order_id: str, city: str) -> str:
    """Send an order that is not delivered yet to another city.

    Args:
        order_id: Order number, such as A-1006.
        city: New destination.
    """
    order = known(company.orders, order_id, "order")
    if order.status in ("delivered", "cancelled", "returned"):
        msg = f"Order {order.order_id} is {order.status} and cannot be redirected."
        raise ToolException(msg)
    company.orders[order.order_id] = replace(order, city=wording(city, "city"))
    return f"Order {order.order_id} now goes to {city.strip()}."


def create_return_label(company: Company, order_id: str) -> str:
    """Create the label with which a customer can send a delivered order back.

    Args:
        order_id: Order number, such as A-1002.
    """
    order = known(company.orders, order_id, "order")
    if order.status != "delivered":
        msg = f"Order {order.order_id} is {order.status}; only delivered orders can go back."
        raise ToolException(msg)
    return f"Return label R-{order.order_id[2:]} for {order.carrier} is ready for {order.customer}."


def schedule_parcel_pickup(company: Company, order_id: str, date: str) -> str:
    """Book the carrier to collect a packed order from the warehouse.

    Args:
        order_id: Order number, such as A-1011.
        date: Day of collection as an ISO date.
    """
    order, day = known(company.orders, order_id, "order"), as_date(date)
    if order.status != "packed" or day < TODAY:
        msg = f"Order {order.order_id} is {order.status}; pick up packed orders from {TODAY} on."
        raise ToolException(msg)
    company.orders[order.order_id] = replace(order, note=f"pickup on {day}")
    return f"{order.carrier} picks up order {order.order_id} on {day}."


def calculate_customs_duty(country: str, amount: float) -> str:
    """Compute the import duty on goods sent to a country outside the customs union.

    Args:
        country: Destination country in English, such as Switzerland.
        amount: Value of the goods in EUR.
    """
    percent = known(_DUTY_PERCENT, country, "duty for the country")
    duty = positive(amount, "amount") * percent / 100
    return f"The duty on {amount:.2f} EUR in {country.title()} is {duty:.2f} EUR ({percent:g} %)."


TOOLS: Final[tuple[Callable[..., str], ...]] = (
    track_shipment,
    estimate_delivery_date,
    quote_shipping,
    find_carrier,
    list_shipments_in_transit,
    get_delivery_address,
    redirect_shipment,
    create_return_label,
    schedule_parcel_pickup,
    calculate_customs_duty,
)

USE_CASES: Final = {
    track_shipment: ["Where is my parcel now?", "Locate the package of A-1005"],
    estimate_delivery_date: ["How long does it take to send something to Porto?"],
    quote_shipping: ["What is the postage for a bike to France?"],
}

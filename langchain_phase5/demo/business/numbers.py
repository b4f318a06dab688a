"""Numbers: currencies, units, percentages and dates."""

from collections.abc import Callable
from typing import Final

from langchain_phase5.demo.business.answers import count
from langchain_phase5.demo.business.checks import as_date, days_after, finite, known, positive
from langchain_phase5.demo.business.records import TODAY

_RATES: Final = {"EUR": 1.0, "USD": 1.08, "GBP": 0.85, "NOK": 11.6, "SEK": 11.2, "PLN": 4.3}
"""Units of each currency for one EUR."""

_DISTANCES: Final = {"km": ("miles", 0.621371), "miles": ("km", 1.609344), "m": ("feet", 3.28084)}
_WEIGHTS: Final = {
    "kg": ("pounds", 2.204623),
    "pounds": ("kg", 0.453592),
    "g": ("ounces", 0.035274),
}


def convert_currency(amount: float, currency: str) -> str:
    """Convert an amount in EUR into another currency.

    Args:
        amount: Amount in EUR.
        currency: ISO code of the target currency, such as NOK.
    """
    code = currency.strip().upper()
    converted = finite(amount, "amount") * known(_RATES, code, "exchange rate for the currency")
    return f"{amount:.2f} EUR are {converted:.2f} {code}."


def get_exchange_rate(currency: str) -> str:
    """Look up how much of a currency one euro buys.

    Args:
        currency: ISO code, such as USD.
    """
    code = currency.strip().upper()
    return f"1 EUR is {known(_RATES, code, 'exchange rate for the currency'):g} {code}."


def convert_distance(amount: float, unit: str) -> str:
    """Convert a length between metric and imperial: km and miles, or m into feet.

    Args:
        amount: Length in the given unit.
        unit: Unit of the amount: km, miles or m.
    """
    return _convert(amount, unit, _DISTANCES)


def convert_weight(amount: float, unit: str) -> str:
    """Convert a weight between metric and imperial: kg and pounds, or g into ounces.

    Args:
        amount: Weight in the given unit.
        unit: Unit of the amount: kg, pounds or g.
    """
    return _convert(amount, unit, _WEIGHTS)


def convert_temperature(amount: float, unit: str) -> str:
    """Convert a temperature from Celsius to Fahrenheit or back.

    Args:
        amount: Temperature in the given unit.
        unit: Unit of the amount: celsius or fahrenheit.
    """
    degrees = finite(amount, "amount")
    fahrenheit, celsius = degrees * 9 / 5 + 32, (degrees - 32) * 5 / 9
    results = {
        "celsius": f"{degrees:g} degrees Celsius are {fahrenheit:.1f} degrees Fahrenheit.",
        "fahrenheit": f"{degrees:g} degrees Fahrenheit are {celsius:.1f} degrees Celsius.",
    }
    return known(results, unit, "unit of temperature")


def calculate_percentage(percent: float, amount: float) -> str:
    """Compute a percentage of a number.

    Args:
        percent: How many percent.
        amount: The number of which to take them.
    """
    part = finite(percent, "percent") * finite(amount, "amount") / 100
    return f"{percent:g} % of {amount:g} is {part:.2f}."


def calculate_discounted_price(amount: float, percent: float) -> str:
    """Compute what a price becomes after taking a discount off.

    Args:
        amount: Price before the discount in EUR.
        percent: Discount in percent.
    """
    price = positive(amount, "amount") * (1 - finite(percent, "percent") / 100)
    return f"{amount:.2f} EUR less {percent:g} % is {price:.2f} EUR."


def calculate_net_from_gross(amount: float, percent: float) -> str:
    """Take the tax out of a price that includes it.

    Args:
        amount: Price including tax in EUR.
        percent: Tax rate in percent.
    """
    net = positive(amount, "amount") / (1 + positive(percent, "percent") / 100)
    return f"{amount:.2f} EUR including {percent:g} % tax is {net:.2f} EUR without."


def split_amount(amount: float, quantity: int) -> str:
    """Divide a sum of money evenly among a number of people.

    Args:
        amount: Sum in EUR.
        quantity: Number of people.
    """
    share = positive(amount, "amount") / positive(quantity, "quantity")
    return f"{amount:.2f} EUR divided by {quantity} is {share:.2f} EUR each."


def count_days_until(date: str) -> str:
    """Count the days from today to a date.

    Args:
        date: Day as an ISO date.
    """
    days = (as_date(date) - TODAY).days
    distance = count(abs(days), "day")
    return (
        f"{as_date(date)} is in {distance}."
        if days >= 0
        else f"{as_date(date)} was {distance} ago."
    )


def add_days_to_date(quantity: int, date: str = TODAY.isoformat()) -> str:
    """Find the date that lies a number of days after another, or before if negative.

    Args:
        quantity: Number of days to add.
        date: Day to start from as an ISO date; today if not given.
    """
    start = as_date(date)
    return f"{count(quantity, 'day')} after {start} is {days_after(start, quantity)}."


def get_weekday(date: str) -> str:
    """Tell which day of the week a date falls on.

    Args:
        date: Day as an ISO date.
    """
    return f"{as_date(date)} is a {as_date(date):%A}."


def _convert(amount: float, unit: str, factors: dict[str, tuple[str, float]]) -> str:
    target, factor = known(factors, unit, "unit")
    return (
        f"{amount:g} {unit.strip().lower()} are {finite(amount, 'amount') * factor:.2f} {target}."
    )


TOOLS: Final[tuple[Callable[..., str], ...]] = (
    convert_currency,
    get_exchange_rate,
    convert_distance,
    convert_weight,
    convert_temperature,
    calculate_percentage,
    calculate_discounted_price,
    calculate_net_from_gross,
    split_amount,
    count_days_until,
    add_days_to_date,
    get_weekday,
)

USE_CASES: Final = {
    convert_currency: ["How much is 100 EUR in Norwegian crowns?"],
    split_amount: ["Six of us share a bill of 240 EUR"],
}

"""Travel: trips of employees, what they cost and what they may claim."""

from collections.abc import Callable
from typing import Final

from langchain_core.tools import ToolException

from langchain_phase5.demo.business.answers import count, listing
from langchain_phase5.demo.business.checks import as_date, known, positive, wording
from langchain_phase5.demo.business.company import Company
from langchain_phase5.demo.business.records import TODAY

_FLIGHTS: Final = {
    "Hamburg": (("07:10", 189.0), ("16:40", 149.0)),
    "Stockholm": (("08:25", 129.0), ("19:05", 99.0)),
    "Krakow": (("06:50", 210.0),),
    "Lyon": (("09:30", 235.0), ("17:15", 260.0)),
    "Porto": (("10:45", 275.0),),
    "Dublin": (("12:20", 165.0),),
}
"""Departure from Bergen and fare in EUR."""

_HOTELS: Final = {
    "Bergen": (("Quayside Inn", 119.0), ("Hotel Bryggen", 158.0)),
    "Hamburg": (("Elbe Rooms", 92.0), ("Speicher Hotel", 134.0)),
    "Stockholm": (("Old Town Lodge", 125.0), ("Hotel Vasa", 171.0)),
    "Krakow": (("Wawel Stay", 64.0),),
    "Lyon": (("Hotel Saone", 88.0), ("Maison Croix", 112.0)),
    "Porto": (("Casa Ribeira", 76.0),),
    "Dublin": (("Liffey House", 139.0),),
}
"""Name and price of a night in EUR, cheapest first."""

_TRAIN_HOURS: Final = {
    "Oslo": 6.5,
    "Stockholm": 12.0,
    "Hamburg": 21.0,
    "Krakow": 30.5,
    "Lyon": 28.0,
}
"""Fastest connection from Bergen."""

_PER_DIEM: Final = {"Norway": 62.0, "Sweden": 54.0, "Germany": 28.0, "Poland": 33.0, "France": 50.0}


def search_flights(city: str, date: str) -> str:
    """Find flights from Bergen to a city on a day with their fares.

    Args:
        city: Destination, such as Hamburg.
        date: Day of travel as an ISO date.
    """
    flights = known(_FLIGHTS, city, "flight to the city")
    rows = [f"{start} for {fare:.2f} EUR" for start, fare in flights]
    return listing(f"Flights to {city.title()} on {as_date(date)}", rows)


def book_flight(company: Company, employee: str, city: str, date: str) -> str:
    """Book the cheapest flight from Bergen to a city for a colleague.

    Args:
        employee: Full name of the traveler.
        city: Destination, such as Lyon.
        date: Day of travel as an ISO date.
    """
    flights = known(_FLIGHTS, city, "flight to the city")
    start, fare = min(flights, key=lambda flight: flight[1])
    return _book(company, employee, city, date, f"flight at {start} for {fare:.2f} EUR")


def find_hotels(city: str, limit: int = 5) -> str:
    """List hotels in a city with the price of a night, cheapest first.

    Args:
        city: City name, such as Stockholm.
        limit: How many to list at most.
    """
    hotels = known(_HOTELS, city, "hotel in the city")
    rows = [f"{name} for {price:.2f} EUR a night" for name, price in hotels]
    return listing(f"Hotels in {city.title()}", rows, limit)


def book_hotel(company: Company, employee: str, city: str, date: str) -> str:
    """Reserve one night in the cheapest hotel of a city for a colleague.

    Args:
        employee: Full name of the guest.
        city: City name, such as Krakow.
        date: Day of arrival as an ISO date.
    """
    name, price = known(_HOTELS, city, "hotel in the city")[0]
    return _book(company, employee, city, date, f"{name} for {price:.2f} EUR")


def estimate_trip_cost(city: str, quantity: int = 1) -> str:
    """Estimate what a business trip to a city costs: cheapest return flight and hotel nights.

    Args:
        city: Destination, such as Dublin.
        quantity: Number of nights.
    """
    fare = min(fare for _, fare in known(_FLIGHTS, city, "flight to the city"))
    night = known(_HOTELS, city, "hotel in the city")[0][1]
    cost = 2 * fare + positive(quantity, "quantity") * night
    return f"A trip to {city.title()} with {count(quantity, 'night')} costs about {cost:.2f} EUR."


def get_train_duration(city: str) -> str:
    """Tell how long the train from Bergen to a city takes.

    Args:
        city: Destination, such as Oslo.
    """
    hours = known(_TRAIN_HOURS, city, "train to the city")
    return f"The train from Bergen to {city.title()} takes {hours:g} hours."


def list_trips(company: Company, employee: str) -> str:
    """List the business trips that are booked for a colleague.

    Args:
        employee: Full name of the traveler.
    """
    name = known(company.employees, employee, "employee").name
    trips = company.trips.items()
    rows = [f"{city}: {', '.join(legs)}" for (person, city), legs in trips if person == name]
    return listing(f"Trips of {name}", rows)


def cancel_trip(company: Company, employee: str, city: str) -> str:
    """Cancel everything booked for a colleague's trip to a city.

    Args:
        employee: Full name of the traveler.
        city: Destination of the trip.
    """
    name = known(company.employees, employee, "employee").name
    booked = {place: place for person, place in company.trips if person == name}
    place = known(booked, city, f"trip of {name} to the city")
    del company.trips[name, place]
    return f"The trip of {name} to {place} is cancelled."


def submit_expense(company: Company, employee: str, amount: float, text: str = "travel") -> str:
    """Hand in a receipt so that a colleague gets the money back.

    Args:
        employee: Full name of the colleague who paid.
        amount: Amount in EUR.
        text: What the money was spent on.
    """
    name = known(company.employees, employee, "employee").name
    company.expenses.append((name, positive(amount, "amount"), wording(text, "text")))
    return f"An expense of {amount:.2f} EUR for {text.strip()} is submitted for {name}."


def get_expense_total(company: Company, employee: str) -> str:
    """Add up the receipts that a colleague has handed in.

    Args:
        employee: Full name of the colleague.
    """
    name = known(company.employees, employee, "employee").name
    amounts = [amount for person, amount, _ in company.expenses if person == name]
    return (
        f"{name} has submitted {count(len(amounts), 'expense')}, {sum(amounts):.2f} EUR in total."
    )


def get_daily_allowance(country: str) -> str:
    """Look up the meal allowance for a day of business travel in a country.

    Args:
        country: Country name in English, such as Germany.
    """
    rate = known(_PER_DIEM, country, "daily allowance for the country")
    return f"The daily allowance in {country.title()} is {rate:.2f} EUR."


def _book(company: Company, employee: str, city: str, date: str, what: str) -> str:
    name, day = known(company.employees, employee, "employee").name, as_date(date)
    if day < TODAY:
        msg = f"Trips can be booked from {TODAY} on, not for {day}."
        raise ToolException(msg)
    company.trips.setdefault((name, city.title()), []).append(f"{what} on {day}")
    return f"Booked for {name} to {city.title()} on {day}: {what}."


TOOLS: Final[tuple[Callable[..., str], ...]] = (
    search_flights,
    book_flight,
    find_hotels,
    book_hotel,
    estimate_trip_cost,
    get_train_duration,
    list_trips,
    cancel_trip,
    submit_expense,
    get_expense_total,
    get_daily_allowance,
)

USE_CASES: Final = {
    book_flight: ["Priya Nair has to fly to Lyon next Monday"],
    submit_expense: ["Oscar Lund paid 23.50 EUR for a taxi and wants it back"],
}

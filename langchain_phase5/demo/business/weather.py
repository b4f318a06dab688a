"""Weather: a fixed forecast for the cities where Ridgeline sells and rides."""

from collections.abc import Callable
from typing import Final, NamedTuple

from langchain_phase5.demo.business.answers import listing
from langchain_phase5.demo.business.checks import as_date, known
from langchain_phase5.demo.business.records import TODAY

_STRONG_WIND = 40
_FREEZING = 0
_LIKELY = 50


class _Day(NamedTuple):
    sky: str
    low: int
    high: int
    rain_percent: int
    wind: int


_FORECAST: Final = {
    "Bergen": {
        "2026-11-16": _Day("rainy", 5, 8, 90, 34),
        "2026-11-17": _Day("rainy", 4, 7, 80, 45),
        "2026-11-18": _Day("cloudy", 3, 7, 30, 20),
    },
    "Stockholm": {
        "2026-11-16": _Day("cloudy", 1, 4, 20, 18),
        "2026-11-17": _Day("snowy", -3, 1, 70, 22),
        "2026-11-18": _Day("sunny", -4, 0, 5, 10),
    },
    "Hamburg": {
        "2026-11-16": _Day("cloudy", 4, 9, 30, 25),
        "2026-11-17": _Day("rainy", 5, 8, 75, 42),
        "2026-11-18": _Day("cloudy", 3, 8, 40, 28),
    },
    "Krakow": {
        "2026-11-16": _Day("sunny", 0, 6, 5, 12),
        "2026-11-17": _Day("cloudy", 1, 5, 25, 15),
        "2026-11-18": _Day("snowy", -2, 2, 65, 20),
    },
    "Lyon": {
        "2026-11-16": _Day("sunny", 4, 12, 10, 14),
        "2026-11-17": _Day("cloudy", 5, 11, 35, 16),
        "2026-11-18": _Day("rainy", 6, 10, 70, 24),
    },
    "Porto": {
        "2026-11-16": _Day("sunny", 9, 17, 5, 19),
        "2026-11-17": _Day("sunny", 10, 18, 5, 15),
        "2026-11-18": _Day("rainy", 11, 16, 60, 30),
    },
}

_SUN: Final = {
    "Bergen": ("08:49", "15:54"),
    "Stockholm": ("07:49", "15:13"),
    "Hamburg": ("07:43", "16:20"),
    "Krakow": ("06:55", "15:54"),
    "Lyon": ("07:42", "17:07"),
    "Porto": ("07:20", "17:13"),
}

_AIR: Final = {"Bergen": 18, "Stockholm": 14, "Hamburg": 31, "Krakow": 88, "Lyon": 42, "Porto": 22}

_WARNINGS: Final = {
    "Norway": ("storm on the west coast on 2026-11-17",),
    "Sweden": ("icy roads around Stockholm on 2026-11-17",),
    "Germany": ("high tide in Hamburg on 2026-11-17",),
    "Poland": (),
    "France": (),
    "Portugal": (),
}


def get_current_weather(city: str) -> str:
    """Tell what the weather is like in a city today.

    Args:
        city: City name, such as Bergen.
    """
    return f"{city.title()} is {_describe(city, TODAY.isoformat())} today."


def get_weather_forecast(city: str, date: str) -> str:
    """Tell what the weather will be like in a city on one of the next days.

    Args:
        city: City name, such as Hamburg.
        date: Day as an ISO date.
    """
    return f"{city.title()} will be {_describe(city, date)} on {as_date(date)}."


def check_rain_chance(city: str, date: str = TODAY.isoformat()) -> str:
    """Tell how likely rain or snow is in a city on a day.

    Args:
        city: City name, such as Lyon.
        date: Day as an ISO date.
    """
    chance = _day(city, date).rain_percent
    return f"The chance of rain in {city.title()} on {as_date(date)} is {chance} %."


def get_wind_speed(city: str, date: str = TODAY.isoformat()) -> str:
    """Tell how strong the wind blows in a city on a day.

    Args:
        city: City name, such as Hamburg.
        date: Day as an ISO date.
    """
    speed = _day(city, date).wind
    return f"The wind in {city.title()} on {as_date(date)} blows at {speed} km/h."


def get_sunset_time(city: str) -> str:
    """Tell when the sun rises and sets in a city this week.

    Args:
        city: City name, such as Stockholm.
    """
    rise, sunset = known(_SUN, city, "sun table for the city")
    return f"In {city.title()} the sun rises at {rise} and sets at {sunset}."


def find_warmest_city(date: str = TODAY.isoformat()) -> str:
    """Compare our cities and tell which one is warmest on a day.

    Args:
        date: Day as an ISO date.
    """
    city = max(_FORECAST, key=lambda city: _day(city, date).high)
    return f"The warmest city on {as_date(date)} is {city} with {_day(city, date).high} degrees."


def check_riding_conditions(city: str, date: str = TODAY.isoformat()) -> str:
    """Judge whether a day in a city is good for a bike ride, and why not.

    Args:
        city: City name, such as Porto.
        date: Day as an ISO date.
    """
    day = _day(city, date)
    doubts = {
        "rain is likely": day.rain_percent > _LIKELY,
        "the wind is strong": day.wind > _STRONG_WIND,
        "roads may be icy": day.low < _FREEZING,
    }
    against = [doubt for doubt, applies in doubts.items() if applies]
    verdict = f"poor: {', '.join(against)}" if against else "good"
    return f"Riding conditions in {city.title()} on {as_date(date)} are {verdict}."


def get_air_quality(city: str) -> str:
    """Tell how clean the air in a city is, as an index where below 50 is good.

    Args:
        city: City name, such as Krakow.
    """
    index = known(_AIR, city, "air station in the city")
    return f"The air quality index of {city.title()} is {index}."


def list_weather_warnings(country: str) -> str:
    """List official storm, ice and flood warnings for a country.

    Args:
        country: Country name in English, such as Norway.
    """
    warnings = known(_WARNINGS, country, "warning service for the country")
    return listing(f"Weather warnings for {country.title()}", warnings)


def _day(city: str, date: str) -> _Day:
    days = known(_FORECAST, city, "forecast for the city")
    return known(days, as_date(date).isoformat(), "forecast for the day")


def _describe(city: str, date: str) -> str:
    day = _day(city, date)
    return f"{day.sky} with {day.low} to {day.high} degrees"


TOOLS: Final[tuple[Callable[..., str], ...]] = (
    get_current_weather,
    get_weather_forecast,
    check_rain_chance,
    get_wind_speed,
    get_sunset_time,
    find_warmest_city,
    check_riding_conditions,
    get_air_quality,
    list_weather_warnings,
)

USE_CASES: Final = {
    check_riding_conditions: ["Can we hold the test ride in Lyon on Tuesday?"],
    check_rain_chance: ["Do I need an umbrella in Bergen?"],
}

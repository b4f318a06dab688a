"""Calendar: meetings, free time and public holidays."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from langchain_phase5.demo.business.answers import listing
from langchain_phase5.demo.business.checks import as_date, as_time, known, unused
from langchain_phase5.demo.business.company import Company
from langchain_phase5.demo.business.office_records import Event
from langchain_phase5.demo.business.records import TODAY

_WORKING_HOURS: Final = tuple(f"{hour:02}:00" for hour in range(9, 17))

_HOLIDAYS: Final = {
    "Norway": ("2026-12-25 Christmas Day", "2026-12-26 Boxing Day"),
    "Germany": ("2026-12-25 Christmas Day", "2026-12-26 Second Christmas Day"),
    "Sweden": ("2026-12-25 Christmas Day", "2026-12-26 Boxing Day", "2027-01-06 Epiphany"),
    "France": ("2026-12-25 Christmas Day", "2027-01-01 New Year's Day"),
}


def list_events_on_date(company: Company, date: str = TODAY.isoformat()) -> str:
    """List the meetings in the company calendar on one day.

    Args:
        date: Day as an ISO date, such as 2026-11-17.
    """
    day = as_date(date)
    events = sorted((e for e in company.events.values() if e.date == day), key=lambda e: e.time)
    return listing(f"Events on {day}", [f"{e.time} {e.title}" for e in events])


def get_event_details(company: Company, title: str) -> str:
    """Tell when a meeting takes place and who attends it.

    Args:
        title: Title of the meeting, such as Supplier Call.
    """
    event = known(company.events, title, "event")
    people = ", ".join(event.attendees) or "nobody yet"
    return f"{event.title} is on {event.date} at {event.time} with {people}."


def create_event(company: Company, title: str, date: str, time: str = "09:00") -> str:
    """Put a new meeting of one hour into the calendar.

    Args:
        title: Title of the meeting.
        date: Day as an ISO date.
        time: Start, such as 14:30.
    """
    name = unused(company.events, title, "event")
    company.events[name] = Event(name, as_date(date), as_time(time), ())
    return f"{name} is scheduled for {as_date(date)} at {as_time(time)}."


def reschedule_event(company: Company, title: str, date: str, time: str = "") -> str:
    """Move a meeting to another day or time.

    Args:
        title: Title of the meeting.
        date: New day as an ISO date.
        time: New start, such as 14:30; unchanged if not given.
    """
    event = known(company.events, title, "event")
    start = as_time(time) if time else event.time
    company.events[event.title] = replace(event, date=as_date(date), time=start)
    return f"{event.title} moved to {as_date(date)} at {start}."


def cancel_event(company: Company, title: str) -> str:
    """Remove a meeting from the calendar.

    Args:
        title: Title of the meeting.
    """
    event = known(company.events, title, "event")
    del company.events[event.title]
    return f"{event.title} on {event.date} is cancelled."


def invite_to_event(company: Company, title: str, employee: str) -> str:
    """Add a colleague to a meeting that is already scheduled.

    Args:
        title: Title of the meeting.
        employee: Full name of the colleague.
    """
    event = known(company.events, title, "event")
    name = known(company.employees, employee, "employee").name
    attendees = tuple(dict.fromkeys((*event.attendees, name)))
    company.events[event.title] = replace(event, attendees=attendees)
    return f"{name} is invited to {event.title} on {event.date}."


def find_free_slot(company: Company, employee: str, date: str) -> str:
    """Find the first hour between 9 and 17 in which a colleague has no meeting.

    Args:
        employee: Full name of the colleague.
        date: Day as an ISO date.
    """
    name, day = known(company.employees, employee, "employee").name, as_date(date)
    if name in company.absences.get(day, []):
        return f"{name} is on vacation on {day}."
    taken = [e for e in company.events.values() if e.date == day and name in e.attendees]
    free = [hour for hour in _WORKING_HOURS if not any(_overlaps(hour, e.time) for e in taken)]
    return f"{name} is free on {day} from {free[0]}." if free else f"{name} is busy on {day}."


def get_next_event(company: Company, employee: str) -> str:
    """Tell which meeting a colleague has next, from today on.

    Args:
        employee: Full name of the colleague.
    """
    name = known(company.employees, employee, "employee").name
    events = [e for e in company.events.values() if name in e.attendees and e.date >= TODAY]
    if not events:
        return f"{name} has no upcoming events."
    event = min(events, key=lambda event: (event.date, event.time))
    return f"The next event of {name} is {event.title} on {event.date} at {event.time}."


def list_public_holidays(country: str) -> str:
    """List the coming bank holidays of a country in which we have an office.

    Args:
        country: Country name in English, such as Norway.
    """
    days = known(_HOLIDAYS, country, "holiday list for the country")
    return listing(f"Public holidays in {country.title()}", days)


def _overlaps(start: str, other: str) -> bool:
    """Whether two meetings of one hour overlap."""
    minutes = [time.hour * 60 + time.minute for time in map(dt.time.fromisoformat, (start, other))]
    return abs(minutes[0] - minutes[1]) < 60  # noqa: PLR2004  # minutes in an hour


TOOLS: Final[tuple[Callable[..., str], ...]] = (
    list_events_on_date,
    get_event_details,
    create_event,
    reschedule_event,
    cancel_event,
    invite_to_event,
    find_free_slot,
    get_next_event,
    list_public_holidays,
)

USE_CASES: Final = {
    create_event: ["Book a meeting about the catalog on Friday at 14:30"],
    list_events_on_date: ["What is on the agenda today?"],
    find_free_slot: ["When could I speak to Oscar Lund tomorrow?"],
}

"""Check what the model passed in, and say what would have been right."""

import datetime as dt
import math
import re
from collections.abc import Iterable, Mapping
from typing import TypeVar

from langchain_core.tools import ToolException

_T = TypeVar("_T")
_Number = TypeVar("_Number", int, float)
_LONGEST_TEXT = 2000
_LARGEST_NUMBER = 1_000_000


def known(records: Mapping[str, _T], key: str, kind: str) -> _T:
    """The record under `key`, in whatever case it is written.

    Raises:
        ToolException: If there is none; names those that exist.
    """
    for name, record in records.items():
        if name.casefold() == key.strip().casefold():
            return record
    existing = ", ".join(records) or "none yet"
    msg = f"There is no {kind} '{key[:60]}'. Known: {existing}."
    raise ToolException(msg)


def one_of(options: Iterable[str], value: str, kind: str) -> str:
    """The option that `value` means, in the option's own spelling.

    Raises:
        ToolException: If it means none; names the options.
    """
    return known({option: option for option in sorted(set(options))}, value, kind)


def unused(records: Mapping[str, object], name: str, kind: str) -> str:
    """The name for a new record, without blanks around it.

    Raises:
        ToolException: If it is empty, too long, or taken in whatever case.
    """
    new = wording(name, "name")
    if new.casefold() in {taken.casefold() for taken in records}:
        msg = f"The {kind} '{new}' already exists. Choose another name."
        raise ToolException(msg)
    return new


def as_date(date: str) -> dt.date:
    """The day that an ISO date means.

    Raises:
        ToolException: If it is not a date.
    """
    try:
        return dt.date.fromisoformat(date.strip())
    except ValueError:
        msg = f"'{date[:60]}' is not a date. Write it as in 2026-11-16."
        raise ToolException(msg) from None


def days_after(day: dt.date, number: int) -> dt.date:
    """The day that lies a number of days after another, or before if negative.

    Raises:
        ToolException: If the calendar has no such day.
    """
    try:
        return day + dt.timedelta(days=number)
    except OverflowError:
        msg = f"{day} plus that many days is no date in the years 1 to 9999."
        raise ToolException(msg) from None


def as_month(month: str) -> str:
    """The month as year and month, such as 2026-10.

    Raises:
        ToolException: If it is not a month.
    """
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", month.strip()):
        msg = f"'{month[:60]}' is not a month. Write it as in 2026-10."
        raise ToolException(msg)
    return month.strip()


def as_time(time: str) -> str:
    """The time of day as hours and minutes, such as 09:30.

    Raises:
        ToolException: If it is not a time.
    """
    try:
        return dt.time.fromisoformat(time.strip().zfill(5)).strftime("%H:%M")
    except ValueError:
        msg = f"'{time[:60]}' is not a time. Write it as in 14:30."
        raise ToolException(msg) from None


def as_email(email: str) -> str:
    """The address in lower case.

    Raises:
        ToolException: If it does not look like an address.
    """
    if not re.fullmatch(r"[^@\s]{1,64}@[^@\s]+\.[^@\s]+", email.strip()):
        msg = f"'{email[:60]}' is not an email address. Write it as in nora@ridgeline.example."
        raise ToolException(msg)
    return email.strip().lower()


def positive(number: _Number, name: str) -> _Number:
    """The number, if it is above zero and of a size that occurs in a shop.

    Raises:
        ToolException: If it is not.
    """
    if not 0 < number <= _LARGEST_NUMBER:
        msg = f"{name} must be above 0 and at most {_LARGEST_NUMBER}, not {number}."
        raise ToolException(msg)
    return number


def finite(number: float, name: str) -> float:
    """The number, which may be negative, if it is of a size that occurs in a shop.

    Raises:
        ToolException: If it is not.
    """
    if not math.isfinite(number) or abs(number) > _LARGEST_NUMBER:
        msg = f"{name} must be between -{_LARGEST_NUMBER} and {_LARGEST_NUMBER}, not {number}."
        raise ToolException(msg)
    return number


def wording(text: str, name: str) -> str:
    """The text without blanks around it.

    Raises:
        ToolException: If it is empty or too long to keep.
    """
    if not 0 < len(text.strip()) <= _LONGEST_TEXT:
        msg = f"{name} must have 1 to {_LONGEST_TEXT} characters."
        raise ToolException(msg)
    return text.strip()

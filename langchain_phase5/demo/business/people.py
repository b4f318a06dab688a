"""People: colleagues, teams, skills and vacation."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from langchain_core.tools import ToolException

from langchain_phase5.demo.business.answers import count, listing
from langchain_phase5.demo.business.checks import (
    as_date,
    days_after,
    known,
    one_of,
    positive,
    wording,
)
from langchain_phase5.demo.business.company import Company
from langchain_phase5.demo.business.records import TODAY


def get_employee_profile(company: Company, employee: str) -> str:
    """Show a colleague's role, office and since when they have worked here.

    Args:
        employee: Full name of the colleague.
    """
    person = known(company.employees, employee, "employee")
    return f"{person.name} is {person.role} in {person.city} since {person.started}."


def get_employee_email(company: Company, employee: str) -> str:
    """Look up the email address of a colleague.

    Args:
        employee: Full name of the colleague.
    """
    person = known(company.employees, employee, "employee")
    return f"The address of {person.name} is {person.email}."


def get_manager(company: Company, employee: str) -> str:
    """Tell to whom a colleague reports.

    Args:
        employee: Full name of the colleague.
    """
    person = known(company.employees, employee, "employee")
    return f"{person.name} reports to {person.manager or 'nobody'}."


def list_direct_reports(company: Company, employee: str) -> str:
    """List the people whom a manager leads.

    Args:
        employee: Full name of the manager.
    """
    name = known(company.employees, employee, "employee").name
    rows = [person.name for person in company.employees.values() if person.manager == name]
    return listing(f"Direct reports of {name}", rows)


def list_employees_in_city(company: Company, city: str) -> str:
    """List the colleagues who work in one of our offices.

    Args:
        city: City of the office, such as Hamburg.
    """
    people = company.employees.values()
    city = one_of((person.city for person in people), city, "office in the city")
    return listing(
        f"Employees in {city}", [person.name for person in people if person.city == city]
    )


def find_employees_by_skill(company: Company, tag: str) -> str:
    """Find colleagues who know a subject, such as sql or tax.

    Args:
        tag: Name of the skill.
    """
    people = company.employees.values()
    skill = one_of((skill for person in people for skill in person.skills), tag, "skill")
    return listing(f"Employees who know {skill}", [p.name for p in people if skill in p.skills])


def add_employee_skill(company: Company, employee: str, tag: str) -> str:
    """Note that a colleague has learned a subject.

    Args:
        employee: Full name of the colleague.
        tag: Name of the skill.
    """
    person = known(company.employees, employee, "employee")
    skills = tuple(dict.fromkeys((*person.skills, wording(tag, "tag").lower())))
    company.employees[person.name] = replace(person, skills=skills)
    return f"{person.name} knows {', '.join(skills)}."


def get_vacation_balance(company: Company, employee: str) -> str:
    """Tell how many vacation days a colleague has left this year.

    Args:
        employee: Full name of the colleague.
    """
    person = known(company.employees, employee, "employee")
    return f"{person.name} has {count(person.vacation_days, 'vacation day')} left."


def request_vacation(company: Company, employee: str, date: str, quantity: int = 1) -> str:
    """Book vacation for a colleague, counted in days from the first one.

    Args:
        employee: Full name of the colleague.
        date: First day as an ISO date.
        quantity: Number of days in a row.
    """
    person, first = known(company.employees, employee, "employee"), as_date(date)
    if positive(quantity, "quantity") > person.vacation_days or first < TODAY:
        msg = f"{person.name} can take {count(person.vacation_days, 'day')}, from {TODAY} on."
        raise ToolException(msg)
    days = [days_after(first, number) for number in range(quantity)]
    left = person.vacation_days - quantity
    company.employees[person.name] = replace(person, vacation_days=left)
    for day in days:
        company.absences.setdefault(day, []).append(person.name)
    return f"{person.name} takes {count(quantity, 'vacation day')} from {first}; {left} left."


def list_absent_employees(company: Company, date: str = TODAY.isoformat()) -> str:
    """List who is out of office on a day.

    Args:
        date: Day as an ISO date.
    """
    day = as_date(date)
    return listing(f"Absent on {day}", company.absences.get(day, []))


def get_work_anniversary(company: Company, employee: str) -> str:
    """Tell how many full years a colleague has been with the company.

    Args:
        employee: Full name of the colleague.
    """
    person = known(company.employees, employee, "employee")
    passed = (TODAY.month, TODAY.day) >= (person.started.month, person.started.day)
    years = TODAY.year - person.started.year - (not passed)
    return f"{person.name} has worked here for {count(years, 'year')}."


TOOLS: Final[tuple[Callable[..., str], ...]] = (
    get_employee_profile,
    get_employee_email,
    get_manager,
    list_direct_reports,
    list_employees_in_city,
    find_employees_by_skill,
    add_employee_skill,
    get_vacation_balance,
    request_vacation,
    list_absent_employees,
    get_work_anniversary,
)

USE_CASES: Final = {
    get_vacation_balance: ["How much holiday does Liam Byrne still have?"],
    list_absent_employees: ["Who is off tomorrow?"],
    get_manager: ["Who is Ana Ferreira's boss?"],
}

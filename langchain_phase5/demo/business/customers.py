"""Customers: who they are, what they are worth, how they are grouped."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from langchain_phase5.demo.business.answers import count, listing
from langchain_phase5.demo.business.checks import (
    as_email,
    known,
    one_of,
    positive,
    wording,
)
from langchain_phase5.demo.business.company import Company

_NOT_SALES = ("cancelled", "returned")


def get_customer_profile(company: Company, customer: str) -> str:
    """Show a customer's address, contact and how long they have had an account.

    Args:
        customer: Full name of the customer.
    """
    c = known(company.customers, customer, "customer")
    return f"{c.name} lives in {c.city}, {c.country}, uses {c.email}, customer since {c.since}."


def find_customer_by_email(company: Company, email: str) -> str:
    """Find out which customer an email address belongs to.

    Args:
        email: Email address of a customer.
    """
    by_email = {customer.email: customer.name for customer in company.customers.values()}
    name = known(by_email, as_email(email), "customer with the address")
    return f"{as_email(email)} belongs to {name}."


def list_customers_by_country(company: Company, country: str) -> str:
    """List the customers who live in a country.

    Args:
        country: Country name in English, such as Norway.
    """
    people = company.customers.values()
    country = one_of((person.country for person in people), country, "customer in the country")
    rows = [f"{p.name} ({p.city})" for p in people if p.country == country]
    return listing(f"Customers in {country}", rows)


def get_loyalty_points(company: Company, customer: str) -> str:
    """Tell how many loyalty points a customer has collected.

    Args:
        customer: Full name of the customer.
    """
    person = known(company.customers, customer, "customer")
    return f"{person.name} has {count(person.points, 'loyalty point')}."


def add_loyalty_points(company: Company, customer: str, quantity: int) -> str:
    """Credit loyalty points to a customer's account, for instance as an apology.

    Args:
        customer: Full name of the customer.
        quantity: Points to add.
    """
    person = known(company.customers, customer, "customer")
    person = replace(person, points=person.points + positive(quantity, "quantity"))
    company.customers[person.name] = person
    return f"{person.name} now has {count(person.points, 'loyalty point')}."


def get_customer_lifetime_value(company: Company, customer: str) -> str:
    """Add up what a customer has spent on all orders that were kept.

    Args:
        customer: Full name of the customer.
    """
    name = known(company.customers, customer, "customer").name
    return f"{name} has spent {_spending(company)[name]:.2f} EUR in total."


def list_top_customers(company: Company, limit: int = 3) -> str:
    """Rank customers by how much money they have spent.

    Args:
        limit: How many to list at most.
    """
    rows = [f"{name} with {spent:.2f} EUR" for name, spent in _spending(company).items() if spent]
    return listing("Customers by spending", rows, limit)


def list_customers_with_tag(company: Company, tag: str) -> str:
    """List the customers in a segment such as vip, wholesale or newsletter.

    Args:
        tag: Name of the segment.
    """
    people = company.customers.values()
    tag = one_of((tag for person in people for tag in person.tags), tag, "customer tag")
    return listing(f"Customers tagged {tag}", [p.name for p in people if tag in p.tags])


def tag_customer(company: Company, customer: str, tag: str) -> str:
    """Put a customer into a segment; an unknown segment is created.

    Args:
        customer: Full name of the customer.
        tag: Name of the segment, such as vip.
    """
    person = known(company.customers, customer, "customer")
    label = wording(tag, "tag").lower()
    tags = tuple(dict.fromkeys((*person.tags, label)))
    company.customers[person.name] = replace(person, tags=tags)
    return f"{person.name} is now tagged {', '.join(tags)}."


def update_customer_email(company: Company, customer: str, email: str) -> str:
    """Replace the email address on a customer's account.

    Args:
        customer: Full name of the customer.
        email: New email address.
    """
    person = known(company.customers, customer, "customer")
    company.customers[person.name] = replace(person, email=as_email(email))
    return f"The address of {person.name} is now {as_email(email)}."


def _spending(company: Company) -> dict[str, float]:
    """EUR spent by each customer, largest sum first."""
    spent = dict.fromkeys(company.customers, 0.0)
    for order in company.orders.values():
        if order.status not in _NOT_SALES:
            spent[order.customer] += company.order_total(order)
    return dict(sorted(spent.items(), key=lambda item: item[1], reverse=True))


TOOLS: Final[tuple[Callable[..., str], ...]] = (
    get_customer_profile,
    find_customer_by_email,
    list_customers_by_country,
    get_loyalty_points,
    add_loyalty_points,
    get_customer_lifetime_value,
    list_top_customers,
    list_customers_with_tag,
    tag_customer,
    update_customer_email,
)

USE_CASES: Final = {
    get_customer_profile: ["Where does Mara Lindqvist live?"],
    get_customer_lifetime_value: ["How much has Pierre Dubois bought from us so far?"],
    list_top_customers: ["Who are our best customers?"],
}

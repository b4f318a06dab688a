"""Marketing: campaigns, coupons, newsletters and reviews."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from langchain_core.tools import ToolException

from langchain_phase5.demo.business.answers import count, listing
from langchain_phase5.demo.business.checks import (
    as_date,
    known,
    one_of,
    positive,
    unused,
    wording,
)
from langchain_phase5.demo.business.company import Company
from langchain_phase5.demo.business.office_records import Campaign, Event
from langchain_phase5.demo.business.records import TODAY

_HIGHEST_COUPON: Final = 50.0

_REVIEWS: Final = {
    "BK-201": (5, 5, 4, 5),
    "BK-204": (4, 3, 4),
    "HL-110": (5, 4),
    "TN-301": (5, 5, 5, 4, 4),
    "JK-601": (3, 4, 2),
    "LT-501": (4, 2, 4, 4),
}
"""Stars by article."""


def get_campaign_results(company: Company, campaign: str) -> str:
    """Tell how many people a campaign reached, how many clicked and how many bought.

    Args:
        campaign: Name of the campaign, such as Autumn Sale.
    """
    c = known(company.campaigns, campaign, "campaign")
    return f"{c.name} reached {c.reached} people, {c.clicks} clicked and {c.orders} ordered."


def get_campaign_conversion_rate(company: Company, campaign: str) -> str:
    """Compute what share of a campaign's clicks turned into orders.

    Args:
        campaign: Name of the campaign, such as Winter Ready.
    """
    c = known(company.campaigns, campaign, "campaign")
    if not c.clicks:
        return f"{c.name} has no clicks yet."
    return f"{100 * c.orders / c.clicks:.1f} % of the clicks in {c.name} led to an order."


def get_campaign_budget(company: Company, campaign: str) -> str:
    """Tell how much advertising money a campaign has used and has left.

    Args:
        campaign: Name of the campaign, such as Bike to Work.
    """
    c = known(company.campaigns, campaign, "campaign")
    left = c.budget - c.spent
    return f"{c.name} has used {c.spent:.2f} of {c.budget:.2f} EUR; {left:.2f} EUR are left."


def list_active_campaigns(company: Company) -> str:
    """List the advertising campaigns that are running now with their channels."""
    campaigns = [c for c in company.campaigns.values() if c.status == "active"]
    return listing("Active campaigns", [f"{c.name} ({c.channel})" for c in campaigns])


def create_campaign(company: Company, campaign: str, amount: float) -> str:
    """Draft a new email campaign with a budget.

    Args:
        campaign: Name of the new campaign.
        amount: Budget in EUR.
    """
    name = unused(company.campaigns, campaign, "campaign")
    company.campaigns[name] = Campaign(name, "email", "draft", positive(amount, "amount"), 0.0)
    return f"Campaign {name} is drafted with a budget of {amount:.2f} EUR."


def pause_campaign(company: Company, campaign: str) -> str:
    """Stop a running campaign for the time being.

    Args:
        campaign: Name of the campaign, such as Bike to Work.
    """
    c = known(company.campaigns, campaign, "campaign")
    if c.status != "active":
        msg = f"{c.name} is not active but {c.status}."
        raise ToolException(msg)
    company.campaigns[c.name] = replace(c, status="paused")
    return f"{c.name} is paused."


def create_coupon(company: Company, campaign: str, percent: float) -> str:
    """Create a discount code for shoppers as part of a campaign.

    Args:
        campaign: Name of the campaign, such as Gift Guide.
        percent: Discount in percent, at most 50.
    """
    c = known(company.campaigns, campaign, "campaign")
    if positive(percent, "percent") > _HIGHEST_COUPON:
        msg = f"percent must be at most {_HIGHEST_COUPON:g}."
        raise ToolException(msg)
    code = f"{c.name.split()[0].upper()}{percent:g}"
    company.coupons[code] = (c.name, percent)
    return f"Coupon {code} gives {percent:g} % off as part of {c.name}."


def list_coupons(company: Company) -> str:
    """List the discount codes that shoppers can use."""
    coupons = company.coupons.items()
    return listing("Coupons", [f"{code} ({p:g} % off, {name})" for code, (name, p) in coupons])


def schedule_newsletter(company: Company, title: str, date: str) -> str:
    """Plan the day on which a newsletter goes out to all subscribers.

    Args:
        title: Subject of the newsletter.
        date: Day as an ISO date.
    """
    name, day = f"Newsletter: {wording(title, 'title')}", as_date(date)
    if day < TODAY:
        msg = f"Newsletters can be planned from {TODAY} on, not for {day}."
        raise ToolException(msg)
    company.events[name] = Event(name, day, "08:00", ("Priya Nair",))
    return f"The newsletter '{title.strip()}' goes out on {day} at 08:00."


def count_newsletter_subscribers(company: Company, country: str = "") -> str:
    """Count the customers who receive our newsletter, everywhere or in one country.

    Args:
        country: Country name in English; all countries if not given.
    """
    people = list(company.customers.values())
    where = (
        one_of((p.country for p in people), country, "customer in the country") if country else ""
    )
    readers = sum("newsletter" in p.tags for p in people if where in ("", p.country))
    return f"The newsletter has {count(readers, 'subscriber')}{f' in {where}' if where else ''}."


def get_product_rating(company: Company, sku: str) -> str:
    """Compute the average star rating that customers gave an article.

    Args:
        sku: Article number, such as TN-301.
    """
    product = known(company.products, sku, "article")
    stars = _REVIEWS.get(product.sku, ())
    if not stars:
        return f"{product.sku} has no reviews yet."
    average, reviews = sum(stars) / len(stars), count(len(stars), "review")
    return f"{product.sku} ({product.name}) has {average:.2f} of 5 stars from {reviews}."


def list_best_rated_products(company: Company, limit: int = 3) -> str:
    """Rank articles by the stars in their customer reviews.

    Args:
        limit: How many to list at most.
    """
    rated = sorted(_REVIEWS, key=lambda sku: sum(_REVIEWS[sku]) / len(_REVIEWS[sku]), reverse=True)
    return listing(
        "Articles by rating", [f"{sku} {company.products[sku].name}" for sku in rated], limit
    )


TOOLS: Final[tuple[Callable[..., str], ...]] = (
    get_campaign_results,
    get_campaign_conversion_rate,
    get_campaign_budget,
    list_active_campaigns,
    create_campaign,
    pause_campaign,
    create_coupon,
    list_coupons,
    schedule_newsletter,
    count_newsletter_subscribers,
    get_product_rating,
    list_best_rated_products,
)

USE_CASES: Final = {
    get_campaign_results: ["Was the Autumn Sale a success?"],
    create_coupon: ["We need a 20 percent code for the Gift Guide"],
}

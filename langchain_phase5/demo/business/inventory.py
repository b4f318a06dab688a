"""Inventory: articles, prices and what is on the shelf."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from langchain_core.tools import ToolException

from langchain_phase5.demo.business.answers import count, listing
from langchain_phase5.demo.business.checks import known, one_of, positive, wording
from langchain_phase5.demo.business.company import Company


def get_stock_level(company: Company, sku: str) -> str:
    """Tell how many pieces of an article are in the warehouse.

    Args:
        sku: Article number, such as BK-201.
    """
    product = known(company.products, sku, "article")
    return f"{product.sku} ({product.name}) has {count(product.stock, 'piece')} in stock."


def list_low_stock(company: Company, limit: int = 10) -> str:
    """List articles that have fallen below their reorder level.

    Args:
        limit: How many to list at most.
    """
    low = [
        product for product in company.products.values() if product.stock < product.reorder_level
    ]
    rows = [f"{p.sku} {p.name} has {p.stock} of at least {p.reorder_level}" for p in low]
    return listing("Articles to reorder", rows, limit)


def get_product_price(company: Company, sku: str) -> str:
    """Look up the shop price of an article.

    Args:
        sku: Article number, such as TN-301.
    """
    product = known(company.products, sku, "article")
    return f"{product.sku} ({product.name}) costs {product.price:.2f} EUR."


def describe_product(company: Company, sku: str) -> str:
    """Show what an article is: its name, category and weight.

    Args:
        sku: Article number, such as SB-320.
    """
    p = known(company.products, sku, "article")
    return f"{p.sku} is the {p.name}, category {p.category}, weight {p.kilograms:g} kg."


def search_products(company: Company, text: str) -> str:
    """Search the catalog for articles whose name or category contains a word.

    Args:
        text: Word to search for, such as helmet.
    """
    word = wording(text, "text").casefold()
    products = company.products.values()
    rows = [f"{p.sku} {p.name}" for p in products if word in f"{p.name} {p.category}".casefold()]
    return listing(f"Articles matching '{word}'", rows)


def list_products_in_category(company: Company, tag: str) -> str:
    """List the articles of one catalog category with their prices.

    Args:
        tag: Category: accessories, bags, bikes, camping, clothing or helmets.
    """
    products = company.products.values()
    tag = one_of((product.category for product in products), tag, "category")
    rows = [f"{p.sku} {p.name} {p.price:.2f} EUR" for p in products if p.category == tag]
    return listing(f"Articles in {tag}", rows)


def receive_stock(company: Company, sku: str, quantity: int) -> str:
    """Book a delivery from a supplier into the warehouse.

    Args:
        sku: Article number, such as TN-304.
        quantity: Pieces that arrived.
    """
    product = known(company.products, sku, "article")
    product = replace(product, stock=product.stock + positive(quantity, "quantity"))
    company.products[product.sku] = product
    return f"{product.sku} now has {count(product.stock, 'piece')} in stock."


def write_off_stock(company: Company, sku: str, quantity: int) -> str:
    """Remove damaged or lost pieces of an article from the books.

    Args:
        sku: Article number, such as LT-501.
        quantity: Pieces to remove.
    """
    product = known(company.products, sku, "article")
    if positive(quantity, "quantity") > product.stock:
        msg = f"Only {product.stock} of {product.sku} are in stock, not {quantity}."
        raise ToolException(msg)
    product = replace(product, stock=product.stock - quantity)
    company.products[product.sku] = product
    return f"{quantity} of {product.sku} are written off; {product.stock} remain."


def change_product_price(company: Company, sku: str, amount: float) -> str:
    """Set a new shop price for an article.

    Args:
        sku: Article number, such as ST-701.
        amount: New price in EUR.
    """
    product = known(company.products, sku, "article")
    product = replace(product, price=positive(amount, "amount"))
    company.products[product.sku] = product
    return f"{product.sku} ({product.name}) now costs {product.price:.2f} EUR."


def get_inventory_value(company: Company) -> str:
    """Compute what all goods in the warehouse are worth at shop prices."""
    value = sum(product.price * product.stock for product in company.products.values())
    return f"The goods in stock are worth {value:.2f} EUR."


def get_supplier(company: Company, sku: str) -> str:
    """Tell which manufacturer delivers an article to us.

    Args:
        sku: Article number, such as BK-210.
    """
    product = known(company.products, sku, "article")
    return f"{product.sku} ({product.name}) is supplied by {product.supplier}."


TOOLS: Final[tuple[Callable[..., str], ...]] = (
    get_stock_level,
    list_low_stock,
    get_product_price,
    describe_product,
    search_products,
    list_products_in_category,
    receive_stock,
    write_off_stock,
    change_product_price,
    get_inventory_value,
    get_supplier,
)

USE_CASES: Final = {
    get_stock_level: ["Do we still have BK-204?", "How many Tarn tents are left?"],
    list_low_stock: ["What do we need to reorder?"],
    get_supplier: ["Who makes the Fjord bike?"],
}

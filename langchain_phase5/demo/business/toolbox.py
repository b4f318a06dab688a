"""All departments' functions as LangChain tools that work on one company."""

import inspect
from collections.abc import Callable
from functools import cache
from types import MethodType
from typing import Final

from langchain_core.tools import ArgsSchema, BaseTool, StructuredTool, create_schema_from_function

from langchain_phase5.demo.business import (
    billing,
    calendar,
    customers,
    files,
    inventory,
    mail,
    marketing,
    numbers,
    orders,
    people,
    projects,
    shipping,
    support,
    travel,
    weather,
)
from langchain_phase5.demo.business.company import Company

DEPARTMENTS: Final = (
    orders,
    customers,
    inventory,
    shipping,
    billing,
    support,
    marketing,
    calendar,
    mail,
    files,
    people,
    projects,
    travel,
    weather,
    numbers,
)


def all_tools(company: Company | None = None) -> list[BaseTool]:
    """Every tool of the shop, working on `company`, a fresh one if not given.

    Args:
        company: The state that the tools read and write. Tools of two calls share nothing unless
            they are given the same company.

    Example:
        ```python
        from langchain_phase5.demo.business import all_tools

        tools = {tool.name: tool for tool in all_tools()}
        tools["get_order_status"].invoke({"order_id": "A-1004"})
        # 'Order A-1004 is in transit with Nordpost and arrives on 2026-11-18.'
        ```
    """
    company = company or Company()
    return [
        _as_tool(function, company, department.USE_CASES.get(function))
        for department in DEPARTMENTS
        for function in department.TOOLS
    ]


def _as_tool(
    function: Callable[..., str], company: Company, use_cases: list[str] | None
) -> BaseTool:
    """The function as a tool that works on this company, which the model does not see."""
    needs_company = "company" in inspect.signature(function).parameters
    return StructuredTool.from_function(
        # A method and not a partial, since agents read the type hints of what they call.
        MethodType(function, company) if needs_company else function,
        args_schema=_arguments(function),
        parse_docstring=True,
        handle_tool_error=True,
        metadata={"use_cases": use_cases} if use_cases else None,
    )


@cache
def _arguments(function: Callable[..., str]) -> ArgsSchema:
    """What the model is asked to pass; kept, since it takes most of the time to make a tool."""
    return create_schema_from_function(
        function.__name__, function, filter_args=["company"], parse_docstring=True
    )

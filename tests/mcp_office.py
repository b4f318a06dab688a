"""An MCP server over stdio with many tools, more of which can be added while it runs."""

from mcp.server.fastmcp import FastMCP

server = FastMCP("office", log_level="ERROR")


@server.tool()
def get_forecast(city: str) -> str:
    """Say what the weather will be like in a city."""
    return f"Rain in {city}"


@server.tool()
def convert_currency(amount: float, currency: str) -> str:
    """Convert an amount of money into another currency."""
    if currency == "doubloons":
        message = "no rate for doubloons"
        raise ValueError(message)
    return f"{amount} {currency}"


@server.tool()
def open_branch(number: int) -> str:
    """Open one more branch office, which has tools of its own."""
    server.add_tool(
        lambda: "stamped",
        name=f"frank_letters_{number}",
        description="Put postage stamps on letters and parcels.",
    )
    return "open"


for i in range(60):
    server.add_tool(
        lambda: "filed",
        name=f"file_form_{i}",
        description=f"File the form number {i} in cabinet {i % 7}.",
    )

if __name__ == "__main__":
    server.run()

"""`langchain-phase5 demo`."""

import gc
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

_FEW_COLLECTIONS = 200_000
"""Objects between two collections: imports make millions that stay, and each pass costs time."""
_PAGE = 120
"""Columns to print where nobody says how many there are."""


def demo(
    model: Annotated[
        str | None,
        typer.Option(
            help="A real chat model; with OPENAI_API_KEY set, openai:gpt-4o is the default."
        ),
    ] = None,
    output: Annotated[Path, typer.Option(help="Where pictures, database and report go.")] = Path(
        "phase5-demo"
    ),
    serve: Annotated[bool, typer.Option("--serve", help="Serve /metrics, until Ctrl-C.")] = False,
    port: Annotated[int, typer.Option(help="Where --serve listens, on 127.0.0.1.")] = 9464,
) -> None:
    """Show everything once: one agent with over 160 tools, offline, without a key."""
    gc.set_threshold(_FEW_COLLECTIONS)
    console = Console()
    if not console.is_terminal:
        console = Console(width=_PAGE)
    with console.status("importing"):
        from langchain_phase5.demo.tour import run_tour

    run_tour(output, model_name=model, console=console, serve_on=port if serve else None)

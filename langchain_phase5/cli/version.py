"""What can be asked before any command."""

from typing import Annotated

import typer

from langchain_phase5 import __version__


def _print(wanted: bool) -> None:
    if wanted:
        typer.echo(f"langchain-phase5 {__version__}")
        raise typer.Exit


def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print, is_eager=True, help="Print it and stop.")
    ] = False,
) -> None:
    """Vision tools, tool routing, evaluation and monitoring for LangChain agents."""

"""The command line: `langchain-phase5 COMMAND`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from langchain_phase5 import __version__

app = typer.Typer(
    help="Vision tools, tool routing, evaluation and monitoring for LangChain agents.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)


def main() -> None:
    """Run the command line."""
    app()


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - typer's signature
    if wanted:
        typer.echo(f"langchain-phase5 {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print it.")
    ] = False,
) -> None:
    pass


@app.command()
def demo(
    *,
    model: Annotated[
        str | None,
        typer.Option(
            help="A real chat model; with OPENAI_API_KEY set, openai:gpt-4o is the default."
        ),
    ] = None,
    output: Annotated[Path, typer.Option(help="Where pictures, database and report go.")] = Path(
        "phase5-demo"
    ),
    serve: Annotated[
        bool, typer.Option("--serve", help="Keep serving /metrics at the end.")
    ] = False,
    port: Annotated[int, typer.Option(help="Where --serve listens, on 127.0.0.1.")] = 9464,
) -> None:
    """Show everything once: one agent with over 160 tools, offline, without a key."""
    console = Console()
    with console.status("importing"):
        from langchain_phase5.demo.tour import run_tour  # noqa: PLC0415 - seconds of imports

    run_tour(output, model_name=model, console=console, serve_on=port if serve else None)

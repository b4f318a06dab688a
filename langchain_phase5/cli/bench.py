"""`langchain-phase5 bench ...`."""

from pathlib import Path
from typing import Annotated

import typer

from langchain_phase5.cli.examples import examples

bench = typer.Typer(help="Measure on your data and machine.", no_args_is_help=True)


@bench.callback()
def _benchmarks() -> None:
    """Measure on your data and machine."""  # a callback keeps `routing` a command of its own


@bench.command(epilog=examples("bench routing"))
def routing(
    data: Annotated[
        Path, typer.Argument(help="A folder of data sets, each with tools.jsonl and queries.jsonl.")
    ],
    output: Annotated[
        Path | None, typer.Option(help="Where to write routing.json and the curves.")
    ] = None,
) -> None:
    """Measure the tool router: quality, learning, wrong calls, prompt tokens and speed."""
    from langchain_phase5.routing.benchmark import run_benchmark

    run_benchmark(data, output, say=typer.echo)

"""The command line: `langchain-phase5 COMMAND`.

Every command imports what it needs when it runs, so that `--help` is quick.
"""

import sys

import typer
from rich.console import Console
from rich.markup import escape

from langchain_phase5.cli.bench import bench
from langchain_phase5.cli.evaluation import evaluation
from langchain_phase5.cli.images import index, search
from langchain_phase5.cli.tour import demo
from langchain_phase5.cli.version import options

__all__ = ["app", "main"]

_WRONG_USAGE = 64
_FAILED = 3

app = typer.Typer(
    help="Vision tools, tool routing, evaluation and monitoring for LangChain agents.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    callback=options,
)
app.command()(demo)
app.command()(index)
app.command()(search)
app.add_typer(evaluation, name="eval")
app.add_typer(bench, name="bench")


def main() -> None:
    """Run the command line.

    What the user can mend is one line and exit code 3, a wrong option exit code 64: 1 and 2 are
    verdicts of `eval gate`.
    """
    try:
        code = app(standalone_mode=False)
    except typer.TyperException as error:
        _complain(getattr(error, "message", None) or str(error), hint="--help lists what there is")
        code = _WRONG_USAGE
    except (ImportError, OSError, RuntimeError, ValueError) as error:
        _complain(str(error))
        code = _FAILED
    sys.exit(code)


def _complain(message: str, *, hint: str = "") -> None:
    console = Console(stderr=True, highlight=False)
    text = escape(message + (f" ({hint})" if hint else ""))
    console.print(f"[red]error:[/red] {text}", soft_wrap=True)

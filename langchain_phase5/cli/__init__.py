"""The command line: `langchain-phase5 COMMAND`.

Every command imports what it needs when it runs, so that `--help` is quick.
"""

import sys

import typer
from rich.console import Console
from rich.markup import escape

from langchain_phase5.cli.bench import bench
from langchain_phase5.cli.doctor import doctor
from langchain_phase5.cli.evaluation import evaluation
from langchain_phase5.cli.examples import TUTORIAL, examples
from langchain_phase5.cli.images import index, search
from langchain_phase5.cli.serve import keys, serve
from langchain_phase5.cli.tour import demo
from langchain_phase5.cli.version import options

__all__ = ["app", "main"]

_WRONG_USAGE = 64
_FAILED = 3

_START, _IMAGES, _QUALITY = "Start here", "Find images", "Measure and compare"
_SERVICE = "Run it as a service"

app = typer.Typer(
    help="Vision tools, tool routing, evaluation and monitoring for LangChain agents.",
    epilog=TUTORIAL,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    callback=options,
)
app.command(rich_help_panel=_START, epilog=examples("doctor"))(doctor)
app.command(rich_help_panel=_START, epilog=examples("demo"))(demo)
app.command(rich_help_panel=_IMAGES, epilog=examples("index"))(index)
app.command(rich_help_panel=_IMAGES, epilog=examples("search"))(search)
app.add_typer(evaluation, name="eval", rich_help_panel=_QUALITY)
app.command(rich_help_panel=_SERVICE, epilog=examples("serve"))(serve)
app.add_typer(keys, name="keys", rich_help_panel=_SERVICE)
app.add_typer(bench, name="bench", rich_help_panel=_QUALITY)


def main() -> None:
    """Run the command line.

    What the user can mend is one line and exit code 3, a wrong option exit code 64: 1 and 2 are
    verdicts of `eval gate`.
    """
    try:
        code = app(standalone_mode=False)
    except typer.TyperException as error:
        said = getattr(error, "format_message", error.__str__)()
        _complain(said, hint="--help lists what there is")
        code = _WRONG_USAGE
    except (ImportError, OSError, RuntimeError, ValueError) as error:
        _complain(str(error))
        code = _FAILED
    sys.exit(code)


def _complain(message: str, *, hint: str = "") -> None:
    console = Console(stderr=True, highlight=False)
    text = escape(message + (f" ({hint})" if hint else ""))
    console.print(f"[red]error:[/red] {text}", soft_wrap=True)

"""`langchain-phase5 doctor`."""

import json as json_text
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from langchain_phase5.cli.checkup.finding import Finding

_MARKS = {"ok": "[green]ok[/]", "absent": "[dim]not here[/]", "broken": "[red bold]broken[/]"}
_BROKEN = 3


def doctor(
    deep: Annotated[
        bool, typer.Option("--deep", help="Also run every installed part once; takes a while.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")] = False,
    storage: Annotated[
        str, typer.Option(help="The database to look for.")
    ] = "sqlite:///langchain_phase5.db",
) -> None:
    """Say what is installed, what is missing, and the one line that fixes it.

    Exits with 0 if everything that is there works, else with 3. What is optional may be missing.
    """
    findings = list(_findings(storage, deep=deep))
    broken = [each for each in findings if each.state == "broken"]
    if json:
        form = {"healthy": not broken, "findings": [vars(each) for each in findings]}
        typer.echo(json_text.dumps(form, indent=1))
    else:
        _show(findings)
    raise typer.Exit(_BROKEN if broken else 0)


def _findings(storage: str, *, deep: bool) -> Iterator["Finding"]:
    from langchain_phase5.cli.checkup.packages import package_findings
    from langchain_phase5.cli.checkup.programs import program_findings
    from langchain_phase5.cli.checkup.surroundings import (
        database_finding,
        disk_finding,
        key_findings,
    )
    from langchain_phase5.cli.checkup.weights import weight_findings

    yield from package_findings()
    yield from program_findings()
    yield from weight_findings()
    yield from key_findings()
    yield database_finding(storage)
    yield disk_finding(Path())
    if deep:
        from rich.console import Console

        from langchain_phase5.cli.checkup.trials import trial_findings

        with Console(stderr=True).status("running every part once"):
            yield from trial_findings()


def _show(findings: list["Finding"]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console(highlight=False)
    for area, group in groupby(findings, key=lambda each: each.area):
        table = Table.grid(padding=(0, 2))
        table.add_column(width=8)
        table.add_column(no_wrap=True, width=28)
        table.add_column(overflow="fold")
        for each in group:
            lines = [escape(each.detail)] if each.detail else []
            if each.fix and each.state != "ok":
                lines.append(f"[cyan]{escape(each.fix)}[/]")
            table.add_row(_MARKS[each.state], escape(each.name), "\n".join(lines))
        console.print(f"[bold]{area}[/]")
        console.print(table)
        console.print()
    _conclude(console, findings)


def _conclude(console: "Console", findings: list["Finding"]) -> None:
    from rich.markup import escape

    broken = [each for each in findings if each.state == "broken"]
    if not broken:
        console.print("[green]Everything that is here works.[/]")
    for each in broken:
        console.print(f"[red]{escape(each.name)}:[/] {escape(each.fix)}", soft_wrap=True)

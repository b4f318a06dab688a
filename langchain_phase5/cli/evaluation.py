"""`langchain-phase5 eval ...`."""

from pathlib import Path
from typing import Annotated

import typer

from langchain_phase5.cli import completion
from langchain_phase5.cli.examples import examples

_DATABASE = "sqlite:///langchain_phase5.db"

evaluation = typer.Typer(
    help="Grade agents, compare versions, stop regressions.", no_args_is_help=True
)
datasets = typer.Typer(help="List, import and export datasets.", no_args_is_help=True)
evaluation.add_typer(datasets, name="datasets")

_Storage = Annotated[str, typer.Option(help="Database of datasets and runs.")]
_Target = Annotated[
    str, typer.Argument(help="MODULE:ATTRIBUTE of an agent, a Runnable or a function.")
]
_Dataset = Annotated[
    str,
    typer.Argument(
        help="NAME or NAME@VERSION in storage, or a file.", autocompletion=completion.datasets
    ),
]
_Baseline = Annotated[
    str,
    typer.Argument(
        help="Version or id of a run, or a report's JSON file.", autocompletion=completion.versions
    ),
]
_Candidate = Annotated[
    str,
    typer.Argument(help="The run to judge, given alike.", autocompletion=completion.versions),
]
_OfDataset = Annotated[
    str | None,
    typer.Option(help="The dataset whose runs are meant.", autocompletion=completion.datasets),
]
_Threshold = Annotated[float, typer.Option(help="A drop that would be tolerated.")]
_ErrorRate = Annotated[float, typer.Option(help="Share of errors from which on it exits with 3.")]
_Html = Annotated[Path | None, typer.Option(help="Write a page there.")]
_Markdown = Annotated[Path | None, typer.Option(help="Write a summary there.")]
_Journal = Annotated[Path | None, typer.Option(help="Where finished examples are kept at once.")]


@evaluation.command(epilog=examples("eval run"))
def run(
    target: _Target,
    dataset: _Dataset,
    metric: Annotated[
        list[str],
        typer.Option(
            help="By name, or MODULE:ATTRIBUTE; may be repeated.",
            autocompletion=completion.metrics,
        ),
    ] = ["exact_match"],  # noqa: B006 - typer copies it
    version: Annotated[str, typer.Option(help="What is being graded: a tag, a commit.")] = "",
    repeats: Annotated[int, typer.Option(min=1, help="Runs of each example.")] = 1,
    concurrency: Annotated[int, typer.Option(min=1, help="Examples in flight at once.")] = 8,
    timeout: Annotated[float | None, typer.Option(help="Seconds one try may take.")] = None,
    max_error_rate: _ErrorRate = 0.1,
    journal: _Journal = None,
    html: _Html = None,
    json: Annotated[Path | None, typer.Option(help="Write the whole report there.")] = None,
    markdown: _Markdown = None,
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML there.")] = None,
    storage: _Storage = _DATABASE,
) -> None:
    """Run DATASET through TARGET, grade the answers and keep the report."""
    from langchain_phase5.evaluation.commands import run_command

    code = run_command(
        target,
        dataset,
        metrics=metric,
        version=version,
        repeats=repeats,
        concurrency=concurrency,
        timeout=timeout,
        max_error_rate=max_error_rate,
        journal=journal,
        html=html,
        json=json,
        markdown=markdown,
        junit=junit,
        storage=storage,
    )
    raise typer.Exit(code)


@evaluation.command(epilog=examples("eval resume"))
def resume(
    journal: Annotated[Path, typer.Argument(help="The journal of the run that broke off.")],
    target: _Target,
    dataset: Annotated[str | None, typer.Option(help="A file, if it is not in storage.")] = None,
    html: _Html = None,
    storage: _Storage = _DATABASE,
) -> None:
    """Finish a run that was interrupted; what it had finished is not run again."""
    from langchain_phase5.evaluation.commands import resume_command

    raise typer.Exit(resume_command(journal, target, dataset=dataset, html=html, storage=storage))


@evaluation.command(epilog=examples("eval compare"))
def compare(
    baseline: _Baseline,
    candidate: _Candidate,
    dataset: _OfDataset = None,
    threshold: _Threshold = 0.05,
    html: _Html = None,
    markdown: _Markdown = None,
    storage: _Storage = _DATABASE,
) -> None:
    """Show how two runs differ, example by example."""
    from langchain_phase5.evaluation.commands import compare_command

    code = compare_command(
        baseline,
        candidate,
        dataset=dataset,
        threshold=threshold,
        html=html,
        markdown=markdown,
        storage=storage,
    )
    raise typer.Exit(code)


@evaluation.command(epilog=examples("eval gate"))
def gate(
    baseline: _Baseline,
    candidate: _Candidate,
    dataset: _OfDataset = None,
    threshold: _Threshold = 0.05,
    max_error_rate: _ErrorRate = 0.1,
    html: _Html = None,
    markdown: _Markdown = None,
    storage: _Storage = _DATABASE,
) -> None:
    """Compare, and exit with 0 pass, 1 regression, 2 inconclusive or 3 errors."""
    from langchain_phase5.evaluation.commands import gate_command

    code = gate_command(
        baseline,
        candidate,
        dataset=dataset,
        threshold=threshold,
        max_error_rate=max_error_rate,
        html=html,
        markdown=markdown,
        storage=storage,
    )
    raise typer.Exit(code)


@evaluation.command(epilog=examples("eval history"))
def history(
    dataset: Annotated[str, typer.Argument(help="Its name.", autocompletion=completion.datasets)],
    html: _Html = None,
    storage: _Storage = _DATABASE,
) -> None:
    """Show the runs of a dataset and their trend."""
    from langchain_phase5.evaluation.commands import history_command

    raise typer.Exit(history_command(dataset, html=html, storage=storage))


@datasets.command("list", epilog=examples("eval datasets list"))
def list_datasets(storage: _Storage = _DATABASE) -> None:
    """List datasets and their versions."""
    from langchain_phase5.evaluation.commands import list_datasets_command

    raise typer.Exit(list_datasets_command(storage=storage))


@datasets.command("import", epilog=examples("eval datasets import"))
def import_dataset(
    file: Annotated[Path, typer.Argument(help="A .jsonl or .csv file.")],
    name: Annotated[str | None, typer.Option(help="By default the file's.")] = None,
    storage: _Storage = _DATABASE,
) -> None:
    """Keep a file as a dataset."""
    from langchain_phase5.evaluation.commands import import_dataset_command

    raise typer.Exit(import_dataset_command(file, name=name, storage=storage))


@datasets.command("export", epilog=examples("eval datasets export"))
def export_dataset(
    name: Annotated[
        str, typer.Argument(help="NAME or NAME@VERSION.", autocompletion=completion.datasets)
    ],
    file: Annotated[Path, typer.Argument(help="A .jsonl or .csv file to write.")],
    storage: _Storage = _DATABASE,
) -> None:
    """Write a dataset to a file."""
    from langchain_phase5.evaluation.commands import export_dataset_command

    raise typer.Exit(export_dataset_command(name, file, storage=storage))

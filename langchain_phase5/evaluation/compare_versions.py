"""Compare what two versions answered."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from langchain_phase5.evaluation.comparison import ComparisonReport
from langchain_phase5.evaluation.dataset import Dataset
from langchain_phase5.evaluation.opened import opened
from langchain_phase5.evaluation.report import EvaluationReport

if TYPE_CHECKING:
    from langchain_phase5.storage.database import Database


def compare_versions(
    baseline_version: EvaluationReport | str,
    test_version: EvaluationReport | str,
    test_dataset: Dataset | str | None = None,
    *,
    storage: "Database | str | None" = None,
    threshold: float = 0.05,
    ratio_threshold: float = 0.1,
    latency_floor: float = 0.001,
    alpha: float = 0.05,
    seed: int = 0,
) -> ComparisonReport:
    """Pair two runs by example and say what got worse, what did not, and what is not known.

    Args:
        baseline_version: A report, or the version (or id) of a run in storage; of several runs of
            a version over the dataset, the newest.
        test_version: The one to judge.
        test_dataset: Compare only over this dataset's examples; also which runs to look up.
        storage: Where runs are kept, for looking them up by name.
        threshold: A drop of a score that would be tolerated.
        ratio_threshold: A growth of latency or cost that would be tolerated, as a share.
        latency_floor: Seconds by which an answer must be slower on average to be a regression.
        alpha: Chance of a false alarm.
        seed: Of resampling, where a test needs it.

    Raises:
        ValueError: A run is not found, or the two share no example.
    """
    name = test_dataset.name if isinstance(test_dataset, Dataset) else test_dataset
    baseline = _report(baseline_version, storage, name)
    candidate = _report(test_version, storage, name)
    if isinstance(test_dataset, Dataset):
        baseline, candidate = (_within(run, test_dataset) for run in (baseline, candidate))
    return ComparisonReport(
        baseline=baseline,
        candidate=candidate,
        threshold=threshold,
        ratio_threshold=ratio_threshold,
        latency_floor=latency_floor,
        alpha=alpha,
        seed=seed,
    )


def _report(
    given: EvaluationReport | str, storage: "Database | str | None", dataset: str | None
) -> EvaluationReport:
    if isinstance(given, EvaluationReport):
        return given
    if storage is None:
        msg = f"to look up the version {given!r}, give the storage where its run is kept"
        raise ValueError(msg)
    from langchain_phase5.storage.runs import RunStore  # noqa: PLC0415 - SQLAlchemy

    form = RunStore(opened(storage)).load(given, dataset=dataset)
    if form is None:
        where = f" over the dataset {dataset!r}" if dataset else ""
        msg = f"no run of version {given!r}{where} in storage"
        raise ValueError(msg)
    return EvaluationReport.from_dict(form)


def _within(run: EvaluationReport, dataset: Dataset) -> EvaluationReport:
    """Keep a run's examples that are, unchanged, in a dataset."""
    wanted = {(example.id, example.content) for example in dataset}
    kept: Iterable[str] = {e.id for e in run.dataset if (e.id, e.content) in wanted}
    return EvaluationReport(
        dataset=Dataset(
            name=dataset.name,
            examples=[example for example in run.dataset if example.id in kept],
            description=dataset.description,
        ),
        results=[result for result in run.results if result.example_id in kept],
        metrics=run.metrics,
        target=run.target,
        target_version=run.target_version,
        repeats=run.repeats,
        run_id=run.run_id,
        started_at=run.started_at,
    )

"""Make, keep and fetch datasets."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from langchain_phase5.evaluation.dataset import Dataset, Example, as_example
from langchain_phase5.storage.database import Database
from langchain_phase5.storage.datasets import DatasetStore, StoredDataset


class TestDatasetManager:
    """Datasets in the database: every save is a version named by its content.

    Args:
        storage: A `Database` or its URL. `sqlite://` keeps everything in memory.

    Example:
        >>> from langchain_phase5.evaluation import TestDatasetManager
        >>> manager = TestDatasetManager("sqlite://")
        >>> dataset = manager.create_dataset(
        ...     "capitals", ["Capital of France?"], ["Paris"], ["geography"]
        ... )
        >>> manager.get_dataset("capitals") == dataset
        True
    """

    __test__ = False  # the name is the specification's; pytest must not collect it

    def __init__(self, storage: Database | str = "sqlite:///langchain_phase5.db") -> None:
        self._store = DatasetStore(storage if isinstance(storage, Database) else Database(storage))

    def create_dataset(
        self,
        name: str,
        queries: Sequence[str | list[Any] | Mapping[str, Any]],
        expected_answers: Sequence[Any] | None = None,
        categories: Sequence[str] | str | None = None,
        *,
        description: str = "",
        tags: Sequence[str] = (),
    ) -> Dataset:
        """Build a dataset from parallel lists and keep it.

        Args:
            name: What to call it. An existing name gets a new version.
            queries: A string or a list of content blocks becomes `{"query": ...}`; a dict is taken
                as the example's `inputs`.
            expected_answers: Anything but a dict becomes `{"answer": ...}`; a dict is taken as the
                `reference_outputs`; `None` where there is no reference.
            categories: One per query, or one for all.
            description: For people.
            tags: For finding it again.

        Raises:
            ValueError: The lists differ in length.
        """
        answers = [None] * len(queries) if expected_answers is None else expected_answers
        labels = _labels(categories, len(queries))
        if not len(queries) == len(answers) == len(labels):
            msg = (
                f"{len(queries)} queries, {len(answers)} expected answers and {len(labels)} "
                "categories: give one of each per example"
            )
            raise ValueError(msg)
        examples = [
            Example(inputs=_inputs(query), reference_outputs=_reference(answer), category=label)
            for query, answer, label in zip(queries, answers, labels, strict=True)
        ]
        return self.save(
            Dataset(name=name, examples=examples, description=description, tags=tuple(tags))
        )

    def save(self, dataset: Dataset) -> Dataset:
        """Keep a dataset; it becomes the newest version of its name."""
        self._store.save(
            dataset.name,
            dataset.version,
            [example.as_dict() for example in dataset],
            description=dataset.description,
            tags=dataset.tags,
        )
        return dataset

    def get_dataset(self, name: str, version: str | None = None) -> Dataset:
        """Fetch a dataset, its newest version where none is named.

        Raises:
            ValueError: There is no such dataset or version.
        """
        stored = self._store.load(name, version=version)
        if stored is None:
            known = sorted({each.name for each in self._store.versions()})
            wanted = name if version is None else f"{name}@{version}"
            msg = f"no dataset {wanted!r}; there are: {', '.join(known) or 'none yet'}"
            raise ValueError(msg)
        return Dataset(
            name=stored.name,
            examples=[as_example(example) for example in stored.examples],
            description=stored.description,
            tags=stored.tags,
        )

    def list_datasets(self, name: str | None = None) -> list[StoredDataset]:
        """List the versions of one dataset or of all, newest first, without their examples."""
        return self._store.versions(name)

    def delete_dataset(self, name: str) -> int:
        """Remove a dataset with all its versions; return how many there were."""
        return self._store.delete(name)

    def add_examples(self, name: str, examples: Iterable[Example | Mapping[str, Any]]) -> Dataset:
        """Save a new version with more examples; a known id replaces the old example."""
        dataset = self.get_dataset(name)
        added = Dataset(name=name, examples=[as_example(example) for example in examples])
        merged = dataset.by_id | added.by_id
        return self.save(
            Dataset(
                name=name,
                examples=tuple(merged.values()),
                description=dataset.description,
                tags=dataset.tags,
            )
        )


def _inputs(query: Any) -> Mapping[str, Any]:
    return query if isinstance(query, Mapping) else {"query": query}


def _reference(answer: Any) -> Mapping[str, Any] | None:
    return answer if answer is None or isinstance(answer, Mapping) else {"answer": answer}


def _labels(categories: Sequence[str] | str | None, count: int) -> Sequence[str]:
    if categories is None or isinstance(categories, str):
        return [categories or ""] * count
    return categories

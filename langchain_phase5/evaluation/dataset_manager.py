"""Make, keep and fetch datasets."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from langchain_core.embeddings import Embeddings

from langchain_phase5.evaluation.dataset import Dataset, Example, as_example
from langchain_phase5.evaluation.opened import opened
from langchain_phase5.evaluation.production import Redact, pick_examples

if TYPE_CHECKING:
    from langchain_phase5.storage.database import Database
    from langchain_phase5.storage.datasets import StoredDataset

_OVERSAMPLING = 10
"""Interactions read for each one wanted, since many are alike."""


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

    def __init__(self, storage: "Database | str" = "sqlite:///langchain_phase5.db") -> None:
        from langchain_phase5.storage.datasets import DatasetStore  # noqa: PLC0415 - SQLAlchemy

        self._database = opened(storage)
        self._store = DatasetStore(self._database)

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

    def list_datasets(self, name: str | None = None) -> "list[StoredDataset]":
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

    def add_from_production(
        self,
        name: str,
        *,
        min_quality: float = 0.9,
        max_samples: int = 100,
        agent_type: str | None = None,
        since: datetime | None = None,
        redact: Redact | None = None,
        embeddings: Embeddings | None = None,
        similarity: float = 0.95,
    ) -> list[Example]:
        """Queue well-rated interactions of the same database for review.

        They count for nothing until `approve` has put them into a version. Questions that are in
        the dataset, queued or rejected already do not come back.

        Args:
            name: The dataset; it need not exist yet.
            min_quality: Lowest rating to take, from 0 to 1.
            max_samples: At most so many, spread evenly over the agents.
            agent_type: Only of this agent.
            since: Only from this time on.
            redact: Applied to questions and answers, e.g. to remove names.
            embeddings: Drop questions that mean the same, not only those that read the same.
            similarity: From which cosine on two questions mean the same.

        Returns:
            What was queued.
        """
        from langchain_phase5.storage.interactions import InteractionStore  # noqa: PLC0415 - SQLAlchemy

        found = InteractionStore(self._database).find(
            agent_type=agent_type,
            since=since,
            min_quality=min_quality,
            status="success",
            limit=max(max_samples * _OVERSAMPLING, 1),
        )
        picked = pick_examples(
            found,
            count=max_samples,
            known=self._known_questions(name),
            redact=redact,
            embeddings=embeddings,
            similarity=similarity,
        )
        forms = {example.content: example.as_dict() for example in picked}
        new = set(self._store.add_candidates(name, forms))
        return [example for example in picked if example.content in new]

    def candidates(self, name: str, *, state: str = "pending") -> list[Example]:
        """List queued examples in one review state: `pending`, `approved` or `rejected`."""
        forms = self._store.candidates(name, state=state).values()
        return [as_example(form) for form in forms]

    def approve(self, name: str, examples: Iterable[Example] | None = None) -> Dataset:
        """Put reviewed candidates, all pending ones by default, into a new version.

        A candidate may have been edited: it is known by the interaction it came from.

        Raises:
            ValueError: There is neither a candidate nor a dataset of that name.
        """
        chosen = self.candidates(name) if examples is None else list(examples)
        self._decide(name, chosen, state="approved")
        if not self._store.versions(name):
            return self.save(Dataset(name=name, examples=chosen))
        return self.add_examples(name, chosen)

    def reject(self, name: str, examples: Iterable[Example]) -> None:
        """Drop candidates for good."""
        self._decide(name, list(examples), state="rejected")

    def _decide(self, name: str, chosen: Sequence[Example], *, state: str) -> None:
        sources = {example.metadata.get("interaction") for example in chosen}
        pending = self._store.candidates(name)
        contents = [
            content
            for content, form in pending.items()
            if form.get("metadata", {}).get("interaction") in sources
        ]
        self._store.decide(name, contents, state=state)

    def _known_questions(self, name: str) -> list[str]:
        known = list(self.get_dataset(name)) if self._store.versions(name) else []
        for state in ("pending", "approved", "rejected"):
            known += self.candidates(name, state=state)
        return [str(example.inputs.get("query", "")) for example in known]


def _inputs(query: Any) -> Mapping[str, Any]:
    return query if isinstance(query, Mapping) else {"query": query}


def _reference(answer: Any) -> Mapping[str, Any] | None:
    return answer if answer is None or isinstance(answer, Mapping) else {"answer": answer}


def _labels(categories: Sequence[str] | str | None, count: int) -> Sequence[str]:
    if categories is None or isinstance(categories, str):
        return [categories or ""] * count
    return categories

"""Datasets as they come in and go out."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic.json_schema import SkipJsonSchema

from langchain_phase5.evaluation import Dataset, Example
from langchain_phase5.server.request_types import Line, Name, Page

if TYPE_CHECKING:
    from langchain_phase5.storage.datasets import StoredDataset

MAX_EXAMPLES = 10_000

_NEVER_NULL = {"query", "inputs", "reference_outputs"}
_Text = Annotated[str, StringConstraints(max_length=100_000)]
_Prose = Annotated[str, StringConstraints(max_length=4000, pattern=r"^[^\x00]*$")]


class NewExample(BaseModel):
    """A question: as a text in `query`, or as the agent's whole `inputs`."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={
            "oneOf": [{"required": ["query"]}, {"required": ["inputs"]}],
            "not": {"required": ["answer", "reference_outputs"]},
        },
    )

    query: _Text | SkipJsonSchema[None] = None
    inputs: Annotated[dict[str, Any], Field(min_length=1)] | SkipJsonSchema[None] = None
    answer: Any = Field(None, description="What a right answer looks like")
    reference_outputs: dict[str, Any] | SkipJsonSchema[None] = Field(
        None, description="Instead of `answer`, e.g. with the `tool_calls` that are expected"
    )
    category: Line = ""
    cluster: Line = Field("", description="Examples that stand or fall together share one")
    id: Line = Field("", description="By default a hash of the question")
    metadata: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_of_each(self) -> Self:
        given = self.model_dump(include=self.model_fields_set & _NEVER_NULL)
        if None in given.values():
            msg = "leave out what is null"
            raise ValueError(msg)
        if (self.query is None) == (self.inputs is None):
            msg = "give either `query` or `inputs`"
            raise ValueError(msg)
        if {"answer", "reference_outputs"} <= self.model_fields_set:
            msg = "give either `answer` or `reference_outputs`"
            raise ValueError(msg)
        return self

    def example(self) -> Example:
        """Return it as evaluations know it."""
        answer = None if self.answer is None else {"answer": self.answer}
        return Example(
            inputs={"query": self.query} if self.inputs is None else self.inputs,
            reference_outputs=self.reference_outputs or answer,
            category=self.category,
            cluster=self.cluster,
            id=self.id,
            metadata=self.metadata,
        )


class AboutDataset(BaseModel):
    """What a dataset is called, and what people should know about it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: Name
    description: _Prose = ""
    tags: list[Line] = Field([], max_length=20)


class NewDataset(AboutDataset):
    """A dataset to keep; an existing name gets a new version."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "capitals",
                    "examples": [
                        {"query": "Capital of France?", "answer": "Paris", "category": "Europe"}
                    ],
                    "tags": ["geography"],
                }
            ]
        }
    )

    examples: list[NewExample] = Field(min_length=1, max_length=MAX_EXAMPLES)

    def dataset(self) -> Dataset:
        """Return it as evaluations know it.

        Raises:
            ValueError: Two examples share an id.
        """
        return Dataset(
            name=self.name,
            examples=[each.example() for each in self.examples],
            description=self.description,
            tags=tuple(self.tags),
        )


class DatasetVersion(BaseModel):
    """One version of a dataset; its name is a hash of its content."""

    version: str
    size: int
    """Examples."""
    description: str
    tags: list[str]
    created_at: datetime

    @classmethod
    def of(cls, stored: "StoredDataset") -> "DatasetVersion":
        """Read a row of the store."""
        return cls(
            version=stored.version,
            size=stored.size,
            description=stored.description,
            tags=list(stored.tags),
            created_at=datetime.fromtimestamp(stored.created_at, UTC),
        )


class KeptDataset(DatasetVersion):
    """A version with its dataset's name."""

    name: str


class NamedDataset(BaseModel):
    """A dataset with its versions, the newest first."""

    name: str
    versions: list[DatasetVersion]


class Datasets(Page):
    """Datasets, the one saved last first."""

    datasets: list[NamedDataset]


class DatasetPage(Page):
    """Examples of one version."""

    name: str
    version: str
    description: str
    tags: list[str]
    examples: list[dict[str, Any]]

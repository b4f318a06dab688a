"""What is kept about a coded index beside its file."""

import json
from dataclasses import asdict, dataclass
from typing import Self

from langchain_phase5.retrievers.index_errors import DamagedIndexError


@dataclass(frozen=True)
class CodedIndexDescription:
    """What must be known to read the file, and what was measured when it was written.

    Attributes:
        file: Its name.
        sha256: Of its content.
        dimension: Numbers per vector.
        rows: How many rows of the vector file it covers.
        trained_rows: How many there were when the clusters were formed.
        lists: Number of clusters.
        probes: Clusters looked at per query.
        recall: Share of the 10 nearest that were found, measured with `probes`.
    """

    file: str
    sha256: str
    dimension: int
    rows: int
    trained_rows: int
    lists: int
    probes: int = 1
    recall: float = 0.0

    def to_json(self) -> str:
        """Write it as one line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote.

        Raises:
            DamagedIndexError: It is something else.
        """
        try:
            return cls(**json.loads(text))
        except (TypeError, ValueError) as error:
            msg = f"the description of the coded index is damaged: {error}"
            raise DamagedIndexError(msg) from error

"""Which model's vectors an index holds, and in which format."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_FORMAT = "1"


@dataclass(frozen=True)
class IndexIdentity:
    """What is written into an index when it gets its first vectors, and checked ever after.

    Attributes:
        fingerprint: Of the model that makes the vectors.
        model: Its name, for people.
    """

    fingerprint: str
    model: str

    def properties(self, dimension: int) -> dict[str, str]:
        """What to keep with vectors of so many numbers."""
        return {
            "format": _FORMAT,
            "dimension": str(dimension),
            "fingerprint": self.fingerprint,
            "model": self.model,
        }

    def check(self, properties: Mapping[str, str], path: Path | None) -> None:
        """Check what was kept with the index at `path`; with a new one, that is nothing.

        Raises:
            ValueError: It was filled by another model or written in a later format.
        """
        if properties.get("format", _FORMAT) != _FORMAT:
            msg = f"{path} was written by a newer version of langchain-phase5"
            raise ValueError(msg)
        if properties.get("fingerprint", self.fingerprint) != self.fingerprint:
            msg = (
                f"{path} was filled by the model {properties['model']}, whose vectors "
                f"cannot be compared with those of {self.model}; open it with the former, or "
                "index the images anew into another folder"
            )
            raise ValueError(msg)

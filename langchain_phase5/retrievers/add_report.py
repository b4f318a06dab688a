"""What became of the images handed to `add_images`."""

from dataclasses import dataclass, field


@dataclass
class AddReport:
    """The outcome of `CLIPImageRetriever.add_images`.

    Attributes:
        added: Ids of the images that are new, in order.
        known: Ids of those that were there already, by content.
        failed: Name of each image that could not be read, with the reason.

    Example:
        >>> print(AddReport(added=["ab12"], failed={"notes.jpg": "it is a text"}))
        1 added, 0 already there, 1 unreadable
    """

    added: list[str] = field(default_factory=list)
    known: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        text = f"{len(self.added)} added, {len(self.known)} already there"
        return text + (f", {len(self.failed)} unreadable" if self.failed else "")

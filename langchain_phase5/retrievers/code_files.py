"""Whether an index has a coded part, and in which of the folder's files."""

from langchain_phase5.retrievers.coded_index import CodedIndex
from langchain_phase5.retrievers.coded_index_builder import build_coded_index
from langchain_phase5.retrievers.coded_index_description import CodedIndexDescription
from langchain_phase5.retrievers.exact_search import Vectors, import_faiss
from langchain_phase5.retrievers.index_errors import DamagedIndexError
from langchain_phase5.retrievers.index_folder import IndexFolder
from langchain_phase5.retrievers.row_set import Rows


class CodeFiles:
    """Writes coded indexes of growing number, and opens the one that counts.

    Args:
        folder: Where they are.
        exact_up_to: With more vectors than this there is to be one.
    """

    def __init__(self, folder: IndexFolder, *, exact_up_to: int) -> None:
        self.exact_up_to = exact_up_to
        self._folder = folder

    def open(self, description: str | None, *, dimension: int, verify: bool) -> CodedIndex | None:
        """Open the coded index that was described, if there is one and FAISS can map it.

        Args:
            description: As JSON.
            dimension: Of the vectors that it has to belong to.
            verify: Check it against its SHA-256.

        Raises:
            DamagedIndexError: It is not the one described, or codes other vectors.
        """
        if not description or not _can_map():
            return None
        described = CodedIndexDescription.from_json(description)
        if described.dimension != dimension:
            msg = f"{described.file} is damaged: it does not code vectors of {dimension} numbers"
            raise DamagedIndexError(msg)
        return CodedIndex(self._folder.codes(), described, verify=verify)

    def build(
        self, vectors: Vectors, *, previous: CodedIndex | None, moved: Rows | None = None
    ) -> CodedIndex | None:
        """Write and open a coded index of `vectors`, if they are many.

        Args:
            vectors: Shape (n, d).
            previous: The one before, whose work is taken over.
            moved: Where each row that `previous` knows is now, see `build_coded_index`.

        Raises:
            OSError: The disk is full.
        """
        if len(vectors) <= self.exact_up_to or not _can_map():
            return None
        number = 1 if previous is None else int(previous.description.file[6:12]) + 1
        folder = self._folder.codes()
        written = build_coded_index(folder, vectors, number=number, previous=previous, moved=moved)
        return CodedIndex(folder, written, verify=False)


def _can_map() -> bool:
    """Whether this build of FAISS can map lists from a file; on Windows it cannot."""
    return hasattr(import_faiss(), "OnDiskInvertedLists")

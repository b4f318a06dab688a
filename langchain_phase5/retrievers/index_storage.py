"""Keep an index's vectors and documents: checked, appended to, deleted from and compacted."""

import hashlib
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
from langchain_core.documents import Document

from langchain_phase5.retrievers.code_files import CodeFiles
from langchain_phase5.retrievers.document_table import Written
from langchain_phase5.retrievers.exact_search import Vectors
from langchain_phase5.retrievers.index_errors import DamagedIndexError
from langchain_phase5.retrievers.index_folder import IndexFolder
from langchain_phase5.retrievers.index_identity import IndexIdentity
from langchain_phase5.retrievers.snapshot import Snapshot
from langchain_phase5.retrievers.vector_file import VectorFile

_TAIL = 20_000
_DELETED_MOST = 0.5
_DELETED_MANY = 0.2


class IndexStorage:
    """The files of one index, or the same in memory.

    Vectors are written and flushed first, then the documents are committed in one transaction,
    which is what counts: rows that were written but not committed are overwritten by the next
    append. Searches work on the last `Snapshot`, which changes never touch. Compacting writes new
    files beside the old ones, which whoever has them open reads to the end.

    Args:
        path: The folder, created when missing; None keeps everything in memory.
        identity: Of the model that makes the vectors.
        read_only: Open beside a writer.
        verify: Check every byte against the digests.
        exact_up_to: With more rows than this a coded index is built.

    Raises:
        ValueError: The folder was filled by another model.
        DamagedIndexError: Its files were changed or cut off.
        IndexLockedError: Another process has it open for writing.
    """

    def __init__(
        self,
        path: Path | None,
        *,
        identity: IndexIdentity,
        read_only: bool,
        verify: bool,
        exact_up_to: int,
    ) -> None:
        self.read_only = read_only
        self._identity = identity
        self.changing = threading.RLock()
        """Held while the index is changed."""
        self._file: VectorFile | None = None
        self._snapshot = Snapshot(np.empty((0, 0), np.float32), np.empty(0, dtype=bool))
        self._folder = IndexFolder(path, read_only=read_only)
        self._codes = CodeFiles(self._folder, exact_up_to=exact_up_to)
        try:
            self.documents = self._folder.documents()
        except BaseException:
            self._folder.close()
            raise
        try:
            self._open(verify=verify)
        except BaseException:
            self.close()
            raise

    def snapshot(self) -> Snapshot:
        """Return what is committed now; looks at the disk only where another process may write."""
        if self.read_only and self.documents.version() != self._snapshot.version:
            with self.changing:
                self._snapshot = self._load(verify=False)
        return self._snapshot

    @contextmanager
    def standstill(self) -> Iterator[Snapshot]:
        """Have nothing change until the end of the block, and return what is committed."""
        with self.changing:
            while True:
                snapshot = self.snapshot()
                with self.documents.reading():
                    if not self.read_only or self.documents.version() == snapshot.version:
                        yield snapshot
                        return

    def append(self, vectors: Vectors, documents: Sequence[Document]) -> None:
        """Add rows with their documents, replacing those of the same id: all or nothing.

        Raises:
            ValueError: The vectors are of another dimension than those that are here.
            OSError: The disk is full.
        """
        with self.changing:
            generation = self._snapshot.generation
            file = self._file or self._folder.vectors(vectors.shape[1], generation=generation)
            if vectors.shape[1] != file.dimension:
                msg = f"vectors have {vectors.shape[1]} numbers; this index has {file.dimension}"
                raise ValueError(msg)
            first = len(self._snapshot.alive)
            file.write(first, vectors)
            written = Written(first, len(vectors), hashlib.sha256(vectors.tobytes()).digest())
            with self.documents.transaction():
                if self._file is None:
                    for name, value in self._identity.properties(vectors.shape[1]).items():
                        self.documents.set_property(name, value)
                replaced = self.documents.add(written, documents)
            alive = np.append(self._snapshot.alive, np.ones(len(vectors), dtype=bool))
            alive[replaced] = False
            self._file = file
            self._snapshot = replace(
                self._snapshot, vectors=file.view(first + len(vectors)), alive=alive, file=file
            )
            if self._tail() > max(_TAIL, self._codes.exact_up_to - self._coded_rows()):
                self.optimize()

    def remove(self, ids: Sequence[str] | None) -> None:
        """Delete documents by id, all of them without ids."""
        with self.changing:
            with self.documents.transaction():
                chosen = list(self.documents.ids()) if ids is None else ids
                rows = self.documents.remove(chosen)
            alive = self._snapshot.alive.copy()
            alive[rows] = False
            self._snapshot = replace(self._snapshot, alive=alive)
            if len(alive) > _TAIL and self._snapshot.deleted > _DELETED_MOST:
                self.compact()

    def vector_of(self, id_: str) -> Vectors | None:
        """Return the vector of a document, shape (1, d), or None if there is none of that id."""
        with self.changing:
            row = self.documents.row_of(id_)
            return None if row is None else np.array(self._snapshot.vectors[row : row + 1])

    def optimize(self) -> None:
        """Bring every row into the coded index, if there are enough; compact if many are deleted.

        Raises:
            OSError: The disk is full; everything is as before.
        """
        with self.changing:
            if self._snapshot.deleted > _DELETED_MANY:
                self.compact()
            elif self._tail():
                before = self._snapshot
                coded = self._codes.build(before.vectors, previous=before.coded)
                if coded is not None:
                    with self.documents.transaction():
                        self.documents.set_property("codes", coded.description.to_json())
                    self._snapshot = replace(before, coded=coded)
                    self._snapshot.release()
                    self._keep_current_files()

    def compact(self) -> None:
        """Leave the deleted rows behind.

        The others are copied into new files; one transaction makes them the index, and a process
        that dies before it leaves everything as it was.

        Raises:
            OSError: The disk is full; everything is as before.
        """
        with self.changing:
            before = self._snapshot
            rows = np.flatnonzero(before.alive)
            if len(rows) == len(before.alive):
                return
            generation = before.generation + 1
            file = self._folder.vectors(before.vectors.shape[1], generation=generation)
            moved = np.full(len(before.alive), -1, dtype=np.int64)
            moved[rows] = np.arange(len(rows))
            try:
                written = Written(0, len(rows), file.fill(before.vectors, rows))
                vectors = file.view(len(rows))
                coded = self._codes.build(vectors, previous=before.coded, moved=moved)
                with self.documents.transaction():
                    self.documents.set_property(
                        "codes", "" if coded is None else coded.description.to_json()
                    )
                    self.documents.renumber(written)
                alive = np.ones(len(rows), dtype=bool)
                self._file = file
                self._snapshot = Snapshot(
                    vectors, alive, file, coded, before.version, generation=generation
                )
            finally:
                self._keep_current_files()

    def close(self) -> None:
        """Give everything back. Calling it twice is fine."""
        self.documents.close()
        if self._file is not None:
            self._file.close()
        self._folder.close()

    def _open(self, *, verify: bool) -> None:
        if verify and self._folder.path is not None:
            self.documents.verify()
        self._identity.check(self.documents.properties(), self._folder.path)
        self._snapshot = self._load(verify=verify)
        while verify and not self._verify_vectors():
            self._snapshot = self._load(verify=True)
        if not self.read_only:
            self._keep_current_files()

    def _load(self, *, verify: bool) -> Snapshot:
        with self.documents.reading():
            version, rows = self.documents.version(), self.documents.rows()
            properties, generation = self.documents.properties(), self.documents.generation()
            deleted = [row for row in self.documents.deleted_rows() if row < rows]
        alive = np.ones(rows, dtype=bool)
        alive[deleted] = False
        try:
            file = self._file
            if "dimension" in properties and (
                file is None or generation != self._snapshot.generation
            ):
                file = self._folder.vectors(int(properties["dimension"]), generation=generation)
            vectors = np.empty((0, 0), np.float32) if file is None else file.view(rows)
            coded = self._codes.open(
                properties.get("codes"), dimension=vectors.shape[1], verify=verify
            )
        except (FileNotFoundError, DamagedIndexError) as error:
            if self.documents.properties() == properties:
                if isinstance(error, DamagedIndexError):
                    raise
                msg = f"{self._folder.path} is damaged: {error.filename} is missing"
                raise DamagedIndexError(msg) from error
            # The writer has replaced the files between our reading their names and opening them.
            return self._load(verify=verify)
        self._file = file
        return Snapshot(vectors, alive, file, coded, version, generation)

    def _keep_current_files(self) -> None:
        coded, file = self._snapshot.coded, self._file
        used = [] if coded is None else [coded.description.file]
        if file is not None and file.path is not None:
            used.append(file.path.name)
        self._folder.keep_only(used)

    def _verify_vectors(self) -> bool:
        """Check the vectors of the snapshot; False if the writer has committed others meanwhile."""
        with self.documents.reading():
            if self.documents.version() != self._snapshot.version:
                return False
            parts = self.documents.written()
        try:
            changed = [part.first_row for part in parts if not self._has(part)]
        except FileNotFoundError:
            if self.documents.version() == self._snapshot.version:
                raise
            return False
        if changed:
            msg = f"{self._folder.path} is damaged: vectors from {changed[0]} on have changed"
            raise DamagedIndexError(msg)
        return True

    def _has(self, part: Written) -> bool:
        file = self._file
        return file is not None and file.checksum(part.first_row, part.rows) == part.checksum

    def _coded_rows(self) -> int:
        coded = self._snapshot.coded
        return 0 if coded is None else coded.description.rows

    def _tail(self) -> int:
        return len(self._snapshot.alive) - self._coded_rows()

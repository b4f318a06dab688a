"""What can be wrong with an index on disk.

- `DamagedIndexError`, a `ValueError`
- `IndexLockedError`, a `RuntimeError`
"""


class DamagedIndexError(ValueError):
    """Files of the index are missing, cut off, or were changed by something else."""


class IndexLockedError(RuntimeError):
    """Another process or object has the index open for writing."""


class StaleSnapshotError(RuntimeError):
    """Rows were numbered anew since the snapshot was taken; with the next one all is well."""

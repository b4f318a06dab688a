"""Which label values get a time series of their own."""

import threading
from collections.abc import Callable, Hashable

OTHER = "other"
"""Stands for every value that came too late."""
UNKNOWN = "unknown"
"""Stands for a name that nobody gave, or that a model invented."""

_LONGEST = 256


def printable(name: str) -> str:
    """Return `name` as it can be written: half a surrogate pair would spoil every scrape."""
    return name.encode(errors="replace").decode()


class LabelAdmission:
    """Admits label values in the order they come, until a label or the whole budget is full.

    What comes later, and what is longer than 256 characters, is reported as `other`, so totals
    stay right and no stranger can fill the server's memory by inventing names. Nothing is ever
    taken back: a removed series would make counters jump, and metrics shared by several processes
    cannot be removed at all.

    Args:
        max_values: Different values per label.
        max_series: Budget for all labels together, in time series.
        on_drop: Called with the label's name whenever a value did not fit.

    Example:
        >>> labels = LabelAdmission(max_values=1, max_series=100)
        >>> labels.admit("tool_name", "search", weight=20)
        True
        >>> labels.admit("tool_name", "invented_by_a_model", weight=20)
        False
    """

    def __init__(
        self,
        *,
        max_values: int,
        max_series: int,
        on_drop: Callable[[str], None] | None = None,
    ) -> None:
        if max_values < 1 or max_series < 1:
            msg = f"Limits start at 1; got max_values={max_values}, max_series={max_series}"
            raise ValueError(msg)
        self._max_values = max_values
        self._budget = max_series
        self._on_drop = on_drop
        self._admitted: dict[str, set[Hashable]] = {}
        self._lock = threading.Lock()

    def admit(self, label: str, value: str | tuple[str, ...], *, weight: int) -> bool:
        """Tell whether `value` may be used; `weight` is the number of series it may need."""
        if value in (OTHER, UNKNOWN) or self.has(label, value):
            return True
        parts = (value,) if isinstance(value, str) else value
        with self._lock:
            values = self._admitted.setdefault(label, set())
            if value in values:
                return True
            fits = (
                len(values) < self._max_values
                and weight <= self._budget
                and all(len(part) <= _LONGEST for part in parts)
            )
            if fits:
                values.add(value)
                self._budget -= weight
        if not fits and self._on_drop is not None:
            self._on_drop(label)
        return fits

    def has(self, label: str, value: Hashable) -> bool:
        """Tell whether `value` was admitted before."""
        return value in self._admitted.get(label, ())


class AdmittedNames(dict[str, str]):
    """The value of a label for a name: the name itself once admitted, else `other`."""

    def __init__(self, labels: LabelAdmission, label: str, weight: int) -> None:
        super().__init__({OTHER: OTHER, UNKNOWN: UNKNOWN})
        self._labels = labels
        self._label = label
        self._weight = weight

    def __missing__(self, name: str) -> str:
        label = printable(name)
        if not self._labels.admit(self._label, label, weight=self._weight):
            return OTHER
        if label == name:
            self[name] = label
        return label

"""Keeps results by question and image content, so that the same look is not paid twice."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from pydantic import BaseModel

from langchain_phase5.sync_or_async import Steps

Result = TypeVar("Result", bound=BaseModel)


class ResultCache:
    """The last `size` results. Everyone gets a copy, so nobody can change another's."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._results: OrderedDict[Hashable, BaseModel] = OrderedDict()
        self._lock = threading.Lock()

    def through(self, key: Hashable, look: Callable[[], Steps[Result]]) -> Steps[Result]:
        """The kept result, marked as such, or the one that `look` gives."""
        with self._lock:
            kept: Any = self._results.get(key)
            if kept is not None:
                self._results.move_to_end(key)
        if kept is not None:
            again = {"usage": None, "cost": 0.0 if kept.usage else kept.cost}
            if "cached" in type(kept).model_fields:
                again["cached"] = True
            return kept.model_copy(update=again, deep=True)  # type: ignore[no-any-return]
        result = yield from look()
        with self._lock:
            self._results[key] = result.model_copy(deep=True)
            while len(self._results) > self._size:
                self._results.popitem(last=False)
        return result

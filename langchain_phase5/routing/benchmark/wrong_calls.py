"""How often a distractible model would call a wrong tool."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from langchain_core.embeddings import Embeddings

from langchain_phase5.routing.benchmark.data import RoutingDataset

Values = npt.NDArray[np.float64]

_NOISE = 0.1


class DistractibleModel:
    """Calls the offered tool that seems nearest to the question.

    What a tool seems like is the cosine of the question and `name: description`, plus a normal
    error with a standard deviation of 0.1, drawn once for every pair of question and tool.
    """

    def __init__(self, dataset: RoutingDataset, embeddings: Embeddings) -> None:
        self._dataset = dataset
        texts = [f"{tool['name']}: {tool['description']}" for tool in dataset.tools]
        tools = np.asarray(embeddings.embed_documents(texts))
        questions = np.asarray([embeddings.embed_query(r.question) for r in dataset.test])
        noise = np.random.default_rng(0).normal(0, _NOISE, (len(questions), len(tools)))
        self._seems = questions @ tools.T + noise
        self._places = {tool["name"]: place for place, tool in enumerate(dataset.tools)}

    def wrong_with_all(self) -> Values:
        """Say for every request whether the call is wrong when all tools are offered (0 or 1)."""
        return self.wrong([list(self._places)] * len(self._dataset.test))

    def wrong(self, offered: Sequence[Sequence[str]]) -> Values:
        """Say for every request whether the call is wrong when these tools are offered."""
        return np.array(
            [
                request.recall([max(names, key=lambda name: row[self._places[name]])]) == 0
                for row, request, names in zip(
                    self._seems, self._dataset.test, offered, strict=True
                )
            ],
            dtype=np.float64,
        )


def relative_saving(both: Values) -> float:
    """Say by how many percent the second row's mean is below the first row's."""
    before, after = both.mean(axis=1)
    return float(100 * (before - after) / before) if before else 0.0

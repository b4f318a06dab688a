"""Does the answer mean the same?"""

import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from operator import mul
from typing import Any

from langchain_core.embeddings import Embeddings

from langchain_phase5.evaluation.metrics.answers import accepted_answers, answer_text
from langchain_phase5.evaluation.metrics.score import score, without_reference


def embedding_similarity(embeddings: Embeddings) -> Callable[..., Awaitable[dict[str, Any]]]:
    """Make an evaluator of the cosine between the embeddings of answer and reference.

    Of several accepted answers the closest counts; a negative cosine counts as 0.

    Args:
        embeddings: Any LangChain embedding model.

    Example:
        >>> import asyncio
        >>> from langchain_core.embeddings import DeterministicFakeEmbedding
        >>> evaluator = embedding_similarity(DeterministicFakeEmbedding(size=8))
        >>> same = evaluator(outputs="yes", reference_outputs={"answer": "yes"})
        >>> round(asyncio.run(same)["score"], 6)
        1.0
    """

    async def embedding_similarity(
        *, outputs: Any, reference_outputs: Mapping[str, Any] | None = None, **_: Any
    ) -> dict[str, Any]:
        accepted = accepted_answers(reference_outputs)
        if not accepted:
            return without_reference("embedding_similarity")
        vectors = await embeddings.aembed_documents([answer_text(outputs), *accepted])
        answer, *references = vectors
        closest = max(_cosine(answer, reference) for reference in references)
        return score("embedding_similarity", min(max(closest, 0.0), 1.0))

    return embedding_similarity


def _cosine(first: Sequence[float], second: Sequence[float]) -> float:
    lengths = math.hypot(*first) * math.hypot(*second)
    return sum(map(mul, first, second)) / lengths if lengths else 0.0

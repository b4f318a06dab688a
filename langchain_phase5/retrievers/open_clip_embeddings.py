"""Texts and images as vectors of one space, by any open_clip model."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from os import cpu_count
from pathlib import Path
from typing import Any, Self, TypeVar, get_args

import numpy as np
from langchain_core.embeddings import Embeddings
from PIL import Image

from langchain_phase5.retrievers.clip_model import (
    LOCAL,
    ClipModel,
    Vectors,
    load_clip_model,
)
from langchain_phase5.retrievers.image_source import (
    ImageSource,
    UnreadableImageError,
    decode,
    read_source,
)
from langchain_phase5.retrievers.precision import Precision
from langchain_phase5.retrievers.ready_vectors import take_ready_vectors

Item = TypeVar("Item")

_BATCHES_AHEAD = 2


class OpenCLIPEmbeddings(Embeddings):
    """Embed texts and images with an open_clip model, so that one can be searched by the other.

    The model is loaded on first use. By default that is ViT-B-32 trained on LAION-2B, fetched from
    the model hub once; any other open_clip name and tag works, or a folder of your own. Vectors
    have length one, so their inner product is the cosine similarity. Safe to share among threads.

    Args:
        model_name: An open_clip model, `hf-hub:org/name`, or `local-dir:/path` (see `from_local`).
        pretrained: The tag of its weights, see `open_clip.list_pretrained()`, or a checkpoint file.
            None leaves the weights random, which is good for nothing but measuring speed.
        device: E.g. `"cuda"` or `"cpu"`; chosen by what the machine has if None.
        precision: Number format of the weights and of the forward pass. None is fp16 on CUDA and
            fp32 elsewhere. `"bf16"` is for processors with instructions for it (AVX512-BF16, AMX),
            `"int8"` for a vision transformer on any, with the extra `int8`.
        batch_size: Images or texts per forward pass.
        decode_threads: Threads that read and decode images while the model computes.
        compiled: Run the image part through `torch.compile`: slow to start, faster in bulk.
        cache_dir: Where downloaded weights are kept, if not in the hub's usual cache.

    Example:
        ```python
        from langchain_phase5.retrievers import OpenCLIPEmbeddings

        clip = OpenCLIPEmbeddings()
        cat, invoice = clip.embed_images(["cat.jpg", "invoice.png"])
        query = clip.embed_query("a photo of a cat")
        ```
    """

    def __init__(
        self,
        model_name: str = "ViT-B-32",
        *,
        pretrained: str | None = "laion2b_s34b_b79k",
        device: str | None = None,
        precision: Precision | None = None,
        batch_size: int = 32,
        decode_threads: int | None = None,
        compiled: bool = False,
        cache_dir: str | None = None,
    ) -> None:
        if batch_size < 1:
            msg = f"batch_size must be at least 1, not {batch_size}"
            raise ValueError(msg)
        if precision is not None and precision not in get_args(Precision):
            msg = f"precision must be one of {', '.join(get_args(Precision))}, not {precision!r}"
            raise ValueError(msg)
        if precision == "int8" and device not in {None, "cpu"}:
            msg = f"precision='int8' computes on the CPU, not on {device!r}"
            raise ValueError(msg)
        self.model_name = model_name
        self.pretrained = None if model_name.startswith(LOCAL) else pretrained
        self.device = device
        self.precision = precision
        self.batch_size = batch_size
        self.decode_threads = decode_threads or min(8, cpu_count() or 1)
        self.compiled = compiled
        self.cache_dir = cache_dir
        self._model: ClipModel | None = None
        self._lock = threading.Lock()

    @classmethod
    def from_local(cls, folder: str | Path, **arguments: Any) -> Self:
        """Use the model in `folder`: `open_clip_config.json` beside a safetensors file.

        Args:
            folder: Where the model is.
            **arguments: As for the class.
        """
        return cls(f"{LOCAL}{Path(folder).resolve()}", **arguments)

    @property
    def arguments(self) -> dict[str, Any]:
        """What to pass to the class for the same model in another process."""
        return {
            "model_name": self.model_name,
            "pretrained": self.pretrained,
            "device": self.device,
            "precision": self.precision,
            "batch_size": self.batch_size,
            "decode_threads": self.decode_threads,
            "compiled": self.compiled,
            "cache_dir": self.cache_dir,
        }

    @property
    def model(self) -> ClipModel:
        """The loaded model; the first access loads it.

        Raises:
            ImportError: The extra `clip` is not installed.
            ValueError: There is no model of that name, the folder does not hold one, or 8 bits are
                too few for it.
            ModelUnavailableError: The weights cannot be downloaded.
        """
        with self._lock:
            if self._model is None:
                self._model = load_clip_model(
                    self.model_name,
                    pretrained=self.pretrained,
                    device=self.device,
                    precision=self.precision,
                    cache_dir=self.cache_dir,
                    compiled=self.compiled,
                )
            return self._model

    @property
    def fingerprint(self) -> str:
        """Identifies the weights, so that vectors of different models are never mixed."""
        return self.model.fingerprint

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Embed texts; what exceeds the model's context (77 tokens as a rule) is cut off."""
        ready = take_ready_vectors(len(texts))
        if ready is not None:
            return ready
        model = self.model
        size = self.batch_size
        parts = [model.encode_texts(texts[i : i + size]) for i in range(0, len(texts), size)]
        return [vector for part in parts for vector in part.tolist()]

    def embed_query(self, text: str) -> list[float]:
        """Embed one text."""
        return self.embed_documents([text])[0]

    def embed_images(self, images: Sequence[ImageSource]) -> list[list[float]]:
        """Embed images given as paths, bytes, PIL images or LangChain content blocks.

        Returns:
            A vector of length 1 for each image, in their order: 512 numbers from ViT-B-32.

        Raises:
            UnreadableImageError: One of them cannot be read. To skip such ones, use `stream`.
        """
        vectors = []
        for _, outcome in self.stream(images, self._load):
            if isinstance(outcome, UnreadableImageError):
                raise outcome
            vectors.append(np.asarray(outcome).tolist())
        return vectors

    def embed_image(self, uris: list[str]) -> list[list[float]]:
        """Embed image files: the method that langchain-chroma and other stores look for."""
        return self.embed_images(uris)

    def stream(
        self, items: Iterable[Item], load: Callable[[Item], Image.Image | None]
    ) -> Iterator[tuple[Item, Vectors | UnreadableImageError | None]]:
        """Embed any number of images in constant memory, in order, decoding ahead in threads.

        Args:
            items: Whatever `load` understands; may be endless.
            load: Makes the image of an item, or None to pass it over. Runs in several threads.

        Yields:
            Each item with its vector, the error that `load` raised for it, or None.
        """
        batch: list[tuple[Item, Any]] = []
        for item, tensor in self._prepared(items, load):
            batch.append((item, tensor))
            if len(batch) == self.batch_size:
                yield from self._embed_batch(batch)
                batch = []
        yield from self._embed_batch(batch)

    def _load(self, source: ImageSource) -> Image.Image:
        return decode(read_source(source), at_least=self.model.image_size).image

    def _prepared(
        self, items: Iterable[Item], load: Callable[[Item], Image.Image | None]
    ) -> Iterator[tuple[Item, Any]]:
        model = self.model

        def prepare(item: Item) -> Any:
            try:
                image = load(item)
                return None if image is None else model.preprocess(image)
            except UnreadableImageError as error:
                return error

        ahead: deque[tuple[Item, Future[Any]]] = deque()
        with ThreadPoolExecutor(self.decode_threads, "decode") as pool:
            for item in items:
                ahead.append((item, pool.submit(prepare, item)))
                if len(ahead) > _BATCHES_AHEAD * self.batch_size:
                    first, tensor = ahead.popleft()
                    yield first, tensor.result()
            while ahead:
                first, tensor = ahead.popleft()
                yield first, tensor.result()

    def _embed_batch(
        self, batch: Sequence[tuple[Item, Any]]
    ) -> Iterator[tuple[Item, Vectors | UnreadableImageError | None]]:
        import torch

        tensors = [tensor for _, tensor in batch if isinstance(tensor, torch.Tensor)]
        vectors = iter(self.model.encode_images(tensors) if tensors else ())
        for item, tensor in batch:
            yield item, next(vectors) if isinstance(tensor, torch.Tensor) else tensor

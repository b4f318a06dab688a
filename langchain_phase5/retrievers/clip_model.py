"""Load one open_clip model, safely and with errors that say what to do."""

import hashlib
import json
import os
import threading
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from langchain_phase5.retrievers.int8_image_encoder import Int8ImageEncoder
from langchain_phase5.retrievers.model_hub import hub_if_reachable
from langchain_phase5.retrievers.precision import Precision, best_precision, torch_dtype

Vectors = np.ndarray[Any, np.dtype[np.float32]]

LOCAL = "local-dir:"

_SAMPLED_VALUES = 256


class ModelUnavailableError(RuntimeError):
    """The weights are neither on this machine nor to be had from the model hub."""


@dataclass(frozen=True)
class ClipModel:
    """A loaded model with what belongs to it.

    Attributes:
        network: The torch module.
        encode_image: Its image part, or what stands in for that; takes a batch.
        preprocess: Turns a PIL image into the tensor that the network takes.
        tokenize: Turns a list of texts into a tensor.
        image_size: Side of the square that the network looks at, in pixels.
        device: Where it runs, e.g. `"cuda"`.
        precision: Number format in which images are computed.
        fingerprint: Tells this model's vectors from those of every other one.
    """

    network: Any = field(repr=False)
    encode_image: Callable[..., Any] = field(repr=False)
    preprocess: Any = field(repr=False)
    tokenize: Any = field(repr=False)
    image_size: int
    device: str
    precision: Precision
    fingerprint: str

    def encode_images(self, tensors: Sequence[Any]) -> Vectors:
        """Embed what `preprocess` made, in one forward pass; rows of length one."""
        import torch

        batch = torch.stack(list(tensors)).to(self.device, torch_dtype(self.precision))
        return _normalized(torch, self.encode_image, batch)

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """Embed texts in one forward pass; rows of length one."""
        import torch

        batch = self.tokenize(list(texts)).to(self.device)
        return _normalized(torch, self.network.encode_text, batch)


_loading = threading.Lock()


def load_clip_model(
    model_name: str,
    *,
    pretrained: str | None,
    device: str | None = None,
    precision: Precision | None = None,
    cache_dir: str | None = None,
    compiled: bool = False,
) -> ClipModel:
    """Load a model by open_clip's name and tag, or from a folder (`local-dir:/path`).

    Only safetensors are read from folders, and anything else that open_clip may download is read
    with `weights_only`, so that no weights file can run code.

    Args:
        model_name: See `OpenCLIPEmbeddings`, as for the rest.
        pretrained: The tag of its weights.
        device: Chosen by what the machine has if None.
        precision: Chosen by what the device computes fast if None, see `best_precision`.
        cache_dir: Where downloaded weights are kept.
        compiled: Run the image part through `torch.compile`.

    Raises:
        ImportError: The extra `clip` is not installed.
        ValueError: There is no model of that name, the folder does not hold one, or 8 bits are too
            few for it.
        ModelUnavailableError: The weights cannot be downloaded.
    """
    open_clip = _import_open_clip()
    import torch

    _check_name(open_clip, model_name, pretrained)
    device = device or ("cpu" if precision == "int8" else _best_device(torch))
    precision = precision or best_precision(device)
    local = model_name.startswith(LOCAL) or pretrained is None or Path(pretrained).is_file()
    fetched = not local or model_name.startswith("hf-hub:")
    with (
        _loading,  # open_clip and the hub client share caches that are not safe to fill twice
        hub_if_reachable() if fetched else nullcontext(enter_result=True) as reachable,
    ):
        network, preprocess = _create(
            open_clip, model_name, pretrained, cache_dir, reachable=reachable
        )
        tokenize = open_clip.get_tokenizer(model_name, cache_dir=cache_dir)
    network.eval().requires_grad_(requires_grad=False)
    fingerprint = _fingerprint(network)
    size = network.visual.image_size
    size = max(size) if isinstance(size, tuple) else size
    encode_image = network.encode_image
    if precision == "int8":
        encode_image = Int8ImageEncoder(network, image_size=size)
    texts = best_precision(device) if precision == "int8" else precision
    network = network.to(device, torch_dtype(texts))
    _count_on_threads_that_start(torch, texts)
    if compiled:
        network.visual.compile(dynamic=True)
    return ClipModel(
        network=network,
        encode_image=encode_image,
        preprocess=preprocess,
        tokenize=tokenize,
        image_size=size,
        device=device,
        precision=precision,
        fingerprint=fingerprint,
    )


def _import_open_clip() -> Any:
    try:
        import open_clip
    except ImportError as error:
        msg = "CLIP needs open_clip and torch: pip install 'langchain-phase5[clip]'"
        raise ImportError(msg) from error
    return open_clip


def _check_name(open_clip: Any, model_name: str, pretrained: str | None) -> None:
    if model_name.startswith(LOCAL):
        _check_folder(Path(model_name.removeprefix(LOCAL)))
        return
    if model_name.startswith("hf-hub:"):
        return
    if model_name not in open_clip.list_models():
        msg = (
            f"open_clip has no model {model_name!r}; see open_clip.list_models(), "
            "or use OpenCLIPEmbeddings.from_local(folder)"
        )
        raise ValueError(msg)
    tags = open_clip.list_pretrained_tags_by_model(model_name)
    if pretrained is not None and pretrained not in tags and not Path(pretrained).is_file():
        msg = f"{model_name} has no weights {pretrained!r}; it has {', '.join(tags) or 'none'}"
        raise ValueError(msg)


def _check_folder(folder: Path) -> None:
    config = folder / "open_clip_config.json"
    if not config.is_file() or not list(folder.glob("*.safetensors")):
        msg = (
            f"{folder} does not hold an open_clip model: it needs open_clip_config.json and "
            "open_clip_model.safetensors (other weight formats can run code and are not read)"
        )
        raise ValueError(msg)
    try:
        json.loads(config.read_text(encoding="utf-8"))["model_cfg"]
    except (ValueError, KeyError, TypeError) as error:
        msg = f"{config} is not an open_clip model config: {error!r}"
        raise ValueError(msg) from error


def _create(
    open_clip: Any,
    model_name: str,
    pretrained: str | None,
    cache_dir: str | None,
    *,
    reachable: bool,
) -> tuple[Any, Any]:
    local = model_name.startswith(LOCAL)
    try:
        network, _, preprocess = open_clip.create_model_and_transforms(
            model_name,
            pretrained=None if local else pretrained,
            precision="fp32",
            device="cpu",
            cache_dir=cache_dir,
            weights_only=True,
        )
    except Exception as error:
        if local:
            msg = f"the weights in {model_name.removeprefix(LOCAL)} do not load: {error}"
            raise ValueError(msg) from error
        hub = "the model hub" if reachable else "the model hub, which does not answer,"
        msg = (
            f"the weights of {model_name} ({pretrained}) could not be loaded: {error}\n"
            f"They come from {hub} on first use and stay in its cache. Do one of these:\n"
            "- connect this machine once, or set HF_ENDPOINT to a mirror;\n"
            "- copy the cache of another machine here and say where with HF_HOME;\n"
            "- copy a folder with open_clip_config.json and open_clip_model.safetensors here and "
            "use OpenCLIPEmbeddings.from_local(folder), or pass a checkpoint as `pretrained`;\n"
            "- to try things out, use the demo's model, which knows drawings only: "
            "OpenCLIPEmbeddings.from_local(langchain_phase5.demo.tiny_drawings.path()).\n"
            "HF_HUB_OFFLINE=1 keeps the hub from being asked at all."
        )
        raise ModelUnavailableError(msg) from error
    return network, preprocess


def _best_device(torch: Any) -> str:
    if torch.cuda.is_available():
        return "cuda"
    if torch.backends.mps.is_available():
        return "mps"
    return "cpu"


def _count_on_threads_that_start(torch: Any, precision: Precision) -> None:
    """Have PyTorch count on no more threads than OpenMP will start.

    In bf16 it hands out its work among as many as it counts on, and what falls to those that never
    start is left undone: the vectors are wrong, without an error. With OMP_DYNAMIC, how many start
    depends on the load of the machine.
    """
    limit = os.environ.get("OMP_THREAD_LIMIT", "")
    if limit.isdigit() and 0 < int(limit) < torch.get_num_threads():
        torch.set_num_threads(int(limit))
    if precision == "bf16" and os.environ.get("OMP_DYNAMIC", "").strip().lower() == "true":
        torch.set_num_threads(1)


def _normalized(torch: Any, encode: Callable[..., Any], batch: Any) -> Vectors:
    with torch.inference_mode():
        vectors = torch.nn.functional.normalize(encode(batch, normalize=False).float(), dim=-1)
    return np.asarray(vectors.cpu().numpy(), dtype=np.float32)


def _fingerprint(network: Any) -> str:
    """Hash every tensor's name, shape and first values: any training changes some of them."""
    digest = hashlib.sha256()
    for name, tensor in sorted(network.state_dict().items()):
        digest.update(f"{name}{tuple(tensor.shape)}".encode())
        digest.update(tensor.flatten()[:_SAMPLED_VALUES].cpu().numpy().tobytes())
    digest.update(json.dumps(network.visual.preprocess_cfg, sort_keys=True, default=str).encode())
    return digest.hexdigest()[:32]

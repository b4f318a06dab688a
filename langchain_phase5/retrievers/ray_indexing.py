"""Embed images on many machines with Ray Data, into one index, each content exactly once."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from langchain_phase5.retrievers.add_report import AddReport
from langchain_phase5.retrievers.image_adder import identify
from langchain_phase5.retrievers.image_files import ImageSources, find_images
from langchain_phase5.retrievers.image_index import ImageIndex
from langchain_phase5.retrievers.image_source import UnreadableImageError, decode, read_source
from langchain_phase5.retrievers.open_clip_embeddings import OpenCLIPEmbeddings

_BATCH = 32


def index_with_ray(
    sources: ImageSources,
    index: ImageIndex,
    *,
    workers: int = 2,
    cpus_per_worker: float = 1,
    gpus_per_worker: float = 0,
) -> AddReport:
    """Embed images in the workers of a Ray cluster and add them to `index` here.

    Ray runs a batch again when its worker dies. That is harmless: images are told apart by their
    content, only this process writes, and it adds each of them once. So a run that was interrupted
    is resumed by repeating it, and what is there already is read by the workers but not embedded.

    Args:
        sources: Files that every worker can read: a folder, a pattern, or a list of paths.
        index: Receives the images; its embeddings are loaded once in every worker.
        workers: How many processes embed.
        cpus_per_worker: What Ray reserves for each.
        gpus_per_worker: What Ray reserves for each.

    Raises:
        ImportError: Ray is not installed.

    Example:
        ```python
        import ray

        from langchain_phase5.retrievers import ImageIndex, OpenCLIPEmbeddings
        from langchain_phase5.retrievers.ray_indexing import index_with_ray

        ray.init("auto")
        with ImageIndex(OpenCLIPEmbeddings(), path="/data/index") as index:
            print(index_with_ray("/data/images", index, workers=16, gpus_per_worker=1))
            index.optimize()
        ```
    """
    try:
        import ray.data  # noqa: PLC0415 - an optional extra, and slow to import
    except ImportError as error:
        msg = "indexing with Ray needs it: pip install 'langchain-phase5[ray]'"
        raise ImportError(msg) from error
    report = AddReport()
    items = []
    for named in find_images(sources):
        if named.error is not None:
            report.failed[named.name] = named.error
        else:
            items.append({"name": named.name, "source": str(named.source)})
    if not items:
        return report
    blocks = -(-len(items) // _BATCH)
    outcomes = ray.data.from_items(items, override_num_blocks=blocks).map_batches(
        _Embedder,
        fn_constructor_kwargs={"arguments": _arguments(index), "known": frozenset(index.ids())},
        batch_size=_BATCH,
        compute=ray.data.ActorPoolStrategy(size=workers),
        num_cpus=cpus_per_worker,
        num_gpus=gpus_per_worker,
    )
    for batch in outcomes.iter_batches(batch_size=_BATCH):
        _store(index, batch, report)
    return report


class _Embedder:
    """What runs in a worker: the model, and one call per batch."""

    def __init__(self, *, arguments: Mapping[str, Any], known: frozenset[str]) -> None:
        self._clip = OpenCLIPEmbeddings(**arguments)
        self._known = known

    def __call__(self, batch: Mapping[str, Any]) -> dict[str, list[Any]]:
        rows = [
            {"name": str(name), "source": str(source)}
            for name, source in zip(batch["name"], batch["source"], strict=True)
        ]
        outcomes = [_outcome(row, outcome) for row, outcome in self._clip.stream(rows, self._load)]
        return {key: [outcome[key] for outcome in outcomes] for key in outcomes[0]}

    def _load(self, row: dict[str, Any]) -> Any:
        data = read_source(Path(row["source"]))
        row["id"], row["size"] = identify(data)
        if row["id"] in self._known:
            return None
        decoded = decode(data, at_least=self._clip.model.image_size)
        row["width"], row["height"] = decoded.width, decoded.height
        return decoded.image


def _outcome(row: Mapping[str, Any], outcome: Any) -> dict[str, Any]:
    """Make a row of plain values, since Ray keeps them in Arrow tables."""
    embedded = isinstance(outcome, np.ndarray)
    return {
        "name": row["name"],
        "id": row.get("id", ""),
        "size": row.get("size", 0),
        "width": row.get("width", 0),
        "height": row.get("height", 0),
        "error": str(outcome) if isinstance(outcome, UnreadableImageError) else "",
        "vector": outcome.tobytes() if embedded else b"",
    }


def _store(index: ImageIndex, batch: Mapping[str, Any], report: AddReport) -> None:
    names = [str(name) for name in batch["name"]]
    rows = [dict(zip(batch, values, strict=True)) for values in zip(*batch.values(), strict=True)]
    present = {str(document.id) for document in index.get_by_ids([str(row["id"]) for row in rows])}
    new: dict[str, dict[str, Any]] = {}
    for name, row in zip(names, rows, strict=True):
        if row["error"]:
            report.failed[name] = str(row["error"])
        elif row["id"] in present or row["id"] in new:
            report.known.append(str(row["id"]))
        else:
            new[str(row["id"])] = row
    if new:
        report.added += index.add_embeddings(
            [Path(str(row["name"])).name for row in new.values()],
            np.stack([np.frombuffer(row["vector"], dtype=np.float32) for row in new.values()]),
            [_metadata(row) for row in new.values()],
            ids=list(new),
        )


def _metadata(row: Mapping[str, Any]) -> dict[str, Any]:
    numbers = {key: int(row[key]) for key in ("width", "height", "size")}
    return {"source": str(row["name"]), "id": str(row["id"]), **numbers}


def _arguments(index: ImageIndex) -> dict[str, Any]:
    clip = index.embeddings
    if not isinstance(clip, OpenCLIPEmbeddings):
        msg = "only an index with OpenCLIPEmbeddings can be filled by Ray"
        raise TypeError(msg)
    return clip.arguments

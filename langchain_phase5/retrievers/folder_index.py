"""Index a folder of images, and find its index again."""

from pathlib import Path

from langchain_phase5.retrievers.add_report import AddReport
from langchain_phase5.retrievers.clip_image_retriever import CLIPImageRetriever
from langchain_phase5.retrievers.image_adder import Described
from langchain_phase5.retrievers.image_index import ImageIndex
from langchain_phase5.retrievers.open_clip_embeddings import OpenCLIPEmbeddings
from langchain_phase5.retrievers.ray_indexing import index_with_ray

_INSIDE = ".image-index"


def index_folder(
    folder: str | Path,
    path: str | Path | None = None,
    *,
    embeddings: OpenCLIPEmbeddings | None = None,
    captions: Described = None,
    metadatas: Described = None,
    progress: bool = False,
    ray_workers: int | None = None,
) -> AddReport:
    """Embed every image below `folder` that is not in its index yet.

    A run that was interrupted goes on where it stopped when it is repeated.

    Args:
        folder: Where the images are; also a single file or a pattern if `path` is given.
        path: The index's folder; `.image-index` inside `folder` by default.
        embeddings: The model; ViT-B-32 by default.
        captions: See `CLIPImageRetriever.add_images`.
        metadatas: See `CLIPImageRetriever.add_images`.
        progress: Show a progress bar.
        ray_workers: Embed in so many processes of a Ray cluster, which know the images by their
            names only; see `ray_indexing.index_with_ray`.

    Raises:
        ImportError: `ray_workers` is given and Ray is not installed.
        ValueError: There is no such folder, its index is of another model, or captions or
            metadatas are to go with `ray_workers`.
        IndexLockedError: Another process is indexing it.

    Example:
        ```python
        from langchain_phase5.retrievers import CLIPImageRetriever, index_folder, open_index

        print(index_folder("photos", progress=True))
        with open_index("photos") as index:
            CLIPImageRetriever(vectorstore=index).invoke("a red car")
        ```
    """
    if path is None and not Path(folder).is_dir():
        msg = f"{folder} is not a folder; to index a pattern, say where the index shall be"
        raise ValueError(msg)
    if ray_workers is not None and (captions is not None or metadatas is not None):
        msg = "with ray_workers there are no captions and metadatas; add them with update"
        raise ValueError(msg)
    place = Path(folder) / _INSIDE if path is None else Path(path)
    with ImageIndex(embeddings or OpenCLIPEmbeddings(), path=place) as index:
        if ray_workers is not None:
            report = index_with_ray(folder, index, workers=ray_workers)
        else:
            report = CLIPImageRetriever(vectorstore=index).add_images(
                folder, captions=captions, metadatas=metadatas, progress=progress
            )
        index.optimize()
    return report


def open_index(
    path: str | Path, *, embeddings: OpenCLIPEmbeddings | None = None, read_only: bool = True
) -> ImageIndex:
    """Open the index at `path`, or the one inside the folder of images at `path`.

    Raises:
        ValueError: There is none, or it was made with another model.
        DamagedIndexError: Its files were changed or cut off.
    """
    inside = Path(path) / _INSIDE
    place = inside if inside.is_dir() else Path(path)
    if not place.is_dir():
        msg = f"there is no index at {path}; make one with index_folder"
        raise ValueError(msg)
    return ImageIndex(embeddings or OpenCLIPEmbeddings(), path=place, read_only=read_only)

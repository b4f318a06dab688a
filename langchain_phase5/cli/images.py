"""`langchain-phase5 index` and `search`."""

import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from langchain_phase5.retrievers import OpenCLIPEmbeddings

_Model = Annotated[
    str,
    typer.Option(help="An open_clip model as NAME/PRETRAINED, or the folder of a local one."),
]
_DEFAULT_MODEL = "ViT-B-32/laion2b_s34b_b79k"


def index(
    folder: Annotated[Path, typer.Argument(help="A folder of images.")],
    path: Annotated[
        Path | None, typer.Option(help="The index's folder; FOLDER/.image-index by default.")
    ] = None,
    model: _Model = _DEFAULT_MODEL,
    ray: Annotated[
        bool, typer.Option("--ray", help="Embed on the Ray cluster at RAY_ADDRESS, or a local one.")
    ] = False,
    workers: Annotated[int, typer.Option(help="Processes that embed, with --ray.")] = 2,
) -> None:
    """Embed the images below FOLDER with CLIP; what is in the index already is skipped."""
    from langchain_phase5.retrievers import index_folder

    report = index_folder(
        folder,
        path,
        embeddings=_embeddings(model),
        progress=True,
        ray_workers=workers if ray else None,
    )
    typer.echo(str(report))
    for name, reason in report.failed.items():
        typer.echo(f"  {name}: {reason}", err=True)


def search(
    place: Annotated[Path, typer.Argument(help="An indexed folder, or an index.")],
    text: Annotated[str | None, typer.Argument(help="What the images should show.")] = None,
    image: Annotated[Path | None, typer.Option(help="Find images like this one.")] = None,
    k: Annotated[int, typer.Option(help="How many.")] = 5,
    open_html: Annotated[
        bool, typer.Option("--open-html", help="Open a page with the images found.")
    ] = False,
    html: Annotated[Path, typer.Option(help="Where --open-html writes it.")] = Path("found.html"),
    model: _Model = _DEFAULT_MODEL,
) -> None:
    """Find images by text, by example, or by both."""
    from langchain_phase5.retrievers import CLIPImageRetriever, contact_sheet, open_index

    query: dict[str, Any] = {"text": text, "image": image}
    query = {name: value for name, value in query.items() if value is not None}
    if not query:
        msg = "say what to look for: a text, or --image FILE"
        raise ValueError(msg)
    with open_index(place, embeddings=_embeddings(model)) as opened:
        found = CLIPImageRetriever(vectorstore=opened, k=k).invoke(query)  # type: ignore[arg-type] # its own query type
    for document in found:
        typer.echo(f"{document.metadata['score']:.3f}  {document.metadata['source']}")
    if open_html:
        page = contact_sheet(found, html, title=text or str(image))
        typer.echo(f"page: {page}")
        webbrowser.open(page.as_uri())


def _embeddings(model: str) -> "OpenCLIPEmbeddings":
    from langchain_phase5.retrievers import OpenCLIPEmbeddings

    if Path(model).is_dir():
        return OpenCLIPEmbeddings.from_local(model)
    name, _, pretrained = model.partition("/")
    if not pretrained:
        msg = f"{model!r} is neither a folder nor of the form NAME/PRETRAINED"
        raise ValueError(msg)
    return OpenCLIPEmbeddings(name, pretrained=pretrained)

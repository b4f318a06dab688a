"""A page to look at what a search found: thumbnails, scores, captions, in one HTML file."""

import base64
import html
import io
from collections.abc import Sequence
from pathlib import Path

from langchain_core.documents import Document

from langchain_phase5.retrievers.image_source import UnreadableImageError, decode, read_source
from langchain_phase5.written import write_whole

_THUMBNAIL = 320
_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{title}</title>
<style>
body {{ font: 15px/1.4 system-ui, sans-serif; margin: 2rem; color: #222; background: #fafafa }}
main {{ display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)) }}
figure {{ margin: 0; padding: .75rem; background: #fff; border: 1px solid #ddd }}
figure > div {{ height: 14rem; display: grid; place-items: center; color: #999 }}
img {{ max-width: 100%; max-height: 14rem }}
figcaption b {{ float: right; font-variant-numeric: tabular-nums; margin-left: .5rem }}
small {{ display: block; color: #666; overflow-wrap: anywhere }}
</style>
<h1>{title}</h1>
<main>
{figures}
</main>
</html>
"""


def contact_sheet(
    documents: Sequence[Document], path: str | Path, *, title: str = "Images found"
) -> Path:
    """Write a self-contained HTML page of images found by `CLIPImageRetriever`.

    Args:
        documents: What was found, best first.
        path: The page to write.
        title: Its heading, e.g. the query.

    Returns:
        The absolute path of the page.

    Example:
        ```python
        from langchain_phase5.retrievers import CLIPImageRetriever, contact_sheet

        retriever = CLIPImageRetriever()
        retriever.add_images("photos/")
        contact_sheet(retriever.invoke("a red car"), "cars.html", title="a red car")
        ```
    """
    path = Path(path).resolve()
    figures = "\n".join(_figure(document) for document in documents) or "<p>Nothing was found.</p>"
    page = _PAGE.format(title=html.escape(title), figures=figures)
    write_whole(path, page)
    return path


def _figure(document: Document) -> str:
    source = str(document.metadata.get("source", ""))
    score = document.metadata.get("score")
    shown = "" if score is None else f"<b>{float(score):.3f}</b>"
    return (
        f"<figure><div>{_thumbnail(source, document.page_content)}</div><figcaption>{shown}"
        f"{html.escape(document.page_content)}<small>{html.escape(source)}</small>"
        "</figcaption></figure>"
    )


def _thumbnail(source: str, caption: str) -> str:
    """Embed the image, shrunk; a word in its place where it is not to be had."""
    try:
        image = decode(read_source(Path(source)), at_least=_THUMBNAIL).image
    except UnreadableImageError:
        return "no preview"
    image.thumbnail((_THUMBNAIL, _THUMBNAIL))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=85)
    data = base64.b64encode(file.getvalue()).decode()
    return f'<img alt="{html.escape(caption)}" src="data:image/jpeg;base64,{data}">'

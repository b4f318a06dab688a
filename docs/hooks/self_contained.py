"""Fails the build if a page would load anything from another machine."""

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError

_LOADS = re.compile(
    r"""<(?:script|img|iframe|source)\b[^>]*\bsrc=["']?(?:https?:)?//[^"'\s>]+"""
    r"""|<link\b(?![^>]*rel=["']?(?:canonical|next|prev))[^>]*\bhref=["']?(?:https?:)?//[^"'\s>]+"""
)


def on_post_build(config: MkDocsConfig) -> None:
    """Look through every page that was written."""
    for page in sorted(Path(config.site_dir).rglob("*.html")):
        found = _LOADS.search(page.read_text(encoding="utf-8"))
        if found:
            msg = f"{page.name} would load {found.group()!r}"
            raise PluginError(msg)

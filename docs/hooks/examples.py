"""Lets mkdocstrings read the docstrings' `Example:` as the section that knows `>>>`."""

import re
from typing import Any

import griffe


class Examples(griffe.Extension):
    """Griffe parses doctests in a section named `Examples:` only."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Rename the section before the docstring is parsed."""
        if obj.docstring:
            obj.docstring.value = re.sub(
                r"^( *)Example:$", r"\1Examples:", obj.docstring.value, flags=re.MULTILINE
            )

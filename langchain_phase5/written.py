"""Write a file whole or not at all."""

import os
import tempfile
from pathlib import Path


def write_whole(path: Path | str | None, text: str) -> str:
    """Write `text` to `path`, if given, by way of a temporary file beside it; return the text."""
    if path is None:
        return text
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="surrogatepass") as file:
            file.write(text)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return text

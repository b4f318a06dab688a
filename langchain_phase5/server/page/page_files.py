"""The files of the web page, read once and ready to send."""

import gzip
import hashlib
import re
from base64 import b64encode
from functools import cache
from importlib.resources import files

from fastapi import Request, Response

from langchain_phase5.evaluation.page.render import page_shell

_TYPES = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
_NO_PERMISSIONS = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"


def page_file(request: Request, name: str) -> Response | None:
    """One of the files, compressed where the browser takes that; 304 if it has it already.

    None where there is no file of that name.
    """
    found = _files().get(name)
    if found is None:
        return None
    plain, packed, tag = found
    headers = {
        "Cache-Control": "no-cache",  # ask every time, and be told by the tag that nothing changed
        "Content-Security-Policy": content_policy(),
        "ETag": tag,
        "Permissions-Policy": _NO_PERMISSIONS,
        "Vary": "Accept-Encoding",
    }
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    kind = _TYPES[name.rpartition(".")[2]]
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(packed, media_type=kind, headers=headers | {"Content-Encoding": "gzip"})
    return Response(plain, media_type=kind, headers=headers)


@cache
def content_policy() -> str:
    """What the page may load and run: its own files, and nothing that is written into it.

    Evaluation reports, which are shown in a frame, carry their style and script inside; a frame
    that the page fills obeys the page's policy, so these two are let through by their hashes.
    """
    script = files("langchain_phase5.evaluation.page").joinpath("page.js").read_text("utf-8")
    report = page_shell("", "", script=script)
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src 'self' {_hash_of(report, 'script')}",
            f"style-src 'self' {_hash_of(report, 'style')}",
            "img-src 'self' blob: data:",
            "connect-src 'self'",
            "frame-src blob:",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        ]
    )


def _hash_of(page: str, element: str) -> str:
    (content,) = re.findall(rf"<{element}>(.*?)</{element}>", page, re.DOTALL)
    digest = hashlib.sha256(content.encode()).digest()
    return f"'sha256-{b64encode(digest).decode()}'"


@cache
def _files() -> dict[str, tuple[bytes, bytes, str]]:
    """Every file by its name: plain, compressed, and its tag."""
    found = {}
    for file in files("langchain_phase5.server.page").iterdir():
        if file.name.rpartition(".")[2] in _TYPES:
            plain = file.read_bytes()
            tag = f'"{hashlib.sha256(plain).hexdigest()[:16]}"'
            found[file.name] = plain, gzip.compress(plain, 9, mtime=0), tag
    return found

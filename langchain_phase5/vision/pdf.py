"""Pages of a PDF as pictures, drawn in a process of their own that can be killed."""

import json
import math
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self, cast

from PIL import Image

from langchain_phase5.vision.errors import (
    ImageNotFoundError,
    ImageTooLargeError,
    UnreadableImageError,
)
from langchain_phase5.vision.limits import ImageLimits

_POINTS_PER_INCH = 72
_START_SECONDS = 60.0  # of our own code, which no PDF can prolong; a busy machine may take a few
_NOT_STARTED = (
    f"The process that draws PDF pages did not start in {_START_SECONDS:g} s. Send the pages as "
    "images, or try again when the machine is less busy."
)
_WORKER = Path(__file__).with_name("pdf_worker.py")


class PdfPages:
    """The pages of one PDF; the size of each is computed before it is drawn.

    A page that would exceed `work_pixels` at the resolution asked for is drawn at a lower one. A
    page that takes too long costs the process its life, and raises. Scripts inside are never run.

    Example:
        ```python
        from pathlib import Path

        from langchain_phase5.vision import PdfPages

        if (file := Path("report.pdf")).exists():
            with PdfPages(file.read_bytes()) as pages:
                print(len(pages), pages.render(0, dpi=100).size)
        ```
    """

    def __init__(self, data: bytes, *, limits: ImageLimits | None = None) -> None:
        """Start the process and open the document.

        Raises:
            UnreadableImageError: It is no PDF, a broken one, or needs a password.
            ImageTooLargeError: It has too many bytes, or takes too long to open.
        """
        self._limits = limits or ImageLimits()
        if find_spec("pypdfium2") is None:
            msg = "PDF pages need one more package: pip install 'langchain-phase5[vision]'"
            raise ImportError(msg)
        if len(data) > self._limits.max_bytes:
            msg = f"The PDF has {len(data):,} bytes; at most {self._limits.max_bytes:,} are read."
            raise ImageTooLargeError(msg)
        self._process = _start_worker(self._limits.max_pages)
        self._stdin = cast("IO[bytes]", self._process.stdin)
        self._stdout = cast("IO[bytes]", self._process.stdout)
        try:
            with self._deadline(_START_SECONDS, _NOT_STARTED):
                self._ask(b"")
            with self._deadline(self._limits.max_seconds, self._too_slow("the start")):
                opened = self._ask(len(data).to_bytes(8) + data)
        except BaseException:
            self.close()
            raise
        self._sizes: list[tuple[float, float]] = opened["sizes"]

    def __len__(self) -> int:
        return len(self._sizes)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._stdout.close()
        with suppress(BrokenPipeError):
            self._stdin.close()
        self._process.wait()

    def render(self, page: int, *, dpi: int = 200) -> Image.Image:
        """Draw one page, counted from 0, in RGB.

        Raises:
            ImageNotFoundError: There is no such page.
            ImageTooLargeError: Drawing took longer than `max_seconds`, or too much memory.
            UnreadableImageError: The page is broken.
        """
        if not 0 <= page < len(self):
            msg = f"There is no page {page}; the PDF offers pages 0 to {len(self) - 1}."
            raise ImageNotFoundError(msg)
        request = {"page": page, "scale": self._scale(page, dpi)}
        with self._deadline(self._limits.max_seconds, self._too_slow(f"page {page}")):
            drawn = self._ask(json.dumps(request).encode() + b"\n")
            size, stride = (drawn["width"], drawn["height"]), drawn["stride"]
            pixels = self._read(size[1] * stride)
        return Image.frombytes("RGB", size, pixels, "raw", "RGB", stride)

    def _ask(self, request: bytes) -> dict[str, Any]:
        self._stdin.write(request)
        self._stdin.flush()
        answer: dict[str, Any] = json.loads(self._stdout.readline() or "null") or {"error": ""}
        if "error" in answer:
            msg = f"The PDF is broken or locked with a password. {answer['error']}".rstrip()
            raise UnreadableImageError(msg)
        return answer

    def _read(self, size: int) -> bytes:
        pixels = self._stdout.read(size)
        if len(pixels) < size:
            msg = "The process that draws PDF pages ended early."
            raise UnreadableImageError(msg)
        return pixels

    @contextmanager
    def _deadline(self, seconds: float, refusal: str) -> Iterator[None]:
        """Kill the process when time is up, which ends the read that waits for it."""
        late = threading.Event()

        def kill() -> None:
            late.set()
            self._process.kill()

        timer = threading.Timer(seconds, kill)
        timer.start()
        try:
            yield
        except (UnreadableImageError, OSError) as error:
            if late.is_set():
                raise ImageTooLargeError(refusal) from None
            if isinstance(error, OSError):
                msg = "The process that draws PDF pages ended early."
                raise UnreadableImageError(msg) from error
            raise
        finally:
            timer.cancel()

    def _too_slow(self, what: str) -> str:
        return (
            f"Drawing {what} of the PDF took more than {self._limits.max_seconds:g} s. "
            "Send that page as an image, or raise ImageLimits(max_seconds=...)."
        )

    def _scale(self, page: int, dpi: int) -> float:
        width, height = self._sizes[page]
        scale = dpi / _POINTS_PER_INCH
        most = math.sqrt(self._limits.work_pixels / max(1.0, width * height))
        return min(scale, most)


def _start_worker(max_pages: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - our own script
        [sys.executable, "-P", str(_WORKER), str(max_pages)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )

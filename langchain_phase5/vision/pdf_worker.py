"""The process that draws PDF pages; it is run as a script and can be killed.

It says `{"ready": true}`, reads the document from standard input (8 bytes of length, then the
bytes) and answers with one line, `{"sizes": [[width, height], ...]}`, in points. From then on it
draws what each line, such as `{"page": 0, "scale": 2.0}`, asks for: a line
`{"width": ..., "height": ..., "stride": ...}`, then rows of RGB bytes, `stride` bytes each. A line
`{"error": ...}` says what went wrong. It imports nothing of this package, to start fast.
"""

import json
import sys
from typing import Any

_ADDRESS_SPACE = 1 << 30


def main() -> None:
    """Serve one document, until standard input ends."""
    _limit_memory()
    try:
        import pypdfium2

        _answer({"ready": True})
        data = sys.stdin.buffer.read(int.from_bytes(sys.stdin.buffer.read(8)))
        document = pypdfium2.PdfDocument(data)
        most = int(sys.argv[1])
        sizes = [document.get_page_size(i) for i in range(min(len(document), most))]
    except Exception as error:  # noqa: BLE001 - told to the parent, which raises
        _answer({"error": f"{type(error).__name__}: {error}"[:300]})
        return
    _answer({"sizes": sizes})
    for line in sys.stdin.buffer:
        try:
            _draw(document, json.loads(line))
        except Exception as error:  # noqa: BLE001 - told to the parent, which raises
            _answer({"error": f"{type(error).__name__}: {error}"[:300]})


def _draw(document: Any, request: dict[str, Any]) -> None:
    page = document[request["page"]]
    bitmap = page.render(scale=request["scale"], may_draw_forms=False, rev_byteorder=True)
    _answer({"width": bitmap.width, "height": bitmap.height, "stride": bitmap.stride})
    sys.stdout.buffer.write(bitmap.buffer)
    sys.stdout.buffer.flush()
    bitmap.close()
    page.close()


def _answer(message: dict[str, Any]) -> None:
    sys.stdout.buffer.write(json.dumps(message).encode() + b"\n")
    sys.stdout.buffer.flush()


def _limit_memory() -> None:
    try:
        import resource  # noqa: PLC0415 - absent on Windows
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE, _ADDRESS_SPACE))


if __name__ == "__main__":
    main()

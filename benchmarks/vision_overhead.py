"""Measures what the tool `analyze_image` costs beside the call of the model.

    python benchmarks/vision_overhead.py [--calls 200]

A picture of one megapixel, already small enough to be sent as it is, goes to a server that speaks
OpenAI's protocol on this machine, in a process of its own. In turns, ChatOpenAI is asked directly,
with the bytes at hand and the schema bound, and through the tool, which finds the file, checks it,
hashes it, strips its metadata, binds the schema and reports. Every call has another question, so
that nothing comes from the cache. The overhead is the median of the differences of neighboring
calls.
"""

import argparse
import asyncio
import base64
import io
import json
import multiprocessing
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
from langchain_core.messages import HumanMessage, SystemMessage
from langchain_core.messages.content import create_image_block
from langchain_openai import ChatOpenAI
from PIL import Image, ImageFilter

from langchain_phase5.vision import VisionAnalyzer, VisionToolkit
from langchain_phase5.vision.online_look import SeenImage
from langchain_phase5.vision.vision_model import RULES

ANSWER = {"description": "Noise.", "objects": ["noise"], "confidence": 0.9}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Answer without a look at the picture."""
        self.rfile.read(int(self.headers["Content-Length"]))
        message = {"role": "assistant", "content": json.dumps(ANSWER)}
        body = {
            "id": "1",
            "object": "chat.completion",
            "created": 1,
            "model": "gpt-4o",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 800, "completion_tokens": 20, "total_tokens": 820},
        }
        data = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _serve(ready: "multiprocessing.Queue[int]") -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    ready.put(server.server_address[1])
    server.serve_forever()


@contextmanager
def server() -> Iterator[str]:
    """Serve until the block ends."""
    ready: multiprocessing.Queue[int] = multiprocessing.Queue()
    process = multiprocessing.Process(target=_serve, args=(ready,), daemon=True)
    process.start()
    yield f"http://127.0.0.1:{ready.get()}/v1"
    process.kill()


def photo(kind: str) -> bytes:
    """Draw a megapixel that compresses as a photo does, not shrunk by gpt-4o: 1302 by 768."""
    noise = np.random.default_rng(0).integers(0, 256, (768, 1302, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(noise).filter(ImageFilter.GaussianBlur(1)).save(out, kind)
    return out.getvalue()


async def timed(work: Callable[[], Awaitable[object]]) -> tuple[float, float]:
    """Return milliseconds of wall and CPU time."""
    wall, cpu = time.perf_counter(), time.process_time()
    await work()
    return 1000 * (time.perf_counter() - wall), 1000 * (time.process_time() - cpu)


async def measure(kind: str, url: str, calls: int) -> None:
    """Print one row."""
    data = photo(kind)
    model = ChatOpenAI(model="gpt-4o", base_url=url, api_key="none", max_retries=0)
    bound = model.with_structured_output(SeenImage, include_raw=True)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"photo.{kind.lower()}"
        path.write_bytes(data)
        analyzer = VisionAnalyzer(model, roots=[folder])
        tool = next(t for t in VisionToolkit(analyzer).get_tools() if t.name == "analyze_image")

        async def directly(query: str) -> object:
            text = {"type": "text", "text": f"Describe this image.\nAlso answer: {query}"}
            mime_type = f"image/{kind.lower()}"
            block = create_image_block(base64=base64.b64encode(data).decode(), mime_type=mime_type)
            return await bound.ainvoke([SystemMessage(RULES), HumanMessage([text, dict(block)])])

        async def by_tool(query: str) -> object:
            return await tool.ainvoke({"image": str(path), "query": query})

        rows = []
        for number in range(calls + 5):
            query = f"How many things are there? ({number})"
            one = await timed(lambda q=query: directly(q))  # type: ignore[misc]
            other = await timed(lambda q=query: by_tool(q))  # type: ignore[misc]
            rows.append((*one, *other))
    bare_wall, bare_cpu, wall, cpu = np.array(rows[5:]).T
    apart, apart_cpu = wall - bare_wall, cpu - bare_cpu
    low, high = interval(apart)
    print(
        f"{kind:5} {len(data) / 1000:5.0f} kB  model {np.median(bare_wall):6.2f} ms, through the "
        f"tool {np.median(wall):6.2f} ms: overhead {np.median(apart):5.2f} ms [{low:.2f}, "
        f"{high:.2f}], CPU {np.median(apart_cpu):5.2f} ms",
        flush=True,
    )


def interval(values: np.ndarray) -> tuple[float, float]:
    """95 % interval of the median, by bootstrap."""
    picks = np.random.default_rng(0).integers(0, len(values), (2000, len(values)))
    low, high = np.percentile(np.median(values[picks], axis=1), [2.5, 97.5])
    return float(low), float(high)


async def both(url: str, calls: int) -> None:
    """Measure in one event loop, as the client keeps its connections."""
    for kind in ("JPEG", "PNG"):
        await measure(kind, url, calls)


def main() -> None:
    """Print a row for a JPEG and one for a PNG."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=200)
    asked = parser.parse_args()
    with server() as url:
        asyncio.run(both(url, asked.calls))


if __name__ == "__main__":
    main()

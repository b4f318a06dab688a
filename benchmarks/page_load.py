"""Weight and load time of the service's web page, in a real browser on loopback.

    python benchmarks/page_load.py [LOADS]

Every load is by a fresh browser profile with nothing cached. The time runs from the start of the
navigation until the page is interactive and, where it says so, painted.
"""

import gzip
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

import uvicorn

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from chromium import Chromium

from langchain_phase5.server import ServerSettings, create_app

PAGE = Path(__file__).parent.parent / "langchain_phase5" / "server" / "page"
TIMES = """(() => {
  const [navigation] = performance.getEntriesByType("navigation");
  const paint = performance.getEntriesByName("first-contentful-paint")[0];
  const files = [navigation, ...performance.getEntriesByType("resource")];
  const sent = files.reduce((sum, file) => sum + file.transferSize, 0);
  const times = [navigation.domInteractive, navigation.domComplete, paint.startTime];
  return [...times, sent, files.length];
})()"""


def main(loads: int) -> None:
    """Print weight and times."""
    settings = ServerSettings(
        database="sqlite://", images="memory://", ocr=False, rate_limit="100000/minute"
    )
    server = uvicorn.Server(uvicorn.Config(create_app(settings), port=0, log_level="error"))
    threading.Thread(target=server.run, daemon=True).start()
    while not server.started:
        time.sleep(0.05)
    port = server.servers[0].sockets[0].getsockname()[1]
    with tempfile.TemporaryDirectory() as folder, Chromium(folder) as browser:
        found = []
        for _ in range(loads):
            browser.open(f"http://127.0.0.1:{port}/")
            browser.wait("performance.getEntriesByName('first-contentful-paint').length")
            found.append(browser.js(TIMES))
    server.should_exit = True
    plain = [file.read_bytes() for file in PAGE.iterdir()]
    print(f"files {len(plain)}, plain {sum(map(len, plain)):,} bytes")
    print(f"compressed {sum(len(gzip.compress(each, 9)) for each in plain):,} bytes")
    print(f"transferred with headers {found[0][3]:,} bytes in {found[0][4]} requests")
    for name, column in (("interactive", 0), ("complete", 1), ("first paint", 2)):
        times = sorted(each[column] for each in found)
        low, high = times[len(times) // 4], times[3 * len(times) // 4]
        print(
            f"{name}: median {statistics.median(times):.0f} ms, quartiles {low:.0f} to {high:.0f}"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)

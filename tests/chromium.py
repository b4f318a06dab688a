"""A real browser for tests, driven over a pipe by the DevTools protocol."""

import fcntl
import json
import os
import shutil
import subprocess
import time

PROGRAM = shutil.which("chromium") or shutil.which("google-chrome")
_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-features=IsolateSandboxedIframes",  # so that their scripts answer here as well
    "--remote-debugging-pipe",
]
_PATIENCE = 90.0


class Chromium:
    """One browser with one page at a time.

    `complaints` is everything that the console of the page has been told: refused scripts and
    styles, exceptions, failed loads. `asked` is every address that was loaded.
    """

    def __init__(self, folder):
        mine, theirs = os.pipe(), os.pipe()  # to it, from it
        inside = [fcntl.fcntl(end, fcntl.F_DUPFD, 20) for end in (mine[0], theirs[1])]
        self._out, self._in = mine[1], theirs[0]
        command = f'exec "$@" 3<&{inside[0]} 4>&{inside[1]}'
        self._process = subprocess.Popen(  # noqa: S603
            ["/bin/bash", "-c", command, "-", PROGRAM, *_FLAGS, f"--user-data-dir={folder}"],
            pass_fds=inside,
            stderr=subprocess.DEVNULL,
        )
        for end in (mine[0], theirs[1], *inside):
            os.close(end)
        self._buffer, self._last, self._session, self._context = b"", 0, None, None
        self._events = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.terminate()
        self._process.wait(60)
        os.close(self._out)
        os.close(self._in)

    def open(self, url, *, width=1200, height=800, dark=False):
        """Open a fresh page, with nothing kept from the one before."""
        if self._context:
            self.command(
                "Target.disposeBrowserContext", session=False, browserContextId=self._context
            )
        made = self.command("Target.createBrowserContext", session=False)
        context = self._context = made["browserContextId"]
        target = self.command(
            "Target.createTarget", session=False, url="about:blank", browserContextId=context
        )
        self._session = self.command(
            "Target.attachToTarget", session=False, targetId=target["targetId"], flatten=True
        )["sessionId"]
        self._events = []
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.command(f"{domain}.enable")
        self.resize(width, height, dark=dark)
        self.command("Page.navigate", url=url)
        self.wait("document.readyState === 'complete'")

    def resize(self, width, height, *, dark=False):
        """Give the page another size, and the colors of a bright or a dark room."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.command("Emulation.setDeviceMetricsOverride", **size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.command("Emulation.setEmulatedMedia", features=[scheme])

    def js(self, expression, **options):
        """Evaluate JavaScript in the page, and await a promise."""
        given = {"expression": expression, "awaitPromise": True, "returnByValue": True}
        answer = self.command("Runtime.evaluate", **given, userGesture=True, **options)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"]["exception"].get("description"))
        return answer["result"].get("value")

    def wait(self, condition, *, inside_frame=False):
        """Wait until an expression is true in the page, or in the newest frame on it."""
        deadline = time.monotonic() + _PATIENCE
        while not self._is_true(condition, {"contextId": self._newest()} if inside_frame else {}):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{condition}: {self.complaints}")
            time.sleep(0.02)

    def _is_true(self, condition, where):
        try:
            return self.js(f"Boolean({condition})", **where)
        except RuntimeError:  # between two documents there is nothing to ask
            return False

    def _newest(self):
        """The id of the newest script context that is still there."""
        made = self._named("Runtime.executionContextCreated")
        gone = {e["executionContextId"] for e in self._named("Runtime.executionContextDestroyed")}
        return [e["context"]["id"] for e in made if e["context"]["id"] not in gone][-1]

    def press(self, key, code):
        """Press a key, as a person would."""
        text = {"text": "\r"} if key == "Enter" else {}
        key = {"key": key, "code": key, "windowsVirtualKeyCode": code, **text}
        self.command("Input.dispatchKeyEvent", type="keyDown", **key)
        self.command("Input.dispatchKeyEvent", type="keyUp", **key)

    @property
    def complaints(self):
        entries = [each["entry"]["text"] for each in self._named("Log.entryAdded")]
        thrown = self._named("Runtime.exceptionThrown")
        return entries + [each["exceptionDetails"].get("text", "") for each in thrown]

    @property
    def asked(self):
        return [each["request"]["url"] for each in self._named("Network.requestWillBeSent")]

    def command(self, method, *, session=True, **params):
        """Send a command and return its result."""
        self._last += 1
        message = {"id": self._last, "method": method, "params": params}
        if session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self._last:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self._events.append(answer)

    def _named(self, method):
        return [
            each["params"]
            for each in self._events
            if each.get("method") == method and each.get("sessionId") == self._session
        ]

    def _read(self):
        while b"\0" not in self._buffer:
            more = os.read(self._in, 1 << 20)
            if not more:
                raise RuntimeError("the browser has gone")
            self._buffer += more
        line, self._buffer = self._buffer.split(b"\0", 1)
        return json.loads(line)

"""A real Chromium for tests, driven over the DevTools protocol's pipe: no driver, no library.

Messages are JSON ended by a NUL byte, on the browser's file descriptors 3 (in) and 4 (out).
"""

import base64
import contextlib
import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-pipe",
)


# Moves the pipes to the numbers that the browser expects, by way of numbers that are neither.
_LAUNCH = """
import fcntl, os, sys
incoming, outgoing = (fcntl.fcntl(int(fd), fcntl.F_DUPFD, 10) for fd in sys.argv[1:3])
os.dup2(incoming, 3)
os.dup2(outgoing, 4)
os.closerange(10, max(incoming, outgoing) + 1)
os.execv(sys.argv[3], sys.argv[3:])
"""


def browser_path() -> str:
    """The Chromium on PATH; skips the test where there is none."""
    for name in NAMES:
        if path := shutil.which(name):
            return path
    pytest.skip("no Chromium on PATH (Debian: apt-get install chromium): the page was not opened")


class Tab:
    """One page of a running browser."""

    def __init__(self, incoming: int, outgoing: int):
        self._incoming, self._outgoing = incoming, outgoing
        self._buffer = b""
        self._number = 0
        self._session: str | None = None
        self.events: list[dict[str, Any]] = []

    def attach(self) -> None:
        """Opens a page and hears of its requests, its errors and its violations."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)[
            "sessionId"
        ]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Sends a command and returns its result; AssertionError for an error."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._outgoing, data) :]
        while True:
            answer = self._receive(60)
            if answer.get("id") == self._number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return answer["result"]
            self.events.append(answer)

    def open(self, address: str) -> None:
        """Loads a page and waits until it and its scripts are done."""
        self.events.clear()
        self.call("Page.navigate", url=address)
        self.wait_for("document.readyState === 'complete' && location.href !== 'about:blank'")

    def run(self, expression: str) -> Any:
        """The value of an expression in the page; AssertionError where it throws."""
        answer = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait_for(self, condition: str) -> None:
        """Until an expression is true; AssertionError after a minute."""
        deadline = time.monotonic() + 60
        while not self.run(f"!!({condition})"):
            assert time.monotonic() < deadline, f"still not so after a minute: {condition}"
            time.sleep(0.02)

    def press(self, key: str, code: int = 0, text: str = "") -> None:
        """A key, as a keyboard would send it."""
        for kind in ("keyDown", "keyUp"):
            extra = {"text": text} if text and kind == "keyDown" else {}
            self.call(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                code=key,
                windowsVirtualKeyCode=code,
                **extra,
            )

    def screen(self, width: int, height: int, *, dark: bool = False, phone: bool = False) -> None:
        """Sets the window and the colour scheme that the user prefers."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=2 if phone else 1,
            mobile=phone,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])

    def screenshot(self, path: Path, *, whole: bool = False) -> None:
        """A PNG of the window, or of the whole page."""
        image = self.call("Page.captureScreenshot", captureBeyondViewport=whole)["data"]
        path.write_bytes(base64.b64decode(image))

    def requests(self) -> list[str]:
        """What the page asked the network for, itself and data in it left out."""
        self.run("0")  # Events come before the answer.
        found = [e["params"]["request"]["url"] for e in self.events if _is(e, "requestWillBeSent")]
        return [address for address in found if not address.startswith(("file:", "data:"))]

    def complaints(self) -> list[str]:
        """Errors that scripts threw and that the browser logged, refusals by policy among them."""
        self.run("0")
        thrown = [
            e["params"]["exceptionDetails"]["text"]
            for e in self.events
            if _is(e, "exceptionThrown")
        ]
        logged = [e["params"]["entry"] for e in self.events if _is(e, "entryAdded")]
        return thrown + [entry["text"] for entry in logged if entry["level"] == "error"]

    def _receive(self, seconds: float) -> dict[str, Any]:
        deadline = time.monotonic() + seconds
        while b"\0" not in self._buffer:
            ready = select.select([self._incoming], [], [], deadline - time.monotonic())[0]
            assert ready, "the browser did not answer"
            chunk = os.read(self._incoming, 1 << 20)
            assert chunk, "the browser has ended"
            self._buffer += chunk
        message, _, self._buffer = self._buffer.partition(b"\0")
        return json.loads(message)


def _is(event: dict[str, Any], name: str) -> bool:
    return event.get("method", "").endswith(f".{name}")


@contextlib.contextmanager
def open_browser(profile: Path) -> Iterator[Tab]:
    """A browser with one page, ended with the block."""
    to_browser, outgoing = os.pipe()
    incoming, from_browser = os.pipe()
    numbers = str(to_browser), str(from_browser)
    program = browser_path()
    process = subprocess.Popen(
        [sys.executable, "-c", _LAUNCH, *numbers, program, *FLAGS, f"--user-data-dir={profile}"],
        pass_fds=(to_browser, from_browser),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(to_browser)
    os.close(from_browser)
    tab = Tab(incoming, outgoing)
    try:
        tab.attach()
        yield tab
    finally:
        os.close(outgoing)  # The browser ends when nobody can command it.
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
        os.close(incoming)

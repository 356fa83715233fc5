"""A headless Chromium that is spoken to over two pipes (DevTools protocol), without any library."""

from __future__ import annotations

import json
import os
import selectors
import shutil
import subprocess
import sys
import time

BINARY = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
"""Debian's package `chromium`, or what replaces it; None where there is none."""


class Browser:
    """One browser process; each `open` is a new page."""

    def __init__(self, profile):
        ours_in, theirs_out = os.pipe()
        theirs_in, ours_out = os.pipe()
        flags = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-extensions",
            "--disable-background-networking",
            "--disable-component-update",
            "--remote-debugging-pipe",
            f"--user-data-dir={profile}",
            "about:blank",
        ]
        # The browser reads descriptor 3 and writes descriptor 4, which are taken here: a step between moves them.
        move = "import fcntl, os, sys; a, b = (fcntl.fcntl(int(n), fcntl.F_DUPFD, 10) for n in sys.argv[1:3])"
        move += "; os.dup2(a, 3); os.dup2(b, 4); os.execv(sys.argv[3], sys.argv[3:])"
        self._process = subprocess.Popen(
            [sys.executable, "-c", move, str(theirs_in), str(theirs_out), BINARY, *flags],
            pass_fds=(theirs_in, theirs_out),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self._in, self._out = ours_in, ours_out
        # Not select(): a worker that has run thousands of tests may hold more than 1,024 descriptors.
        self._ways = selectors.DefaultSelector()
        self._ways.register(self._in, selectors.EVENT_READ)
        self._buffer = b""
        self._number = 0
        self.events = []

    def close(self):
        self._process.terminate()
        self._process.wait(20)
        self._ways.close()
        os.close(self._in)
        os.close(self._out)

    def open(self, path):
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = Page(self, session, target)
        for domain in ("Page", "Runtime", "Log", "Network"):
            page.call(f"{domain}.enable")
        page.call("Page.navigate", url=f"file://{path}")
        page.wait("Page.loadEventFired")
        return page

    def call(self, method, session=None, **params):
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._out, data) :]
        number = self._number
        while True:
            answer = self.read()
            if answer.get("id") == number:
                assert "error" not in answer, answer
                return answer["result"]
            self.events.append(answer)

    def read(self, seconds=120):
        deadline = time.monotonic() + seconds
        while b"\0" not in self._buffer:
            ready = self._ways.select(max(0, deadline - time.monotonic()))
            assert ready, "the browser does not answer"
            got = os.read(self._in, 1 << 20)
            assert got, "the browser has ended"
            self._buffer += got
        message, _, self._buffer = self._buffer.partition(b"\0")
        return json.loads(message)


class Page:
    """One page."""

    def __init__(self, browser, session, target):
        self._browser = browser
        self._session = session
        self._target = target

    def call(self, method, **params):
        return self._browser.call(method, self._session, **params)

    def wait(self, method):
        while not any(event.get("method") == method for event in self.seen()):
            self._browser.events.append(self._browser.read())

    def seen(self):
        """What the page has reported so far."""
        return [event for event in self._browser.events if event.get("sessionId") == self._session]

    def run(self, script):
        """The value of an expression, promises awaited."""
        result = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def settle(self):
        """Two frames later: what was asked for is done."""
        self.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))")

    def key(self, key, text=None):
        for kind in ("keyDown", "keyUp"):
            more = {"text": text} if text and kind == "keyDown" else {}
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, **more, **_CODES.get(key, {}))
        self.settle()

    def type(self, text):
        self.call("Input.insertText", text=text)
        self.settle()

    def complaints(self):
        """Console output, exceptions, log entries (CSP violations too), dialogs, requests that leave the file."""
        self.settle()
        found = []
        for event in self.seen():
            method, params = event.get("method"), event.get("params", {})
            if method in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Page.javascriptDialogOpening"):
                found.append(params)
            elif method == "Log.entryAdded":
                found.append(params["entry"]["text"])
            elif method == "Network.requestWillBeSent" and not params["request"]["url"].startswith("file://"):
                found.append(params["request"]["url"])
        return found

    def close(self):
        self._browser.call("Target.closeTarget", targetId=self._target)


_CODES = {"Enter": {"windowsVirtualKeyCode": 13, "text": "\r"}, "Tab": {"windowsVirtualKeyCode": 9}}

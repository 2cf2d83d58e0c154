"""One process group: IBC's script, the Java program that it starts, and a guard. Ends all of it, surely.

The guard kills the group when the service itself is gone, however it died: a gateway that outlived it would keep the
broker's session, and the next instance out.
"""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import threading
from contextlib import suppress

from ib_trading.adapters.ib.gateway.installation import Installation

# Reads a pipe that nobody writes to: its end means that the service is gone. Deaf to what the gateway is told.
_GUARD = "trap '' TERM INT HUP; read -r _; kill -KILL 0"

# For what was written before the kill to be read.
_LAST_LINES = 1.0


class Child:
    """Started when made. Its output is read line by line, in a thread of its own."""

    def __init__(self, installation: Installation) -> None:
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        command = installation.command()
        self._guard = subprocess.Popen(
            ["/bin/sh", "-c", _GUARD],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={},
            process_group=0,
        )
        try:
            self._script = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=dict(installation.environment),
                cwd=installation.folder,
                process_group=self._guard.pid,
            )
        except BaseException:
            self._guard.kill()
            self._guard.wait()
            self._release_guard()
            raise
        self._reader = threading.Thread(target=self._read, name="gateway log", daemon=True)
        self._reader.start()

    @property
    def exit_status(self) -> int | None:
        """Of IBC's script, negative for a signal; None while it runs."""
        return self._script.poll()

    def line(self, seconds: float) -> str | None:
        """The next line of the log, or None if there is none within `seconds`."""
        try:
            return self._lines.get(timeout=seconds) if seconds > 0 else self._lines.get_nowait()
        except queue.Empty:
            return None

    def end(self, seconds: float) -> None:
        """Ends every process of the group: politely at first, for `seconds`, so that the gateway logs out."""
        if seconds > 0:
            self._signal(signal.SIGTERM)
            # Its end is the end of the log: the pipe closes with the last process that could write into it.
            self._reader.join(seconds)
        self._signal(signal.SIGKILL)
        self._script.wait()
        self._guard.wait()
        self._release_guard()
        self._reader.join(_LAST_LINES)

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._guard.pid, number)

    def _release_guard(self) -> None:
        assert self._guard.stdin is not None
        self._guard.stdin.close()

    def _read(self) -> None:
        assert self._script.stdout is not None
        with self._script.stdout as output:
            for line in output:
                self._lines.put(line.decode("utf-8", "replace").rstrip("\r\n"))

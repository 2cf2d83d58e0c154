"""Waits for a program that must end in order: Ctrl-C is handed on to it, and counts here once it has ended."""

from __future__ import annotations

import subprocess
from collections.abc import Callable


def exit_code(process: subprocess.Popen[bytes], hand_on: Callable[[], None]) -> int:
    """The code that `process` ends with. It has a group of its own, so that each Ctrl-C reaches it once, by `hand_on`;
    KeyboardInterrupt after it has ended, where there was one."""
    interrupted = False
    while True:
        try:
            code = process.wait()
            break
        except KeyboardInterrupt:
            interrupted = True
            hand_on()
    if interrupted:
        raise KeyboardInterrupt
    return code

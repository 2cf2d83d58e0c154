"""The frame around each command: what a session ends with.

Exit codes are the same for all of them: 0 when it is done, 1 with a sentence when it is not, 2 for wrong options, 130
when it was interrupted. Whatever else goes wrong is a bug, and shows its trace.
"""

from __future__ import annotations

import io
import signal
import sys
from collections.abc import Callable

from delivery.console.refusal import Refusal
from delivery.google.errors import refused, sentence


def ended(name: str, action: Callable[[], int], again: str) -> int:
    """The exit code of `action`, which answers its own; `again` says what running it again does after Ctrl-C."""
    # Asked to end, it ends as by Ctrl-C, and takes what it waits for along.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # In a log what it prints comes between what its programs print, in the order in which it happened.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)
    try:
        return action()
    except Refusal as refusal:
        print(f"{name}: {refusal}", file=sys.stderr)
    except KeyboardInterrupt:
        print(f"\n{name}: interrupted; {again}", file=sys.stderr)
        return 130
    except refused() as error:
        print(f"{name}: {sentence(error)}", file=sys.stderr)
    return 1

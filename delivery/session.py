"""The frame around each session: what it ends with, and how it asks before it acts.

Exit codes are the same for all of them: 0 when it is done, 1 with a sentence when it is not, 2 for wrong options, 130
when it was interrupted. Whatever else goes wrong is a bug, and shows its trace.
"""

from __future__ import annotations

import io
import signal
import sys
from collections.abc import Callable

from delivery.google_errors import refused, sentence
from delivery.refusal import Refusal


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


def agreed(question: str, *, sure: bool) -> bool:
    """Whether to go on: `sure` is --yes. Nobody there to be asked is a no that says so. Refusal where input ends."""
    if sure:
        return True
    if not sys.stdin.isatty():
        print("nobody is there to be asked; --yes does it", file=sys.stderr)
        return False
    try:
        return input(f"\n{question} [y/N] ").strip().lower() in {"y", "yes"}
    except EOFError:
        raise Refusal("the answer ended before it began; nothing was done") from None

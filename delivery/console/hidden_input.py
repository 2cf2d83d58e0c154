"""Asks a person for what nobody may see, and keeps this process from leaving it anywhere.

Decides that a terminal without hidden input is none, and that this process's memory is not written to a disk.
"""

from __future__ import annotations

import ctypes
import getpass
import os
import resource
import signal
import sys
import warnings
from collections.abc import Callable

from delivery.console.refusal import Refusal

PR_SET_DUMPABLE = 4
"""prctl(2)."""
LOGGING_VARIABLES = ("GRPC_TRACE", "GOOGLE_SDK_PYTHON_LOGGING_SCOPE")
"""Variables with which Google's libraries write what they send into a log: gRPC's own (its doc/trace_flags.md), and
google.api_core.client_logging's."""


def harden_process() -> None:
    """No core dump of this process from here on. Ctrl-\\ would write one, and leave the terminal without echo: it is
    taken like Ctrl-C. Refusal where a library was told to log all that it sends."""
    loud = [name for name in LOGGING_VARIABLES if os.environ.get(name)]
    if loud:
        raise Refusal(f"{' and '.join(loud)} would write the credentials into a log; unset that first")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        # Where core dumps go to a program, the limit is not asked (core(5)); this also keeps other programs of the
        # same user out of this one's memory.
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    signal.signal(signal.SIGQUIT, signal.default_int_handler)


def ask(question: str) -> str:
    """What is typed, until return. Refusal where it would be seen, or where input ends."""
    with warnings.catch_warnings():
        # getpass warns, and then shows what is typed.
        warnings.simplefilter("error", getpass.GetPassWarning)
        try:
            return getpass.getpass(question)
        except getpass.GetPassWarning:
            raise Refusal("this terminal cannot hide what is typed; use another one, or --stdin") from None
        except UnicodeDecodeError:
            # Its own text has the bytes that were typed.
            raise Refusal(
                "that was no UTF-8, so it is not known which characters were meant; a terminal that speaks UTF-8 sends"
                " them right"
            ) from None
        except EOFError:
            raise Refusal("the input ended before the answer did; nothing was done") from None


def ask_twice(name: str, *, wrong: Callable[[str], str], tries: int = 3) -> str:
    """The same text typed twice; asked again where the two differ, or where `wrong` says what does not do."""
    for _ in range(tries):
        typed = ask(f"  {name}: ")
        if complaint := wrong(typed):
            print(f"  {complaint}; once more", file=sys.stderr)
        elif ask(f"  {name} again: ") != typed:
            print("  these were two different ones; once more", file=sys.stderr)
        else:
            return typed
    raise Refusal(f"no {name} after {tries} tries; nothing was done")

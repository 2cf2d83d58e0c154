"""`python -m delivery.commands.bootstrap STACK [--yes | --show]`: makes the backend of a stack's state, the one thing
that Pulumi does not make, and says which command comes next.

Shows the gcloud commands before it runs them, and asks. What exists is left as it is, so that it can be run again after
anything. Exit codes: 0 when all is there (or shown), 1 with a sentence when it is not, 2 for wrong options, 130 when it
was interrupted.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from delivery.console.progress import step
from delivery.google.gcloud import GcloudError, act, answer, spelled
from delivery.stack.stack_file import StackFileError, read_place
from delivery.stack.state_backend import StateBackend, Step


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="./nox -s bootstrap --", description="Makes the bucket and the key of a stack's state."
    )
    parser.add_argument("stack", help="paper, live, or whatever its file is called after")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--yes", action="store_true", help="do not ask")
    how.add_argument("--show", action="store_true", help="print what an empty project needs, and do nothing")
    given = parser.parse_args(arguments)
    # Asked to end, it ends as by Ctrl-C, and takes the gcloud that it waits for along.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        backend = StateBackend(read_place(given.stack, Path()))
        if given.show:
            _show(backend.everything())
            return 0
        return _make(backend, sure=given.yes)
    except (StackFileError, GcloudError) as error:
        print(f"bootstrap: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(
            "\nbootstrap: interrupted; run it again at any time, what exists is left as it is",
            file=sys.stderr,
        )
        return 130


def _make(backend: StateBackend, *, sure: bool) -> int:
    steps = backend.missing(answer)
    if not steps:
        print(f"{backend.url} and its key are there already.")
    else:
        print(f"In the project {backend.place.project}, this is about to be run:\n")
        _show(steps)
        if not (sure or _agreed()):
            print("bootstrap: nothing was done", file=sys.stderr)
            return 1
    for missing in steps:
        with step(missing.purpose):
            act(missing.command)
    print(f"\nNext:\n\n{_next(backend)}")
    return 0


def _show(steps: Sequence[Step]) -> None:
    for each in steps:
        print(f"  {spelled(each.command)}")


def _agreed() -> bool:
    if not sys.stdin.isatty():
        print("\nbootstrap: nobody is there to be asked; --yes runs them", file=sys.stderr)
        return False
    return input("\nRun them? [y/N] ").strip().lower() in {"y", "yes"}


def _next(backend: StateBackend) -> str:
    return "\n".join(
        (
            "  gcloud auth application-default login",
            f"  pulumi login {backend.url}",
            f"  pulumi stack init {backend.place.stack} --secrets-provider={backend.secrets_provider}",
            f"  pulumi up --stack {backend.place.stack}",
        )
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

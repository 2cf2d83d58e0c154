"""Asks a person before something is done, and takes nobody there for a no."""

from __future__ import annotations

import sys

from delivery.console.refusal import Refusal


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

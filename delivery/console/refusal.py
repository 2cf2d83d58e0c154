"""What every session says when it cannot do what it was asked to: one sentence with the remedy, and exit code 1."""

from __future__ import annotations


class Refusal(Exception):
    """It was not done; the text says what, why, and the command or the change that helps."""

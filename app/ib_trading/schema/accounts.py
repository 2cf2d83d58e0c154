"""Decides from its number whether an account is a paper one: what pays for nothing must never be mixed up with savings.

Asked when a stack is deployed, about the configured account, and when the service runs, about every account that the
gateway is logged in to.
"""

from __future__ import annotations

from typing import Literal


def is_account_of(mode: Literal["paper", "live"], account: str) -> bool:
    """Interactive Brokers numbers paper accounts D… (DU, DF, DI), live ones never."""
    return bool(account) and account.startswith("D") is (mode == "paper")

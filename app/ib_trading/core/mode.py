"""Decides what belongs to paper and what to live: the two must never be mixed up by an account number."""

from __future__ import annotations

from enum import StrEnum

from ib_trading.core.refusals import AccountRefused
from ib_trading.schema.accounts import is_account_of


class TradingMode(StrEnum):
    PAPER = "paper"
    LIVE = "live"

    @property
    def letter(self) -> str:
        """The mode in an orderRef."""
        return self.value[0]

    @property
    def client_id(self) -> int:
        """The API client id; fixed and not 0, so that our orders stay ours over reconnects."""
        return 101 if self is TradingMode.PAPER else 102

    def accepts(self, account: str) -> bool:
        return is_account_of(self.value, account)


def choose_account(mode: TradingMode, managed: tuple[str, ...], configured: str | None) -> str:
    """The one account to trade, or AccountRefused. A login that reaches a single account of the other mode is refused
    whole."""
    strangers = [account for account in managed if not mode.accepts(account)]
    if strangers:
        other = "live" if mode is TradingMode.PAPER else "paper"
        raise AccountRefused(
            f"the gateway is logged in to {', '.join(strangers)}, a {other} account, but this service trades"
            f" {mode.value}; log the gateway in to a {mode.value} account"
        )
    if configured is None:
        if len(managed) != 1:
            raise AccountRefused(
                f"the login manages {', '.join(managed)}; say which one in ib-trading:trading.account"
            )
        return managed[0]
    if configured not in managed:
        raise AccountRefused(
            f"ib-trading:trading.account is {configured}, but the gateway is logged in to {', '.join(managed)}"
        )
    return configured

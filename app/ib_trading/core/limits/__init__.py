"""Decides whether a plan may be sent: each limit gives a verdict, and every verdict stands in the plan.

All or nothing: one refusal and no order of the run leaves. A file is a family of limits; this one is their order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ib_trading.core.limits.exposure import leverage, notional_per_order, weight_per_instrument
from ib_trading.core.limits.margin import what_if_margin
from ib_trading.core.limits.permission import (
    account_of_mode,
    allowed_instruments,
    no_live_order,
    orders_per_run,
    trading_enabled,
)
from ib_trading.core.limits.proposal import Proposal
from ib_trading.core.limits.sanity import daily_loss, price_move
from ib_trading.core.limits.session import market_open, reconciliation_follows
from ib_trading.core.limits.verdict import Rule, Verdict, said_together

__all__ = ["RULES", "Proposal", "Rule", "Verdict", "judge", "said_together"]

RULES: tuple[Callable[[Proposal], Iterator[Verdict]], ...] = (
    trading_enabled,
    account_of_mode,
    market_open,
    reconciliation_follows,
    orders_per_run,
    notional_per_order,
    leverage,
    weight_per_instrument,
    allowed_instruments,
    price_move,
    daily_loss,
    what_if_margin,
    no_live_order,
)


def judge(proposal: Proposal) -> tuple[Verdict, ...]:
    """Every limit's verdict, in a fixed order."""
    return tuple(verdict for rule in RULES for verdict in rule(proposal))

"""Whether figures that a run rests on can be right, and whether the day has gone so wrong that it has to stop."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from ib_trading.core.canonical import plain
from ib_trading.core.last_worth import loss_base
from ib_trading.core.limits.proposal import Proposal
from ib_trading.core.limits.verdict import Rule, Verdict, asked, at_most, unless


def price_move(proposal: Proposal) -> Iterator[Verdict]:
    """Against the last stored close, where there is one: a price far from it is more often wrong than real.

    An order that closes a position whole, at no price of its own, owes nothing to the price. One that only reduces it
    does: a price ten times too high would sell nine tenths.
    """
    limit = proposal.snapshot.config.limits.max_price_move_percent
    for order in proposal.orders:
        closes = proposal.snapshot.closes.get(order.con_id, ())
        price = proposal.prices.get(order.con_id)
        if not (closes and closes[-1].close > 0 and price):
            continue
        move = abs(price.price / closes[-1].close - 1) * 100
        remedy = "check the price; raise limits.maxPriceMovePercent if it is real"
        verdict = at_most(Rule.PRICE_MOVE, limit, move, order.local_symbol, remedy)
        priceless = proposal.closes(order) or (proposal.reduce_only and proposal.reduces(order))
        yield unless(verdict, priceless and not order.is_priced, "being closed")


def daily_loss(proposal: Proposal) -> Iterator[Verdict]:
    """What the broker says positions and trades have lost today, as a part of what the account was worth before
    (last_worth.py): beyond the limit only reducing orders pass. Where it does not tell today's profit, nobody can say
    what was lost, and only they pass either.

    Never the change of net liquidation: a deposit of 5,000 would hide a loss of as much, and a withdrawal would stop a
    day that lost nothing. Not asked of a run that cannot add to what is at stake.
    """
    snapshot = proposal.snapshot
    limit = snapshot.config.limits.max_daily_loss_percent
    if limit is None or not proposal.may_add_exposure:
        return
    rule, profit = Rule.DAILY_LOSS, snapshot.daily_profit
    if profit is None:
        said = "the broker told no profit or loss of today"
        verdict = asked(
            rule,
            plain(limit),
            said,
            passed=False,
            remedy="call again: a gateway may need a while to work it out; or close positions",
        )
    else:
        base = loss_base(snapshot.net_liquidation, profit, snapshot.last_worth)
        lost = max(Decimal(0), -profit)
        remedy = "wait for tomorrow, close positions, or raise limits.maxDailyLossPercent"
        part = lost / base.value * 100 if base.value > 0 else Decimal("Infinity" if lost else 0)
        verdict = at_most(rule, limit, part, "", remedy)
        verdict = replace(verdict, value=f"{verdict.value} {base.said}") if base.value > 0 else verdict
    yield unless(verdict, all(map(proposal.reduces, proposal.orders)), "only reducing orders")

"""How much is at stake after the run: per order, per instrument, and all together.

What our live orders may still buy or sell counts by its worst case: two runs after each other, whose orders waited at
their limits, had each stayed below a limit on leverage that both together broke.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from ib_trading.core.canonical import plain
from ib_trading.core.limits.proposal import Proposal
from ib_trading.core.limits.verdict import Rule, Verdict, asked, at_most, unless
from ib_trading.core.others import CASH, GROSS
from ib_trading.core.positions import Quantities, open_positions


def notional_per_order(proposal: Proposal) -> Iterator[Verdict]:
    """A position that has outgrown the limit may be sold in one order: more than it there cannot be."""
    limit = proposal.snapshot.config.limits.max_notional_per_order
    if limit is None or proposal.reduce_only:
        return
    for order in proposal.orders:
        notional = proposal.value(order.con_id, order.quantity)
        verdict = at_most(
            Rule.NOTIONAL_PER_ORDER, limit, notional, order.local_symbol, "raise limits.maxNotionalPerOrder"
        )
        yield unless(verdict, proposal.reduces(order) and not order.is_conversion, "being reduced")


def leverage(proposal: Proposal) -> Iterator[Verdict]:
    """Where prices alone have carried the account beyond a limit, what does not raise its leverage further passes.

    Not asked of a run that cannot raise it: that has to work where a position's price is missing.
    """
    if not proposal.may_add_exposure:
        return
    limits = proposal.snapshot.config.limits
    rest = proposal.snapshot.others.beyond(*_worth_now(proposal))
    rules = (
        (Rule.GROSS_LEVERAGE, limits.max_gross_leverage, "raise limits.maxGrossLeverage"),
        (Rule.NET_LEVERAGE, limits.max_net_leverage, "raise limits.maxNetLeverage"),
    )
    if rest is None:
        said = f"the broker told no {GROSS} or {CASH}, of which the rest of the account is a part"
        for rule, limit, _ in rules:
            verdict = asked(rule, plain(limit), said, passed=False, remedy="call again")
            yield unless(verdict, all(map(proposal.reduces, proposal.orders)), "only reducing orders")
        return
    after = _gross_and_net(proposal, proposal.positions_after(), rest)
    before = _gross_and_net(proposal, open_positions(proposal.snapshot), rest)
    for (rule, limit, remedy), value, value_before in zip(rules, after, before, strict=True):
        verdict = at_most(rule, limit, proposal.fraction(value), "", remedy)
        yield unless(verdict, value <= value_before, "not raised")


def weight_per_instrument(proposal: Proposal) -> Iterator[Verdict]:
    """Judges what is traded: a position that has outgrown the limit by itself may be reduced, not added to."""
    if proposal.reduce_only:
        return
    limit = proposal.snapshot.config.limits.max_weight_per_instrument
    after = proposal.extremes(proposal.positions_after())
    for order in proposal.orders:
        if order.is_conversion:
            continue
        weight = proposal.fraction(_worst(*_values(proposal, order.con_id, after[order.con_id])))
        verdict = at_most(
            Rule.WEIGHT_PER_INSTRUMENT,
            limit,
            weight,
            order.local_symbol,
            "raise limits.maxWeightPerInstrument",
        )
        yield unless(verdict, proposal.reduces(order), "being reduced")


def _gross_and_net(
    proposal: Proposal, positions: Quantities, rest: tuple[Decimal, Decimal]
) -> tuple[Decimal, Decimal]:
    """In base currency, whatever of our live orders fills, with the `rest` of the account (others.py)."""
    rest_gross, rest_net = rest
    values = [
        _values(proposal, con_id, extremes)
        for con_id, extremes in proposal.extremes(positions).items()
        if any(extremes)
    ]
    gross = sum((_worst(low, high) for low, high in values), Decimal(0))
    lowest = sum((low for low, _ in values), rest_net)
    highest = sum((high for _, high in values), rest_net)
    return gross + rest_gross, _worst(lowest, highest)


def _worth_now(proposal: Proposal) -> tuple[Decimal, Decimal]:
    """Gross and net value of what the broker shows of the run's contracts; nothing has to be known where there is
    nobody else's."""
    snapshot = proposal.snapshot
    if not snapshot.others.names:
        return Decimal(0), Decimal(0)
    values = [proposal.value(con_id, quantity) for con_id, quantity in snapshot.positions.items() if quantity]
    return sum(map(abs, values), Decimal(0)), sum(values, Decimal(0))


def _values(proposal: Proposal, con_id: int, extremes: tuple[Decimal, Decimal]) -> tuple[Decimal, Decimal]:
    """The least and the most that a position may be worth: a price that sizes is above 0 (core/market.py)."""
    least, most = extremes
    return proposal.value(con_id, least), proposal.value(con_id, most)


def _worst(lowest: Decimal, highest: Decimal) -> Decimal:
    """The end that is further from nothing, unsigned."""
    return max(-lowest, highest)

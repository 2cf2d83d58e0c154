"""How much is at stake after the run: per order, per instrument, and all together."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from app.core.forex import open_positions
from app.core.limits.proposal import Proposal
from app.core.limits.verdict import Verdict, at_most, unless
from app.core.positions import Quantities


def notional_per_order(proposal: Proposal) -> Iterator[Verdict]:
    """A position that has outgrown the limit may be sold in one order: more than it there cannot be."""
    limit = proposal.snapshot.config.limits.max_notional_per_order
    if limit is None or proposal.reduce_only:
        return
    for order in proposal.orders:
        notional = abs(proposal.value(order.con_id, order.quantity))
        verdict = at_most(
            "notional per order", limit, notional, order.local_symbol, "raise limits.maxNotionalPerOrder"
        )
        yield unless(verdict, proposal.reduces(order) and not order.is_conversion, "being reduced")


def leverage(proposal: Proposal) -> Iterator[Verdict]:
    """Where prices alone have carried the account beyond a limit, what does not raise its leverage further passes.

    Not asked of a run that cannot raise it: that has to work where a position's price is missing.
    """
    if not proposal.may_add_exposure:
        return
    limits = proposal.snapshot.config.limits
    after = _gross_and_net(proposal, proposal.positions_after())
    before = _gross_and_net(proposal, open_positions(proposal.snapshot))
    for kind, limit, value, value_before in zip(
        ("gross", "net"), (limits.max_gross_leverage, limits.max_net_leverage), after, before, strict=True
    ):
        verdict = at_most(
            f"{kind} leverage after the run",
            limit,
            proposal.fraction(value),
            "",
            f"raise limits.max{kind.title()}Leverage",
        )
        yield unless(verdict, value <= value_before, "not raised")


def weight_per_instrument(proposal: Proposal) -> Iterator[Verdict]:
    """Judges what is traded: a position that has outgrown the limit by itself may be reduced, not added to."""
    if proposal.reduce_only:
        return
    limit = proposal.snapshot.config.limits.max_weight_per_instrument
    after = proposal.positions_after()
    for order in proposal.orders:
        if order.is_conversion:
            continue
        weight = proposal.fraction(abs(proposal.value(order.con_id, after[order.con_id])))
        verdict = at_most(
            "weight per instrument", limit, weight, order.local_symbol, "raise limits.maxWeightPerInstrument"
        )
        yield unless(verdict, proposal.reduces(order), "being reduced")


def _gross_and_net(proposal: Proposal, positions: Quantities) -> tuple[Decimal, Decimal]:
    """In base currency."""
    values = [proposal.value(con_id, quantity) for con_id, quantity in positions.items() if quantity]
    return sum(map(abs, values), Decimal(0)), abs(sum(values, Decimal(0)))

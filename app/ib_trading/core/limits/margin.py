"""Whether the broker's own what-if answers leave the account its margin, all orders of the run together."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from ib_trading.core.canonical import plain
from ib_trading.core.limits.proposal import Proposal
from ib_trading.core.limits.verdict import Rule, Verdict, asked, unless


def what_if_margin(proposal: Proposal) -> Iterator[Verdict]:
    """Each order was asked about alone; together they may need the sum of what each needs more. No answer refuses:
    a margin that nobody knows is not a margin of zero. A run that only closes asks nothing: its way out must not wait
    for an answer."""
    snapshot = proposal.snapshot
    if not snapshot.config.what_if or not proposal.orders or proposal.reduce_only:
        return
    rule, remedy = Rule.WHAT_IF_MARGIN, "lower the exposure, or deposit"
    answers = [snapshot.margins.get(order.con_id) for order in proposal.orders]
    known = [answer for answer in answers if answer is not None]
    excused = all(map(proposal.reduces, proposal.orders))
    if len(known) < len(answers):
        silent = ", ".join(
            order.local_symbol for order in proposal.orders if snapshot.margins.get(order.con_id) is None
        )
        verdict = asked(
            rule, "an answer for every order", f"none for {silent}", passed=False, remedy="ask again later"
        )
    else:
        needed = max(one.initial_before for one in known) + sum(
            (one.initial_after - one.initial_before for one in known), Decimal(0)
        )
        equity = min(one.equity_after for one in known)
        limit, value = f"equity {plain(equity)}", f"initial {plain(needed)}"
        verdict = asked(rule, limit, value, needed <= equity, remedy=remedy)
    yield unless(verdict, excused, "only reducing orders")

"""May this run trade this at all: kill switch, account, instruments, number of orders, orders already live."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from ib_trading.core.canonical import plain
from ib_trading.core.limits.proposal import Proposal, nearer_to_nothing
from ib_trading.core.limits.verdict import Rule, Verdict, asked, unless
from ib_trading.core.netting import InternalCross


def trading_enabled(proposal: Proposal) -> Iterator[Verdict]:
    """The kill switch stops crosses too: they change who holds what. It never traps a position: reduce-only passes."""
    switch = proposal.snapshot.switch
    state = "enabled" if switch.enabled else f"disabled: {switch.reason}" if switch.reason else "disabled"
    passed = switch.enabled or not (proposal.orders or proposal.crosses)
    remedy = "PUT /trading-enabled when trading may go on"
    verdict = asked(Rule.TRADING_ENABLED, "enabled", state, passed, remedy=remedy)
    yield unless(verdict, proposal.reduce_only, "reduce-only passes")


def account_of_mode(proposal: Proposal) -> Iterator[Verdict]:
    """Every managed account must fit the mode: a login that reaches one live account is no paper login."""
    snapshot = proposal.snapshot
    for account in snapshot.managed_accounts:
        yield asked(
            Rule.ACCOUNT_OF_MODE,
            snapshot.mode.value,
            "fits" if snapshot.mode.accepts(account) else "does not",
            snapshot.mode.accepts(account),
            subject=account,
            remedy=f"log the gateway in to a {snapshot.mode.value} account, or run the other mode's service",
        )


def orders_per_run(proposal: Proposal) -> Iterator[Verdict]:
    """Guards against a strategy that has lost its mind, which no reduce-only run can have."""
    limit = proposal.snapshot.config.limits.max_orders_per_run
    count = len(proposal.orders)
    verdict = asked(
        Rule.ORDERS_PER_RUN, str(limit), str(count), count <= limit, remedy="raise limits.maxOrdersPerRun"
    )
    yield unless(verdict, proposal.reduce_only, "reduce-only passes")


def allowed_instruments(proposal: Proposal) -> Iterator[Verdict]:
    """What was taken off the list may still be sold: a position must not be trapped by its own limit. Crosses count
    like orders, for each strategy that takes part."""
    allowed = proposal.snapshot.config.limits.allowed_instruments
    if not allowed:
        return
    instruments = proposal.snapshot.instruments
    traded = [
        (order.local_symbol, proposal.reduces(order)) for order in proposal.orders if not order.is_conversion
    ] + [
        (instruments[cross.con_id].local_symbol, proposal.reduce_only or _reduces_all(proposal, cross))
        for cross in proposal.crosses
    ]
    for symbol, reducing in traded:
        verdict = asked(
            Rule.ALLOWED_INSTRUMENTS,
            ", ".join(sorted(allowed)),
            symbol,
            symbol in allowed,
            subject=symbol,
            remedy="add it to limits.allowedInstruments, or take it out of the strategy",
        )
        yield unless(verdict, reducing, "being reduced")


def no_live_order(proposal: Proposal) -> Iterator[Verdict]:
    """A live order of ours on a contract that is to be traded again: two at once would race each other."""
    working: dict[int, Decimal] = {}
    for quantities in proposal.snapshot.working.values():
        for con_id, quantity in quantities.items():
            working[con_id] = working.get(con_id, Decimal(0)) + abs(quantity)
    for order in proposal.orders:
        live = working.get(order.con_id, Decimal(0))
        yield asked(
            Rule.NO_LIVE_ORDER,
            "0",
            plain(live),
            not live,
            subject=order.local_symbol,
            remedy="wait until it is done, or cancel it",
        )


def _reduces_all(proposal: Proposal, cross: InternalCross) -> bool:
    holdings = proposal.snapshot.holdings
    before = {name: holdings.get(name, {}).get(cross.con_id, Decimal(0)) for name in cross.quantities}
    return all(
        nearer_to_nothing(before[name], before[name] + quantity)
        for name, quantity in cross.quantities.items()
    )

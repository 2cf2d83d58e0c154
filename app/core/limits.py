"""Decides whether a plan may be sent: each limit gives a verdict, and every verdict stands in the plan.

All or nothing: one refusal and no order of the run leaves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from app.core.canonical import plain
from app.core.fx import rate_to_base
from app.core.market import Price
from app.core.netting import InternalCross
from app.core.orders import PlannedOrder
from app.core.positions import Quantities
from app.core.snapshot import Snapshot

PASSED, REFUSED = "passed", "refused"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One limit, asked: `limit` and `value` as text with their units, `subject` what was looked at ("" the run).

    `verdict` is passed or refused, `remedy` what a person can do about a refusal.
    """

    rule: str
    limit: str
    value: str
    verdict: str
    subject: str
    remedy: str

    @property
    def passed(self) -> bool:
        return self.verdict == PASSED


def asked(rule: str, limit: str, value: str, passed: bool, subject: str = "", remedy: str = "") -> Verdict:
    return Verdict(rule, limit, value, PASSED if passed else REFUSED, subject, "" if passed else remedy)


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the limits judge: orders and crosses, and the prices they were sized at."""

    snapshot: Snapshot
    prices: Mapping[int, Price]
    orders: tuple[PlannedOrder, ...]
    crosses: tuple[InternalCross, ...] = ()

    def value(self, con_id: int, quantity: Decimal) -> Decimal:
        """`quantity` contracts in base currency, signed."""
        instrument = self.snapshot.instruments[con_id]
        return (
            quantity
            * instrument.value(self.prices[con_id].price)
            * rate_to_base(instrument.currency, self.snapshot.fx)
        )

    def fraction(self, value: Decimal) -> Decimal:
        """`value` as a part of net liquidation; beyond every limit where there is nothing to be a part of."""
        worth = self.snapshot.net_liquidation
        if not value:
            return Decimal(0)
        return value / worth if worth > 0 else Decimal("Infinity")

    def positions_after(self) -> dict[int, Decimal]:
        after = dict(self.snapshot.positions)
        for order in self.orders:
            after[order.con_id] = after.get(order.con_id, Decimal(0)) + sum(order.source.values(), Decimal(0))
        return after


def judge(proposal: Proposal) -> tuple[Verdict, ...]:
    """Every limit's verdict, in a fixed order."""
    return tuple(verdict for rule in RULES for verdict in rule(proposal))


def _trading_enabled(proposal: Proposal) -> Iterator[Verdict]:
    switch = proposal.snapshot.switch
    state = "enabled" if switch.enabled else f"disabled: {switch.reason}" if switch.reason else "disabled"
    passed = switch.enabled or not proposal.orders
    yield asked(
        "trading enabled", "enabled", state, passed, remedy="PUT /trading-enabled when trading may go on"
    )


def _account_of_mode(proposal: Proposal) -> Iterator[Verdict]:
    """Every managed account must fit the mode: a login that reaches one live account is no paper login."""
    snapshot = proposal.snapshot
    for account in snapshot.managed_accounts:
        yield asked(
            "account fits the trading mode",
            snapshot.mode.value,
            "fits" if snapshot.mode.accepts(account) else "does not",
            snapshot.mode.accepts(account),
            subject=account,
            remedy=f"log the gateway in to a {snapshot.mode.value} account, or run the other mode's service",
        )


def _market_open(proposal: Proposal) -> Iterator[Verdict]:
    """A market order while the exchange is closed would queue for the next session."""
    for order in proposal.orders:
        is_open = proposal.snapshot.instruments[order.con_id].is_open(proposal.snapshot.at)
        yield asked(
            "exchange open for a market order",
            "open",
            "open" if is_open else "closed",
            is_open,
            subject=order.local_symbol,
            remedy="call within the exchange's regular hours",
        )


def _orders_per_run(proposal: Proposal) -> Iterator[Verdict]:
    limit = proposal.snapshot.config.limits.max_orders_per_run
    count = len(proposal.orders)
    yield asked(
        "orders per run", str(limit), str(count), count <= limit, remedy="raise limits.maxOrdersPerRun"
    )


def _notional_per_order(proposal: Proposal) -> Iterator[Verdict]:
    limit = proposal.snapshot.config.limits.max_notional_per_order
    if limit is None:
        return
    for order in proposal.orders:
        notional = abs(proposal.value(order.con_id, order.quantity))
        yield _at_most(
            "notional per order", limit, notional, order.local_symbol, "raise limits.maxNotionalPerOrder"
        )


def _leverage(proposal: Proposal) -> Iterator[Verdict]:
    """Where prices alone have carried the account beyond a limit, what does not raise its leverage further passes."""
    limits = proposal.snapshot.config.limits
    after = _gross_and_net(proposal, proposal.positions_after())
    before = _gross_and_net(proposal, proposal.snapshot.positions)
    for kind, limit, value, value_before in zip(
        ("gross", "net"), (limits.max_gross_leverage, limits.max_net_leverage), after, before, strict=True
    ):
        verdict = _at_most(
            f"{kind} leverage after the run",
            limit,
            proposal.fraction(value),
            "",
            f"raise limits.max{kind.title()}Leverage",
        )
        yield _unless_no_worse(verdict, value <= value_before, "not raised")


def _gross_and_net(proposal: Proposal, positions: Quantities) -> tuple[Decimal, Decimal]:
    """In base currency."""
    values = [proposal.value(con_id, quantity) for con_id, quantity in positions.items() if quantity]
    return sum(map(abs, values), Decimal(0)), abs(sum(values, Decimal(0)))


def _weight_per_instrument(proposal: Proposal) -> Iterator[Verdict]:
    """Judges what is traded: a position that has outgrown the limit by itself may be reduced, not added to."""
    snapshot = proposal.snapshot
    limit = snapshot.config.limits.max_weight_per_instrument
    after = proposal.positions_after()
    for order in proposal.orders:
        weight = proposal.fraction(abs(proposal.value(order.con_id, after[order.con_id])))
        before = snapshot.positions.get(order.con_id, Decimal(0))
        verdict = _at_most(
            "weight per instrument", limit, weight, order.local_symbol, "raise limits.maxWeightPerInstrument"
        )
        same_side = after[order.con_id] * before >= 0
        yield _unless_no_worse(verdict, same_side and abs(after[order.con_id]) < abs(before), "being reduced")


def _allowed_instruments(proposal: Proposal) -> Iterator[Verdict]:
    allowed = proposal.snapshot.config.limits.allowed_instruments
    if not allowed:
        return
    for order in proposal.orders:
        yield asked(
            "allowed instruments",
            ", ".join(sorted(allowed)),
            order.local_symbol,
            order.local_symbol in allowed,
            subject=order.local_symbol,
            remedy="add it to limits.allowedInstruments, or take it out of the strategy",
        )


def _price_move(proposal: Proposal) -> Iterator[Verdict]:
    """Against the last stored close, where there is one: a price far from it is more often wrong than real."""
    limit = proposal.snapshot.config.limits.max_price_move_percent
    for order in proposal.orders:
        closes = proposal.snapshot.closes.get(order.con_id, ())
        if closes and closes[-1].close > 0:
            move = abs(proposal.prices[order.con_id].price / closes[-1].close - 1) * 100
            remedy = "check the price; raise limits.maxPriceMovePercent if it is real"
            yield _at_most("price move in % since the stored close", limit, move, order.local_symbol, remedy)


def _no_live_order(proposal: Proposal) -> Iterator[Verdict]:
    """A live order of ours on a contract that is to be traded again: two at once would race each other."""
    working: dict[int, Decimal] = {}
    for quantities in proposal.snapshot.working.values():
        for con_id, quantity in quantities.items():
            working[con_id] = working.get(con_id, Decimal(0)) + abs(quantity)
    for order in proposal.orders:
        live = working.get(order.con_id, Decimal(0))
        yield asked(
            "no live order of ours on the contract",
            "0",
            plain(live),
            not live,
            subject=order.local_symbol,
            remedy="wait until it is done, or cancel it",
        )


def _at_most(rule: str, limit: Decimal, value: Decimal, subject: str, remedy: str) -> Verdict:
    shown = (
        plain(value.quantize(Decimal("0.0001"))) if value.is_finite() else "net liquidation is not above 0"
    )
    return asked(rule, plain(limit), shown, value <= limit, subject, remedy)


def _unless_no_worse(verdict: Verdict, no_worse: bool, why: str) -> Verdict:
    """A limit that is exceeded already does not forbid the way back."""
    if verdict.passed or not no_worse:
        return verdict
    return asked(verdict.rule, verdict.limit, f"{verdict.value}, {why}", True, verdict.subject)


RULES: tuple[Callable[[Proposal], Iterator[Verdict]], ...] = (
    _trading_enabled,
    _account_of_mode,
    _market_open,
    _orders_per_run,
    _notional_per_order,
    _leverage,
    _weight_per_instrument,
    _allowed_instruments,
    _price_move,
    _no_live_order,
)

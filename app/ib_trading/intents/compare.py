"""Compares ledger and broker at one moment: what the broker has told is booked, then positions are read beside it.

A fill between the question for executions and that for positions looks like a difference. So a difference counts once
settling and reading again shows the same one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace

from ib_trading.core.account import OrderReport
from ib_trading.core.attribution import Booking, Execution
from ib_trading.core.journal import IN_DOUBT
from ib_trading.core.market import Quote
from ib_trading.core.order import Order
from ib_trading.core.positions import Holdings, Quantities, total
from ib_trading.core.reconciliation import Difference, Repair, best_prices, differences, differing, repairs
from ib_trading.intents.known_instruments import known_instruments
from ib_trading.intents.leased_ledger import LeasedLedger
from ib_trading.intents.ledger import Ledger
from ib_trading.intents.services import Services
from ib_trading.intents.settle import Findings, find, settle_earlier
from ib_trading.ports.broker import Broker

READINGS = 3
"""How often ledger and positions are read at most until two readings in a row show the same differences."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Ledger and broker. `ledger` is what was compared: a dry-run's has what a run would have booked.

    `orders` are those not settled, `reports` the broker's word on all orders that it shows, `strays` those of them that
    live without being held open here, `executions` the broker's of the day, `booked` what settling added to the ledger.
    `forex` are those contracts that are currency pairs, held or in doubt: the broker shows no positions in them.
    `names` are the local symbols of `positions`. `steady` is false where each reading showed other differences:
    something fills all the while."""

    ledger: Ledger
    holdings: Holdings
    positions: Quantities
    names: Mapping[int, str]
    orders: tuple[Order, ...]
    differences: tuple[Difference, ...]
    executions: tuple[Execution, ...]
    booked: tuple[Booking, ...]
    forex: frozenset[int]
    reports: tuple[OrderReport, ...] = ()
    strays: tuple[OrderReport, ...] = ()
    steady: bool = True

    @property
    def alive(self) -> tuple[OrderReport, ...]:
        """Strays, and orders in doubt that the broker has not ended."""
        doubtful = {order.order_ref for order in self.orders if order.state in IN_DOUBT}
        return (
            *self.strays,
            *(one for one in self.reports if one.order_ref in doubtful and not one.state.final),
        )

    @property
    def to_price(self) -> frozenset[int]:
        """Contracts of which a proposed repair may need a price."""
        doubtful = {order.con_id for order in self.orders if order.state in IN_DOUBT}
        return frozenset({one.con_id for one in self.differences} | (doubtful & self.forex))

    def repairs(self, quotes: Mapping[int, Quote], only: Collection[int] | None = None) -> tuple[Repair, ...]:
        """What is proposed for these differences and the orders in doubt; with `only`, for those contracts."""
        found = [one for one in self.differences if only is None or one.con_id in only]
        doubtful = [
            order
            for order in self.orders
            if order.state in IN_DOUBT and (only is None or order.con_id in only)
        ]
        # Of the ledger, which only grows, no more than what is judged: mostly nothing.
        alive = [report for report in self.alive if only is None or report.con_id in only]
        concerned = {one.con_id for one in (*found, *doubtful, *alive)}
        bookings = self.ledger.bookings_in(concerned)
        return repairs(
            found,
            doubtful,
            bookings,
            best_prices(bookings, quotes),
            self.forex,
            alive,
        )


def compare_unwritten(
    services: Services,
    broker: Broker,
    account: str,
    beginning: Ledger | None = None,
    *,
    fills_expendable: bool = False,
) -> Comparison:
    """A dry-run's: with what a run would book first, and nothing written. `beginning` is the ledger to begin with,
    where it is not the one that is stored."""

    def read() -> Comparison:
        written = beginning or services.ledger
        found = find(services, written, broker, account, fills_expendable=fills_expendable)
        ledger = written.with_unwritten(found.orders, found.bookings)
        return _beside(ledger, broker, _positions(broker, account), found, found.bookings)

    return _steady(read)


def compare_settled(
    services: Services,
    ledger: LeasedLedger,
    broker: Broker,
    account: str,
    own_run: str,
    *,
    fills_expendable: bool = False,
) -> Comparison:
    """A run's: settles what earlier ones left open, and books it."""
    booked: list[Booking] = []

    def read() -> Comparison:
        ledger.renew()
        found = settle_earlier(services, ledger, broker, account, own_run, fills_expendable=fills_expendable)
        booked.extend(found.bookings)
        return _beside(ledger, broker, _positions(broker, account), found, tuple(booked))

    return _steady(read)


def compare_again(compared: Comparison, broker: Broker) -> Comparison:
    """The ledger as it has become since, beside the same positions."""
    shown = _Shown(compared.positions, compared.names)
    return _beside(compared.ledger, broker, shown, compared, compared.booked)


def _steady(read: Callable[[], Comparison]) -> Comparison:
    earlier: Comparison | None = None
    for _ in range(READINGS):
        now = read()
        if not now.differences or (earlier is not None and earlier.differences == now.differences):
            return now
        earlier = now
    return replace(now, steady=False)


def _beside(
    ledger: Ledger,
    broker: Broker,
    shown: _Shown,
    found: Findings | Comparison,
    booked: tuple[Booking, ...],
) -> Comparison:
    holdings, orders, positions = ledger.holdings(), ledger.unsettled_orders(), shown.positions
    # What strategies hold against each other differs from no position, and may be forex all the same.
    crossed = {con_id for of_one in holdings.values() for con_id in of_one} - set(positions)
    doubtful = {order.con_id for order in orders if order.state in IN_DOUBT}
    # A contract that was delisted, or has expired, is not among them, and differs like any other. Of what only the
    # broker shows no details are asked for: whose it is does not depend on them, and they may not be readable.
    unequal = set(differing(holdings, positions)) & set(total(holdings))
    instruments = known_instruments(broker, sorted({*unequal, *crossed, *doubtful}))
    return Comparison(
        ledger,
        holdings,
        positions,
        shown.names,
        orders,
        differences(holdings, positions, instruments, shown.names),
        found.executions,
        booked,
        frozenset(con_id for con_id, one in instruments.items() if one.is_forex),
        found.reports,
        found.strays,
    )


@dataclass(frozen=True, slots=True)
class _Shown:
    """The broker's positions, without those in currency pairs: they are cash."""

    positions: Quantities
    names: Mapping[int, str]


def _positions(broker: Broker, account: str) -> _Shown:
    held = [position for position in broker.positions(account) if not position.is_cash]
    return _Shown(
        {position.con_id: position.quantity for position in held},
        {position.con_id: position.local_symbol for position in held},
    )

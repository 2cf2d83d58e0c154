"""Compares ledger and broker at one moment: what the broker has told is booked, then positions are read beside it.

A fill between the question for executions and that for positions looks like a difference. So a difference counts once
settling and reading again shows the same one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace

from app.core.account import OrderReport
from app.core.attribution import Booking, Execution
from app.core.instruments import Instrument
from app.core.journal import IN_DOUBT, JournalledOrder
from app.core.market import Quote
from app.core.positions import Holdings, Quantities
from app.core.reconciliation import Difference, Repair, best_prices, differences, differing, repairs
from app.errors import ContractsUnknown
from app.intents.lease import HeldLease
from app.intents.services import Services, Unwritten
from app.intents.settle import Findings, find, settle_earlier
from app.ports.broker import Broker

READINGS = 3
"""How often ledger and positions are read at most until two readings in a row show the same differences."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Ledger and broker. `services` have the ledger that was compared: a dry-run's is what a run would have booked.

    `orders` are those not settled, `reports` the broker's word on all orders that it shows, `strays` those of them that
    live without being held open here, `executions` the broker's of the day, `booked` what settling added to the ledger.
    `steady` is false where each reading showed other differences: something fills all the while.
    """

    services: Services
    holdings: Holdings
    positions: Quantities
    orders: tuple[JournalledOrder, ...]
    differences: tuple[Difference, ...]
    executions: tuple[Execution, ...]
    booked: tuple[Booking, ...]
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

    def repairs(self, quotes: Mapping[int, Quote], only: Collection[int] | None = None) -> tuple[Repair, ...]:
        """What is proposed for these differences and the orders in doubt; with `only`, for those contracts."""
        bookings = (*self.services.positions.bookings(), *self.services.unwritten.bookings)
        return repairs(
            [one for one in self.differences if only is None or one.con_id in only],
            [
                order
                for order in self.orders
                if order.state in IN_DOUBT and (only is None or order.con_id in only)
            ],
            bookings,
            best_prices(bookings, quotes),
            [report for report in self.alive if only is None or report.con_id in only],
        )


def compare_unwritten(services: Services, broker: Broker, account: str) -> Comparison:
    """A dry-run's: with what a run would book first, and nothing written."""

    def read() -> Comparison:
        found = find(services, broker, account)
        seen = replace(services, unwritten=Unwritten(found.orders, found.bookings))
        return _beside(seen, broker, _positions(broker, account), found, found.bookings)

    return _steady(read)


def compare_settled(
    services: Services, broker: Broker, account: str, held: HeldLease, own_run: str
) -> Comparison:
    """A run's: settles what earlier ones left open, and books it."""
    booked: list[Booking] = []

    def read() -> Comparison:
        found = settle_earlier(services, broker, account, held.renew(), own_run)
        booked.extend(found.bookings)
        return _beside(services, broker, _positions(broker, account), found, tuple(booked))

    return _steady(read)


def compare_again(compared: Comparison, broker: Broker) -> Comparison:
    """The ledger as it has become since, beside the same positions."""
    return _beside(compared.services, broker, compared.positions, compared, compared.booked)


def _steady(read: Callable[[], Comparison]) -> Comparison:
    earlier: Comparison | None = None
    for _ in range(READINGS):
        now = read()
        if not now.differences or (earlier is not None and earlier.differences == now.differences):
            return now
        earlier = now
    return replace(now, steady=False)


def _beside(
    services: Services,
    broker: Broker,
    positions: Quantities,
    found: Findings | Comparison,
    booked: tuple[Booking, ...],
) -> Comparison:
    holdings = services.holdings()
    instruments = _instruments(broker, differing(holdings, positions))
    return Comparison(
        services,
        holdings,
        positions,
        services.unsettled_orders(),
        differences(holdings, positions, instruments),
        found.executions,
        booked,
        found.reports,
        found.strays,
    )


def _instruments(broker: Broker, con_ids: Collection[int]) -> Mapping[int, Instrument]:
    """Those that the broker still knows. One that was delisted, or has expired, differs like any other."""
    try:
        return broker.instruments_by_id(con_ids)
    except ContractsUnknown as gone:
        return broker.instruments_by_id([con_id for con_id in con_ids if con_id not in gone.con_ids])


def _positions(broker: Broker, account: str) -> Quantities:
    return {position.con_id: position.quantity for position in broker.positions(account)}

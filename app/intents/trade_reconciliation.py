"""trade-reconciliation: books what the broker has told, compares ledger and broker, proposes repairs, applies the
accepted ones.

A dry-run shows the same proposals and writes nothing. A call with a key is done once for it, as a trading run is. One
without a key is always done: a person who asks again a minute later wants the facts of that minute, and every booking
and every repair has an id under which it is applied once. For the same reason a call that died half way has given its
key back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from app.core.attribution import Booking
from app.core.instruments import Instrument
from app.core.journal import IN_DOUBT, JournalledOrder, Run, RunState
from app.core.positions import Holdings, Quantities, with_changes
from app.core.reconciliation import REPAIR, Difference, Repair, closed, differences, locks_of, repairs
from app.errors import (
    BrokerFault,
    ConfigurationFault,
    GatewayNotReady,
    KeyReused,
    PlanRefused,
    RunInProgress,
    StaleFence,
    StoreUnavailable,
    TradingError,
)
from app.intents.intent import Answer, Call, Result, common
from app.intents.keyed_run import KeyedRun
from app.intents.lease import HeldLease
from app.intents.read_snapshot import account_to_trade
from app.intents.services import Services
from app.intents.settle import Findings, close_runs, find, settle_earlier
from app.intents.trading_result import OrderShown, order_shown
from app.ports.broker import Broker
from schema.requests import TradeReconciliationRequest
from schema.trading_config import TradingConfig

READINGS = 3
"""How often positions are asked for until no fill comes between the question for them and that for executions."""


@dataclass(frozen=True, slots=True)
class DifferenceShown:
    """One contract; `quantity` is what the ledger lacks. All signed."""

    con_id: int
    local_symbol: str
    ledger: Decimal
    broker: Decimal
    quantity: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeReconciliationResult(Result):
    """`booked` is what this call added to the ledger (a dry-run: would add), `holdings` strategy → local symbol →
    quantity after that, `positions` the broker's; `repairs` are open proposals, `applied` those accepted now."""

    dry_run: bool
    booked: tuple[Booking, ...]
    holdings: Mapping[str, Mapping[str, Decimal]]
    positions: Mapping[str, Decimal]
    differences: tuple[DifferenceShown, ...]
    repairs: tuple[Repair, ...]
    applied: tuple[Repair, ...]
    unsettled_orders: tuple[OrderShown, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Ledger and broker as they stand, and what is proposed. `orders` are those that are not settled."""

    holdings: Holdings
    broker: Quantities
    orders: tuple[JournalledOrder, ...]
    differences: tuple[Difference, ...]
    repairs: tuple[Repair, ...]
    instruments: Mapping[int, Instrument]


@dataclass(frozen=True, slots=True)
class TradeReconciliation:
    services: Services
    name: str = "trade-reconciliation"
    request_type: type[TradeReconciliationRequest] = TradeReconciliationRequest
    result_type: type[TradeReconciliationResult] = TradeReconciliationResult
    refusals: tuple[type[TradingError], ...] = (
        RunInProgress,
        StaleFence,
        KeyReused,
        PlanRefused,
        BrokerFault,
        GatewayNotReady,
        StoreUnavailable,
        ConfigurationFault,
    )

    def answer(self, call: Call[TradeReconciliationRequest]) -> Answer:
        config = self.services.config.read()
        if call.request.dry_run:
            return self._dry_run(call, config)
        keyed = KeyedRun(self.services, self.name, call, config, signed=False)

        def reconciled(broker: Broker, run: Run, held: HeldLease) -> Answer:
            with keyed.refusing(run, held):
                account = account_to_trade(self.services, broker, config)
                return keyed.end(run, held, RunState.SETTLED, self._reconciled(broker, account, held, call))

        return keyed.answer(reconciled)

    def _dry_run(self, call: Call[TradeReconciliationRequest], config: TradingConfig) -> Answer:
        services = self.services
        with services.gateway.session() as broker:
            account = account_to_trade(services, broker, config)
            found, positions = self._read(broker, account, lambda: find(services, broker, account))
            compared = self._compared(broker, found.orders, found.bookings, positions)
            self._chosen(compared, call.request.accept)
        return self._document(call, compared, found.bookings, ())

    def _reconciled(
        self, broker: Broker, account: str, held: HeldLease, call: Call[TradeReconciliationRequest]
    ) -> Answer:
        services = self.services
        booked: list[Booking] = []

        def settled() -> Findings:
            found = settle_earlier(services, broker, account, held.renew(), call.run_id)
            booked.extend(found.bookings)
            return found

        found, positions = self._read(broker, account, settled)
        compared = self._compared(broker, services.journal.unsettled_orders(), (), positions)
        chosen = self._chosen(compared, call.request.accept)
        if chosen:
            self._apply(broker, chosen, compared.orders, found, held)
            compared = self._compared(broker, services.journal.unsettled_orders(), (), positions)
        services.journal.save_locks(locks_of(compared.repairs), held.renew())
        return self._document(call, compared, booked, chosen)

    def _read(
        self, broker: Broker, account: str, settled: Callable[[], Findings]
    ) -> tuple[Findings, dict[int, Decimal]]:
        """What was found of executions, and positions of the same moment: a fill in between the two questions would
        look like a difference."""
        positions = _positions(broker, account)
        for _ in range(READINGS):
            found, before = settled(), positions
            positions = _positions(broker, account)
            if positions == before:
                return found, positions
        raise BrokerFault(
            "positions changed each time they were asked for: orders are filling; reconcile when they have"
        )

    def _compared(
        self,
        broker: Broker,
        orders: Sequence[JournalledOrder],
        new: Sequence[Booking],
        positions: Mapping[int, Decimal],
    ) -> Comparison:
        """Ledger, with `new` bookings that are not written, beside `positions`."""
        bookings = (*self.services.positions.bookings(), *new)
        changes = [(name, one.con_id, share) for one in new for name, share in one.shares.items()]
        holdings = with_changes(self.services.positions.holdings(), changes)
        held = {con_id for by_contract in holdings.values() for con_id in by_contract}
        instruments = broker.instruments_by_id(sorted({*held, *positions}))
        found = differences(holdings, positions, instruments)
        prices = _prices(broker, [instruments[difference.con_id] for difference in found], bookings)
        doubtful = [order for order in orders if order.state in IN_DOUBT]
        proposed = repairs(found, doubtful, bookings, prices)
        return Comparison(holdings, positions, tuple(orders), found, proposed, instruments)

    def _chosen(self, compared: Comparison, accept: Sequence[str]) -> tuple[Repair, ...]:
        """The proposals that `accept` names. PlanRefused for an id that is neither proposed nor applied: what it stood
        for is no longer so."""
        proposed = {repair.id: repair for repair in compared.repairs}
        gone = [name for name in dict.fromkeys(accept) if name not in proposed]
        applied = self.services.positions.booked_ids(REPAIR + name for name in gone)
        unknown = [name for name in gone if REPAIR + name not in applied]
        if unknown:
            raise PlanRefused(
                f"no such repair is proposed: {', '.join(unknown)}; look at the present proposals, the facts may have"
                " moved on",
                members={"repairs": compared.repairs},
            )
        return tuple(proposed[name] for name in dict.fromkeys(accept) if name in proposed)

    def _apply(
        self,
        broker: Broker,
        chosen: Sequence[Repair],
        orders: Iterable[JournalledOrder],
        found: Findings,
        held: HeldLease,
    ) -> None:
        services = self.services
        at = services.business_time(broker)
        services.positions.apply([repair.booking(at) for repair in chosen], held.renew())
        by_ref = {order.order_ref: order for order in orders}
        ended = [
            closed(by_ref[repair.order_ref], repair, self._booked_for(repair.order_ref), services.clock.now())
            for repair in chosen
            if repair.order_ref
        ]
        services.journal.save_orders(ended, held.lease)
        close_runs(services, {order.run_id for order in ended}, found.executions, held.lease)

    def _booked_for(self, order_ref: str) -> Decimal:
        """What of an order strategies and nobody have by now, unsigned."""
        bookings = self.services.positions.bookings_for([order_ref])
        return abs(sum((share for one in bookings for share in one.shares.values()), Decimal(0)))

    def _document(
        self,
        call: Call[TradeReconciliationRequest],
        compared: Comparison,
        booked: Sequence[Booking],
        applied: Sequence[Repair],
    ) -> Answer:
        names = {con_id: instrument.local_symbol for con_id, instrument in compared.instruments.items()}
        return Answer.of(
            TradeReconciliationResult(
                **common(self.services, self.name, call.run_id),
                dry_run=call.request.dry_run,
                booked=tuple(booked),
                holdings={
                    name: {names[con_id]: quantity for con_id, quantity in sorted(held.items())}
                    for name, held in compared.holdings.items()
                    if held
                },
                positions={names[con_id]: quantity for con_id, quantity in sorted(compared.broker.items())},
                differences=tuple(
                    DifferenceShown(one.con_id, one.local_symbol, one.ledger, one.broker, one.quantity)
                    for one in compared.differences
                ),
                repairs=compared.repairs,
                applied=tuple(applied),
                unsettled_orders=tuple(
                    order_shown(order) for order in compared.orders if not order.state.final
                ),
            )
        )


def _positions(broker: Broker, account: str) -> dict[int, Decimal]:
    return {position.con_id: position.quantity for position in broker.positions(account)}


def _prices(
    broker: Broker, instruments: Sequence[Instrument], bookings: Sequence[Booking]
) -> dict[int, Decimal]:
    """Contract id → the best price there is, the ledger's last one where the broker quotes none; left out where
    neither knows any."""
    prices = {booking.con_id: booking.price for booking in bookings if booking.price}
    quotes = broker.quotes(instruments) if instruments else {}
    for con_id, quote in quotes.items():
        best = quote.mid or quote.last or quote.close
        if best is not None:
            prices[con_id] = best
    return prices

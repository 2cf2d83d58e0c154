"""trade-reconciliation: books what the broker has told, compares ledger and broker, proposes repairs, applies the
accepted ones.

A dry-run shows the same proposals and writes nothing. A call with a key is done once for it, as a trading run is. One
without a key is always done: a person who asks again a minute later wants the facts of that minute, and every booking
and every repair has an id under which it is applied once. For the same reason a call that died half way has given its
key back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from ib_trading.core.attribution import Booking
from ib_trading.core.instruments import Instrument, symbol_of
from ib_trading.core.journal import Run, RunState
from ib_trading.core.reconciliation import REPAIR, Repair, RepairKind, closed, contradicting
from ib_trading.core.refusals import (
    BrokerFault,
    KeyReused,
    PlanRefused,
    Refusal,
    RepairsRefused,
    RunInProgress,
    StaleFence,
)
from ib_trading.intents.cancel_orders import cancel_and_confirm
from ib_trading.intents.compare import Comparison, compare_again, compare_settled, compare_unwritten
from ib_trading.intents.intent import READING_REFUSALS, Answer, Call, Result, common
from ib_trading.intents.keyed_run import KeyedRun
from ib_trading.intents.known_instruments import known_instruments
from ib_trading.intents.leased_ledger import LeasedLedger
from ib_trading.intents.read_snapshot import account_to_trade
from ib_trading.intents.services import Services
from ib_trading.intents.settle import close_runs
from ib_trading.intents.trading_result import OrderShown, order_shown
from ib_trading.ports.broker import Broker
from ib_trading.schema.requests import TradeReconciliationRequest
from ib_trading.schema.trading_config import TradingConfig


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
class Proposed:
    """A comparison, what is proposed for it, and every contract in it that the broker still knows."""

    compared: Comparison
    repairs: tuple[Repair, ...]
    instruments: Mapping[int, Instrument]


@dataclass(frozen=True, slots=True)
class TradeReconciliation:
    services: Services
    name: str = "trade-reconciliation"
    request_type: type[TradeReconciliationRequest] = TradeReconciliationRequest
    result_type: type[TradeReconciliationResult] = TradeReconciliationResult
    refusals: tuple[type[Refusal], ...] = (
        RunInProgress,
        StaleFence,
        KeyReused,
        PlanRefused,
        *READING_REFUSALS,
    )

    def answer(self, call: Call[TradeReconciliationRequest]) -> Answer:
        config = self.services.config.read()
        if call.request.dry_run:
            return self._dry_run(call, config)
        keyed = KeyedRun(self.services, self.name, call, config, signed=False)

        def reconciled(broker: Broker, run: Run, ledger: LeasedLedger) -> Answer:
            with keyed.refusing(run, ledger):
                account = account_to_trade(self.services, broker, config)
                return keyed.end(
                    run, ledger, RunState.SETTLED, self._reconciled(broker, account, ledger, call)
                )

        return keyed.answer(reconciled)

    def _dry_run(self, call: Call[TradeReconciliationRequest], config: TradingConfig) -> Answer:
        services = self.services
        with services.gateway.session() as broker:
            account = account_to_trade(services, broker, config)
            found = _proposed(broker, compare_unwritten(services, broker, account))
            self._chosen(found, call.request.accept)
        return self._document(call, found, ())

    def _reconciled(
        self, broker: Broker, account: str, ledger: LeasedLedger, call: Call[TradeReconciliationRequest]
    ) -> Answer:
        services = self.services
        found = _proposed(broker, compare_settled(services, ledger, broker, account, call.run_id))
        chosen = self._chosen(found, call.request.accept)
        cancels = tuple(one for one in chosen if one.kind is RepairKind.CANCEL_ORDER)
        if cancels:
            cancel_and_confirm(broker, account, [one.order_ref for one in cancels], ledger)
            settled = compare_settled(services, ledger, broker, account, call.run_id)
            found = _proposed(broker, replace(settled, booked=(*found.compared.booked, *settled.booked)))
            # Waiting took its time: what else was accepted has to be what is proposed now.
            others = self._chosen(found, [one.id for one in chosen if one not in cancels])
            chosen = (*cancels, *others)
        if chosen:
            self._apply(broker, chosen, found.compared, ledger)
            found = _proposed(broker, compare_again(found.compared, broker))
        return self._document(call, found, chosen)

    def _chosen(self, found: Proposed, accept: Sequence[str]) -> tuple[Repair, ...]:
        """The proposals that `accept` names. RepairsRefused for an id that is neither proposed nor applied: what it
        stood for is no longer so; and for two that exclude each other."""
        proposed = {repair.id: repair for repair in found.repairs}
        gone = [name for name in dict.fromkeys(accept) if name not in proposed]
        applied = self.services.ledger.booked_ids(REPAIR + name for name in gone)
        unknown = [name for name in gone if REPAIR + name not in applied]
        if unknown:
            raise RepairsRefused(
                f"no such repair is proposed: {', '.join(unknown)}; look at the present proposals, the facts may have"
                " moved on",
                members={"repairs": found.repairs},
            )
        chosen = tuple(proposed[name] for name in dict.fromkeys(accept) if name in proposed)
        if both := contradicting(chosen):
            raise RepairsRefused(
                f"repairs of one order exclude each other: {', '.join(repair.id for repair in both)}; find out what"
                " became of it, and accept one",
                members={"repairs": found.repairs},
            )
        return chosen

    def _apply(
        self, broker: Broker, chosen: Sequence[Repair], compared: Comparison, ledger: LeasedLedger
    ) -> None:
        services = self.services
        at = services.business_time(broker)
        ledger.book([repair.booking(at) for repair in chosen], compared.orders)
        by_ref = {order.order_ref: order for order in compared.orders}
        # A cancelled order is what the broker's records say of it by now; the journal may never have known it.
        ended = [
            closed(by_ref[repair.order_ref], repair, ledger.booked_of(repair.order_ref), services.clock.now())
            for repair in chosen
            if repair.order_ref and repair.kind is not RepairKind.CANCEL_ORDER
        ]
        ledger.record_orders(ended)
        close_runs(services, ledger, {order.run_id for order in ended}, compared.executions)

    def _document(
        self,
        call: Call[TradeReconciliationRequest],
        found: Proposed,
        applied: Sequence[Repair],
    ) -> Answer:
        compared = found.compared
        return Answer.of(
            TradeReconciliationResult(
                **common(self.services, self.name, call.run_id),
                dry_run=call.request.dry_run,
                booked=compared.booked,
                holdings={
                    name: {
                        symbol_of(con_id, found.instruments): quantity
                        for con_id, quantity in sorted(held.items())
                    }
                    for name, held in compared.holdings.items()
                    if held
                },
                positions={
                    compared.names[con_id]: quantity
                    for con_id, quantity in sorted(compared.positions.items())
                },
                differences=tuple(
                    DifferenceShown(one.con_id, one.local_symbol, one.ledger, one.broker, one.quantity)
                    for one in compared.differences
                ),
                repairs=found.repairs,
                applied=tuple(applied),
                unsettled_orders=tuple(
                    order_shown(order) for order in compared.orders if not order.state.final
                ),
            )
        )


def _proposed(broker: Broker, compared: Comparison) -> Proposed:
    """BrokerFault while fills come faster than they are read: nothing can be proposed then."""
    if not compared.steady:
        raise BrokerFault(
            "ledger and broker differed otherwise each time: orders are filling; reconcile when they have"
        )
    held = {con_id for by_contract in compared.holdings.values() for con_id in by_contract}
    instruments = known_instruments(broker, sorted({*held, *compared.to_price}))
    to_price = [instruments[con_id] for con_id in sorted(compared.to_price) if con_id in instruments]
    quotes = broker.quotes(to_price) if to_price else {}
    return Proposed(compared, compared.repairs(quotes), instruments)

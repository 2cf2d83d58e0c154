"""close-all: cancels our open orders, waits for the broker's word on each, then closes what the broker says we hold."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ib_trading.core.close_all import close_out
from ib_trading.core.locks import locks
from ib_trading.core.order_kind import OrderType
from ib_trading.core.order_state import OrderState
from ib_trading.core.plan import Decision
from ib_trading.core.positions import UNASSIGNED
from ib_trading.core.refusals import BrokerFault, Refusal, RequestError
from ib_trading.core.snapshot import Forming, Snapshot
from ib_trading.intents.cancel_orders import CANCEL_SECONDS, cancelled
from ib_trading.intents.compare import Comparison
from ib_trading.intents.intent import Answer, Call
from ib_trading.intents.leased_ledger import LeasedLedger
from ib_trading.intents.ledger import Ledger
from ib_trading.intents.order_request import check_properties, properties_at
from ib_trading.intents.phases import Phases
from ib_trading.intents.read_snapshot import read_to_close, working_orders
from ib_trading.intents.renames import with_renames
from ib_trading.intents.services import Services
from ib_trading.intents.trading_result import TradingResult
from ib_trading.intents.trading_run import TRADING_REFUSALS, TradingRun
from ib_trading.ports.broker import Broker
from ib_trading.schema.requests import CloseAllRequest
from ib_trading.schema.strict import FieldError, nearest
from ib_trading.schema.trading_config import TradingConfig


@dataclass(frozen=True, slots=True)
class CloseAll:
    services: Services
    name: str = "close-all"
    only_closes: bool = True
    request_type: type[CloseAllRequest] = CloseAllRequest
    result_type: type[TradingResult] = TradingResult
    refusals: tuple[type[Refusal], ...] = TRADING_REFUSALS

    def answer(self, call: Call[CloseAllRequest]) -> Answer:
        return TradingRun(self.services, self, call, self.services.config.read(), Phases()).answer()

    def check(self, request: CloseAllRequest, config: TradingConfig) -> None:
        """A strategy that is no longer installed, or has no exposure any more, may well have something to close."""
        check_properties(request.order_properties, self.services.clock.now())
        if not request.strategies:
            return
        ledger = with_renames(self.services.ledger, config)
        former = ledger.former_names()
        ordered = {name for order in ledger.unsettled_orders() for name in order.source}
        known = {*config.exposure.strategies, *ledger.holdings(), *ordered}
        known -= {UNASSIGNED, *former}
        errors = tuple(
            FieldError(
                f"strategies[{index}]",
                f"{name} is called {former[name]} now"
                if name in former
                else f"unknown strategy {name!r}; {nearest(name, tuple(known))}",
            )
            for index, name in enumerate(request.strategies)
            if name not in known
        )
        if errors:
            raise RequestError("; ".join(map(str, errors)), errors=errors)

    def collect(self, broker: Broker, request: CloseAllRequest, config: TradingConfig) -> Forming:
        """Nothing: no strategy is asked."""
        del broker, request, config
        return {}

    def prepare(self, broker: Broker, account: str, ledger: LeasedLedger, request: CloseAllRequest) -> None:
        """Cancels our live orders and hears of each: one that still works could open what was just closed. One that
        stays inactive in spite of it is in doubt, or a stray, and locks its contract only; so does one that the broker
        calls ended and goes on to show."""
        live = [
            report.order_ref
            for report in broker.order_reports(account)
            if not report.state.final and self._cancels(report.order_ref, request, ledger)
        ]
        if not live:
            return
        reports = cancelled(broker, live, ledger, CANCEL_SECONDS)
        open_still = [
            ref
            for ref in live
            if ref not in reports
            or not (reports[ref].state.final or reports[ref].state is OrderState.INACTIVE)
        ]
        if open_still:
            raise BrokerFault(
                f"the broker has not confirmed within {CANCEL_SECONDS:g} s that {', '.join(open_still)} ended; nothing"
                " was closed: look at these orders, and call again"
            )

    def read(
        self,
        broker: Broker,
        compared: Comparison,
        request: CloseAllRequest,
        config: TradingConfig,
        forming: Forming,  # noqa: ARG002 no strategy is asked
    ) -> Snapshot:
        # Stored closes tell whether a price can be right, which only an order at a price of its own owes anything to.
        waits = OrderType(request.order_properties.order_type).waits
        snapshot = read_to_close(
            self.services, broker, config, compared, request.strategies, with_closes=waits
        )
        if not request.dry_run:
            return snapshot
        # A run has cancelled these by now. A dry-run touches nothing, and plans as if it had.
        ledger = compared.ledger
        left = working_orders(ledger, leaving_out=lambda ref: self._cancels(ref, request, ledger))
        doubtful = [
            order
            for order in compared.orders
            if order.state is not OrderState.INACTIVE or not self._cancels(order.order_ref, request, ledger)
        ]
        strays = [
            report for report in compared.strays if not self._cancels(report.order_ref, request, ledger)
        ]
        return replace(snapshot, working=left, locks=locks(compared.differences, doubtful, strays))

    def decide(self, snapshot: Snapshot, request: CloseAllRequest) -> Decision:
        properties = properties_at(request.order_properties, snapshot.at)
        return Decision(close_out(snapshot, _unique(request.strategies), properties))

    def _cancels(self, order_ref: str, request: CloseAllRequest, ledger: Ledger) -> bool:
        """Whether it is an order of ours, by its reference even if the journal was lost; with `strategies`, one in
        which any of them has a part."""
        if request.strategies is None:
            return order_ref.startswith(f"ib-{self.services.mode.letter}")
        order = ledger.order(order_ref)
        return order is not None and not set(request.strategies).isdisjoint(order.source)


def _unique(strategies: Iterable[str] | None) -> tuple[str, ...] | None:
    return None if strategies is None else tuple(sorted(set(strategies)))

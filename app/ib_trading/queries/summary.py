"""summary: account, positions (per strategy too), open orders, today's fills, profit. Reads only.

It shows the ledger's invariant: strategies + unassigned + fills not yet applied = broker, per contract.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from ib_trading.core.account import BrokerPosition, OrderReport
from ib_trading.core.attribution import Execution, unapplied
from ib_trading.core.instruments import Instrument, symbol_of
from ib_trading.core.market import Price, Quote, sizing_price, stale_price
from ib_trading.core.positions import UNASSIGNED, unassigned
from ib_trading.core.profit import StrategyResult, results
from ib_trading.core.refusals import (
    BrokerFault,
    ConfigurationFault,
    GatewayNotReady,
    PlanRefused,
    PriceRefused,
    Refusal,
    StoreUnavailable,
)
from ib_trading.core.totals import currencies, is_held
from ib_trading.intents.intent import Answer, Call, Result, common
from ib_trading.intents.known_instruments import known_instruments
from ib_trading.intents.read_snapshot import account_to_trade
from ib_trading.intents.services import Services
from ib_trading.schema.requests import Request
from ib_trading.schema.trading_config import TradingConfig


class SummaryRequest(Request, frozen=True, kw_only=True):
    """Takes nothing."""


@dataclass(frozen=True, slots=True)
class PositionShown:
    """A broker's position with what it is worth in base currency at `price`; None what the broker does not tell: of a
    contract that it knows no more, gives no price of, or no rate of its currency."""

    con_id: int
    local_symbol: str
    quantity: Decimal
    average_cost: Decimal
    currency: str
    price: Price | None
    market_value: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryResult(Result):
    """`holdings` is strategy (or unassigned) → local symbol → signed quantity; `values` the broker's own figures by
    its tag names, in base currency; `fills_not_yet_applied` local symbol → signed quantity; `not_valued` the contracts
    that the broker knows no more, or gives no rate of a currency that they are paid in, or no price of though they are
    held: their trades are no part of `profit`."""

    broker_time: datetime
    account: str
    base_currency: str
    net_liquidation: Decimal
    cash: Mapping[str, Decimal]
    values: Mapping[str, Decimal]
    positions: tuple[PositionShown, ...]
    holdings: Mapping[str, Mapping[str, Decimal]]
    fills_not_yet_applied: Mapping[str, Decimal]
    not_valued: tuple[str, ...]
    profit: Mapping[str, StrategyResult]
    open_orders: tuple[OrderReport, ...]
    fills: tuple[Execution, ...]


@dataclass(frozen=True, slots=True)
class Summary:
    services: Services
    name: str = "summary"
    request_type: type[SummaryRequest] = SummaryRequest
    result_type: type[SummaryResult] = SummaryResult
    refusals: tuple[type[Refusal], ...] = (
        PlanRefused,
        BrokerFault,
        GatewayNotReady,
        StoreUnavailable,
        ConfigurationFault,
    )

    def answer(self, call: Call[SummaryRequest]) -> Answer:
        services = self.services
        config = services.config.read()
        with services.gateway.session() as broker:
            account = account_to_trade(services, broker, config)
            at = services.business_time(broker)
            state = broker.account(account)
            positions = broker.positions(account)
            reports = broker.order_reports(account)
            executions = broker.executions(account)
            totals = services.ledger.totals()
            holdings = services.ledger.holdings()
            pending = _not_yet_applied(services, executions)
            held = {p.con_id for p in positions} | {con_id for con_id, one in totals.items() if is_held(one)}
            valued = held | set(totals)
            instruments = known_instruments(broker, sorted(valued | set(pending)))
            gone = (valued | set(pending)) - set(instruments)
            # What nobody holds any more has its profit without a price, and lines of market data are few.
            priced = {con_id: instruments[con_id] for con_id in sorted(held - gone)}
            prices = _prices(priced, broker.quotes(priced.values(), expendable=True), at, config)
        rates = dict(state.rates) | {state.base_currency: Decimal(1)}
        valuable = {
            con_id
            for con_id in valued - gone
            if (con_id in prices or con_id not in held)
            and {instruments[con_id].currency, *currencies(totals.get(con_id, {}))} <= set(rates)
        }
        # A conversion is cash: never booked, and nobody's holding.
        holdable = gone | {con_id for con_id, one in instruments.items() if not one.is_forex}
        pending = {con_id: quantity for con_id, quantity in pending.items() if con_id in holdable}
        broker_side = {
            p.con_id: p.quantity - pending.get(p.con_id, Decimal(0))
            for p in positions
            if p.con_id in holdable
        }
        earned = results(
            {con_id: one for con_id, one in totals.items() if con_id in valuable},
            instruments,
            {con_id: p.price for con_id, p in prices.items()},
            rates,
        )
        return Answer.of(
            SummaryResult(
                **common(services, self.name, call.run_id),
                broker_time=at,
                account=account,
                base_currency=state.base_currency,
                net_liquidation=state.net_liquidation,
                cash=state.cash,
                values=state.values,
                positions=tuple(
                    _position(p, instruments.get(p.con_id), prices.get(p.con_id), rates) for p in positions
                ),
                holdings={
                    name: {symbol_of(con_id, instruments): quantity for con_id, quantity in held.items()}
                    for name, held in (
                        dict(holdings) | {UNASSIGNED: unassigned(holdings, broker_side)}
                    ).items()
                },
                fills_not_yet_applied={
                    symbol_of(con_id, instruments): quantity for con_id, quantity in pending.items()
                },
                not_valued=tuple(
                    symbol_of(con_id, instruments) for con_id in sorted(gone | (valued - valuable))
                ),
                profit=earned,
                open_orders=tuple(report for report in reports if not report.state.final),
                fills=executions,
            )
        )


def _prices(
    instruments: Mapping[int, Instrument], quotes: Mapping[int, Quote], at: datetime, config: TradingConfig
) -> dict[int, Price]:
    """A price for what is held, for people to look at: an old or delayed one is better here than none. One that has
    none at all (halted, no subscription) hides nothing of the others."""
    prices = {}
    for con_id, instrument in instruments.items():
        quote = quotes.get(con_id)
        try:
            prices[con_id] = sizing_price(instrument, quote, at, config)
        except PriceRefused:
            stale = stale_price(quote, at)
            if stale is not None:
                prices[con_id] = stale
    return prices


def _not_yet_applied(services: Services, executions: tuple[Execution, ...]) -> dict[int, Decimal]:
    """Contract id → signed quantity of today's fills of our orders that the ledger does not know yet."""
    refs = {execution.order_ref for execution in executions if execution.order_ref}
    ours = {order.order_ref for order in services.ledger.orders_named(refs)}
    return unapplied(
        (execution for execution in executions if execution.order_ref in ours),
        services.ledger.bookings_for(ours),
    )


def _position(
    position: BrokerPosition, instrument: Instrument | None, price: Price | None, rates: Mapping[str, Decimal]
) -> PositionShown:
    return PositionShown(
        con_id=position.con_id,
        local_symbol=position.local_symbol,
        quantity=position.quantity,
        average_cost=position.average_cost,
        currency=position.currency,
        price=price,
        market_value=position.quantity * instrument.value(price.price) * rates[position.currency]
        if instrument and price and position.currency in rates
        else None,
    )

"""Reads what broker and ledger say of the account, all at about one instant, and decides which contracts of it can be
valued: those of which the broker still tells a price, where they are held, and the rates of what they are paid in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from ib_trading.core.account import AccountState, BrokerPosition, OrderReport
from ib_trading.core.attribution import Execution, unapplied
from ib_trading.core.instruments import Instrument
from ib_trading.core.market import Price, Quote, sizing_price, stale_price
from ib_trading.core.positions import Holdings
from ib_trading.core.profit import StrategyResult, results
from ib_trading.core.refusals import PriceRefused
from ib_trading.core.totals import Totals, currencies, is_held
from ib_trading.intents.known_instruments import known_instruments
from ib_trading.intents.read_snapshot import account_to_trade
from ib_trading.intents.services import Services
from ib_trading.ports.broker import Broker
from ib_trading.schema.trading_config import TradingConfig


@dataclass(frozen=True, slots=True)
class ValuedAccount:
    """`pending` is contract id → signed quantity of our orders' fills that the ledger does not know yet; `instruments`
    are those of what strategies hold or traded that the broker still knows, `prices` those of what is held that has
    any. `told_values` is contract id → what the broker says a position is worth, in its own currency: asked where there
    is one without a price here."""

    at: datetime
    state: AccountState
    positions: tuple[BrokerPosition, ...]
    reports: tuple[OrderReport, ...]
    executions: tuple[Execution, ...]
    totals: Totals
    holdings: Holdings
    pending: Mapping[int, Decimal]
    instruments: Mapping[int, Instrument]
    prices: Mapping[int, Price]
    told_values: Mapping[int, Decimal]

    @property
    def rates(self) -> Mapping[str, Decimal]:
        """Currency → base."""
        return dict(self.state.rates) | {self.state.base_currency: Decimal(1)}

    @property
    def fills_not_yet_applied(self) -> Mapping[int, Decimal]:
        return {con_id: quantity for con_id, quantity in self.pending.items() if self._is_holdable(con_id)}

    @property
    def applied_positions(self) -> Mapping[int, Decimal]:
        """What the broker holds, without the fills that the ledger does not know yet."""
        return {
            position.con_id: position.quantity - self.pending.get(position.con_id, Decimal(0))
            for position in self.positions
            if not position.is_cash
        }

    @property
    def names(self) -> Mapping[int, str]:
        """Local symbols of all that is named here, as far as anybody knows them."""
        shown = {position.con_id: position.local_symbol for position in self.positions}
        return shown | {con_id: one.local_symbol for con_id, one in self.instruments.items()}

    @property
    def not_valued(self) -> frozenset[int]:
        """Contracts of which the broker knows nothing any more, or too little to value them."""
        known = frozenset(self.instruments)
        told = {
            position.con_id
            for position in self.positions
            if position.con_id in self.told_values
            and position.con_id not in self.totals
            and position.currency in self.rates
        }
        return (frozenset(self.pending) - known) | (self._to_value - self._valuable - told)

    @property
    def profit(self) -> dict[str, StrategyResult]:
        """Strategy → what it has earned with what can be valued."""
        valuable = self._valuable
        return results(
            {con_id: total for con_id, total in self.totals.items() if con_id in valuable},
            self.instruments,
            {con_id: price.price for con_id, price in self.prices.items()},
            self.rates,
        )

    @property
    def _to_value(self) -> frozenset[int]:
        return _held(self.positions, self.totals) | frozenset(self.totals)

    @property
    def _valuable(self) -> frozenset[int]:
        held, rates = _held(self.positions, self.totals), frozenset(self.rates)
        return frozenset(
            con_id
            for con_id in self._to_value.intersection(self.instruments)
            if (con_id in self.prices or con_id not in held)
            and {self.instruments[con_id].currency, *currencies(self.totals.get(con_id, {}))} <= rates
        )

    def _is_holdable(self, con_id: int) -> bool:
        """A conversion is cash: never booked, and nobody's holding."""
        return con_id not in self.instruments or not self.instruments[con_id].is_forex


def valued_account(services: Services, broker: Broker, config: TradingConfig) -> ValuedAccount:
    account = account_to_trade(services, broker, config)
    at = services.business_time(broker)
    state = broker.account(account)
    positions = broker.positions(account)
    reports = broker.order_reports(account)
    executions = broker.executions(account)
    totals = services.ledger.totals()
    holdings = services.ledger.holdings()
    pending = _not_yet_applied(services, executions)
    held = _held(positions, totals)
    # Of what is only the broker's neither details nor quotes are asked for: it says itself what that is worth.
    instruments = known_instruments(broker, sorted({*totals, *pending}))
    # What nobody holds any more has its profit without a price, and lines of market data are few.
    priced = {con_id: instruments[con_id] for con_id in sorted(held) if con_id in instruments}
    prices = _prices(priced, broker.quotes(priced.values(), expendable=True), at, config)
    unpriced = any(position.con_id not in prices for position in positions)
    told = broker.portfolio(account) if unpriced else {}
    return ValuedAccount(
        at, state, positions, reports, executions, totals, holdings, pending, instruments, prices, told
    )


def _held(positions: Iterable[BrokerPosition], totals: Totals) -> frozenset[int]:
    """Contracts that the broker shows or a strategy holds."""
    held = {con_id for con_id, total in totals.items() if is_held(total)}
    return frozenset(held | {position.con_id for position in positions})


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

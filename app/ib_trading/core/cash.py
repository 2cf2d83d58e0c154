"""Decides which foreign cash is turned into base currency, and by how much.

What strategies hold on purpose as forex is set aside. The rest, where it is worth more than the threshold, is
converted towards zero and truncated towards zero to the pair's increment: a comparable system rounded away from zero,
and made of a balance of −1 an order of 1,000, day after day. No balance is ever larger afterwards than before.
Conversions are cash, not holdings: nothing is booked for them.
"""

from __future__ import annotations

from decimal import Decimal

from ib_trading.core.fx import rate_to_base
from ib_trading.core.instruments import Instrument, whole_increments
from ib_trading.core.limits import Proposal
from ib_trading.core.market import Price, Quote, sizing_price
from ib_trading.core.netting import NetTrade
from ib_trading.core.order import DecidedOrder
from ib_trading.core.order_for_trade import planned_order
from ib_trading.core.order_properties import OrderProperties
from ib_trading.core.plan import Balance, Plan, written_out
from ib_trading.core.positions import forex_held
from ib_trading.core.refusals import ConversionRefused, PriceRefused, RateMissing
from ib_trading.core.snapshot import Snapshot
from ib_trading.schema.trading_config import TradingConfig

CONVERSION = "FXCONV"
"""The broker's venue for conversions, which leave no position behind as trades on IDEALPRO do."""

PLAIN_MARKET = OrderProperties(adaptive_priority=None)


def conversion_venues(config: TradingConfig) -> tuple[str, ...]:
    """Where cash is converted, the first that takes the pair."""
    other = config.cash_conversion_exchange
    return (CONVERSION, other) if other else (CONVERSION,)


def balance_cash(snapshot: Snapshot) -> Plan:
    """The conversions of every foreign balance in `snapshot.cash`, or ConversionRefused with all reasons.

    A pair is among the snapshot's instruments, at the venue where it is to be converted, where there is one.
    """
    balances: list[Balance] = []
    orders: list[DecidedOrder] = []
    prices: dict[int, Price] = {}
    reasons: list[str] = []
    for currency, amount in sorted(snapshot.cash.items()):
        if currency == snapshot.base_currency or not amount:
            continue
        try:
            if doubt := snapshot.cash_doubts.get(currency):
                raise ConversionRefused(doubt)
            aside = held_on_purpose(snapshot, currency)
            free = convertible(amount, aside)
            worth = abs(free * rate_to_base(currency, snapshot.fx))
            threshold = snapshot.config.cash_balance_threshold_in_base_currency
            if worth <= threshold:
                why = f"worth {worth:.2f} {snapshot.base_currency}, not above {threshold:f}: left as it is"
                balances.append(Balance(currency, amount, aside, Decimal(0), why))
                continue
            pair = _pair(snapshot, currency)
            price = sizing_price(pair, snapshot.quotes.get(pair.con_id), snapshot.at, snapshot.config)
        except (RateMissing, PriceRefused, ConversionRefused) as error:
            reasons.append(str(error))
            continue
        quantity, converted = conversion(currency, free, pair, price.price, snapshot.quotes.get(pair.con_id))
        why = f"{pair.local_symbol} on {pair.exchange}" if quantity else "less than the pair's increment"
        balances.append(Balance(currency, amount, aside, converted, why))
        if quantity:
            prices[pair.con_id] = price
            trade = NetTrade(pair.con_id, quantity, {})
            orders.append(planned_order(trade, pair, PLAIN_MARKET, None, None))
    if reasons:
        raise ConversionRefused("; ".join(reasons))
    orders.sort(key=lambda order: order.con_id)
    return written_out(
        Proposal(snapshot, prices, tuple(orders)),
        (),
        signals={},
        targets={},
        trades={},
        warnings=(),
        balances=tuple(balances),
    )


def convertible(balance: Decimal, set_aside: Decimal) -> Decimal:
    """What of `balance` may be converted: nothing where the rest lies on the other side of zero, and never more than
    the balance itself."""
    rest = balance - set_aside
    if rest * balance <= 0:
        return Decimal(0)
    return rest if abs(rest) <= abs(balance) else balance


def conversion(
    currency: str, free: Decimal, pair: Instrument, price: Decimal, quote: Quote | None
) -> tuple[Decimal, Decimal]:
    """(signed quantity of the pair's symbol to trade, signed amount of `currency` that goes away by it).

    Where the pair is listed the other way round the quantity is counted in the base currency: at the ask where it
    is bought and at the bid where it is sold, so that paying the spread does not overdraw the balance.
    """
    if pair.symbol == currency:
        amount = whole_increments(free, pair.increment)
        return -amount, amount
    side = (quote.ask if free > 0 else quote.bid) if quote is not None else None
    rate = side if side is not None and side > 0 else price
    quantity = whole_increments(free / rate, pair.increment)
    return quantity, quantity * rate


def held_on_purpose(snapshot: Snapshot, currency: str) -> Decimal:
    """What strategies hold in `currency` as forex: bought pairs count for their symbol, and against their currency."""
    held = Decimal(0)
    for con_id, quantity in forex_held(snapshot).items():
        pair = snapshot.instruments[con_id]
        if pair.symbol == currency:
            held += quantity
        elif pair.currency == currency:
            price = sizing_price(pair, snapshot.quotes.get(con_id), snapshot.at, snapshot.config)
            held -= quantity * price.price
    return held


def _pair(snapshot: Snapshot, currency: str) -> Instrument:
    wanted = {currency, snapshot.base_currency}
    for venue in conversion_venues(snapshot.config):
        for _, pair in sorted(snapshot.instruments.items()):
            if (pair.sec_type, pair.exchange) == ("CASH", venue) and {pair.symbol, pair.currency} == wanted:
                return pair
    raise ConversionRefused(
        f"{currency} cannot be converted: the broker takes the pair neither on FXCONV nor on"
        " cashConversionExchange"
    )

"""Decides how many contracts a weight is.

capital = net liquidation × exposure.overall × exposure.strategies[strategy].share, in base currency
target  = the number of contracts that was asked for, or what is kept, or
          capital × weight ÷ (contract value × fx(contract currency → base)), to the nearest increment, half to even
trade   = target − holdings − what the strategy's live orders may still fill
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from ib_trading.core.fx import rate_to_base
from ib_trading.core.instruments import Instrument, round_to_increment, whole_increments
from ib_trading.core.market import Price, sizing_price
from ib_trading.core.positions import open_positions, under_way
from ib_trading.core.refusals import PriceRefused, RateMissing, SizingRefused
from ib_trading.core.signals import Signals
from ib_trading.core.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Sizing:
    """`targets` and `trades` are strategy → contract id → signed quantity; `notes` say what rounding did away with."""

    prices: Mapping[int, Price]
    targets: Mapping[str, Mapping[int, Decimal]]
    trades: Mapping[str, Mapping[int, Decimal]]
    notes: tuple[str, ...]


def capital(snapshot: Snapshot, strategy: str) -> Decimal:
    """Base currency that `strategy` has to work with."""
    exposure = snapshot.config.exposure
    return snapshot.net_liquidation * exposure.overall * exposure.share(strategy)


def target_quantity(capital: Decimal, weight: Decimal, value_in_base: Decimal, increment: Decimal) -> Decimal:
    """Contracts that put `weight` of `capital` to work, each worth `value_in_base`."""
    return round_to_increment(capital * weight / value_in_base, increment)


def size(snapshot: Snapshot, signals: Signals) -> Sizing:
    """Targets and trades for all strategies, or SizingRefused with every reason there is."""
    worth = snapshot.net_liquidation
    if not (worth.is_finite() and worth > 0):
        # Below zero every weight would turn its sign: what a strategy wants to buy would be sold short.
        raise SizingRefused(
            (f"net liquidation is {worth:f} {snapshot.base_currency}: nothing can be sized by it",)
        )
    # A price is needed for what is wanted, held or working: an instrument without any of that, whose exchange may
    # not quote it for weeks, must not stop the others from trading.
    needed = {
        con_id
        for wants in (signals.weights, signals.contracts)
        for strategy, figures in wants.items()
        for con_id, figure in figures.items()
        if figure or _already(snapshot, strategy, con_id)
    }
    # What is held or ordered already, by whomever, is priced too: the limits after the run cannot be judged without it.
    needed |= {con_id for con_id, quantity in open_positions(snapshot).items() if quantity}
    needed |= set(under_way(snapshot))
    prices, values, reasons = _values_in_base(snapshot, needed)
    if reasons:
        raise SizingRefused(reasons)
    targets: dict[str, dict[int, Decimal]] = {}
    trades: dict[str, dict[int, Decimal]] = {}
    notes: list[str] = []
    for strategy, weights in signals.weights.items():
        targets[strategy], trades[strategy] = {}, {}
        for con_id, weight in weights.items():
            target, trade = _weighed(snapshot, strategy, snapshot.instruments[con_id], weight, values, notes)
            targets[strategy][con_id], trades[strategy][con_id] = target, trade
        for con_id, number in signals.contracts.get(strategy, {}).items():
            target, trade = _counted(snapshot, strategy, snapshot.instruments[con_id], number, notes)
            targets[strategy][con_id], trades[strategy][con_id] = target, trade
        for con_id in sorted(signals.kept.get(strategy, ())):
            targets[strategy][con_id] = _already(snapshot, strategy, con_id)
            trades[strategy][con_id] = Decimal(0)
    return Sizing(prices, targets, trades, tuple(notes))


def _weighed(
    snapshot: Snapshot,
    strategy: str,
    instrument: Instrument,
    weight: Decimal,
    values: Mapping[int, Decimal],
    notes: list[str],
) -> tuple[Decimal, Decimal]:
    """Target and trade of a weight; `notes` gets what rounding and the no-trade band did away with."""
    value, money = values.get(instrument.con_id), capital(snapshot, strategy)
    if value is None:
        # Nothing wanted, held or ordered: nobody had to know a price.
        return Decimal(0), Decimal(0)
    target = target_quantity(money, weight, value, instrument.increment)
    if weight and not target:
        notes.append(_too_small(strategy, instrument, weight, money, value))
    trade = _trade(snapshot, strategy, instrument, target, notes)
    if trade and target and _in_band(snapshot, trade * value, money):
        notes.append(_not_worth_it(strategy, instrument, trade, snapshot))
        return target, Decimal(0)
    return target, trade


def _counted(
    snapshot: Snapshot, strategy: str, instrument: Instrument, number: Decimal, notes: list[str]
) -> tuple[Decimal, Decimal]:
    """Target and trade of a number of contracts, which is traded however little the difference is worth."""
    target = round_to_increment(number, instrument.increment)
    if target != number:
        notes.append(_no_such_number(strategy, instrument, number, target))
    return target, _trade(snapshot, strategy, instrument, target, notes)


def _trade(
    snapshot: Snapshot, strategy: str, instrument: Instrument, target: Decimal, notes: list[str]
) -> Decimal:
    """What brings the strategy to its target, in whole increments; `notes` gets what they leave."""
    missing = target - _already(snapshot, strategy, instrument.con_id)
    trade = whole_increments(missing, instrument.increment)
    if trade != missing:
        notes.append(_fraction_stays(strategy, instrument, missing - trade))
    return trade


def _values_in_base(
    snapshot: Snapshot, needed: set[int]
) -> tuple[dict[int, Price], dict[int, Decimal], tuple[str, ...]]:
    prices: dict[int, Price] = {}
    values: dict[int, Decimal] = {}
    reasons: list[str] = []
    for con_id in sorted(needed):
        instrument = snapshot.instruments.get(con_id)
        if instrument is None:
            reasons.append(f"contract {con_id} is held or ordered, but the broker gave no details of it")
            continue
        try:
            price = sizing_price(instrument, snapshot.quotes.get(con_id), snapshot.at, snapshot.config)
            values[con_id] = instrument.value(price.price) * rate_to_base(instrument.currency, snapshot.fx)
            prices[con_id] = price
        except (PriceRefused, RateMissing) as error:
            reasons.append(str(error))
    return prices, values, tuple(reasons)


def _already(snapshot: Snapshot, strategy: str, con_id: int) -> Decimal:
    held = snapshot.holdings.get(strategy, {}).get(con_id, Decimal(0))
    return held + snapshot.working.get(strategy, {}).get(con_id, Decimal(0))


def _in_band(snapshot: Snapshot, value: Decimal, money: Decimal) -> bool:
    """The no-trade band: see docs/decisions/0008-no-trade-band.md."""
    return abs(value) * 100 < snapshot.config.min_trade_percent * money


def _too_small(strategy: str, instrument: Instrument, weight: Decimal, money: Decimal, value: Decimal) -> str:
    return (
        f"{strategy}: weight {weight.normalize():f} of {instrument.local_symbol} rounds to zero contracts:"
        f" {money * weight:.2f} of capital, {value:.2f} a contract"
    )


def _no_such_number(strategy: str, instrument: Instrument, number: Decimal, target: Decimal) -> str:
    return (
        f"{strategy}: {number:+f} {instrument.local_symbol} is no multiple of {instrument.increment:f};"
        f" {target:+f} is held"
    )


def _fraction_stays(strategy: str, instrument: Instrument, left: Decimal) -> str:
    return (
        f"{strategy}: {left:+f} {instrument.local_symbol} cannot be traded: orders are multiples of"
        f" {instrument.increment:f}"
    )


def _not_worth_it(strategy: str, instrument: Instrument, trade: Decimal, snapshot: Snapshot) -> str:
    return (
        f"{strategy}: {trade:+f} {instrument.local_symbol} not traded: worth less than minTradePercent"
        f" ({snapshot.config.min_trade_percent:f} %) of the strategy's capital"
    )

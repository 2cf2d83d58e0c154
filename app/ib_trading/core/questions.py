"""Decides what a strategy is shown: its own holdings and capital, the prices that would size it, the history that it
declared, and nothing of the others.

A strategy whose history is no basis for a decision is not asked: that is its failure (staleness.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from ib_trading.core.bars import DAILY, BarColumns
from ib_trading.core.calendar import next_session, session_on, trade_date
from ib_trading.core.collection import kind_of_price
from ib_trading.core.forming import seen_forming
from ib_trading.core.fx import rate_to_base
from ib_trading.core.instruments import ContractSpec, Instrument
from ib_trading.core.market import Price, sizing_price
from ib_trading.core.markets import market_of
from ib_trading.core.refusals import PriceRefused, RateMissing, StrategyFailed
from ib_trading.core.sizing import capital
from ib_trading.core.snapshot import BarKey, Snapshot
from ib_trading.core.staleness import stale_history
from ib_trading.core.strategy import (
    Declaration,
    History,
    Instance,
    Question,
    Seen,
    SeenBars,
    SeenForming,
    SeenPrice,
    SeenSession,
)
from ib_trading.core.whole_history import ReadSeries, cut, last_days, read_series, why_not_whole


def question(snapshot: Snapshot, instance: Instance, declaration: Declaration) -> Question:
    """What `instance` is asked at the snapshot's instant; StrategyFailed where its history is none to decide on."""
    name = instance.name
    traded, looked_at = snapshot.wanted[name], snapshot.inputs.get(name, {})
    ids = {**looked_at, **traded}
    series = tuple(_series(snapshot, ids, declaration))
    _check_history(name, series, snapshot)
    return Question(
        instance=instance,
        at=snapshot.at,
        seed=strategy_seed(snapshot.seed, name),
        base_currency=snapshot.base_currency,
        capital=capital(snapshot, name),
        instruments=tuple(
            _seen(snapshot, name, spec, con_id, traded=spec in traded) for spec, con_id in ids.items()
        ),
        bars=tuple(_bars(series, snapshot.at)),
        forming=tuple(_forming(snapshot, series)),
        rates={currency: float(rate.rate) for currency, rate in snapshot.fx.items()},
        memory=snapshot.memories.get(name),
    )


def strategy_seed(seed: int, strategy: str) -> int:
    """One strategy's own chance, the same on every machine and independent of the other strategies."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{strategy}".encode()).digest()[:8], "big")


def _seen(snapshot: Snapshot, name: str, spec: ContractSpec, con_id: int, *, traded: bool) -> Seen:
    instrument = snapshot.instruments[con_id]
    held = snapshot.holdings.get(name, {}).get(con_id, Decimal(0))
    paid = snapshot.average_prices.get(name, {}).get(con_id)
    price, refused = _price(snapshot, instrument)
    return Seen(
        spec=spec,
        local_symbol=instrument.local_symbol,
        currency=instrument.currency,
        time_zone=instrument.time_zone,
        price=SeenPrice(None, refused=refused)
        if price is None
        else SeenPrice(float(price.price), price.source.value, price.as_of),
        traded=traded,
        held=held,
        value=_worth(snapshot, instrument, held, None if price is None else price.price),
        average_price=None if paid is None else float(paid),
        profit=_profit(snapshot, instrument, held, price, paid),
        session=session_seen(market_of(instrument), snapshot.at),
    )


def session_seen(market: str, at: datetime) -> SeenSession | None:
    """The session of the day that `at` belongs to; None on a day without one."""
    today = session_on(market, trade_date(market, at))
    if today is None:
        return None
    following = next_session(market, today.close).day
    same_week = following.isocalendar()[:2] == today.day.isocalendar()[:2]
    return SeenSession(today.day, today.open, today.close, not same_week, following.month != today.day.month)


def _price(snapshot: Snapshot, instrument: Instrument) -> tuple[Price | None, str]:
    try:
        return sizing_price(
            instrument, snapshot.quotes.get(instrument.con_id), snapshot.at, snapshot.config
        ), ""
    except PriceRefused as error:
        return None, error.detail


def _worth(snapshot: Snapshot, instrument: Instrument, held: Decimal, price: Decimal | None) -> float | None:
    """What so many are worth at `price` each, in base currency; None where there is no price or rate."""
    if not held:
        return 0.0
    try:
        rate = rate_to_base(instrument.currency, snapshot.fx)
    except RateMissing:
        return None
    return None if price is None else float(held * instrument.value(price) * rate)


def _profit(
    snapshot: Snapshot, instrument: Instrument, held: Decimal, price: Price | None, paid: Decimal | None
) -> float | None:
    """What the price has gained since it was paid, at today's rate; commissions are not in it."""
    gained = None if price is None or paid is None else price.price - paid
    return _worth(snapshot, instrument, held, gained)


@dataclass(frozen=True, slots=True)
class _Series:
    """What is stored of the `index`-th instrument's declared bars, and what they are judged by."""

    index: int
    history: History
    key: BarKey
    columns: BarColumns
    read: ReadSeries


def _series(
    snapshot: Snapshot, ids: Mapping[ContractSpec, int], declaration: Declaration
) -> Iterator[_Series]:
    for index, con_id in enumerate(ids.values()):
        instrument = snapshot.instruments[con_id]
        for history in declaration.history:
            show = kind_of_price(instrument.sec_type, history.bar_size, adjusted=history.adjusted)
            key = (con_id, show, history.bar_size)
            stored = snapshot.bars.get(key, BarColumns())
            # Its signal must not change with what others read beside it: one more than it wants, for a day that is
            # cut off.
            columns = stored.part(max(0, len(stored) - history.bars - 1), len(stored))
            empty = snapshot.no_bars.get(key, frozenset())
            read = read_series(instrument, history.bar_size, columns, history.bars, empty)
            yield _Series(index, history, key, columns, read)


def _bars(series: Sequence[_Series], at: datetime) -> Iterator[SeenBars]:
    ends = last_days((one.read for one in series), at)
    for one in series:
        known = cut(one.read, one.columns, ends)
        columns = (known.start, known.open, known.high, known.low, known.close, known.volume)
        yield SeenBars(one.index, one.history, *(column.tobytes() for column in columns))


def _forming(snapshot: Snapshot, series: Sequence[_Series]) -> Iterator[SeenForming]:
    for one in series:
        if one.history.forming:
            told = snapshot.forming.get(one.key)
            yield seen_forming(one.index, one.history, one.read.instrument, told, snapshot.at)


def _check_history(name: str, series: Sequence[_Series], snapshot: Snapshot) -> None:
    max_age = snapshot.config.history_max_age_days
    for one in series:
        if one.history.bar_size == DAILY:
            closes = snapshot.closes.get(one.read.instrument.con_id, ())
            reason = stale_history(one.read.instrument, closes, snapshot.at, max_age)
            if reason:
                raise StrategyFailed(f"strategy {name} decides on history, but {reason}", strategy=name)
    reason = why_not_whole([one.read for one in series], snapshot.at)
    if reason:
        raise StrategyFailed(f"strategy {name} decides on history, but {reason}", strategy=name)

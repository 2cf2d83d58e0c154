"""A view out of arrays, for the unit tests of a strategy:

    from ib_trading.strategies.testing import view

    strategy = Mine()
    assert strategy.decide(view(strategy, closes={SPY: rising})) == {SPY: 1}

What is not given is as if nothing were known: no bars, no prices, nothing held. Bars end on the day before `at`.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from ib_trading.authoring.strategy import Strategy, declaration_of
from ib_trading.authoring.view import StrategyView
from ib_trading.core.instruments import ContractSpec
from ib_trading.core.strategy import (
    DAILY,
    History,
    Instance,
    Question,
    Seen,
    SeenBar,
    SeenBars,
    SeenForming,
    SeenPrice,
    SeenSession,
)

NEW_YORK = "America/New_York"
A_MONDAY = datetime(2024, 6, 3, 15, tzinfo=UTC)

Row = tuple[datetime, float, float, float, float, float]
"""A bar as (start, open, high, low, close, volume)."""
Rows = Sequence[Row]
"""Bars, oldest first."""


def view(
    strategy: Strategy,
    *,
    at: datetime = A_MONDAY,
    closes: Mapping[ContractSpec, Sequence[float]] | None = None,
    bars: Mapping[tuple[ContractSpec, str], Rows] | None = None,
    forming: Mapping[tuple[ContractSpec, str], Row] | None = None,
    holdings: Mapping[ContractSpec, float | Decimal] | None = None,
    average_prices: Mapping[ContractSpec, float] | None = None,
    prices: Mapping[ContractSpec, float] | None = None,
    sessions: Mapping[ContractSpec, SeenSession] | None = None,
    capital: float | Decimal = 100_000,
    base_currency: str = "USD",
    rates: Mapping[str, float] | None = None,
    memory: Any = None,
    seed: int = 1,
    time_zone: str = NEW_YORK,
) -> StrategyView:
    """What `strategy` would see. `closes` are daily closes, one a day, of which bars are made; `bars` (instrument, bar
    size) → whole bars; `forming` the same → the bar that forms, of those that the strategy declares so; `holdings`
    signed quantities; `average_prices` and `prices` per contract."""
    declared = declaration_of(strategy)
    known_rates = {base_currency: 1.0, **(rates or {})}
    seen = tuple(
        Seen(
            spec=spec,
            local_symbol=spec.symbol,
            currency=spec.currency,
            time_zone=time_zone,
            price=SeenPrice(
                (prices or {}).get(spec), "given", at, "" if spec in (prices or {}) else "none was given"
            ),
            traded=spec in declared.instruments,
            held=Decimal(str((holdings or {}).get(spec, 0))),
            **_worth(
                (holdings or {}).get(spec, 0),
                (prices or {}).get(spec),
                (average_prices or {}).get(spec),
                known_rates.get(spec.currency),
            ),
            session=(sessions or {}).get(spec),
        )
        for spec in declared.specs
    )
    given = {(spec, DAILY): _daily(row, at) for spec, row in (closes or {}).items()} | dict(bars or {})
    question = Question(
        instance=Instance(strategy.name, strategy.name),
        at=at,
        seed=seed,
        base_currency=base_currency,
        capital=Decimal(str(capital)),
        instruments=seen,
        bars=tuple(_columns(declared.specs, declared.history, given)),
        forming=tuple(_forming(declared.specs, declared.history, forming or {}, at)),
        rates=known_rates,
        memory=None if memory is None else json.dumps(memory),
    )
    return StrategyView(question, strategy.parameters)


def _worth(
    held: float | Decimal, price: float | None, paid: float | None, rate: float | None
) -> dict[str, float | None]:
    """In base currency; None where there is no price or rate."""
    if not held:
        return {"value": 0.0, "profit": 0.0}
    value = None if price is None or rate is None else float(held) * price * rate
    profit = None if price is None or paid is None or rate is None else float(held) * (price - paid) * rate
    return {"value": value, "average_price": paid, "profit": profit}


def _forming(
    specs: Sequence[ContractSpec],
    history: Sequence[History],
    given: Mapping[tuple[ContractSpec, str], Row],
    at: datetime,
) -> Iterator[SeenForming]:
    for index, spec in enumerate(specs):
        for one in history:
            if one.forming:
                row = given.get((spec, one.bar_size))
                yield SeenForming(index, one, None if row is None else SeenBar(*row, as_of=at))


def _daily(closes: Sequence[float], at: datetime) -> Rows:
    midnight = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    days = [midnight - timedelta(days=age) for age in range(len(closes), 0, -1)]
    return [(day, close, close, close, close, 0.0) for day, close in zip(days, closes, strict=True)]


def _columns(
    specs: Sequence[ContractSpec], history: Sequence[History], given: Mapping[tuple[ContractSpec, str], Rows]
) -> Iterator[SeenBars]:
    for index, spec in enumerate(specs):
        for one in history:
            rows = given.get((spec, one.bar_size), ())[-one.bars :] if one.bars else ()
            starts = array("q", (int(row[0].timestamp()) for row in rows))
            prices = zip(*(row[1:] for row in rows), strict=True) if rows else [()] * 5
            yield SeenBars(index, one, starts.tobytes(), *(array("d", column).tobytes() for column in prices))

"""Values of the core with sensible defaults, so that a test names only what it is about.

It is a Monday in trading hours; an account of 100,000 USD; two strategies, alpha and beta, with half of it each; the
stocks AAA at 100, BBB at 50 and CCC at 20 dollars; and limits so wide that only the one under test refuses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from ib_trading.authoring.strategy import declaration_of
from ib_trading.core.attribution import Execution
from ib_trading.core.bars import BarColumns
from ib_trading.core.fx import base_rate
from ib_trading.core.instruments import ContractSpec, Instrument, PriceStep, TradingHours
from ib_trading.core.limits import Proposal
from ib_trading.core.market import DailyClose, Price, PriceSource, Quote, QuoteType
from ib_trading.core.mode import TradingMode
from ib_trading.core.order import DecidedOrder
from ib_trading.core.order_kind import OrderType, Side, TimeInForce
from ib_trading.core.plan import Plan, make_plan
from ib_trading.core.questions import question
from ib_trading.core.refusals import StrategyFailed
from ib_trading.core.signals import failed_with
from ib_trading.core.snapshot import Snapshot, TradingSwitch
from ib_trading.core.strategy import Answer, Failure, Instance
from ib_trading.host.in_process import InProcess
from ib_trading.schema.exposure import Exposure, StrategyInstance
from ib_trading.schema.trading_config import Limits, TradingConfig
from ib_trading.strategies import Strategy, StrategyView

MONDAY = date(2024, 6, 3)
NOW = datetime(2024, 6, 3, 15, 0, tzinfo=UTC)
AFTER_HOURS = datetime(2024, 6, 3, 22, 0, tzinfo=UTC)
HOURS = TradingHours(datetime(2024, 6, 3, 13, 30, tzinfo=UTC), datetime(2024, 6, 3, 20, 0, tzinfo=UTC))

STOCK = Instrument(
    con_id=1,
    local_symbol="AAA",
    symbol="AAA",
    sec_type="STK",
    exchange="SMART",
    primary_exchange="NYSE",
    currency="USD",
    multiplier=Decimal(1),
    price_magnifier=Decimal(1),
    size_increment=Decimal(1),
    price_steps=(PriceStep(Decimal(0), Decimal("0.01")),),
    order_types=frozenset({"MKT", "LMT", "ALGO"}),
    liquid_hours=(HOURS,),
    time_zone="America/New_York",
)


def stock(con_id: int, symbol: str, **changes: Any) -> Instrument:
    return replace(STOCK, con_id=con_id, local_symbol=symbol, symbol=symbol, **changes)


AAA, BBB, CCC = STOCK, stock(2, "BBB"), stock(3, "CCC")
PRICES = {1: "100", 2: "50", 3: "20"}


def spec(instrument: Instrument) -> ContractSpec:
    return ContractSpec(instrument.symbol)


def quote(price: str, **changes: Any) -> Quote:
    """Live, fresh, and without a spread, so that the mid is `price`."""
    return replace(Quote(NOW, QuoteType.LIVE, bid=Decimal(price), ask=Decimal(price)), **changes)


def price(value: str) -> Price:
    return Price(Decimal(value), PriceSource.MID, QuoteType.LIVE, NOW, 0)


def closes(*values: str, last_day: date = date(2024, 5, 31)) -> tuple[DailyClose, ...]:
    """One close a day up to `last_day`."""
    first = last_day - timedelta(days=len(values) - 1)
    return tuple(DailyClose(first + timedelta(days=i), Decimal(value)) for i, value in enumerate(values))


WIDE = Limits(
    max_gross_leverage=Decimal(100), max_net_leverage=Decimal(100), max_weight_per_instrument=Decimal(100)
)


def config(**changes: Any) -> TradingConfig:
    """Every trade is made unless `min_trade_percent` or `max_commission_percent` says otherwise; `limits` as a mapping
    changes single ones."""
    limits = changes.pop("limits", {})
    defaults: dict[str, Any] = {
        "exposure": Exposure(
            overall=Decimal(1),
            strategies=dict.fromkeys(("alpha", "beta"), StrategyInstance(share=Decimal("0.5"))),
        ),
        "min_trade_percent": Decimal(0),
        "max_commission_percent": None,
        "limits": Limits(**{name: getattr(WIDE, name) for name in WIDE.__struct_fields__} | limits),
    }
    return TradingConfig(**defaults | changes)


def snapshot(*instruments: Instrument, **changes: Any) -> Snapshot:
    """Both strategies want all of `instruments` (default: AAA, BBB and CCC) and nobody holds anything."""
    known = {instrument.con_id: instrument for instrument in instruments or (AAA, BBB, CCC)}
    defaults: dict[str, Any] = {
        "mode": TradingMode.PAPER,
        "at": NOW,
        "managed_accounts": ("DU1",),
        "account": "DU1",
        "base_currency": "USD",
        "net_liquidation": Decimal(100_000),
        "switch": TradingSwitch(),
        "config": config(),
        "wanted": {"alpha": tuple(known), "beta": tuple(known)},
        "instruments": known,
        "quotes": {con_id: quote(PRICES.get(con_id, "10")) for con_id in known},
        "fx": {"USD": base_rate("USD", NOW)},
        "closes": {},
        "positions": {},
        "holdings": {},
        "working": {},
        "seed": 7,
    }
    filled: dict[str, Any] = defaults | changes
    named: Mapping[int, Instrument] = filled["instruments"]
    filled["wanted"] = {
        name: {spec(named[one]): one for one in ids} for name, ids in filled["wanted"].items()
    }
    days: Mapping[int, Sequence[DailyClose]] = filled["closes"]
    filled["bars"] = {(con_id, "ADJUSTED_LAST", "1 day"): columns(row) for con_id, row in days.items()}
    return Snapshot(**filled)


def columns(days: Sequence[DailyClose]) -> BarColumns:
    """Bars that opened where they closed."""
    starts = [int(datetime.combine(one.day, time(), UTC).timestamp()) for one in days]
    return BarColumns.of(starts, *[[one.close for one in days]] * 4, [Decimal(0)] * len(days))


def asked(state: Snapshot, strategies: Mapping[str, Strategy]) -> Snapshot:
    """`state` with what `strategies` answer when they are asked for it; each finds its instruments by their symbols."""
    by_symbol = {one.symbol: con_id for con_id, one in reversed(tuple(state.instruments.items()))}
    wanted = {
        name: {spec: by_symbol[spec.symbol] for spec in strategy.instruments}
        for name, strategy in strategies.items()
    }
    state = replace(state, wanted=wanted)
    return replace(state, answers={name: _answer(state, name, one) for name, one in strategies.items()})


def _answer(state: Snapshot, name: str, strategy: Strategy) -> Answer | StrategyFailed:
    try:
        shown = question(state, Instance(name, name), declaration_of(strategy))
    except StrategyFailed as failed:
        return failed
    told = InProcess({name: strategy}).answer(shown, 1, 1)
    return failed_with(name, told) if isinstance(told, Failure) else told


def planned(state: Snapshot, strategies: Mapping[str, Strategy]) -> Plan:
    return make_plan(asked(state, strategies))


@dataclass
class Answers(Strategy):
    """A strategy that always gives the same weights, by symbol."""

    instruments: tuple[ContractSpec, ...]
    answer: Mapping[str, Any]
    history_days: int = 0

    def weights(self, view: StrategyView) -> Mapping[ContractSpec, Any]:
        return {ContractSpec(symbol): weight for symbol, weight in self.answer.items()}


@dataclass
class Raises(Strategy):
    """A strategy that fails."""

    instruments: tuple[ContractSpec, ...]
    history_days: int = 0

    def weights(self, view: StrategyView) -> Mapping[ContractSpec, Any]:
        raise ZeroDivisionError("no returns")


ALL_SPECS = (spec(AAA), spec(BBB), spec(CCC))


def answers(history_days: int = 0, **by_symbol: Any) -> Answers:
    """`answers(AAA="0.5")` puts half of its capital into AAA."""
    return Answers(ALL_SPECS, by_symbol, history_days)


def order(con_id: int, quantity: str, **changes: Any) -> DecidedOrder:
    """`quantity` signed, all of it alpha's."""
    signed = Decimal(quantity)
    symbols = {1: "AAA", 2: "BBB", 3: "CCC"}
    made = DecidedOrder(
        con_id=con_id,
        local_symbol=symbols[con_id],
        action=Side.BUY if signed > 0 else Side.SELL,
        quantity=abs(signed),
        order_type=OrderType.MARKET,
        tif=TimeInForce.DAY,
        adaptive_priority="Normal",
        source={"alpha": signed},
    )
    return replace(made, **changes)


def proposal(*orders: DecidedOrder, **changes: Any) -> Proposal:
    """`orders` at the prices of the defaults; `changes` are the snapshot's."""
    state = snapshot(**changes)
    return Proposal(state, {con_id: price(PRICES[con_id]) for con_id in state.instruments}, orders)


def execution(exec_id: str, quantity: str, **changes: Any) -> Execution:
    made = Execution(
        exec_id=exec_id,
        order_ref="ib-pabc",
        perm_id=9,
        account="DU1",
        con_id=1,
        quantity=Decimal(quantity),
        price=Decimal(100),
        at=NOW,
    )
    return replace(made, **changes)

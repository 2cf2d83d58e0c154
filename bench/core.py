"""What deciding costs: planning a large book beside the same arithmetic in numpy, and a run with nothing to trade
beside the broker's round trips alone.

numpy does the multiplications in binary fractions and nothing else: no exact decimals, no reasons, no limits. The
figure says what the plan's exactness and explanations cost, not that they should be left out.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

import numpy

from bench.market import START, write_market
from bench.measured import Measured, milliseconds
from bench.service_run import AllAlike, bench_services, told
from ib_trading.core.fx import base_rate
from ib_trading.core.instruments import ContractSpec, Instrument, PriceStep, TradingHours
from ib_trading.core.market import Quote, QuoteType
from ib_trading.core.mode import TradingMode
from ib_trading.core.plan import make_plan
from ib_trading.core.snapshot import Snapshot, TradingSwitch
from ib_trading.core.strategy import Answer, Wanted, Wish
from ib_trading.intents.allocation import Allocation
from ib_trading.intents.intent import Call
from ib_trading.intents.services import Services
from ib_trading.schema.exposure import Exposure, StrategyInstance
from ib_trading.schema.requests import AllocationRequest
from ib_trading.schema.trading_config import Limits, TradingConfig
from ib_trading_simulator.launch import Launched

T = TypeVar("T")

INSTRUMENTS, STRATEGIES, STOCKS = 1000, 20, 20
ROUNDS = 5
AT = datetime(2019, 6, 3, 15, tzinfo=UTC)
OPEN = TradingHours(datetime(2019, 6, 3, 13, 30, tzinfo=UTC), datetime(2019, 6, 3, 20, tzinfo=UTC))
BOUND_SECONDS = 5.0


def measure(rounds: int | None = None) -> Measured:
    planning, arithmetic, orders = _planning(rounds or ROUNDS)
    idle, asking = _idle(rounds or ROUNDS)
    plan_ratio = statistics.median(planning) / statistics.median(arithmetic)
    idle_ratio = statistics.median(idle) / statistics.median(asking)
    rows = [
        ("", "time", "ratio"),
        (
            f"plan of {INSTRUMENTS:,} instruments × {STRATEGIES} strategies",
            milliseconds(planning),
            f"{plan_ratio:,.0f}",
        ),
        ("its arithmetic alone in numpy", milliseconds(arithmetic), "1"),
        ("run with nothing to trade", milliseconds(idle), f"{idle_ratio:.2f}"),
        (f"the broker's round trips alone, {STOCKS} stocks", milliseconds(asking), "1"),
    ]
    figures = {
        "planning": planning,
        "numpy": arithmetic,
        "planningRatio": round(plan_ratio, 2),
        "idleRun": idle,
        "roundTrips": asking,
        "idleRatio": round(idle_ratio, 4),
    }
    about = (
        f"Signals to verdicts for {INSTRUMENTS * STRATEGIES:,} weights and {orders:,} orders; then an allocation on an"
        " unchanged market, connecting included on both sides. Medians."
    )
    bounds = {"seconds to plan": (statistics.median(planning), BOUND_SECONDS)}
    return Measured("core", about, rows, figures, bounds)


def _planning(rounds: int) -> tuple[list[float], list[float], int]:
    """Seconds of the plan and of the arithmetic, and the number of orders; RuntimeError if they disagree."""
    snapshot, made = _book()
    # To the plan's own six places: the rest is nobody's signal.
    weights = numpy.round(made, 6)
    prices = numpy.array([float(quote.mid or 0) for quote in snapshot.quotes.values()])
    capital = float(snapshot.net_liquidation) / STRATEGIES
    planning, arithmetic, trades, orders = [], [], numpy.zeros(0), 0
    for _ in range(rounds):
        seconds, plan = _timed(lambda: make_plan(snapshot))
        planning.append(seconds)
        seconds, trades = _timed(lambda: numpy.rint(capital * weights / prices).sum(axis=0))
        arithmetic.append(seconds)
        orders = len(plan.orders)
        planned = sum(int(abs(trade)) for trade in plan.consolidated_trades.values())
        # Half a contract decides either way in binary fractions; more than a few such ties is a mistake.
        if abs(planned - numpy.abs(trades).sum()) > INSTRUMENTS / 100:
            raise RuntimeError(f"the plan trades {planned} contracts, numpy {numpy.abs(trades).sum()}")
    return planning, arithmetic, orders


def _book() -> tuple[Snapshot, list[list[float]]]:
    """With what each strategy decided, and its weights as numpy takes them."""
    specs = tuple(ContractSpec(f"S{number:04d}") for number in range(INSTRUMENTS))
    instruments = {number: _stock(number, spec) for number, spec in enumerate(specs, start=1)}
    prices = {number: Decimal(2000 + number * 37 % 9000) / 100 for number in instruments}
    names = [f"strategy-{number:02d}" for number in range(STRATEGIES)]
    made = [[((i * 7 + s * 13) % 41 - 15) / 41 / 300 for i in range(INSTRUMENTS)] for s in range(STRATEGIES)]
    answers = {
        name: Answer(
            tuple(Wanted(spec, Wish.WEIGHT, str(weight)) for spec, weight in zip(specs, weights, strict=True))
        )
        for name, weights in zip(names, made, strict=True)
    }
    instance = StrategyInstance(share=Decimal(1) / STRATEGIES)
    wide = Decimal(1000)
    config = TradingConfig(
        exposure=Exposure(overall=Decimal(1), strategies=dict.fromkeys(names, instance)),
        limits=Limits(
            max_orders_per_run=INSTRUMENTS,
            max_gross_leverage=wide,
            max_net_leverage=wide,
            max_weight_per_instrument=wide,
        ),
        min_trade_percent=Decimal(0),
        max_commission_percent=None,
    )
    return Snapshot(
        mode=TradingMode.PAPER,
        at=AT,
        managed_accounts=("DU1",),
        account="DU1",
        base_currency="USD",
        net_liquidation=Decimal(100_000_000),
        switch=TradingSwitch(),
        config=config,
        wanted={name: dict(zip(specs, instruments, strict=True)) for name in names},
        answers=answers,
        instruments=instruments,
        quotes={one: Quote(AT, QuoteType.LIVE, bid=price, ask=price) for one, price in prices.items()},
        fx={"USD": base_rate("USD", AT)},
        closes={},
        positions={},
        holdings={},
        working={},
        seed=7,
    ), made


def _stock(con_id: int, spec: ContractSpec) -> Instrument:
    return Instrument(
        con_id=con_id,
        local_symbol=spec.symbol,
        symbol=spec.symbol,
        sec_type="STK",
        exchange="SMART",
        primary_exchange="NYSE",
        currency="USD",
        multiplier=Decimal(1),
        price_magnifier=Decimal(1),
        size_increment=Decimal(1),
        price_steps=(PriceStep(Decimal(0), Decimal("0.01")),),
        order_types=frozenset({"MKT", "ALGO"}),
        liquid_hours=(OPEN,),
        time_zone="America/New_York",
    )


def _idle(rounds: int) -> tuple[list[float], list[float]]:
    """Seconds of a run on an unchanged market, and of asking the broker what such a run asks."""
    idle, asking = [], []
    with tempfile.TemporaryDirectory(prefix="ib-trading-bench-") as folder:
        symbols = write_market(Path(folder), STOCKS)
        options = ("--clock", "virtual", "--start", START, "--data", folder, "--cash", "USD=10000000")
        with Launched.start(*options) as simulator:
            strategy = AllAlike(symbols)
            services = bench_services(simulator, folder, strategy)
            _allocate(services, "first", orders=STOCKS)
            for number in range(rounds):
                idle.append(_timed(lambda key=f"idle {number}": _allocate(services, key, orders=0))[0])
                asking.append(_timed(lambda: _ask(services, strategy))[0])
    return idle, asking


def _allocate(services: Services, key: str, *, orders: int) -> None:
    answer = Allocation(services).answer(Call(key, AllocationRequest(strategies=(AllAlike.name,)), key=key))
    sent = len(told(services, answer).get("orders", ()))
    if answer.refusal or sent != orders:
        raise RuntimeError(f"the allocation was done with {sent} orders, not {orders}: {answer.refusal}")


def _ask(services: Services, strategy: AllAlike) -> None:
    with services.gateway.session() as broker:
        broker.current_time()
        (account,) = broker.managed_accounts()
        broker.account(account)
        broker.positions(account)
        broker.quotes(broker.instruments(strategy.instruments).values())


def _timed(work: Callable[[], T]) -> tuple[float, T]:
    began = time.perf_counter()
    answer = work()
    return time.perf_counter() - began, answer

"""`check NAME`: a strategy asked on recorded days, and what is found (verdicts.py)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from datetime import time as clock_time

from ib_trading.core.strategy import Answer, Declaration, Failure, Instance, Offer
from ib_trading_simulator.market.market import Market
from workbench.recorded import RecordedPrices
from workbench.trial import Asked, Host, carried_out, declared, offer_of, started, witness
from workbench.verdicts import Finding, Verdict, future_cut_off, same_twice, warmed_up, with_holes


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is checked: `parameters` as texts; `days` of the record, each at `at` by the exchange's clock; `market` one
    of the simulator's, or a folder of one's own prices."""

    strategy: str
    parameters: Mapping[str, str]
    days: int = 60
    at: clock_time = clock_time(15)
    market: str = "world"


@dataclass(frozen=True, slots=True)
class Checked:
    """`instruments` and `bars` (of each bar size) are lines to read."""

    offer: Offer
    declaration: Declaration
    instruments: tuple[str, ...]
    bars: tuple[str, ...]
    asked: Asked
    verdicts: tuple[Verdict, ...]

    @property
    def is_good(self) -> bool:
        return all(verdict.finding is not Finding.FAULT for verdict in self.verdicts)


def checked(wanted: Wanted, environment: Mapping[str, str]) -> Checked:
    """NotOffered, NotRecorded or Failed (trial.py, recorded.py) where there is nothing to compare."""
    instance = Instance(wanted.strategy, wanted.strategy, dict(wanted.parameters))
    with started(environment) as host:
        offer, declaration = offer_of(host, wanted.strategy), declared(host, instance)
        prices = RecordedPrices(Market.load(wanted.market), declaration)
        moments = prices.moments(wanted.days, wanted.at)
        prices.read(moments, 2)
        asked = carried_out(host, instance, prices, moments)
        verdicts = (
            same_twice(asked, _by_another_host(asked, environment)),
            future_cut_off(asked, witness(instance, asked.questions, environment)),
            warmed_up(asked, lambda times: _with_more(host, prices, asked, times)),
            with_holes(asked.questions[-1], asked.answers[-1], host.answer),
        )
    return Checked(
        offer,
        declaration,
        tuple(_resolved(prices)),
        tuple(_there(prices, declaration, moments[-1])),
        asked,
        verdicts,
    )


def _by_another_host(asked: Asked, environment: Mapping[str, str]) -> Sequence[Answer | Failure]:
    """What a forked process is born with is the same each time; another host may have been dealt something else."""
    with started(environment) as other:
        return [other.answer(question) for question in asked.questions]


def _with_more(host: Host, prices: RecordedPrices, asked: Asked, times: int) -> Sequence[Answer | Failure]:
    prices.read([question.at for question in asked.questions], times)
    return [host.answer(prices.with_bars(question, times)) for question in asked.questions]


def _resolved(prices: RecordedPrices) -> list[str]:
    return [
        f"{spec.symbol}: {contract.long_name or contract.local_symbol},"
        f" {contract.primary_exchange or contract.exchange}, {contract.currency}, conId {contract.con_id}"
        for spec, contract in prices.contracts.items()
    ]


def _there(prices: RecordedPrices, declaration: Declaration, at: datetime) -> list[str]:
    lines = []
    for history in declaration.history:
        told = prices.available(history, at)
        short = {spec.symbol: count for spec, (count, _) in told.items() if count < history.bars}
        since = min((oldest for _, oldest in told.values() if oldest is not None), default=None)
        missing = ", ".join(f"{symbol} has {count}" for symbol, count in short.items())
        lines.append(
            f"{history.bars} of {history.bar_size} needed; {missing or f'all there, since {since:%Y-%m-%d}'}"
        )
    return lines

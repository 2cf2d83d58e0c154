"""A strategy asked on each day of a stretch, with the book that its own answers would have made.

Decides what is held after an answer: it is carried out at the day's price, in whole contracts and without costs. This
is no backtest: the book is there so that what reads holdings or a memory is asked sensible questions.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import msgspec

from ib_trading.adapters.local.strategy_host import StrategyHost
from ib_trading.core.average_price import NOTHING
from ib_trading.core.instruments import ContractSpec
from ib_trading.core.strategy import Answer, Declaration, Failure, Instance, Offer, Offers, Question, Wish
from ib_trading.schema.known_types import ready
from ib_trading.schema.strict import nearest
from ib_trading.schema.trading_config import Exposure, TradingConfig
from ib_trading.settings import strategy_environment
from workbench.recorded import Holdings, RecordedPrices
from workbench.witness import Job, Told

CAPITAL = Decimal(100_000)
DEFAULTS = TradingConfig(exposure=Exposure(overall=Decimal(1), strategies={}))
WITNESS_SECONDS = 300


class NotOffered(LookupError):
    """No such strategy can be run; the text says why, `failure` what its source did."""

    def __init__(self, text: str, failure: Failure | None = None) -> None:
        super().__init__(text)
        self.failure = failure


@dataclass(frozen=True, slots=True)
class Asked:
    """Questions with their answers, oldest first; `milliseconds` is the mean of an answer."""

    questions: tuple[Question, ...]
    answers: tuple[Answer, ...]
    milliseconds: float


class Failed(Exception):
    """It did not answer at `at`."""

    def __init__(self, at: datetime, failure: Failure) -> None:
        super().__init__(failure.sentence)
        self.at = at
        self.failure = failure


@dataclass(frozen=True, slots=True)
class Host:
    """The service's own host for strategies, with the limits that a configuration has by default."""

    process: StrategyHost

    def answer(self, question: Question) -> Answer | Failure:
        return self.process.answer(question, DEFAULTS.strategy_seconds, DEFAULTS.strategy_megabytes)


@contextmanager
def started(environment: Mapping[str, str]) -> Generator[Host]:
    host = StrategyHost(Path(sys.executable), strategy_environment(environment))
    try:
        yield Host(host)
    finally:
        host.close()


def offer_of(host: Host, name: str) -> Offer:
    """What offers the strategy; NotOffered where nothing does."""
    offers = host.process.offers()
    found = next((offer for offer in offers.offers if offer.strategy == name), None)
    if found is None:
        raise _not_offered(name, offers)
    return found


def _not_offered(name: str, offers: Offers) -> NotOffered:
    for source, failure in offers.failures.items():
        if name in {source.rpartition(".")[2], source.partition(" = ")[0]}:
            return NotOffered(failure.sentence, failure)
    others = f"; what could not be imported: {', '.join(offers.failures)}" if offers.failures else ""
    return NotOffered(f"no strategy is called {name}; {nearest(name, offers.names)}{others}")


def declared(host: Host, instance: Instance) -> Declaration:
    """NotOffered where it cannot say, or its parameters do not fit."""
    told = host.process.declaration(instance)
    if isinstance(told, Failure):
        raise NotOffered(f"{instance.name} {told.sentence}", told)
    return told


def carried_out(host: Host, instance: Instance, prices: RecordedPrices, moments: Sequence[datetime]) -> Asked:
    """Asks at every moment; Failed at the first that it does not answer."""
    questions, answers, seconds = [], [], 0.0
    cash, held = float(CAPITAL), Holdings({}, CAPITAL)
    for at in moments:
        worth = sum(float(n) * (prices.unit_value(spec, at) or 0.0) for spec, n in held.quantities.items())
        held = replace(held, capital=Decimal(f"{cash + worth:.2f}"))
        question = prices.question(instance, at, held)
        begun = time.perf_counter()
        answer = host.answer(question)
        seconds += time.perf_counter() - begun
        if isinstance(answer, Failure):
            raise Failed(at, answer)
        questions.append(question)
        answers.append(answer)
        quantities = _after(answer, held, prices, at)
        before = held.quantities
        traded = {
            spec: n for spec in {**before, **quantities} if (n := _of(spec, quantities) - _of(spec, before))
        }
        cash -= sum(float(n) * (prices.unit_value(spec, at) or 0.0) for spec, n in traded.items())
        paid = dict(held.paid)
        for spec, n in traded.items():
            price = Decimal(str(prices.price(spec, at) or 0))
            paid[spec] = paid.get(spec, NOTHING).after(n, price)
        paid = {spec: one for spec, one in paid.items() if one.quantity}
        held = Holdings(paid, held.capital, held.memory if answer.memory is None else answer.memory)
    return Asked(tuple(questions), tuple(answers), 1000 * seconds / len(answers))


def _of(spec: ContractSpec, quantities: Mapping[ContractSpec, Decimal]) -> Decimal:
    return quantities.get(spec, Decimal(0))


def _after(
    answer: Answer, held: Holdings, prices: RecordedPrices, at: datetime
) -> dict[ContractSpec, Decimal]:
    """Signed quantities, as the answer wants them."""
    wanted = dict(held.quantities) if answer.keeps_rest else {}
    for one in answer.wanted:
        unit = prices.unit_value(one.spec, at)
        match one.wish:
            case Wish.KEEP:
                wanted[one.spec] = held.quantities.get(one.spec, Decimal(0))
            case Wish.CONTRACTS:
                wanted[one.spec] = Decimal(one.figure)
            case Wish.WEIGHT if unit:
                wanted[one.spec] = Decimal(round(float(one.figure) * float(held.capital) / unit))
            case Wish.WEIGHT:
                wanted[one.spec] = held.quantities.get(one.spec, Decimal(0))
    return wanted


def witness(instance: Instance, questions: Sequence[Question], environment: Mapping[str, str]) -> Told:
    """What the process says that asks under observation. Failed where it ends instead of saying anything."""
    with tempfile.TemporaryDirectory(prefix="strategy-") as folder:
        job, told = Path(folder, "job"), Path(folder, "told")
        job.write_bytes(msgspec.msgpack.encode(Job(instance, tuple(questions))))
        try:
            ended = subprocess.run(
                [sys.executable, "-s", "-m", "workbench.witness", str(job), str(told)],
                env={**environment, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
                timeout=WITNESS_SECONDS,
            )
        except subprocess.TimeoutExpired:
            raise Failed(questions[-1].at, Failure(f"was not done after {WITNESS_SECONDS} s")) from None
        if not told.exists():
            sentence = f"ended its process with exit status {ended.returncode} instead of answering"
            raise Failed(questions[-1].at, Failure(sentence, ended.stderr[-8000:], ended.stdout[-8000:]))
        return msgspec.msgpack.decode(told.read_bytes(), type=ready(Told))

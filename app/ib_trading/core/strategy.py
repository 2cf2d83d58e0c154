"""What a strategy declares, is asked and may answer, as values: they travel to the process that strategies run in and
back. Decides nothing; what an answer means, signals.py does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from ib_trading.core.instruments import ContractSpec

DAILY = "1 day"

ENVIRONMENT_SEEN = ("HOME", "LANG", "LC_ALL", "PATH", "PYTHONPATH", "TMPDIR", "TZ")
"""Of the service's environment, all that the process of the strategies is given."""


@dataclass(frozen=True, slots=True)
class History:
    """The last `bars` complete bars of `bar_size` of each instrument and input: adjusted for splits and dividends, or
    as they were traded. With `forming` the one that still forms as well, which the broker is asked for."""

    bar_size: str = DAILY
    bars: int = 0
    adjusted: bool = True
    forming: bool = False


@dataclass(frozen=True, slots=True)
class Instance:
    """A strategy as the configuration has it: `name` is the ledger's, `strategy` the class's."""

    name: str
    strategy: str
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Declaration:
    """What an instance wants to see and trade. `inputs` are seen and never traded."""

    described: str
    instruments: tuple[ContractSpec, ...]
    inputs: tuple[ContractSpec, ...] = ()
    history: tuple[History, ...] = ()

    @property
    def specs(self) -> tuple[ContractSpec, ...]:
        return (*self.instruments, *self.inputs)

    @property
    def history_days(self) -> int:
        """How many daily bars it reads."""
        return max((one.bars for one in self.history if one.bar_size == DAILY), default=0)


@dataclass(frozen=True, slots=True)
class Failure:
    """What a strategy's code did instead of answering, in one sentence; `traceback` and what it had printed are its
    author's."""

    sentence: str
    traceback: str = ""
    printed: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """A strategy that can be run. `source` is the module or entry point that it came from."""

    strategy: str
    source: str
    described: str


HOST = "the host"
"""What cannot be started: then nobody is offered."""


@dataclass(frozen=True, slots=True)
class Offers:
    """What was found where strategies live; `failures` is source → why it offers nothing, HOST among the sources where
    nothing could be looked for."""

    offers: tuple[Offer, ...] = ()
    failures: Mapping[str, Failure] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(sorted(offer.strategy for offer in self.offers))


@dataclass(frozen=True, slots=True)
class SeenPrice:
    """A price per contract in the contract's currency, as sizing takes it; `refused` says why there is none."""

    value: float | None
    source: str = ""
    as_of: datetime | None = None
    refused: str = ""


@dataclass(frozen=True, slots=True)
class SeenSession:
    """The session of the day: instants in UTC."""

    day: date
    open: datetime
    close: datetime
    last_of_week: bool
    last_of_month: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """One instrument or input. `held` is the strategy's own and signed, `value` and `profit` of it in base currency,
    `average_price` per contract in the unit of the price; None where nobody knows them."""

    spec: ContractSpec
    local_symbol: str
    currency: str
    time_zone: str
    price: SeenPrice
    traded: bool = True
    held: Decimal = Decimal(0)
    value: float | None = None
    average_price: float | None = None
    profit: float | None = None
    session: SeenSession | None = None


@dataclass(frozen=True, slots=True)
class SeenBars:
    """Complete bars of the `index`-th of the question's instruments, oldest first: `start` as signed 64-bit seconds
    since the epoch, the others as 64-bit floats, all in this machine's byte order."""

    index: int
    history: History
    start: bytes
    open: bytes
    high: bytes
    low: bytes
    close: bytes
    volume: bytes


@dataclass(frozen=True, slots=True)
class SeenBar:
    """One bar as far as it had come at `as_of`, in UTC; `volume` is NaN where the series has none."""

    start: datetime
    open: float
    high: float
    low: float
    close: float
    volume: float
    as_of: datetime


@dataclass(frozen=True, slots=True)
class SeenForming:
    """The bar that forms, of the `index`-th of the question's instruments; None where none does. `refused` says why
    nobody knows."""

    index: int
    history: History
    bar: SeenBar | None = None
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """All that a strategy may know at `at`. `rates` is currency → base currency; `memory` the JSON that it returned
    with an earlier decision, None for none."""

    instance: Instance
    at: datetime
    seed: int
    base_currency: str
    capital: Decimal
    instruments: tuple[Seen, ...]
    bars: tuple[SeenBars, ...] = ()
    forming: tuple[SeenForming, ...] = ()
    rates: Mapping[str, float] = field(default_factory=dict)
    memory: str | None = None


class Wish(StrEnum):
    WEIGHT = "weight"
    CONTRACTS = "contracts"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is wanted of one instrument: a fraction of the capital or a number of contracts, `figure` as its author's
    number spells itself."""

    spec: ContractSpec
    wish: Wish
    figure: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a strategy decided. `keeps_rest`: what is not mentioned stays as it is, instead of being closed. `notes` are
    figures as they spell themselves and short texts, kept and shown, never decided upon; `memory` is JSON for its next
    question, None for what it was."""

    wanted: tuple[Wanted, ...]
    keeps_rest: bool = False
    notes: Mapping[str, str] = field(default_factory=dict)
    memory: str | None = None

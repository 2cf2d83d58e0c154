"""Everything a decision rests on, read once and frozen: the same snapshot always gives the same plan.

Holds values only; reading them is the intents' work, deciding on them the other modules'.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from ib_trading.core.bars import BarColumns
from ib_trading.core.forming import Told
from ib_trading.core.fx import FxRate
from ib_trading.core.instruments import ContractSpec, Instrument
from ib_trading.core.last_worth import Worth
from ib_trading.core.locks import Lock
from ib_trading.core.market import DailyClose, Quote
from ib_trading.core.mode import TradingMode
from ib_trading.core.others import NOBODY, Others
from ib_trading.core.positions import Holdings, Quantities
from ib_trading.core.refusals import StrategyFailed
from ib_trading.core.strategy import Answer
from ib_trading.schema.trading_config import TradingConfig

BarKey = tuple[int, str, str]
"""Contract id, what the broker shows, bar size."""

Forming = Mapping[BarKey, Told]
"""What the broker told of bars that form, of those series of which somebody wants them."""


@dataclass(frozen=True, slots=True)
class TradingSwitch:
    """The kill switch: with `enabled` false nothing but reducing orders leaves."""

    enabled: bool = True
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Margin:
    """The broker's answer to what one order would do to the account, in base currency: initial margin before and
    after it, and the equity that has to cover it."""

    initial_before: Decimal
    initial_after: Decimal
    equity_after: Decimal


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state of account, market and ledger at business time `at`.

    `positions` are the broker's in those contracts that the run looks at, and none in currency pairs.

    `wanted` is strategy → each instrument that it named → its contract id, `inputs` the same of what it only looks at,
    and `answers` strategy → what it decided, or its failure; `working` is strategy → what its live
    orders may still buy (+) or sell (−); `closes` are stored daily closes, oldest first; `seed` is the only source
    of chance that a strategy has.

    `daily_profit` is what positions and trades have earned since the broker's day began (a loss is negative), in base
    currency and None where the broker did not tell it or was not asked; `last_worth` what the account was worth by the
    last run of an earlier day. `margins` are contract id → the broker's what-if answer, where it was asked and
    answered. `cash` is currency → balance, and `cash_doubts` currency → why nobody can say that it is there. `locks`
    are the instruments of which nobody can say what is held or on its way."""

    mode: TradingMode
    at: datetime
    managed_accounts: tuple[str, ...]
    account: str
    base_currency: str
    net_liquidation: Decimal
    switch: TradingSwitch
    config: TradingConfig
    wanted: Mapping[str, Mapping[ContractSpec, int]]
    instruments: Mapping[int, Instrument]
    quotes: Mapping[int, Quote]
    fx: Mapping[str, FxRate]
    closes: Mapping[int, tuple[DailyClose, ...]]
    positions: Quantities
    holdings: Holdings
    working: Holdings
    seed: int
    last_worth: Worth | None = None
    daily_profit: Decimal | None = None
    margins: Mapping[int, Margin] = field(default_factory=dict)
    cash: Mapping[str, Decimal] = field(default_factory=dict)
    cash_doubts: Mapping[str, str] = field(default_factory=dict)
    locks: tuple[Lock, ...] = ()
    others: Others = NOBODY
    """What is in the account besides `positions`: nobody's matter in this run."""
    bars: Mapping[BarKey, BarColumns] = field(default_factory=dict)
    no_bars: Mapping[BarKey, frozenset[date]] = field(default_factory=dict)
    """Days that are known to have none, where some are missing."""
    forming: Forming = field(default_factory=dict)
    average_prices: Mapping[str, Mapping[int, Decimal]] = field(default_factory=dict)
    """Strategy → contract id → what it has paid for what it holds, where that is known (average_price.py)."""
    memories: Mapping[str, str] = field(default_factory=dict)
    """Strategy → the JSON that it returned with its last decision that was carried out."""
    inputs: Mapping[str, Mapping[ContractSpec, int]] = field(default_factory=dict)
    answers: Mapping[str, Answer | StrategyFailed] = field(default_factory=dict)

"""Decides what the side, the type and the time in force of an order are: how each is spelt, and what it means.

Nothing else of the service compares their words: it asks here. How they are spelt in an order and what each needs is
https://interactivebrokers.github.io/tws-api/basic_orders.html; contract details spell some otherwise (STP LMT is STPLMT
and TRAIL LIMIT is TRAILLMT in every recorded `orderTypes`, simulator/data among them; TRAILLIT is "if touched").
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Self

ALGO = "ALGO"
"""How contract details name every algo, Adaptive among them."""


class Side(StrEnum):
    """Which way an order goes. The value is how an order spells it."""

    BUY = "BUY"
    SELL = "SELL"

    @property
    def sign(self) -> int:
        return 1 if self is Side.BUY else -1

    @classmethod
    def of(cls, quantity: Decimal) -> Side:
        """The side of a signed quantity that is not zero."""
        return cls.BUY if quantity > 0 else cls.SELL

    @classmethod
    def ordered(cls, word: str) -> Side:
        """The side that an order at the broker shows; ValueError for a word that means none. SSHORT and SLONG are sales
        that institutional accounts alone can order; a person may have, by hand."""
        return _meant(word, {"BUY": cls.BUY, "SELL": cls.SELL, "SSHORT": cls.SELL, "SLONG": cls.SELL})

    @classmethod
    def executed(cls, word: str) -> Side:
        """The same of an execution."""
        return _meant(word, {"BOT": cls.BUY, "SLD": cls.SELL})


def _meant(word: str, sides: Mapping[str, Side]) -> Side:
    if word not in sides:
        raise ValueError(f"the side {word!r}, which is neither {' nor '.join(sides)}")
    return sides[word]


class TimeInForce(StrEnum):
    """How long an order works. The value is how an order, and contract details, spell it."""

    DAY = "DAY"
    GTC = "GTC"
    OPG = "OPG"

    @property
    def ends_with_day(self) -> bool:
        """Whether nothing of the order works once its broker day is over."""
        return self is TimeInForce.DAY

    @property
    def at_open(self) -> bool:
        """Whether the order fills in the opening auction, and waits for it."""
        return self is TimeInForce.OPG

    @property
    def outlives_request(self) -> bool:
        """Whether it may fill after the run has answered, whatever its type."""
        return self is not TimeInForce.DAY

    @property
    def takes_adaptive(self) -> bool:
        return self is TimeInForce.DAY


LIMIT_PRICE, STOP_PRICE = "limit_price", "stop_price"
TRAILING_PERCENT, LIMIT_OFFSET = "trailing_percent", "limit_offset"
PRICES = (LIMIT_PRICE, STOP_PRICE, TRAILING_PERCENT, LIMIT_OFFSET)
"""The members of an order that say at which prices it works (core/order.py)."""

_RESTING = frozenset({TimeInForce.DAY, TimeInForce.GTC})
_ANY = frozenset(TimeInForce)


class OrderType(StrEnum):
    """What an order does. The value is how an order spells it; the rest of a member's line are the facts below."""

    MARKET = "MKT", "MKT", (), _ANY
    LIMIT = "LMT", "LMT", (LIMIT_PRICE,), _ANY
    MARKET_ON_CLOSE = "MOC", "MOC", (), frozenset({TimeInForce.DAY})
    STOP = "STP", "STP", (STOP_PRICE,), _RESTING
    STOP_LIMIT = "STP LMT", "STPLMT", (STOP_PRICE, LIMIT_PRICE), _RESTING
    TRAIL = "TRAIL", "TRAIL", (STOP_PRICE, TRAILING_PERCENT), _RESTING
    # A limit price and an offset exclude each other: 321 "You must specify one value: limit price or limit price
    # offset value", https://github.com/erdewit/ib_insync/issues/88.
    TRAIL_LIMIT = "TRAIL LIMIT", "TRAILLMT", (STOP_PRICE, TRAILING_PERCENT, LIMIT_OFFSET), _RESTING

    in_contract_details: str
    """Its spelling among the `orderTypes` of contract details."""
    prices: frozenset[str]
    """Which of PRICES an order of this type has; the others it must not have."""
    times_in_force: frozenset[TimeInForce]
    """What it goes with. The opening auction takes market and limit orders alone (MOO, LOO)."""

    def __new__(
        cls, wire: str, in_contract_details: str, prices: tuple[str, ...], times: frozenset[TimeInForce]
    ) -> Self:
        member = str.__new__(cls, wire)
        member._value_ = wire
        member.in_contract_details = in_contract_details
        member.prices = frozenset(prices)
        member.times_in_force = times
        return member

    @property
    def has_limit(self) -> bool:
        """Whether it pays no more and takes no less than a price, once it works."""
        return bool(self.prices & {LIMIT_PRICE, LIMIT_OFFSET})

    @property
    def has_stop(self) -> bool:
        """Whether it waits until the market has come to a price; `trails`, too, has one to begin with."""
        return STOP_PRICE in self.prices

    @property
    def trails(self) -> bool:
        """Whether its stop follows the market."""
        return TRAILING_PERCENT in self.prices

    @property
    def waits(self) -> bool:
        """Whether it says at which price it works, so that a closed exchange only delays it."""
        return bool(self.prices)

    @property
    def at_close(self) -> bool:
        """Whether it fills in the closing auction."""
        return self is OrderType.MARKET_ON_CLOSE

    @property
    def outlives_request(self) -> bool:
        """Whether it is meant to fill after the run has answered: at the close, or once a stop triggers it."""
        return self.at_close or self.has_stop

    @property
    def takes_adaptive(self) -> bool:
        """https://interactivebrokers.github.io/tws-api/ibalgos.html, "Adaptive Algo": market and limit orders."""
        return self in {OrderType.MARKET, OrderType.LIMIT}

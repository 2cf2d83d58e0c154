"""The language of misbehaviour: on which occasion (`when`) the simulator does what it should not (`what`).

    {"when": {"symbol": "AAPL", "nth": 2}, "what": {"do": "reject", "reason": "no shares to borrow"}}

Decides what may be said, and counts occasions. Doing it is misbehaviour.py's (messages, requests, quotes),
broker.py's with an OrderFaults (orders) and manual.py's (corrections, liquidations).

An occasion is a request that arrives, a new order, a message that is sent, an execution, or a look at a
quote; each deed of DEEDS has its own. All keys of `when` have to agree with it, those left out agree with
everything; of the occasions that agree, `nth` (from 1 on) is the first that counts and `times` how many do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from enum import Enum, auto
from typing import Any

ALWAYS = 1 << 60


class Place(Enum):
    """Where a deed happens."""

    REQUEST = auto()
    ORDER = auto()
    SENT = auto()
    EXECUTION = auto()
    QUOTE = auto()
    NOW = auto()


class FaultError(ValueError):
    """A fault that cannot be followed; the text says what would do."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """What is known about one moment at which the simulator might misbehave; "" and None are "does not apply"."""

    message: str = ""
    order_ref: str = ""
    symbol: str = ""
    client_id: int | None = None
    key: str = ""
    currency: str = ""


@dataclass(frozen=True, slots=True)
class When:
    """`messages` are names of the broker's messages; empty is any."""

    messages: frozenset[str] = frozenset()
    order_ref: str = ""
    symbol: str = ""
    client_id: int | None = None
    key: str = ""
    currency: str = ""
    nth: int = 1
    times: int = 1
    now: bool = False

    def agrees(self, occasion: Occasion) -> bool:
        return (
            (not self.messages or occasion.message in self.messages)
            and self.order_ref in {"", occasion.order_ref}
            and self.symbol in {"", occasion.symbol}
            and self.client_id in {None, occasion.client_id}
            and self.key in {"", occasion.key}
            and self.currency in {"", occasion.currency}
        )


@dataclass(slots=True)
class Fault:
    """One fault with what it was told, and on how many occasions that agree it looked (`seen`) and acted."""

    when: When
    deed: str
    more: Mapping[str, Any]
    said: Mapping[str, Any]
    seen: int = 0
    done: int = 0

    @property
    def place(self) -> Place:
        return DEEDS[self.deed].place

    def strikes(self, occasion: Occasion) -> bool:
        """Counts an occasion, and says whether it is one on which to act."""
        if self.done >= self.when.times or not self.when.agrees(occasion):
            return False
        self.seen += 1
        if self.seen < self.when.nth:
            return False
        self.done += 1
        return True


@dataclass(slots=True)
class Faults:
    """Every fault that was asked for, oldest first."""

    all: list[Fault] = field(default_factory=list)

    def struck(self, place: Place, occasion: Occasion) -> tuple[Fault, ...]:
        """The faults that act on an occasion."""
        return tuple(fault for fault in self.all if fault.place is place and fault.strikes(occasion))

    def waits_at(self, place: Place) -> bool:
        """Whether an occasion there needs to be looked at at all."""
        return any(fault.place is place and fault.done < fault.when.times for fault in self.all)


# What may be said


def _number(name: str, value: Any) -> Decimal:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        number = Decimal("NaN")
    if isinstance(value, bool) or not number.is_finite() or number < 0:
        raise FaultError(f"{name} is {value!r}: a number, not below 0")
    return number


def _count(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise FaultError(f"{name} is {value!r}: a whole number from 1 on")
    return value


def _identity(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise FaultError(f"{name} is {value!r}: a whole number from 0 on")
    return value


def _word(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise FaultError(f"{name} is {value!r}: a text")
    return value


def _flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise FaultError(f"{name} is {value!r}: true or false")
    return value


def _duration(name: str, value: Any) -> timedelta:
    return timedelta(seconds=float(_number(name, value)))


Reader = Callable[[str, Any], Any]


@dataclass(frozen=True, slots=True)
class Deed:
    """What can be done wrong: where, with which parameters, and what `when` means if it says nothing.

    `needs` and `one_of` (exactly one of these) are parameters that have to be given, `when_needs` keys of
    `when`.
    """

    place: Place
    parameters: Mapping[str, Reader] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()
    when_needs: tuple[str, ...] = ()
    usual: When = When()


_LATE: Mapping[str, Reader] = {"seconds": _duration, "realSeconds": _number}
_PLACED = When(frozenset({"placeOrder"}))
_ACCOUNT_VALUES = frozenset({"updateAccountValue", "accountSummary", "accountUpdateMulti"})
_SHOWN = When(times=ALWAYS)

DEEDS: Mapping[str, Deed] = {
    "drop": Deed(Place.REQUEST, usual=_PLACED),
    "refuse": Deed(
        Place.REQUEST, {"code": _count, "text": _word}, ("code",), usual=When(frozenset({"reqMktData"}))
    ),
    "disconnect": Deed(Place.REQUEST, {"answered": _flag}, usual=_PLACED),
    "reject": Deed(Place.ORDER, {"reason": _word}),
    "inactive": Deed(Place.ORDER, {"reason": _word}),
    "acknowledge late": Deed(Place.ORDER, _LATE, one_of=tuple(_LATE)),
    "partial fill": Deed(Place.ORDER, {"quantity": _number}, ("quantity",)),
    "false cancel": Deed(Place.ORDER, {"code": _count}),
    "fill after cancel": Deed(Place.ORDER, {"seconds": _duration}),
    "duplicate": Deed(Place.SENT, when_needs=("message",)),
    "omit": Deed(Place.SENT, when_needs=("message",)),
    "delay": Deed(Place.SENT, _LATE, one_of=tuple(_LATE), when_needs=("message",)),
    "omit account value": Deed(
        Place.SENT, when_needs=("key",), usual=When(messages=_ACCOUNT_VALUES, times=ALWAYS)
    ),
    "correct": Deed(Place.EXECUTION, {"price": _number, "quantity": _number}),
    "liquidate": Deed(Place.NOW, {"quantity": _number}, when_needs=("symbol",), usual=When(now=True)),
    "stale quote": Deed(Place.QUOTE, when_needs=("symbol",), usual=_SHOWN),
    "crossed quote": Deed(Place.QUOTE, when_needs=("symbol",), usual=_SHOWN),
    "no quote": Deed(Place.QUOTE, when_needs=("symbol",), usual=_SHOWN),
}

# Misfortunes that have a name and no deed here, with what there is instead.
NOT_BUILT: Mapping[str, str] = {
    "reorder": 'say "delay" of one of the messages',
    "delayed handshake": "nothing stands in for it",
    "connectivity lost": "1100, 1101 and 1102 are not sent",
    "restart": "POST /restart",
    "refuse connection": 'POST /restart with "down"',
    "second factor": 'POST /restart with "down"',
    "clock skew": "start with another --start",
    "manual trade": "POST /trade",
    "split": "nothing stands in for it",
    "slow drip": 'say "delay" of the messages',
}

# Keys of `when`, with the field they fill.
_KEYS: Mapping[str, tuple[str, Reader]] = {
    "orderRef": ("order_ref", _word),
    "symbol": ("symbol", _word),
    "clientId": ("client_id", _identity),
    "key": ("key", _word),
    "currency": ("currency", _word),
    "nth": ("nth", _count),
    "times": ("times", _count),
    "now": ("now", _flag),
}
_MESSAGED = frozenset({Place.REQUEST, Place.SENT})


def fault_of(said: Mapping[str, Any], messages: Iterable[str]) -> Fault:
    """A fault as it was spelled; `messages` are the names there are. Raises FaultError."""
    only("a fault", said, ("when", "what"))
    what = said.get("what")
    spelled = {"do": what} if isinstance(what, str) else what
    if not isinstance(spelled, Mapping):
        raise FaultError('"what" is missing: {"do": ...} with a deed, or its name alone')
    name = spelled.get("do")
    deed = DEEDS.get(name) if isinstance(name, str) else None
    if deed is None or not isinstance(name, str):
        if isinstance(name, str) and name in NOT_BUILT:
            raise FaultError(f"{name!r} is not built: {NOT_BUILT[name]}")
        raise FaultError(
            f"nobody knows how to do {name!r}; {_meant(name, DEEDS)}known are {', '.join(DEEDS)}"
        )
    more = {key: value for key, value in spelled.items() if key != "do"}
    only(f'"{name}"', more, tuple(deed.parameters))
    for needed in deed.needs:
        if needed not in more:
            raise FaultError(f'"{name}" needs {needed}')
    if deed.one_of and len(set(deed.one_of) & set(more)) != 1:
        raise FaultError(f'"{name}" needs one of {" and ".join(deed.one_of)}')
    read = {key: deed.parameters[key](key, value) for key, value in more.items()}
    return Fault(_when(name, deed, said.get("when", {}), frozenset(messages)), name, read, dict(said))


def _when(name: str, deed: Deed, said: object, messages: frozenset[str]) -> When:
    if not isinstance(said, Mapping):
        raise FaultError(f'"when" is {said!r}: an object such as {{"symbol": "AAPL"}}')
    known = (*_KEYS, "message") if deed.place in _MESSAGED else tuple(_KEYS)
    only('"when"', said, known)
    for needed in deed.when_needs:
        if needed not in said:
            raise FaultError(f'"{name}" needs {needed} in "when"')
    if said.get("now") and deed.place not in {Place.NOW, Place.EXECUTION}:
        raise FaultError(f'"{name}" has no "now": it happens on an occasion')
    given: dict[str, Any] = {}
    for key, value in said.items():
        if key == "message":
            if value not in messages:
                raise FaultError(f"there is no message {value!r}; names are those of GET /state")
            given["messages"] = frozenset({value})
        elif key == "times" and value == "always":
            given["times"] = ALWAYS
        else:
            attribute, reader = _KEYS[key]
            given[attribute] = reader(key, value)
    assert set(given) <= {one.name for one in fields(When)}, "keys of `when` are fields of When"
    return replace(deed.usual, **given)


def only(where: str, said: Mapping[str, Any], known: tuple[str, ...]) -> None:
    """Raises FaultError for a key that is not known, with the nearest one that is."""
    for name in sorted(set(said) - set(known)):
        raise FaultError(f"{where} has {name!r}; {_meant(name, known)}known are {', '.join(known) or 'none'}")


def _meant(name: object, known: Iterable[str]) -> str:
    near = get_close_matches(str(name), known, 1)
    return f"did you mean {near[0]!r}? " if near else ""

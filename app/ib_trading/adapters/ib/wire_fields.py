"""What the fields of a message are before the library reads them, and which number is none.

Every number on the wire has one reading: a value, unset, or a fault where a value has to be. The library reads an empty
field as 0, and no position, no profit and no commission are figures too; it reads the unset integers and decimals of
the broker's own clients as 9.2E+18 shares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from ib_trading.adapters.ib.wire_time import moment

_UNSET_DOUBLE = "1.7976931348623157E308"

_LEAST_UNSET_DECIMAL = Decimal("9.2233720368547E+18")
"""2⁶³ − 1 and its negative are unset decimals (the broker's Java and C# clients), 2¹²⁷ − 1 is that of its Python
client, and 1.797E+308 the unset double. As doubles they are spelled in several ways, all above this; no figure of an
account is."""
_UNSET_INTEGER = Decimal(2**31 - 1)

_OPEN_ORDER, _EXECUTION, _BOND = "5", "11", "18"

# Message → where figures stand that are unset when they are empty. At the server versions that the library offers (157
# to 176) these messages have one layout up to there.
_EMPTY_IS_UNSET: Mapping[str, tuple[int, ...]] = {
    "3": (3, 5),  # orderStatus: filled, average price
    _OPEN_ORDER: (14,),  # totalQuantity
    "7": (15,),  # updatePortfolio: market value
    _EXECUTION: (19, 20),  # shares, price
    "59": (3,),  # commission
    "61": (14,),  # position
    "94": (2,),  # daily profit
    "101": (13,),  # completedOrder: totalQuantity
}
_EXECUTION_ID, _EXECUTION_TIME = 14, 15

_COUPON = 5
_LAST_WITH_VERSION = 163
"""The last server version whose details messages begin with a version of their own (MIN_SERVER_VER_SIZE_RULES is 164 in
the broker's client)."""


class Readable(NamedTuple):
    """`uncertain` is what cannot be told for certain of it, "" where nothing is wrong."""

    fields: Sequence[str]
    uncertain: str


def readable(fields: Sequence[str], server_version: int) -> Readable:
    """`fields` as the library reads what they mean."""
    kind = fields[0]
    changed = dict.fromkeys(
        (at for at in _EMPTY_IS_UNSET.get(kind, ()) if at < len(fields) and not fields[at].strip()),
        _UNSET_DOUBLE,
    )
    uncertain = ""
    if kind == _BOND:
        # Of a coupon of 3.375 it makes no whole number, and then nothing of the bond. Nobody needs it.
        changed[_COUPON + (server_version <= _LAST_WITH_VERSION)] = ""
    elif kind == _EXECUTION and len(fields) > _EXECUTION_TIME:
        try:
            at, certain = moment(fields[_EXECUTION_TIME])
        except ValueError:
            # The library's own reading fails as well, and says so.
            pass
        else:
            changed[_EXECUTION_TIME] = str(int(at.timestamp()))
            if not certain:
                uncertain = (
                    f"execution {fields[_EXECUTION_ID]} happened at {fields[_EXECUTION_TIME]!r}, whose zone nobody"
                    f" knows for certain; it is taken as {at:%Y-%m-%d %H:%M:%S} UTC"
                )
    return Readable(
        [changed.get(at, field) for at, field in enumerate(fields)] if changed else fields, uncertain
    )


def amount(value: object) -> Decimal | None:
    """A number as the wire had it; None for an unset, empty or non-finite one."""
    if value is None:
        return None
    try:
        number = Decimal(str(value).removesuffix(".0"))
    except InvalidOperation:
        return None
    if not number.is_finite() or abs(number) >= _LEAST_UNSET_DECIMAL or number == _UNSET_INTEGER:
        return None
    return number

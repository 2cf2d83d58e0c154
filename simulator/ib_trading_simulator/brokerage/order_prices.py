"""The prices of an order: which it has to have by its kind, how placeOrder carries them, and what is refused.

| kind        | lmtPrice              | auxPrice        | trailingPercent | trailStopPrice | lmtPriceOffset        |
| LMT         | limit                 |                 |                 |                |                       |
| STP         |                       | stop            |                 |                |                       |
| STP LMT     | limit                 | stop            |                 |                |                       |
| TRAIL       |                       | trailing amount | or this         | first stop     |                       |
| TRAIL LIMIT | limit at first stop   | trailing amount | or this         | first stop     | or this               |

Sources: "Basic Orders" and class Order of interactivebrokers.github.io/tws-api (trailingPercent and the trailing amount
are "mutually exclusive"). 321 "You must specify one value: limit price or limit price offset value.": issue 88 of
github.com/erdewit/ib_insync, also for an order that is sent back with the limit price that openOrder showed. 321
"Please enter a stop price", asked before the limit is, and an lmtPrice of 0 that is unset, too:
github.com/deepentropy/ibx, client_core.rs, order_rule_refusal. What a gateway says of a STP without a stop price or a
TRAIL without a distance is in no public log: they are refused with 321 in like words. A stop on the wrong side of the
market is no mistake: it triggers at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from ib_trading_simulator.brokerage.order_kind import OrderKind
from ib_trading_simulator.brokerage.refusal import Refusal, invalid
from ib_trading_simulator.market.contracts import Contract
from ib_trading_simulator.messages.wire import decimal_of

_WHOLE = Decimal(100)

# A field's text by its name, "" where it is not set.
FieldText = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Prices:
    """None where an order has none; `stop` of a trailing order is the one that it begins with.

    `limit_offset` is how far beyond its stop a trailing limit lies: below that of a sale, above that of a purchase.
    """

    limit: Decimal | None = None
    stop: Decimal | None = None
    trail_amount: Decimal | None = None
    trail_percent: Decimal | None = None
    limit_offset: Decimal | None = None


def prices(kind: OrderKind, contract: Contract, sign: int, field: FieldText) -> Prices:
    """`sign` is 1 of a purchase, -1 of a sale. Raises Refusal, UnreadableField."""
    if kind.trails:
        return _trailing(kind, contract, sign, field)
    # In the order in which the fields of the protocol come.
    limit = _limit(contract, field) if kind.needs_limit else None
    stop = _stop(contract, _set("auxPrice", field)) if kind.needs_stop else None
    return Prices(limit, stop)


def _trailing(kind: OrderKind, contract: Contract, sign: int, field: FieldText) -> Prices:
    stop = _set("trailStopPrice", field)
    if kind.needs_stop or stop is not None:
        stop = _stop(contract, stop)
    amount, percent = _set("auxPrice", field), _set("trailingPercent", field)
    if (amount is None) == (percent is None):
        raise invalid("a trailing order needs one of auxPrice, its trailing amount, and trailingPercent")
    if amount is not None:
        _conforming(_positive(amount, "trailing amount"), contract)
    if percent is not None and not 0 < percent < _WHOLE:
        raise invalid(f"Invalid trailing percentage {percent}")
    offset = _offset(contract, sign, stop, field) if kind.needs_limit and stop is not None else None
    return Prices(stop=stop, trail_amount=amount, trail_percent=percent, limit_offset=offset)


def _offset(contract: Contract, sign: int, stop: Decimal, field: FieldText) -> Decimal:
    """Sale: limit = stop - offset; purchase: limit = stop + offset."""
    offset, limit = decimal_of(field("lmtPriceOffset"), "lmtPriceOffset"), _set("lmtPrice", field)
    if (offset is None) == (limit is None):
        raise invalid("You must specify one value: limit price or limit price offset value.")
    if limit is not None:
        return (_conforming(_positive(limit, "limit price"), contract) - stop) * sign
    assert offset is not None
    return _conforming(offset, contract)


def _limit(contract: Contract, field: FieldText) -> Decimal:
    limit = decimal_of(field("lmtPrice"), "lmtPrice")
    if limit is None or limit <= 0:
        raise invalid("a limit order needs a positive lmtPrice")
    return _conforming(limit, contract)


def _stop(contract: Contract, stop: Decimal | None) -> Decimal:
    if stop is None:
        raise invalid("Please enter a stop price")
    return _conforming(_positive(stop, "stop price"), contract)


def _set(name: str, field: FieldText) -> Decimal | None:
    """The number, None where the field is unset or 0, as clients leave what they do not use."""
    return decimal_of(field(name), name) or None


def _positive(price: Decimal, what: str) -> Decimal:
    if price < 0:
        raise invalid(f"Invalid {what} {price}")
    return price


def _conforming(price: Decimal, contract: Contract) -> Decimal:
    if price % contract.min_tick:
        raise Refusal(110, "The price does not conform to the minimum price variation for this contract.")
    return price

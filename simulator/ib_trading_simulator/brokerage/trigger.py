"""Which price a waiting stop watches, and what of a quote that is.

Source: "Trigger Methods", interactivebrokers.github.io/tws-api/trigger_method_limit.html (numbers, and the default by
security type: last for stocks, bid and ask for currencies), and "Modify the Stop Trigger Method", ibkrguides.com: by
bid/ask a sale triggers when the ask is at or below its stop, a purchase when the bid is at or above it. By last: "Sell
Simulated Stop Orders become market orders when the last traded price is less than or equal to the stop price", and the
other way round for purchases (IBKR, "Stop Orders").

The two "double" methods, which need the same of two quotes in a row, are not built. Which price a trailing stop follows
is in none of these: here it is the one that triggers it.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from ib_trading_simulator.brokerage.refusal import invalid
from ib_trading_simulator.market.contracts import Contract
from ib_trading_simulator.market.quote import Quote


class Trigger(StrEnum):
    """What is compared with the stop price."""

    LAST = "last"
    BID_ASK = "bid/ask"
    LAST_OR_BID_ASK = "last or bid/ask"
    MIDPOINT = "midpoint"


_DEFAULT = 0
_BY_NUMBER = {2: Trigger.LAST, 4: Trigger.BID_ASK, 7: Trigger.LAST_OR_BID_ASK, 8: Trigger.MIDPOINT}
_NOT_BUILT = {1: "double bid/ask", 3: "double last"}


def trigger_of(method: int, contract: Contract) -> Trigger:
    """What placeOrder's triggerMethod means for an order of `contract`. Raises Refusal."""
    if method == _DEFAULT:
        return Trigger.BID_ASK if contract.is_cash else Trigger.LAST
    if method in _NOT_BUILT:
        raise invalid(f"the simulator has not built the trigger method {_NOT_BUILT[method]} ({method})")
    if method not in _BY_NUMBER:
        raise invalid(f"Invalid trigger method {method}")
    return _BY_NUMBER[method]


def watched(trigger: Trigger, sign: int, quote: Quote) -> Decimal | None:
    """The price that is compared with the stop of an order (`sign` 1: a purchase, which triggers at or above it; -1: a
    sale, at or below); of several the one that triggers first. None while there is none, and outside a session."""
    # What is left of an earlier session is no trade of this one.
    if quote.bid is None or quote.ask is None:
        return None
    near = quote.bid if sign > 0 else quote.ask
    match trigger:
        case Trigger.LAST:
            return quote.last
        case Trigger.BID_ASK:
            return near
        case Trigger.MIDPOINT:
            return (quote.bid + quote.ask) / 2
        case Trigger.LAST_OR_BID_ASK:
            last = near if quote.last is None else quote.last
            return max(last, near) if sign > 0 else min(last, near)

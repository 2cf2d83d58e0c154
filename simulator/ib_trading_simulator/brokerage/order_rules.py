"""Which orders the broker takes, and with which code and words it refuses the others.

Decides on the order and its contract alone, by the table of kinds (order_kind.py); leaves prices to order_prices.py.
Margin, order ids and the account's state are the broker's to look at. Codes and texts: the broker's "Message Codes" and
what real gateways were seen to answer. A refusal that a real gateway would not make, because the simulator has not
built what the order needs, says so in its text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial

from ib_trading_simulator.brokerage.order_kind import KINDS, TIMES_IN_FORCE, OrderKind, TimeInForce
from ib_trading_simulator.brokerage.order_prices import prices
from ib_trading_simulator.brokerage.orders import Ticket
from ib_trading_simulator.brokerage.refusal import Refusal, invalid
from ib_trading_simulator.brokerage.trigger import trigger_of
from ib_trading_simulator.market.contracts import FXCONV, Contract
from ib_trading_simulator.messages.wire import (
    UnreadableField,
    decimal_of,
    flag_of,
    given,
    integer_of,
    moment_of,
)

# Below so many units of the first currency an order at IDEALPRO is an odd lot; it trades all the same.
IDEALPRO, IDEALPRO_MINIMUM = "IDEALPRO", 20_000
_ADAPTIVE_PRIORITIES = ("Urgent", "Normal", "Patient")

# Order types of the broker that the simulator knows by name; every other name is a mistake of the client.
_OTHER_TYPES = frozenset({
    "BOX TOP", "LIT", "LOC", "MIDPRICE", "MIT", "MKT PRT", "MTL", "PASSV REL", "PEG BENCH", "PEG BEST",
    "PEG MID", "PEG MKT", "PEG STK", "REL", "SNAP MID", "SNAP MKT", "SNAP PRIM", "STP PRT", "TRAIL LIT", "TRAIL MIT",
    "VOL",
})  # fmt: skip
_OTHER_TIMES_IN_FORCE = frozenset({"AUC", "DTC", "FOK", "GTD", "GTX", "IOC"})

# Attributes that change what an order does: unless neutral, an order that has them is refused rather than
# misread.
_UNBUILT_ATTRIBUTES: tuple[tuple[str, frozenset[str], str], ...] = (
    ("transmit", frozenset({"1"}), "orders that are not transmitted"),
    ("parentId", frozenset({"", "0"}), "parent orders"),
    ("ocaGroup", frozenset({""}), "OCA groups"),
    ("conditions", frozenset({"()"}), "conditions"),
    ("goodTillDate", frozenset({""}), "goodTillDate"),
    ("allOrNone", frozenset({"", "0"}), "all-or-none"),
    ("minQty", frozenset({"", "0"}), "a minimum quantity"),
    ("hedgeType", frozenset({""}), "hedges"),
    ("scalePriceIncrement", frozenset({"", "0", "0.0"}), "scale orders"),
    ("cashQty", frozenset({"", "0", "0.0"}), "cash quantities"),
    ("discretionaryAmt", frozenset({"", "0", "0.0"}), "discretionary amounts"),
    ("adjustedOrderType", frozenset({"", "None"}), "adjusted orders"),
    ("faGroup", frozenset({""}), "financial advisor groups"),
    ("faProfile", frozenset({""}), "financial advisor profiles"),
    ("modelCode", frozenset({""}), "models"),
    ("activeStartTime", frozenset({""}), "activeStartTime"),
    ("activeStopTime", frozenset({""}), "activeStopTime"),
)

# Shown again in openOrder as they came.
_ECHOED = ("openClose", "outsideRth", "hidden", "solicited", "clearingAccount", "settlingFirm", "rule80A")

Attributes = Mapping[str, "str | Sequence[Mapping[str, str]]"]


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What the order says, and what the client has to be told about it (code, text)."""

    ticket: Ticket
    warnings: tuple[tuple[int, str], ...] = ()


def examine(order: Attributes, contract: Contract, accounts: tuple[str, ...]) -> Acceptance:
    """Reads placeOrder's fields as an order for `contract`. Raises Refusal."""
    try:
        return _examined(order, contract, accounts)
    except UnreadableField as error:
        raise Refusal(320, f"Error reading request. {error}.") from None


def _examined(order: Attributes, contract: Contract, accounts: tuple[str, ...]) -> Acceptance:
    _attributes(order)
    action = _text(order, "action").upper()
    if action not in {"BUY", "SELL"}:
        raise invalid(f"Invalid order action {action!r}: BUY or SELL")
    kind = _kind(_text(order, "orderType").upper(), contract)
    tif, warnings = _time_in_force(_text(order, "tif").upper(), contract)
    if tif.wire not in kind.times_in_force:
        raise Refusal(111, _INCOMPATIBLE)
    algo, algo_params = _algo(order, contract)
    if algo and not (kind.algorithmic and tif.auction is None):
        raise Refusal(442, "Specified algorithm is not allowed for this order.")
    if flag_of(_text(order, "outsideRth")) and not kind.outside_hours:
        warnings += (_OUTSIDE_HOURS,)
    quantity = _quantity(order, contract)
    if contract.exchange == IDEALPRO and quantity < IDEALPRO_MINIMUM:
        warnings += (_odd_lot(action, quantity, contract),)
    trigger = integer_of(_text(order, "triggerMethod"), "triggerMethod") if kind.waits else 0
    priced = prices(kind, contract, 1 if action == "BUY" else -1, partial(_text, order))
    ticket = Ticket(
        con_id=contract.con_id,
        account=_account(_text(order, "account"), accounts),
        action=action,
        quantity=quantity,
        order_type=kind.wire,
        limit=priced.limit,
        tif=tif.wire,
        order_ref=_text(order, "orderRef"),
        good_after=_good_after(order, contract),
        algo=algo,
        algo_params=algo_params,
        echo=_echo(order, kind),
        exchange=contract.exchange if contract.exchange == FXCONV else "",
        stop=priced.stop,
        trail_amount=priced.trail_amount,
        trail_percent=priced.trail_percent,
        limit_offset=priced.limit_offset,
        trigger=trigger_of(trigger, contract),
    )
    return Acceptance(ticket, warnings)


_OUTSIDE_HOURS = (
    2109,
    (
        "Order Event Warning: Attribute 'Outside Regular Trading Hours' is ignored based on the order type and "
        "destination. PlaceOrder is now being processed."
    ),
)


def _odd_lot(action: str, quantity: Decimal, contract: Contract) -> tuple[int, str]:
    return 399, (
        f"Order Message:\n{action} {quantity} {contract.name} Forex\nWarning: your order size is below the "
        f"{contract.symbol} {IDEALPRO_MINIMUM} IdealPro minimum and will be routed as an odd lot order."
    )


def _text(order: Attributes, name: str) -> str:
    value = order.get(name, "")
    return given(value) if isinstance(value, str) else str(tuple(value))


def _echo(order: Attributes, kind: OrderKind) -> tuple[tuple[str, str], ...]:
    shown = tuple((name, _text(order, name)) for name in _ECHOED)
    return (*shown, ("triggerMethod", _text(order, "triggerMethod") or "0")) if kind.waits else shown


def _attributes(order: Attributes) -> None:
    if _text(order, "secType") == "BAG":
        raise Refusal(
            387, "Unsupported order type for this exchange and security type. The simulator has no combos."
        )
    for name, neutral, what in _UNBUILT_ATTRIBUTES:
        if name in order and _text(order, name) not in neutral:
            raise invalid(f"the simulator has not built {what} ({name}={_text(order, name)})")


def _kind(order_type: str, contract: Contract) -> OrderKind:
    kind = KINDS.get(order_type)
    if kind and kind.listed in contract.order_types:
        return kind
    if kind:
        raise Refusal(387, "Unsupported order type for this exchange and security type.")
    if order_type in _OTHER_TYPES:
        raise Refusal(
            387,
            "Unsupported order type for this exchange and security type. "
            f"The simulator has not built {order_type}; it takes {_named(KINDS)}.",
        )
    raise invalid(f"Invalid order type {order_type!r}")


def _time_in_force(tif: str, contract: Contract) -> tuple[TimeInForce, tuple[tuple[int, str], ...]]:
    if not tif:
        return TIMES_IN_FORCE["DAY"], ((10349, "Order TIF was set to DAY based on order preset."),)
    found = TIMES_IN_FORCE.get(tif)
    if found and found.listed and found.listed not in contract.order_types:
        raise Refusal(111, _INCOMPATIBLE)
    if found:
        return found, ()
    if tif in _OTHER_TIMES_IN_FORCE:
        raise Refusal(
            111, f"{_INCOMPATIBLE} The simulator has not built {tif}; it takes {_named(TIMES_IN_FORCE)}."
        )
    raise invalid(f"Invalid time in force:{tif}")


_INCOMPATIBLE = "The TIF (Tif type) and the order type are incompatible."


def _named(table: Mapping[str, object]) -> str:
    *most, last = table
    return f"{', '.join(most)} and {last}"


def _quantity(order: Attributes, contract: Contract) -> Decimal:
    quantity = decimal_of(_text(order, "totalQuantity"), "totalQuantity")
    if not quantity:
        raise Refusal(434, "The order size cannot be zero.")
    if quantity < 0:
        raise invalid(f"Invalid order size {quantity}")
    if quantity % 1 and contract.exchange != FXCONV:
        raise Refusal(
            10243,
            "Fractional-sized order cannot be placed via API. Please use desktop version to place or revise this "
            "order.",
        )
    if quantity % contract.size_increment:
        raise Refusal(
            461, f"Size value should be a whole multiple of the size increment {contract.size_increment}"
        )
    return quantity


def _account(named: str, accounts: tuple[str, ...]) -> str:
    if not named and len(accounts) == 1:
        return accounts[0]
    if not named:
        raise Refusal(435, "You must specify an account.")
    if named not in accounts:
        raise invalid(f"Invalid account code '{named}'.")
    return named


def _good_after(order: Attributes, contract: Contract) -> datetime | None:
    try:
        return moment_of(_text(order, "goodAfterTime"), "goodAfterTime", contract.time_zone_id)
    except UnreadableField as error:
        raise Refusal(391, f"The time or time-zone specified is invalid. ({error})") from None


def _algo(order: Attributes, contract: Contract) -> tuple[str, tuple[tuple[str, str], ...]]:
    strategy = _text(order, "algoStrategy")
    if not strategy:
        return "", ()
    if strategy != "Adaptive":
        raise Refusal(
            442,
            f"Specified algorithm is not allowed for this order. The simulator has Adaptive only, not {strategy}.",
        )
    if not contract.takes_algos:
        raise Refusal(442, "Specified algorithm is not allowed for this order.")
    given_params = order.get("algoParams", ())
    params = tuple((p["tag"], p["value"]) for p in given_params) if not isinstance(given_params, str) else ()
    for tag, value in params:
        if tag != "adaptivePriority":
            raise Refusal(443, f"Order processing failed. Unknown algo attribute:{tag}")
        if value not in _ADAPTIVE_PRIORITIES:
            raise Refusal(441, f"Algo attributes validation failed: {tag} is {value!r}")
    if not params:
        raise Refusal(441, "Algo attributes validation failed: adaptivePriority is missing")
    return strategy, params

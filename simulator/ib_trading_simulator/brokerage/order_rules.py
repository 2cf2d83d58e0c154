"""Which orders the broker takes, and with which code and words it refuses the others.

Decides on the order and its contract alone; margin, order ids and the account's state are the broker's to
look at. Codes and texts: the broker's "Message Codes" and what real gateways were seen to answer. A refusal
that a real gateway would not make, because the simulator has not built what the order needs, says so in its
text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from ib_trading_simulator.brokerage.orders import Ticket
from ib_trading_simulator.market.contracts import FXCONV, Contract
from ib_trading_simulator.messages.wire import UnreadableField, decimal_of, flag_of, given, moment_of

BUILT_TYPES = ("MKT", "LMT", "MOC")
BUILT_TIMES_IN_FORCE = ("DAY", "GTC", "OPG")
# Below so many units of the first currency an order at IDEALPRO is an odd lot; it trades all the same.
IDEALPRO, IDEALPRO_MINIMUM = "IDEALPRO", 20_000
_ADAPTIVE_PRIORITIES = ("Urgent", "Normal", "Patient")

# Order types of the broker that the simulator knows by name; every other name is a mistake of the client.
_OTHER_TYPES = frozenset({
    "BOX TOP", "LIT", "LOC", "MIDPRICE", "MIT", "MKT PRT", "MTL", "PASSV REL", "PEG BENCH", "PEG BEST",
    "PEG MID", "PEG MKT", "PEG STK", "REL", "SNAP MID", "SNAP MKT", "SNAP PRIM", "STP", "STP LMT", "STP PRT",
    "TRAIL", "TRAIL LIMIT", "TRAIL LIT", "TRAIL MIT", "VOL",
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


class Refusal(Exception):
    """An error that the gateway answers a request or an order with."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"{code} {text}")
        self.code = code
        self.text = text


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What the order says, and what the client has to be told about it (code, text)."""

    ticket: Ticket
    warnings: tuple[tuple[int, str], ...] = ()


def invalid(cause: str) -> Refusal:
    """The broker's way of saying that a request makes no sense."""
    return Refusal(321, f"Error validating request.-'bW' : cause - {cause}")


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
    order_type = _order_type(_text(order, "orderType").upper(), contract)
    tif, warnings = _time_in_force(_text(order, "tif").upper(), contract)
    if order_type == "MOC" and tif != "DAY":
        raise Refusal(111, "The TIF (Tif type) and the order type are incompatible.")
    algo, algo_params = _algo(order, contract)
    if algo and (order_type == "MOC" or tif == "OPG"):
        raise Refusal(442, "Specified algorithm is not allowed for this order.")
    if flag_of(_text(order, "outsideRth")) and order_type != "LMT":
        warnings += (_OUTSIDE_HOURS,)
    quantity = _quantity(order, contract)
    if contract.exchange == IDEALPRO and quantity < IDEALPRO_MINIMUM:
        warnings += (_odd_lot(action, quantity, contract),)
    ticket = Ticket(
        con_id=contract.con_id,
        account=_account(_text(order, "account"), accounts),
        action=action,
        quantity=quantity,
        order_type=order_type,
        limit=_limit(order, contract) if order_type == "LMT" else None,
        tif=tif,
        order_ref=_text(order, "orderRef"),
        good_after=_good_after(order, contract),
        algo=algo,
        algo_params=algo_params,
        echo=tuple((name, _text(order, name)) for name in _ECHOED),
        exchange=contract.exchange if contract.exchange == FXCONV else "",
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


def _attributes(order: Attributes) -> None:
    if _text(order, "secType") == "BAG":
        raise Refusal(
            387, "Unsupported order type for this exchange and security type. The simulator has no combos."
        )
    for name, neutral, what in _UNBUILT_ATTRIBUTES:
        if name in order and _text(order, name) not in neutral:
            raise invalid(f"the simulator has not built {what} ({name}={_text(order, name)})")


def _order_type(order_type: str, contract: Contract) -> str:
    if order_type in BUILT_TYPES and order_type in contract.order_types:
        return order_type
    if order_type in BUILT_TYPES:
        raise Refusal(387, "Unsupported order type for this exchange and security type.")
    if order_type in _OTHER_TYPES:
        built = " and ".join(BUILT_TYPES)
        raise Refusal(
            387,
            "Unsupported order type for this exchange and security type. "
            f"The simulator has not built {order_type}; it takes {built}.",
        )
    raise invalid(f"Invalid order type {order_type!r}")


def _time_in_force(tif: str, contract: Contract) -> tuple[str, tuple[tuple[int, str], ...]]:
    if not tif:
        return "DAY", ((10349, "Order TIF was set to DAY based on order preset."),)
    if tif == "OPG" and tif not in contract.order_types:
        raise Refusal(111, "The TIF (Tif type) and the order type are incompatible.")
    if tif in BUILT_TIMES_IN_FORCE:
        return tif, ()
    if tif in _OTHER_TIMES_IN_FORCE:
        raise Refusal(
            111,
            f"The TIF (Tif type) and the order type are incompatible. The simulator has not built {tif}; "
            f"it takes {' and '.join(BUILT_TIMES_IN_FORCE)}.",
        )
    raise invalid(f"Invalid time in force:{tif}")


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


def _limit(order: Attributes, contract: Contract) -> Decimal:
    limit = decimal_of(_text(order, "lmtPrice"), "lmtPrice")
    if limit is None or limit <= 0:
        raise invalid("a limit order needs a positive lmtPrice")
    if limit % contract.min_tick:
        raise Refusal(110, "The price does not conform to the minimum price variation for this contract.")
    return limit


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

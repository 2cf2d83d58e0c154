"""What each of the broker's message codes means for the order or the question that it answers.

The library ends an order locally on any code that it does not list as a warning; the broker does not. Here an order
that the broker has shown stays what its reports say, whatever else is said of it, unless a code below ends it. One of
which nothing was ever shown is refused by any error about it that is not named as a remark: the broker adds codes every
year, and one that the table lacked left the order unknown, and the instrument to a person.

Source: the broker's "Message Codes" table (https://interactivebrokers.github.io/tws-api/message_codes.html) and what
gateways were seen to send.
"""

from __future__ import annotations

import re
from enum import StrEnum


class Ending(StrEnum):
    """How a message can end an order."""

    REFUSED = "refused"
    """It was never taken on. Says nothing once the broker has shown the order: then it is about a later request."""
    PRESUMED = "presumed"
    """A code of which nobody knows whether it refuses: it does where the broker goes on to show nothing of the
    order."""
    REJECTED = "rejected"
    """It was taken on and rejected, by the broker's checks or by the exchange."""
    CANCELLED = "cancelled"
    """The broker's word that it was cancelled, whoever asked for it."""


# The request did not pass validation, so that no order came of it.
REFUSALS = {
    106: "the order could not be transmitted",
    107: "the order is incomplete",
    109: "the price is outside the precautionary settings",
    110: "the price is not a multiple of the contract's tick",
    111: "this time in force does not go with this order type",
    113: "MOC and LOC go with DAY only",
    116: "the exchange is not in operation",
    132: "a clearing account is missing",
    133: "submitting the order failed",
    154: "orders for a halted contract cannot be transmitted",
    163: "the price violates the percentage limits",
    200: "the contract is not known",
    320: "the request could not be read",
    321: "the request did not pass validation",
    322: "the request could not be processed, for example for too many working orders of one side",
    355: "the size does not conform to the market rule",
    383: "the size is over the precautionary limit",
    387: "this order type is not supported on this exchange",
    388: "the size is under the minimum",
    391: "the time or time zone is not valid",
    412: "the contract cannot be traded",
    434: "the size is zero",
    435: "no account was named",
    436: "no allocation was named",
    441: "the algo's attributes did not pass validation",
    442: "this algo is not allowed for this order",
    443: "the algo has no such attribute",
    451: "the order's description does not fit a contract for conversions",
    460: "there is no trading permission",
    461: "the size is not a multiple of the increment",
    463: "a cash quantity or a size is missing",
    10052: "the time in force is not valid",
    10243: "fractional sizes cannot be placed through the API",
    10268: "an attribute that is no longer supported was set",
    10289: "the order needs a cash quantity",
    10311: "an order that is routed directly may cost more; the precautionary settings forbid it",
    10318: "the contract does not support fractional sizes",
}

REJECTIONS = {
    201: "the order was rejected; the text gives the reason (margin, restrictions, the exchange)",
    203: "the security is not available to this account",
}

CANCELLATIONS = {
    202: "the order was cancelled; follows the status Cancelled, or replaces it",
}

# Named because they look like endings and are none.
NOT_AN_ENDING = {
    103: "duplicate order id: an earlier order has the id, which may well be this one",
    104: "a filled order cannot be modified: about a modification",
    105: "a modification does not match its order: the order stays as it is",
    135: "the order to be changed or cancelled is not known under this id",
    136: "the order to be cancelled is not this client's, or is done",
    161: "the order cannot be cancelled in its present state: it stays as it is",
    165: "a remark on the order's status",
    399: "an order message, such as that the exchange opens only later",
    404: "shares to sell short are being located: the order is held and works",
    10147: "the order to be cancelled is not known under this id",
    10148: "the order to be cancelled is done already",
    10167: "delayed prices are shown instead of live ones",
    10349: "a blank time in force was set by an order preset: the order works",
}

_SUBSCRIBE = "subscribe to its market data in Client Portal, and share them with the paper account"

# About a question for prices: the broker does not price this contract for us.
NOT_PRICED = {
    354: _SUBSCRIBE,
    10089: "subscribe to its market data for the API in Client Portal, and share them with the paper account",
    10168: _SUBSCRIBE,
    10186: _SUBSCRIBE,
    10197: "end the other session that has the market data, or give this service a user of its own",
}
"""With what a person can do about it."""

NO_SUCH_CONTRACT = 200
INVALID = 321
# Error validating request.-'bW' : cause - Please enter a valid security type
NO_SUCH_TYPE = "security type"
# Error validating request.-'b5' : cause - The API interface is currently in Read-Only mode.
READ_ONLY = "read-only"
# One code for "there is no history" and for every trouble of the history service; the text tells them apart.
HISTORY_TROUBLE = 162
NO_HISTORY_TEXTS = ("returned no data", "No historical market data for")

# News of the farms that serve prices (2103, 2104) and history (2105, 2106). What is "inactive but should be available
# upon demand" (2107, 2108) is connected when it is asked.
FARM_BROKEN = frozenset({2103, 2105})
FARM_CONNECTED = frozenset({2104, 2106, 2107, 2108})

CLIENT_ID_TAKEN = 326

# The gateway's connection to the broker. 1101 and 1102 differ in market data subscriptions only.
CONNECTIVITY_LOST = frozenset({1100, 2110})
CONNECTIVITY_RESTORED = frozenset({1101, 1102})

_ENDINGS = (
    dict.fromkeys(REFUSALS, Ending.REFUSED)
    | dict.fromkeys(REJECTIONS, Ending.REJECTED)
    | dict.fromkeys(CANCELLATIONS, Ending.CANCELLED)
)


def ending(code: int) -> Ending | None:
    """What a message with this code about an order ends; None for remarks."""
    if code in _ENDINGS:
        return _ENDINGS[code]
    return None if code in NOT_AN_ENDING or is_remark(code) or _is_of_the_system(code) else Ending.PRESUMED


def _is_of_the_system(code: int) -> bool:
    """News of connections and farms, which are about no order."""
    return 1100 <= code < 1400


def is_remark(code: int) -> bool:
    """Whether a message about a question leaves it open: an answer is still to come. 165 tells of a question for
    history that its server was lost and is there again ("HMDS server disconnect occurred.  Attempting reconnection..."
    and "HMDS server connection was successful.", seen in the log of github.com/vnpy/vnpy_ib/issues/73)."""
    return 2100 <= code < 2200 or code in {165, 399, 10090, 10091, 10167}


def farm_in(text: str) -> str:
    """The farm that such news is of: "HMDS data farm connection is OK:ushmds", "... available upon demand.ushmds"."""
    return re.split(r":|upon demand\.", text)[-1].strip()

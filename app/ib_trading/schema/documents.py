"""Firestore's documents: where each one is, its fields, the indexes its queries need, what expires.

The service's Google adapters and the Pulumi program both build from here. `<mode>` is paper or live and stands in every
path, although each mode has a database of its own: a document that is read says whose money it is about.

    configuration/<mode>                    the trading configuration; written by Pulumi alone
    switches/<mode>                         what is switched while the service runs; written by the service alone
    positions/<mode>/holdings/<strategy>    contract id → signed quantity
    positions/<mode>/totals/<conId>         what the bookings of a contract come to, by strategy
    positions/<mode>/totalsReach/bookings   up to where the bookings are in the totals
    positions/<mode>/formerNames/<former>   a name that a strategy had before, and who has its past by now
    positions/<mode>/openOrders/<orderRef>  the orders that may still change, as in journal/<mode>/orders
    positions/<mode>/bookings/<bookingId>   every execution that the holdings count
    journal/<mode>/runs/<runId>             journal/<mode>/orders/<orderRef>
    journal/<mode>/keys/<SHA-256 of key>    which run has an idempotency key
    journal/<mode>/leases/trading           who may trade
    journal/<mode>/leases/gatewaySession    who may run the gateway
    activity/<mode>/lines/<any>             one an event

Decimals are texts, so that 2.50 comes back as 2.50; instants are timestamps. `recordedAt` is the server's time when a
document was made and `place` its position among those made at once: together the sequence of events.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote, unquote

HOLDINGS = "holdings"
OPEN_ORDERS = "openOrders"
BOOKINGS = "bookings"
TOTALS = "totals"
TOTALS_REACH = "totalsReach"
FORMER_NAMES = "formerNames"
RUNS = "runs"
ORDERS = "orders"
KEYS = "keys"
LEASES = "leases"
ACTIVITY_LINES = "lines"

TRADING_FIELD = "trading"
"""The field of the configuration document that holds the section `ib-trading:trading` as a map."""

ACTIVITY_DAYS = 400
"""How long a line of activity is kept: a year, and time to look back on it."""

MOST_BYTES_A_DOCUMENT = 1_048_576
MOST_BYTES_A_REQUEST = 10 * 1_048_576
"""Firestore's limits, https://cloud.google.com/firestore/quotas. A commit has had no limit of 500 writes since
29 March 2023; its size is limited as every request's."""

FIELDS: dict[str, tuple[str, ...]] = {
    "configuration": (TRADING_FIELD,),
    "switches": ("tradingEnabled", "reason", "setAt"),
    RUNS: (
        *("runId", "key", "bodyHash", "intent", "state", "claimedAt", "businessAt", "recordedAt"),
        *("plan", "responseStatus", "responseBody"),
    ),
    ORDERS: (
        *("orderRef", "runId", "conId", "localSymbol", "action", "quantity", "increment", "source", "state"),
        *(
            "orderType",
            "tif",
            "adaptivePriority",
            "leg",
            "limitPrice",
            "stopPrice",
            "trailingPercent",
            "limitOffset",
        ),
        *("goodAfter", "goodAfterAtExchange", "outsideRth"),
        *("orderId", "permId", "filled", "averagePrice", "messages", "life", "recordedAt", "place"),
    ),
    BOOKINGS: (
        *("bookingId", "orderRef", "conId", "price", "at", "shares", "commissions", "commissionCurrency"),
        *("recordedAt", "place"),
    ),
    TOTALS: ("strategies",),
    TOTALS_REACH: ("lastRecordedAt",),
    FORMER_NAMES: ("name",),
    KEYS: ("key", "runId", "claimedAt"),
    LEASES: ("fence", "holder", "expiresAt"),
    ACTIVITY_LINES: ("at", "intent", "runId", "dryRun", "outcome", "facts", "recordedAt", "expireAt"),
}
"""Collection → fields. Holdings have one field a contract id; open orders have the fields of orders."""


@dataclass(frozen=True, slots=True)
class Index:
    """A composite index on one collection: (field, direction) in their sequence."""

    collection: str
    fields: tuple[tuple[str, Literal["ASCENDING", "DESCENDING"]], ...]


COMPOSITE_INDEXES: tuple[Index, ...] = (
    Index(RUNS, (("claimedAt", "DESCENDING"), ("recordedAt", "DESCENDING"))),
    Index(ACTIVITY_LINES, (("at", "DESCENDING"), ("recordedAt", "DESCENDING"))),
)
"""All that is asked beyond single fields, which Firestore indexes by itself."""

UNINDEXED: dict[str, tuple[str, ...]] = {
    "configuration": (TRADING_FIELD,),
    RUNS: ("plan", "responseBody"),
    ORDERS: ("source", "messages", "life"),
    OPEN_ORDERS: ("source", "messages", "life"),
    BOOKINGS: ("shares", "commissions"),
    TOTALS: ("strategies",),
    ACTIVITY_LINES: ("facts",),
}
"""Collection → fields that nobody asks by: an index on them would only cost, and texts in one are limited."""

EXPIRY_FIELDS: dict[str, str] = {ACTIVITY_LINES: "expireAt"}
"""Collection → the timestamp after which Firestore deletes the document. Runs, keys and bookings stay for ever."""


def configuration_path(mode: str) -> str:
    return f"configuration/{mode}"


def switches_path(mode: str) -> str:
    return f"switches/{mode}"


def collection_path(mode: str, collection: str) -> str:
    """`holdings` → positions/paper/holdings; KeyError for a collection that is in no mode's documents."""
    return f"{_PARENTS[collection]}/{mode}/{collection}"


def lease_path(mode: str) -> str:
    return f"{collection_path(mode, LEASES)}/trading"


def gateway_lease_path(mode: str) -> str:
    return f"{collection_path(mode, LEASES)}/gatewaySession"


def totals_reach_path(mode: str) -> str:
    return f"{collection_path(mode, TOTALS_REACH)}/bookings"


_PARENTS = {
    **dict.fromkeys((HOLDINGS, OPEN_ORDERS, BOOKINGS, TOTALS, TOTALS_REACH, FORMER_NAMES), "positions"),
    **dict.fromkeys((RUNS, ORDERS, KEYS, LEASES), "journal"),
    ACTIVITY_LINES: "activity",
}


def document_id(name: str) -> str:
    """`name` as Firestore takes it: no slash, neither . nor .., not __like_this__. `document_name` undoes it."""
    quoted = quote(name, safe=":@ ")
    if not quoted.strip("."):
        return quoted.replace(".", "%2E")
    return quoted.replace("_", "%5F", 1) if quoted.startswith("__") else quoted


def document_name(identifier: str) -> str:
    return unquote(identifier)


def key_id(key: str) -> str:
    """An idempotency key may be longer than the id of a document."""
    return hashlib.sha256(key.encode()).hexdigest()

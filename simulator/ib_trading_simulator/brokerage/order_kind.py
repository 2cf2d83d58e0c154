"""The kinds of order that the simulator has built, and the times in force: one table each, which every check asks.

Spellings: as placeOrder and openOrder carry them (`wire`), and as `orderTypes` of the contract details lists them
(`listed`: the same word but for `STP LMT`, there `STPLMT`, and `TRAIL LIMIT`, there `TRAILLMT`; recorded lists of
contracts are in market/contract_file.py and market/forex.py). Which prices a kind needs: "Basic Orders",
interactivebrokers.github.io/tws-api/basic_orders.html. Decides nothing about an order's prices (order_prices.py) or
about when a stop triggers (trigger.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Auction(StrEnum):
    """The print at which an order trades that does not trade continuously."""

    OPEN = "open"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class TimeInForce:
    """`listed` is what a contract's list has to hold for it; "" if every contract takes it."""

    wire: str
    listed: str = ""
    # Ends with the session that it may first trade in.
    expires: bool = False
    auction: Auction | None = None


TIMES_IN_FORCE = {
    each.wire: each
    for each in (
        TimeInForce("DAY", expires=True),
        TimeInForce("GTC"),
        # "Use OPG to send a market-on-open (MOO) or limit-on-open (LOO) order" (IBApi.Order.Tif): with no other kind.
        TimeInForce("OPG", listed="OPG", auction=Auction.OPEN),
    )
}

_CONTINUOUS = frozenset({"DAY", "GTC"})


@dataclass(frozen=True, slots=True)
class OrderKind:
    """`needs_limit`, `needs_stop`: it is refused without that price. One that `trails` needs a trailing amount or
    percentage.
    """

    wire: str
    listed: str
    times_in_force: frozenset[str]
    needs_limit: bool = False
    needs_stop: bool = False
    trails: bool = False
    auction: Auction | None = None
    # Whether an algorithm (Adaptive) may work it.
    algorithmic: bool = False
    # Whether outsideRth means anything to it; else the gateway says that it is ignored (2109).
    outside_hours: bool = False

    @property
    def waits(self) -> bool:
        """Held at the broker until the market reaches its stop price."""
        return self.needs_stop or self.trails


KINDS = {
    each.wire: each
    for each in (
        OrderKind("MKT", "MKT", _CONTINUOUS | {"OPG"}, algorithmic=True),
        OrderKind(
            "LMT", "LMT", _CONTINUOUS | {"OPG"}, needs_limit=True, algorithmic=True, outside_hours=True
        ),
        # "The Tif option should be set to DAY for MOC and LOC orders" (message code 113).
        OrderKind("MOC", "MOC", frozenset({"DAY"}), auction=Auction.CLOSE),
        # "Unless you select otherwise, simulated stop orders in stocks will only be triggered during regular ... hours"
        # (IBKR, "Stop Orders"): outsideRth means something to it.
        OrderKind("STP", "STP", _CONTINUOUS, needs_stop=True, outside_hours=True),
        OrderKind("STP LMT", "STPLMT", _CONTINUOUS, needs_limit=True, needs_stop=True, outside_hours=True),
        OrderKind("TRAIL", "TRAIL", _CONTINUOUS, trails=True, outside_hours=True),
        # Refused without trailStopPrice: 321, "Please enter a stop price"; see order_prices.py.
        OrderKind(
            "TRAIL LIMIT",
            "TRAILLMT",
            _CONTINUOUS,
            needs_limit=True,
            needs_stop=True,
            trails=True,
            outside_hours=True,
        ),
    )
}

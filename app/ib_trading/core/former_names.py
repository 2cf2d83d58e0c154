"""Decides whose a strategy's past is, once the strategy has another name: that of the name it goes by now.

A booking and an order keep the name under which they were written, and are read under today's: a correction, or a
commission that comes weeks later, goes to whoever has the past by then. So a former name stays one: nobody else trades
under it, unless its past comes back to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from ib_trading.core.attribution import Booking
from ib_trading.core.order import Order
from ib_trading.core.positions import Holdings, with_changes
from ib_trading.core.refusals import ConfigurationFault
from ib_trading.schema.trading_config import SECTION, TradingConfig

FormerNames = Mapping[str, str]
"""Each name that the ledger knows and nobody has any more → the name that its past goes by."""


def renames_due(config: TradingConfig, former: FormerNames) -> dict[str, str]:
    """What of `renamedFrom` is still to be done: the name that the ledger has → the new one. ConfigurationFault where
    it contradicts what was done before."""
    due: dict[str, str] = {}
    for name, one in config.exposure.strategies.items():
        place = f"{SECTION}.exposure.strategies.{name}"
        if name in former and former[name] not in one.renamed_from:
            raise ConfigurationFault(
                f"{place}: {name} is a former name of {former[name]} in the ledger; give this strategy another name,"
                f" or say renamedFrom: [{former[name]}] if it is to have that past back"
            )
        for old in one.renamed_from:
            owner = former.get(old, old)
            if owner not in {name, old, *one.renamed_from}:
                raise ConfigurationFault(
                    f"{place}.renamedFrom: {old} has become {owner} in the ledger already; name that instead if its"
                    f" past is to go to {name}, or take {old} out"
                )
            if owner != name:
                due[owner] = name
    return due


def after(former: FormerNames, renames: Mapping[str, str]) -> dict[str, str]:
    """`former` once `renames` are done. A name that gets its past back is no former one any more."""
    known = {old: renames.get(owner, owner) for old, owner in former.items()} | dict(renames)
    return {old: owner for old, owner in known.items() if old != owner}


def parts_now(parts: Mapping[str, Decimal], former: FormerNames) -> Mapping[str, Decimal]:
    """Strategy → part, those of two names that are one by now added up; a name stays where they come to zero."""
    if former.keys().isdisjoint(parts):
        return parts
    sums: dict[str, Decimal] = {}
    for name, part in parts.items():
        owner = former.get(name, name)
        sums[owner] = sums[owner] + part if owner in sums else part
    return sums


def booking_now(booking: Booking, former: FormerNames) -> Booking:
    if not former:
        return booking
    shares, commissions = parts_now(booking.shares, former), parts_now(booking.commissions, former)
    return replace(booking, shares=shares, commissions=commissions)


def order_now(order: Order, former: FormerNames) -> Order:
    return replace(order, source=parts_now(order.source, former)) if former else order


def holdings_now(holdings: Holdings, former: FormerNames) -> dict[str, dict[int, Decimal]]:
    """Nothing is listed at zero."""
    changes = [
        (former.get(name, name), con_id, quantity)
        for name, held in holdings.items()
        for con_id, quantity in held.items()
    ]
    return {name: held for name, held in with_changes({}, changes).items() if held}

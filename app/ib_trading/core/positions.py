"""Decides who holds what, and what is held of each contract: the strategies' ledger beside the broker's positions.

The invariant: Σ strategies + unassigned + fills not yet applied = broker, per contract.

A currency pair that is bought leaves two balances of cash at the broker and no position. What of it is held on purpose
stands in the ledger alone, so there a pair's position is what the strategies hold. Without that the limits did not see
it (0.45 of the account in euros and 0.45 in shares passed a limit of 0.5), and close-all cut it to a position of zero
and left it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Protocol

from ib_trading.core.instruments import Instrument

UNASSIGNED = "unassigned"
"""The pseudo-strategy for what no strategy ordered: manual trades, exercises, liquidations, splits."""

Quantities = Mapping[int, Decimal]
"""Contract id → signed quantity; a contract that is not there is held at zero."""

Holdings = Mapping[str, Quantities]
"""Strategy → what it holds."""


def total(holdings: Holdings) -> dict[int, Decimal]:
    """All strategies together, contracts at zero left out."""
    sums: dict[int, Decimal] = {}
    for quantities in holdings.values():
        for con_id, quantity in quantities.items():
            sums[con_id] = sums.get(con_id, Decimal(0)) + quantity
    return {con_id: quantity for con_id, quantity in sums.items() if quantity}


def unassigned(holdings: Holdings, broker: Quantities) -> dict[int, Decimal]:
    """What the broker shows beyond the strategies' holdings; negative where it shows less."""
    ours = total({name: held for name, held in holdings.items() if name != UNASSIGNED})
    differences = {
        con_id: broker.get(con_id, Decimal(0)) - ours.get(con_id, Decimal(0)) for con_id in {*ours, *broker}
    }
    return {con_id: quantity for con_id, quantity in differences.items() if quantity}


def with_changes(
    holdings: Holdings, changes: Iterable[tuple[str, int, Decimal]]
) -> dict[str, dict[int, Decimal]]:
    """`holdings` after (strategy, contract id, signed quantity) changes, contracts at zero left out."""
    result = {name: dict(held) for name, held in holdings.items()}
    for strategy, con_id, quantity in changes:
        held = result.setdefault(strategy, {})
        held[con_id] = held.get(con_id, Decimal(0)) + quantity
        if not held[con_id]:
            del held[con_id]
    return result


class Held(Protocol):
    """What of a snapshot says what is held and ordered; core/snapshot.py tells what each is."""

    @property
    def instruments(self) -> Mapping[int, Instrument]: ...

    @property
    def positions(self) -> Quantities: ...

    @property
    def holdings(self) -> Holdings: ...

    @property
    def working(self) -> Holdings: ...


def forex_held(held: Held) -> dict[int, Decimal]:
    """Contract id of a pair → what all strategies together hold of it, signed, zeros left out. What is nobody's is
    cash, and the cash-balancer's to convert. `held` has the instrument of every pair that anybody holds."""
    by_all = total({name: of_one for name, of_one in held.holdings.items() if name != UNASSIGNED})
    return {con_id: quantity for con_id, quantity in by_all.items() if is_forex(held, con_id)}


def open_positions(held: Held) -> dict[int, Decimal]:
    """Contract id → signed quantity: the broker's word, but for pairs, which some accounts are shown as positions and
    which are cash all the same."""
    shown = {con_id: quantity for con_id, quantity in held.positions.items() if not is_forex(held, con_id)}
    return shown | forex_held(held)


def under_way(held: Held) -> dict[int, tuple[Decimal, Decimal]]:
    """Contract id → what all strategies' live orders may sell (not above 0) and what they may buy (not below 0): each
    of them may fill, and may not. Conversions of cash are left out: they leave no position behind."""
    sides: dict[int, tuple[Decimal, Decimal]] = {}
    for name, quantities in held.working.items():
        for con_id, quantity in quantities.items():
            if not quantity or (name == UNASSIGNED and is_forex(held, con_id)):
                continue
            sold, bought = sides.get(con_id, (Decimal(0), Decimal(0)))
            sides[con_id] = (sold + min(quantity, Decimal(0)), bought + max(quantity, Decimal(0)))
    return sides


def is_forex(held: Held, con_id: int) -> bool:
    """False for a contract of which there are no details."""
    instrument = held.instruments.get(con_id)
    return instrument is not None and instrument.is_forex

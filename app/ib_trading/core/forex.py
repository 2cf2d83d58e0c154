"""Decides what is held of each contract, currency pairs among them.

A pair that is bought leaves two balances of cash at the broker and no position. What of it is held on purpose stands
in the ledger alone, so there a pair's position is what the strategies hold. Without that the limits did not see it
(0.45 of the account in euros and 0.45 in shares passed a limit of 0.5), and close-all cut it to a position of zero and
left it.
"""

from __future__ import annotations

from decimal import Decimal

from ib_trading.core.positions import UNASSIGNED, total
from ib_trading.core.snapshot import Snapshot


def forex_held(snapshot: Snapshot) -> dict[int, Decimal]:
    """Contract id of a pair → what all strategies together hold of it, signed, zeros left out. What is nobody's is
    cash, and the cash-balancer's to convert. The snapshot has the instrument of every pair that anybody holds."""
    held = total({name: of_one for name, of_one in snapshot.holdings.items() if name != UNASSIGNED})
    return {con_id: quantity for con_id, quantity in held.items() if is_forex(snapshot, con_id)}


def open_positions(snapshot: Snapshot) -> dict[int, Decimal]:
    """Contract id → signed quantity: the broker's word, but for pairs, which some accounts are shown as positions and
    which are cash all the same."""
    shown = {
        con_id: quantity for con_id, quantity in snapshot.positions.items() if not is_forex(snapshot, con_id)
    }
    return shown | forex_held(snapshot)


def is_forex(snapshot: Snapshot, con_id: int) -> bool:
    """False for a contract of which the snapshot has no details."""
    instrument = snapshot.instruments.get(con_id)
    return instrument is not None and instrument.is_forex

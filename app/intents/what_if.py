"""Asks the broker what each draft order would do to the margin, and freezes the answers into the snapshot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from app.core.orders import PlannedOrder
from app.core.snapshot import Snapshot
from app.intents.submit import outgoing_order
from app.ports.broker import Broker


def with_margins(broker: Broker, snapshot: Snapshot, drafts: Sequence[PlannedOrder]) -> Snapshot:
    """`snapshot` with an answer for each draft that got one; the limits refuse those that did not."""
    answers = {}
    for draft in drafts:
        # The question takes its number from the connection: a draft has no orderRef and no order id.
        order = outgoing_order(draft, "", 0, snapshot.account, snapshot.instruments[draft.con_id])
        answer = broker.what_if(order)
        if answer is not None:
            answers[draft.con_id] = answer
    return replace(snapshot, margins=answers)

"""Asks the broker what each draft order would do to the margin, and freezes the answers into the snapshot.

One question after the other, each with its own deadline: a hundred drafts at a slow broker outlast a lease. So the
ledger is kept meanwhile, and all of them together must be answered before the run's deadline.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from ib_trading.core.instruments import Instrument
from ib_trading.core.order import DecidedOrder
from ib_trading.core.refusals import RunDeadline
from ib_trading.core.snapshot import Margin, Snapshot
from ib_trading.intents.ledger import Ledger
from ib_trading.ports.clock import Clock


class MarginSource(Protocol):
    """What of a Broker is asked here."""

    def what_if(self, order: DecidedOrder, account: str, instrument: Instrument) -> Margin | None: ...


def with_margins(
    broker: MarginSource,
    snapshot: Snapshot,
    drafts: Sequence[DecidedOrder],
    clock: Clock,
    deadline: datetime,
    ledger: Ledger,
) -> Snapshot:
    """`snapshot` with an answer for each draft that got one; the limits refuse those that did not. `ledger` is kept
    between the questions. RunDeadline once `deadline` has passed, also after the last answer: a plan is worth no order
    then."""
    answers = {}
    for number, draft in enumerate(drafts, start=1):
        answer = broker.what_if(draft, snapshot.account, snapshot.instruments[draft.con_id])
        if answer is not None:
            answers[draft.con_id] = answer
        if clock.now() >= deadline:
            raise RunDeadline(
                f"runDeadlineSeconds passed when {number} of {len(drafts)} what-if questions were answered; nothing"
                " was sent: call again, raise runDeadlineSeconds or leave out whatIf"
            )
        ledger.keep()
    return replace(snapshot, margins=answers)

"""The activity log in Firestore; what is worth a line, the intents decide. How long it is kept, schema/documents.py."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import uuid4

from google.cloud.firestore import SERVER_TIMESTAMP, CollectionReference
from google.cloud.firestore_v1.base_query import FieldFilter

from ib_trading.adapters.google.firestore_database import FirestoreDatabase, Query, Snapshot
from ib_trading.adapters.google.firestore_spelling import instant, timestamp
from ib_trading.core.mode import TradingMode
from ib_trading.ports.activity_log import Activity
from ib_trading.schema.documents import ACTIVITY_DAYS, ACTIVITY_LINES, collection_path


class FirestoreActivity:
    """ActivityLog in a Firestore database."""

    def __init__(self, database: FirestoreDatabase, mode: TradingMode) -> None:
        self._database = database
        self._mode = mode

    def append(self, activity: Activity) -> None:
        at = timestamp(activity.at)
        fields = {
            "at": at,
            "intent": activity.intent,
            "runId": activity.run_id,
            "dryRun": activity.dry_run,
            "outcome": activity.outcome,
            # As a text: Firestore knows no list within a list.
            "facts": json.dumps(dict(activity.facts), ensure_ascii=False),
            "recordedAt": SERVER_TIMESTAMP,
            "expireAt": at + timedelta(days=ACTIVITY_DAYS),
        }
        # Its name is chosen once: a transaction that is run again writes the same line.
        document = self._lines.document(uuid4().hex)
        self._database.transact(lambda transaction: transaction.set(document, fields))

    def latest(self, limit: int) -> tuple[Activity, ...]:
        return _activities(self._database.ask(self._newest_first(self._lines).limit(limit)))

    def since(self, at: datetime) -> tuple[Activity, ...]:
        later = self._lines.where(filter=FieldFilter("at", ">=", timestamp(at)))
        return _activities(self._database.ask(self._newest_first(later)))

    def first_at(self) -> datetime | None:
        found = self._database.ask(self._lines.order_by("at").limit(1))
        return instant(found[0].get("at")) if found else None

    def _newest_first(self, lines: CollectionReference | Query) -> Query:
        return lines.order_by("at", direction="DESCENDING").order_by("recordedAt", direction="DESCENDING")

    @property
    def _lines(self) -> CollectionReference:
        return self._database.collection(collection_path(self._mode.value, ACTIVITY_LINES))


def _activities(snapshots: Iterable[Snapshot]) -> tuple[Activity, ...]:
    return tuple(_activity(snapshot) for snapshot in snapshots)


def _activity(snapshot: Snapshot) -> Activity:
    fields = snapshot.to_dict() or {}
    return Activity(
        at=instant(fields["at"]),
        intent=fields["intent"],
        run_id=fields["runId"],
        dry_run=fields["dryRun"],
        outcome=fields["outcome"],
        facts=json.loads(fields["facts"]),
    )

"""The activity log in the embedded store; what is worth a line, the intents decide."""

from __future__ import annotations

import json
from datetime import datetime

from ib_trading.adapters.local.sqlite_database import SqliteDatabase
from ib_trading.adapters.local.sqlite_spelling import instant, instant_text, optional_instant
from ib_trading.ports.activity_log import Activity


class SqliteActivity:
    """ActivityLog in an SQLite file."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database

    def append(self, activity: Activity) -> None:
        row = (
            instant_text(activity.at),
            activity.intent,
            activity.run_id,
            activity.dry_run,
            activity.outcome,
            json.dumps(dict(activity.facts), ensure_ascii=False),
        )
        with self._database.writing() as connection:
            connection.execute(
                "INSERT INTO activity VALUES (?, ?, ?, ?, ?, ?)",
                row,
            )

    def latest(self, limit: int) -> tuple[Activity, ...]:
        question = "SELECT * FROM activity ORDER BY at DESC, rowid DESC LIMIT ?"
        return tuple(map(_activity, self._database.rows(question, limit)))

    def since(self, at: datetime) -> tuple[Activity, ...]:
        question = "SELECT * FROM activity WHERE at >= ? ORDER BY at DESC, rowid DESC"
        return tuple(map(_activity, self._database.rows(question, instant_text(at))))

    def first_at(self) -> datetime | None:
        [[at]] = self._database.rows("SELECT min(at) FROM activity")
        return optional_instant(at)


def _activity(row: tuple) -> Activity:
    at, intent, run_id, dry_run, outcome, facts = row
    return Activity(instant(at), intent, run_id, bool(dry_run), outcome, json.loads(facts))

"""The activity log in the embedded store; what is worth a line, the intents decide."""

from __future__ import annotations

import json

from app.adapters.local.sqlite_database import SqliteDatabase
from app.adapters.local.sqlite_spelling import instant, instant_text
from app.ports.activity_log import Activity


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
        rows = self._database.rows(
            "SELECT * FROM activity ORDER BY at DESC, rowid DESC LIMIT ?",
            limit,
        )
        return tuple(
            Activity(instant(at), intent, run_id, bool(dry_run), outcome, json.loads(facts))
            for at, intent, run_id, dry_run, outcome, facts in rows
        )

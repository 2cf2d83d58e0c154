"""How old the vulnerability database is: when its newest entry about a Python package was changed.

OSV exports a list a package index, lines of `time,id` with the newest change first: PyPI/modified_id.csv in its public
bucket (google.github.io/osv.dev/data, "Data dumps").
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import requests

from delivery.console.refusal import Refusal

ADDRESS = "https://osv-vulnerabilities.storage.googleapis.com/PyPI/modified_id.csv"

LIMIT = timedelta(days=3)
"""Entries about PyPI change many times on each working day, and malicious packages are reported on Sundays too. Nothing
new from Friday evening to Monday evening means that the export has stopped."""
AHEAD = timedelta(hours=1)
"""What clocks may differ. A newest entry of tomorrow would hide any age."""
TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Database:
    """`entries` by their ids; `newest` in UTC."""

    ids: frozenset[str]
    newest: datetime

    def age(self, now: datetime) -> timedelta:
        return now - self.newest


def read_database(address: str) -> Database:
    """Refusal where the list cannot be had, is empty or is none."""
    try:
        response = requests.get(address, timeout=TIMEOUT_SECONDS)
    except requests.RequestException as error:
        raise Refusal(
            f"{address} cannot be reached: {error}; is there a network? Without the database nothing is known"
        ) from None
    if response.status_code != requests.codes.ok:
        raise Refusal(f"{address} answered {response.status_code} {response.reason}; run this again later")
    try:
        rows = [(datetime.fromisoformat(row[0]).astimezone(UTC), row[1]) for row in _rows(response.text)]
    except (ValueError, IndexError):
        raise Refusal(f"{address} is no list of `time,id`; does a proxy stand in between?") from None
    if not rows:
        raise Refusal(
            f"{address} is empty: a database that knows nothing finds nothing; ask {ADDRESS} itself"
        )
    return Database(frozenset(name for _, name in rows), max(time for time, _ in rows))


def refuse_if_old(database: Database, now: datetime) -> None:
    """Refusal that says the age."""
    age = database.age(now)
    if age > LIMIT:
        raise Refusal(
            f"the database's newest entry is {told(age)} old, and more than {told(LIMIT)} is too old: what was found"
            " out since is not in it; wait until OSV exports again (status: github.com/google/osv.dev/issues)"
        )
    if age < -AHEAD:
        raise Refusal(
            f"the database's newest entry is of {database.newest:%Y-%m-%d %H:%M} UTC: set this clock"
        )


def told(age: timedelta) -> str:
    """`2 days 3 h`, `5 h`, `12 min`."""
    minutes = max(0, int(age.total_seconds() // 60))
    days, hours = divmod(minutes // 60, 24)
    if days:
        return f"{days} day{'s' if days > 1 else ''}" + (f" {hours} h" if hours else "")
    return f"{hours} h" if hours else f"{minutes} min"


def _rows(text: str) -> list[list[str]]:
    return [row for row in csv.reader(text.splitlines()) if row]

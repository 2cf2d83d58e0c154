"""What exists in the make-believe cloud: resources by id, every call that was made, and the failures that are planned.

One file for all stacks, as there is one Google: a name that one stack has taken is taken for the other.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

VARIABLE = "MAKE_BELIEVE_GOOGLE"
"""Names the environment variable that says which file it is."""

TABLES = (
    "create table if not exists resources (id text, type text, properties text, primary key (type, id))",
    "create table if not exists calls (n integer primary key, verb text, type text, name text, id text)",
    "create table if not exists numbers (n integer primary key)",
    "create table if not exists failures (n integer primary key, verb text, type text, text text, moment text)",
)


@dataclass(frozen=True, slots=True)
class Failure:
    """What goes wrong at the next `verb` on a `type`, at which `moment`: "before" anything is done; "after", when it is
    done, and the provider dies before it can tell; "machine": the same, and the engine dies too."""

    verb: str
    type: str
    text: str
    moment: str = "before"


class World:
    def __init__(self, path: Path) -> None:
        self.path = path
        with self._open() as database:
            for table in TABLES:
                database.execute(table)

    @contextmanager
    def _open(self) -> Generator[sqlite3.Connection]:
        database = sqlite3.connect(self.path, timeout=30, isolation_level=None)
        # It need not survive a loss of power, and every call writes.
        database.execute("pragma synchronous = off")
        try:
            database.execute("begin immediate")
            yield database
            database.execute("commit")
        finally:
            database.close()

    def note(self, verb: str, type_: str, name: str, id_: str = "") -> None:
        with self._open() as database:
            database.execute(
                "insert into calls (verb, type, name, id) values (?, ?, ?, ?)", (verb, type_, name, id_)
            )

    def calls(self, *verbs: str) -> list[tuple[str, str, str]]:
        """(verb, type, name) of every call so far, those of `verbs` only where any are named."""
        with self._open() as database:
            rows = database.execute("select verb, type, name from calls order by n").fetchall()
        return [row for row in rows if not verbs or row[0] in verbs]

    def forget_calls(self) -> None:
        with self._open() as database:
            database.execute("delete from calls")

    def plan(self, failure: Failure) -> None:
        with self._open() as database:
            database.execute(
                "insert into failures (verb, type, text, moment) values (?, ?, ?, ?)",
                (failure.verb, failure.type, failure.text, failure.moment),
            )

    def fails(self, verb: str, type_: str, moment: str) -> str | None:
        """The text of the failure that is planned for this, which it uses up."""
        with self._open() as database:
            row = database.execute(
                "select n, text from failures where verb = ? and type = ? and moment = ? order by n limit 1",
                (verb, type_, moment),
            ).fetchone()
            if row is None:
                return None
            database.execute("delete from failures where n = ?", (row[0],))
            return row[1]

    def kills_its_provider(self) -> bool:
        """Whether a failure is planned of which the provider dies."""
        with self._open() as database:
            asked = "select 1 from failures where moment in ('after', 'machine') limit 1"
            return database.execute(asked).fetchone() is not None

    def hold(self, verb: str, type_: str) -> None:
        """From now on every `verb` on a `type` waits, once it is begun, until it is let go."""
        self.plan(Failure(verb, type_, "", "hold"))

    def let_go(self) -> None:
        with self._open() as database:
            database.execute("delete from failures where moment = 'hold'")

    def holds(self, verb: str, type_: str) -> bool:
        with self._open() as database:
            asked = "select 1 from failures where verb = ? and type = ? and moment = 'hold' limit 1"
            return database.execute(asked, (verb, type_)).fetchone() is not None

    def number(self) -> int:
        """The next number that Google gives to what it names itself."""
        with self._open() as database:
            return database.execute("insert into numbers default values").lastrowid or 0

    def missing(self, ids: Iterable[str]) -> list[str]:
        """Those of `ids` that nothing has."""
        with self._open() as database:
            return [
                id_
                for id_ in ids
                if not database.execute("select 1 from resources where id = ? limit 1", (id_,)).fetchone()
            ]

    def get(self, type_: str, id_: str) -> dict[str, Any] | None:
        with self._open() as database:
            row = database.execute(
                "select properties from resources where type = ? and id = ?", (type_, id_)
            ).fetchone()
        return json.loads(row[0]) if row else None

    def put(self, type_: str, id_: str, properties: Mapping[str, Any]) -> None:
        with self._open() as database:
            database.execute(
                "insert or replace into resources (id, type, properties) values (?, ?, ?)",
                (id_, type_, json.dumps(properties)),
            )

    def create(self, type_: str, id_: str, properties: Mapping[str, Any]) -> bool:
        """False if it is there already."""
        with self._open() as database:
            if database.execute("select 1 from resources where type = ? and id = ?", (type_, id_)).fetchone():
                return False
            database.execute(
                "insert into resources (id, type, properties) values (?, ?, ?)",
                (id_, type_, json.dumps(properties)),
            )
            return True

    def delete(self, type_: str, id_: str) -> None:
        with self._open() as database:
            database.execute("delete from resources where type = ? and id = ?", (type_, id_))

    def change(self, type_: str, id_: str, **properties: Any) -> None:
        """Somebody changes it in the console."""
        found = self.get(type_, id_)
        if found is None:
            raise LookupError(f"there is no {type_} {id_}")
        self.put(type_, id_, found | properties)

    def resources(self) -> dict[tuple[str, str], dict[str, Any]]:
        """(type, id) → properties of everything there is."""
        with self._open() as database:
            rows = database.execute("select type, id, properties from resources order by type, id").fetchall()
        return {(type_, id_): json.loads(properties) for type_, id_, properties in rows}

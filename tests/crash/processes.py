"""Processes of the service on one folder of stores and one simulator, and what the simulator says of their orders."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from ib_trading.composition import build_services
from ib_trading.intents.leased_ledger import Books
from ib_trading.intents.services import Services
from ib_trading_simulator.launch import Launched
from tests.crash.counting import with_counter
from tests.crash.stopping import later
from tests.positions import broker_positions, together
from tests.service import STACK_FILE, ServiceUnderTest, settings

ROOT = Path(__file__).parents[2]
TIMEOUT = 240.0
Call = tuple[str, object, str]


@dataclass(frozen=True, slots=True)
class Ground:
    """One folder and one simulator; `start` a process on them, look at what it left with `services`."""

    folder: Path
    simulator: Launched
    project: str = ""
    """Where the Firestore emulator keeps journal, positions and activity; "": they are in the folder."""
    stack_file: str = STACK_FILE
    """What the next processes read."""

    def start(self, *calls: Call, point: str = "", minutes: float = 0) -> subprocess.Popen[str]:
        """A process that makes `calls` and ends, at `point` at the latest; its clock is `minutes` late."""
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.one_process"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdin is not None
        told = {"folder": str(self.folder), "port": self.simulator.port, "point": point, "minutes": minutes}
        told["stackFile"] = self.stack_file
        process.stdin.write(json.dumps(told | {"calls": calls, "project": self.project}))
        process.stdin.close()
        process.stdin = None
        return process

    def answers(self, process: subprocess.Popen[str]) -> list[dict[str, Any]]:
        out, err = process.communicate(timeout=TIMEOUT)
        assert process.returncode == 0, err
        return [json.loads(line) for line in out.splitlines()]

    def call(self, path: str, body: object, key: str, minutes: float = 0) -> dict[str, Any]:
        """The answer of a service that is started anew, `minutes` later."""
        service = ServiceUnderTest.of(self.services(minutes), self.folder)
        reply = service.post(path, body, Idempotency_Key=key)
        return {
            "status": reply.status,
            "body": reply.body,
            "replayed": "Idempotency-Replayed" in reply.headers,
        }

    def killed_at(self, point: str, *calls: Call) -> None:
        """A process that made `calls` and was killed at `point`."""
        process = self.start(*calls, point=point)
        out, err = process.communicate(timeout=TIMEOUT)
        assert process.returncode == -9, f"{point} was never reached: {out} {err}"

    def services(self, minutes: float = 0) -> Services:
        local = replace(
            build_services(settings(self.folder, self.simulator.port, stack_file=self.stack_file)),
            strategies=with_counter(),
        )
        return later(on_firestore(local, self.project) if self.project else local, minutes)

    def ledger(self) -> dict[int, Decimal]:
        return together(self.services().ledger.holdings())

    def positions(self) -> dict[int, Decimal]:
        return broker_positions(self.simulator)

    def refs(self) -> Counter[str]:
        """orderRef → how many orders the simulator has under it."""
        return Counter(order["orderRef"] for order in self.simulator.state(messages=False)["orders"])


def on_firestore(services: Services, project: str) -> Services:
    """`services` with journal, positions and activity in Firestore instead."""
    # Imported here: Google's clients are not installed where only the embedded stores are tested.
    from ib_trading.adapters.google.firestore_activity import FirestoreActivity
    from ib_trading.adapters.google.firestore_database import FirestoreDatabase
    from ib_trading.adapters.google.firestore_journal import FirestoreJournal
    from ib_trading.adapters.google.firestore_lease import trading_lease
    from ib_trading.adapters.google.firestore_positions import FirestorePositions

    database, mode = FirestoreDatabase(project, services.mode.value), services.mode
    journal = FirestoreJournal(database, mode)
    return replace(
        services,
        claims=journal,
        switch=journal,
        books=Books(journal, FirestorePositions(database, mode), trading_lease(database, mode)),
        activity=FirestoreActivity(database, mode),
    )


def statuses(answers: Sequence[dict[str, Any]]) -> Counter[int]:
    return Counter(answer["status"] for answer in answers)

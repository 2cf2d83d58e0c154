"""Many what-if questions at a slow broker: the lease is kept meanwhile, and there is an end to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from ib_trading.composition import build_services
from ib_trading.core.instruments import Instrument
from ib_trading.core.order import DecidedOrder
from ib_trading.core.refusals import RunDeadline, StaleFence
from ib_trading.core.snapshot import Margin
from ib_trading.intents.leased_ledger import LEASE_TIME, LeasedLedger
from ib_trading.intents.services import Services
from ib_trading.intents.what_if import with_margins
from ib_trading.ports.lease import LeaseStore
from tests.contracts.places import SqliteFile
from tests.contracts.samples import NOON
from tests.core.builders import order, snapshot, stock
from tests.service import closed_port, settings

ANSWER = Margin(Decimal(0), Decimal(50), Decimal(100_000))
A_DAY = NOON + timedelta(days=1)
STOCKS: tuple[Instrument, ...] = tuple(stock(con_id, f"S{con_id}") for con_id in range(1, 31))
DRAFTS: tuple[DecidedOrder, ...] = tuple(replace(order(1, "5"), con_id=one.con_id) for one in STOCKS)


@dataclass
class SlowBroker:
    """Takes `seconds` for each answer on the clock that it is itself; `rivals` asked for the lease after each."""

    seconds: float
    lease: LeaseStore
    at: datetime = NOON
    rivals: int = 0
    admitted: int = 0

    def now(self) -> datetime:
        return self.at

    def what_if(self, order: DecidedOrder, account: str, instrument: Instrument) -> Margin | None:
        self.at += timedelta(seconds=self.seconds)
        self.rivals += 1
        if self.lease.acquire(f"rival {self.rivals}", self.at, self.at + LEASE_TIME):
            self.admitted += 1
        return ANSWER


@pytest.fixture
def services(tmp_path: Path) -> Services:
    return build_services(settings(tmp_path, closed_port()))


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[SlowBroker]:
    """Nine seconds an answer: thirty of them are more than twice a lease."""
    with SqliteFile(tmp_path / "stores" / "paper.sqlite").opened() as stores:
        yield SlowBroker(9, stores.trading_lease)


@pytest.fixture
def ledger(services: Services, broker: SlowBroker) -> Iterator[LeasedLedger]:
    with services.books.leased("run-1", broker) as ledger:
        yield ledger


def test_no_other_run_gets_the_lease_while_a_slow_broker_is_asked_about_every_draft(
    broker: SlowBroker, ledger: LeasedLedger
) -> None:
    asked = with_margins(broker, snapshot(*STOCKS), DRAFTS, broker, A_DAY, ledger)
    assert broker.now() - NOON > 2 * LEASE_TIME
    assert (len(asked.margins), broker.rivals, broker.admitted) == (30, 30, 0)


def test_a_lease_that_is_lost_all_the_same_ends_the_questions(
    broker: SlowBroker, ledger: LeasedLedger
) -> None:
    """An answer that takes longer than the lease lasts: the rival is right, and this run stops."""
    broker.seconds = LEASE_TIME.total_seconds() + 1
    with pytest.raises(StaleFence):
        with_margins(broker, snapshot(*STOCKS), DRAFTS, broker, A_DAY, ledger)
    assert broker.rivals == 1


def test_the_runs_deadline_counts_for_all_questions_together(
    broker: SlowBroker, ledger: LeasedLedger
) -> None:
    with pytest.raises(RunDeadline, match="when 3 of 30 what-if questions were answered; nothing was sent"):
        with_margins(broker, snapshot(*STOCKS), DRAFTS, broker, NOON + timedelta(seconds=27), ledger)
    assert broker.rivals == 3


def test_a_last_answer_that_comes_too_late_is_no_plan_either(
    broker: SlowBroker, ledger: LeasedLedger
) -> None:
    """Submitting looks at the deadline only after its first window of orders has left."""
    with pytest.raises(RunDeadline, match="1 of 1"):
        with_margins(broker, snapshot(*STOCKS), DRAFTS[:1], broker, NOON + timedelta(seconds=9), ledger)


def test_a_dry_run_asks_the_same_and_holds_no_lease(broker: SlowBroker, services: Services) -> None:
    asked = with_margins(broker, snapshot(*STOCKS), DRAFTS[:2], broker, A_DAY, services.ledger)
    assert set(asked.margins) == {1, 2}
    assert broker.admitted == 1, "the first rival has it"

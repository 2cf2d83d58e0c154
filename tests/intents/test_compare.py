"""Ledger and broker are compared at one moment: a fill between two questions is no difference."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import cast

import pytest

from ib_trading.core.account import BrokerPosition
from ib_trading.core.attribution import Booking
from ib_trading.intents.compare import READINGS, Comparison, compare_settled, compare_unwritten
from ib_trading.intents.leased_ledger import Books, LeasedLedger
from ib_trading.intents.services import Services
from ib_trading.ports.broker import Broker
from ib_trading.ports.position_store import PositionWriter
from tests.contracts.places import SqliteFile, Stores
from tests.contracts.samples import a_booking
from tests.intents.account_model import ModelAccount
from tests.service import ServiceUnderTest, closed_port


@dataclass(slots=True)
class Busy(ModelAccount):
    """Somebody trades by hand just before positions are told, `trades` times."""

    trades: int = 0
    asked: int = field(default=0, init=False)

    def positions(self, account: str) -> tuple[BrokerPosition, ...]:
        self.asked += 1
        if self.asked <= self.trades:
            self.trade_by_hand(1, Decimal(10))
        return ModelAccount.positions(self, account)


@pytest.fixture
def services(tmp_path: Path) -> Services:
    return ServiceUnderTest.over(tmp_path, closed_port()).services


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    """Those of `services`, opened once more."""
    with SqliteFile(tmp_path / "stores" / "paper.sqlite").opened() as stores:
        yield stores


@pytest.fixture
def ledger(services: Services) -> Iterator[LeasedLedger]:
    with services.leased("run-1") as ledger:
        yield ledger


def compared(services: Services, account: ModelAccount, ledger: LeasedLedger) -> Comparison:
    return compare_settled(services, ledger, cast("Broker", account), "DU1", "run-1")


def shown(comparison: Comparison) -> list[tuple[int, Decimal, Decimal]]:
    return [(one.con_id, one.ledger, one.broker) for one in comparison.differences]


def test_a_fill_between_executions_and_positions_is_no_difference(
    services: Services, ledger: LeasedLedger
) -> None:
    """Its booking comes with the second reading; the instrument was locked for nothing otherwise."""
    account = Busy(trades=1)
    found = compared(services, account, ledger)
    assert (shown(found), found.steady, account.asked) == ([], True, 2)
    assert found.holdings == {"unassigned": {1: Decimal(10)}}
    assert len(found.booked) == 1


def test_without_a_difference_one_reading_is_enough(services: Services, ledger: LeasedLedger) -> None:
    """The ordinary case costs no question more."""
    account = Busy()
    assert compared(services, account, ledger).steady
    assert account.asked == 1


def test_a_difference_counts_once_two_readings_show_it(services: Services, ledger: LeasedLedger) -> None:
    """Nothing that could be booked explains it: a split."""
    account = Busy(before_today={2: Decimal(5)})
    found = compared(services, account, ledger)
    assert (shown(found), found.steady) == ([(2, Decimal(0), Decimal(5))], True)
    assert account.asked == 2


def test_what_moves_at_every_reading_is_not_steady_and_still_differs(
    services: Services, ledger: LeasedLedger
) -> None:
    """A reconciliation proposes nothing on such facts; a run locks only that instrument."""
    found = compared(services, Busy(trades=READINGS), ledger)
    assert (shown(found), found.steady) == ([(1, Decimal(20), Decimal(30))], False)


def test_a_dry_run_sees_the_same_ledger_and_writes_nothing(
    services: Services, ledger: LeasedLedger, stores: Stores
) -> None:
    """Both decide on the same facts, so both lock the same."""
    account = Busy(before_today={2: Decimal(5)}, trades=1)
    dry = compare_unwritten(services, cast("Broker", account), "DU1")
    assert stores.positions.bookings() == ()
    run = compared(services, account, ledger)
    assert (dry.holdings, dry.differences, dry.repairs({})) == (
        run.holdings,
        run.differences,
        run.repairs({}),
    )


@dataclass(slots=True)
class LongLedger:
    """A ledger of years: it may be asked for some contracts' bookings, which are counted, and never for all."""

    positions: PositionWriter
    asked: list[frozenset[int]] = field(default_factory=list)

    def __getattr__(self, name: str) -> object:
        return getattr(self.positions, name)

    def bookings(self) -> tuple[Booking, ...]:
        raise AssertionError("the ledger of all time was read")

    def bookings_in(self, con_ids: Iterable[int]) -> tuple[Booking, ...]:
        self.asked.append(frozenset(con_ids))
        return self.positions.bookings_in(self.asked[-1])


def test_of_the_ledger_only_what_differs_is_read(services: Services, stores: Stores) -> None:
    """Each reconciliation and each run that met a lock read every booking there had ever been: with the years it would
    have taken longer than a run may."""
    long = LongLedger(stores.positions)
    books = Books(stores.journal, cast("PositionWriter", long), stores.trading_lease)
    services = replace(services, books=books)
    account = ModelAccount(before_today={1: Decimal(5), 2: Decimal(9)})
    with services.leased("run-1") as ledger:
        ledger.book([a_booking("e.01", {"alpha": "5"}, con_id=1)])
        ledger.book([a_booking("repair:x", {"unassigned": "7"}, con_id=2)])
        found = compared(services, account, ledger).repairs({})
    assert long.asked == [frozenset({2})]
    assert [(one.con_id, one.shares, one.price) for one in found] == [
        (2, {"unassigned": Decimal(2)}, Decimal("157.92"))
    ], "at the price of the last booking"


def test_a_contract_that_the_broker_knows_no_more_is_a_difference_and_stops_nothing_else(
    services: Services, ledger: LeasedLedger
) -> None:
    """A future expired, or a share was delisted, while a strategy held it: runs that do not touch it go on."""
    gone = a_booking("e.01", {"alpha": "5"}, con_id=9)
    ledger.book([gone])
    found = compared(services, ModelAccount(before_today={2: Decimal(5)}), ledger)
    assert shown(found) == [(2, Decimal(0), Decimal(5)), (9, Decimal(5), Decimal(0))]
    assert found.differences[1].local_symbol == "contract 9"

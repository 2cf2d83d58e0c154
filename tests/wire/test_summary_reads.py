"""/summary over a ledger of years: what it reads of it, and that it is still to the cent what all bookings come to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest

from ib_trading.core.attribution import Booking
from ib_trading.core.totals import with_bookings
from ib_trading.intents.leased_ledger import Books
from ib_trading.ports.position_store import PositionWriter
from ib_trading_simulator.launch import Launched
from tests.contracts.places import SqliteFile, Stores
from tests.service import ServiceUnderTest


@dataclass
class CountingStore:
    """A position store that counts the bookings which it hands out."""

    store: PositionWriter
    handed_out: int = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    def bookings(self) -> tuple[Booking, ...]:
        return self._counted(self.store.bookings())

    def bookings_for(self, order_refs: Iterable[str]) -> tuple[Booking, ...]:
        return self._counted(self.store.bookings_for(order_refs))

    def bookings_in(self, con_ids: Iterable[int]) -> tuple[Booking, ...]:
        return self._counted(self.store.bookings_in(con_ids))

    def _counted(self, bookings: tuple[Booking, ...]) -> tuple[Booking, ...]:
        self.handed_out += len(bookings)
        return bookings


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    """Those of `service`, opened once more."""
    with SqliteFile(tmp_path / "stores" / "paper.sqlite").opened() as stores:
        yield stores


def book(service: ServiceUnderTest, *bookings: Booking) -> None:
    with service.services.leased("earlier") as ledger:
        ledger.book(bookings)


def years_of_trading(service: ServiceUnderTest, con_id: int, first: int, count: int) -> list[Booking]:
    """Bought for a dollar less than sold again, at a cent each time."""
    at, bought = service.services.clock.now(), {"trend": Decimal(3)}
    one = Booking("", "ib-pold", con_id, Decimal(100), at, bought, {"trend": Decimal("0.01")}, "USD")
    return [
        replace(one, booking_id=f"e{number}.01")
        if number % 2
        else replace(one, booking_id=f"e{number}.01", price=Decimal(101), shares={"trend": Decimal(-3)})
        for number in range(first, first + count)
    ]


def test_a_look_reads_no_booking_but_those_of_the_days_orders(
    service: ServiceUnderTest, simulator: Launched, stores: Stores
) -> None:
    """A year of daily trading is tens of thousands of bookings: a look that read them all would not end in time."""
    assert service.post("/allocation", {"strategies": ["dummy"]}).status == 200
    con_id = next(row["conId"] for row in simulator.state(messages=False)["positions"])
    book(service, *years_of_trading(service, con_id, 2_000, 2))
    handed_out, earned = [], []
    for first in (0, 600):
        store = CountingStore(stores.positions)
        books = Books(stores.journal, cast("PositionWriter", store), stores.trading_lease)
        watched = service.having(books=books)
        summary = watched.get("/summary")
        assert summary.status == 200, summary.text
        handed_out.append(store.handed_out)
        earned.append(summary.body["profit"]["trend"])
        book(service, *years_of_trading(service, con_id, first, 600))
    assert 0 < handed_out[0] == handed_out[1] < 600
    assert earned[1]["commissions"] - earned[0]["commissions"] == pytest.approx(6)
    assert earned[1]["profit"] - earned[0]["profit"] == pytest.approx(300 * 3 - 6)
    positions = stores.positions
    assert positions.totals() == with_bookings({}, positions.bookings())


def test_what_was_closed_keeps_its_profit_without_a_price(tmp_path: Path, simulator: Launched) -> None:
    """Nobody needs a subscription, nor a line of market data, for what is held no more."""
    service = ServiceUnderTest.impatient(tmp_path, simulator.port)
    simulator.trade("KO", "BUY", 77)
    con_id = next(row["conId"] for row in simulator.state(messages=False)["positions"])
    simulator.trade("KO", "SELL", 77)
    book(service, *years_of_trading(service, con_id, 0, 2))
    refusal = {"do": "refuse", "code": 354, "text": "Requested market data is not subscribed"}
    simulator.fault(refusal, message="reqMktData", symbol="KO", times="always")
    told = service.get("/summary")
    assert (told.status, told.body["notValued"]) == (200, []), told.text
    assert told.body["profit"]["trend"]["profit"] == pytest.approx(2.98)


def test_a_commission_in_a_currency_without_a_rate_hides_its_contract_and_nothing_else(
    service: ServiceUnderTest, simulator: Launched
) -> None:
    """The whole summary would have been a 500."""
    simulator.trade("KO", "BUY", 77)
    con_id = next(row["conId"] for row in simulator.state(messages=False)["positions"])
    bought = years_of_trading(service, con_id, 1, 1)[0]
    book(service, replace(bought, commission_currency="ISK"))
    told = service.get("/summary")
    assert (told.status, told.body["notValued"], told.body["profit"]) == (200, ["KO"], {}), told.text

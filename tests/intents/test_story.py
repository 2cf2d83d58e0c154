"""What the ledger's writer says: each moment of an order's life once, however often it is written; and what a plan's
line holds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
import structlog

from ib_trading.core.order import Order
from ib_trading.core.order_state import OrderState
from ib_trading.core.plan import Decision, decide
from ib_trading.core.refusals import StaleFence
from ib_trading.intents import story
from ib_trading.intents.leased_ledger import Books, LeasedLedger
from ib_trading.intents.story import AT_MOST, KEY_LENGTH
from ib_trading.schema.log_events import RunEvent
from tests.captured import named, read, said, written
from tests.contracts.places import SqliteFile
from tests.contracts.samples import a_booking, a_run, after, an_order
from tests.core.builders import ALL_SPECS, MONDAY, STOCK, Raises, answers, asked, config, snapshot
from tests.core.test_plan import full_snapshot, full_strategies
from tests.intents.test_leased_ledger import SetClock

LOUD = {
    OrderState.REJECTED: "warning",
    OrderState.ABANDONED: "warning",
    OrderState.INACTIVE: "warning",
    OrderState.UNKNOWN: "error",
}


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[LeasedLedger]:
    """A run's, at noon."""
    with SqliteFile(tmp_path / "paper.sqlite").opened() as stores:
        stores.journal.claim(a_run("run-1"), None)
        books = Books(stores.journal, stores.positions, stores.trading_lease)
        # A test may have given the lease back itself.
        with suppress(StaleFence), books.leased("run-1", SetClock()) as ledger:
            yield ledger


def became(*states: OrderState, seconds: int = 1, **members: object) -> Order:
    """An order of run-1 that was planned, and then in these states, a second each."""
    order = an_order("ib-p1", "run-1").became(OrderState.PLANNED, after(seconds))
    for number, state in enumerate(states, start=1):
        order = order.became(state, after(seconds + number))
    return order.became(order.state, after(seconds), **members)


def test_a_calendar_that_contract_details_contradict_is_said() -> None:
    closed = replace(STOCK, liquid_hours=(), closed_days=frozenset({MONDAY}))
    with said() as lines:
        story.calendars_compared([STOCK, closed])
    [line] = named(lines, RunEvent.CALENDAR_CONTRADICTED)
    assert line["log_level"] == "warning"
    assert line["detail"] == "AAA does not trade on 2024-06-03 by its contract details; XNYS does"


@pytest.mark.parametrize("state", [state for state in OrderState if state is not OrderState.PLANNED])
def test_an_order_in_another_state_is_said_once_and_as_loud_as_it_is(
    ledger: LeasedLedger, state: OrderState
) -> None:
    order = became(state, filled=Decimal(2), messages=("201 Order rejected",))
    with said() as lines:
        ledger.record_orders([became()])
        ledger.record_orders([order])
        ledger.record_orders([order])
    first, other = named(lines, RunEvent.ORDER)
    assert (first["to"], first["action"], first["quantity"], first["log_level"]) == (
        "planned",
        "BUY",
        3,
        "info",
    )
    assert (other["from"], other["to"], other["filled"]) == ("planned", state, 2)
    assert (other["orderRef"], other["runId"], other["messages"]) == (
        "ib-p1",
        "run-1",
        ("201 Order rejected",),
    )
    assert other["log_level"] == LOUD.get(state, "info")


def test_states_that_were_written_together_are_said_one_after_the_other(ledger: LeasedLedger) -> None:
    with said() as lines:
        ledger.record_orders([became(OrderState.SENDING, OrderState.WORKING, OrderState.FILLED)])
    told = [(line.get("from"), line["to"]) for line in named(lines, RunEvent.ORDER)]
    assert told == [(None, "planned"), ("planned", "sending"), ("sending", "working"), ("working", "filled")]


def test_what_an_earlier_run_has_said_is_not_said_again(ledger: LeasedLedger) -> None:
    """The order was planned and sent before the lease was taken; only its fill is new."""
    before = became(OrderState.SENDING, seconds=-60)
    with said() as lines, structlog.contextvars.bound_contextvars(runId="run-2"):
        ledger.record_orders([before.became(OrderState.FILLED, after(1))])
    (line,) = named(lines, RunEvent.ORDER)
    assert (line["from"], line["to"]) == ("sending", "filled")
    assert (line["runId"], line["settledBy"]) == ("run-1", "run-2")


def test_a_write_that_fails_says_nothing(ledger: LeasedLedger) -> None:
    """The log tells what journal and ledger have."""
    ledger._held.give_back()
    with said() as lines:
        with pytest.raises(StaleFence):
            ledger.record_orders([became()])
        with pytest.raises(StaleFence):
            ledger.book([a_booking("1.1.01.01", {"trend": "3"})])
    assert lines == []


def test_whatever_is_booked_is_said_as_what_it_is(ledger: LeasedLedger) -> None:
    commissions = {"commissions": {"trend": Decimal(1)}, "commission_currency": "USD"}
    ref = {"order_ref": "ib-p1"}
    bookings = [
        a_booking("1.1.01.01", {"trend": "3"}, **ref, **commissions),
        a_booking("reversal:1.1.01.02", {"trend": "-3"}, **ref),
        a_booking("1.1.01.02", {"trend": "2"}, **ref),
        a_booking("commission:1:1.1.01.02", {}, **ref, **commissions),
        a_booking("cross:run-0:265598", {"trend": "-1", "dummy": "1"}, order_ref=""),
        a_booking("repair:abc", {"trend": "1"}, order_ref=""),
        a_booking("2.1.01.01", {"unassigned": "1"}, order_ref="by hand: 7"),
    ]
    with said() as lines, structlog.contextvars.bound_contextvars(runId="run-1"):
        ledger.book(bookings, [an_order("ib-p1", "run-1")])
        ledger.book(bookings)
    assert [line["event"] for line in lines] == [
        RunEvent.FILL,
        RunEvent.FILL_TAKEN_BACK,
        RunEvent.FILL,
        RunEvent.COMMISSION,
        RunEvent.CROSS,
        RunEvent.REPAIR,
        RunEvent.FILL,
    ]
    fill, back, correction, commission, cross, repair, by_hand = lines
    assert (fill["execId"], fill["quantity"], fill["shares"]) == ("1.1.01.01", 3, {"trend": 3})
    assert (fill["commissions"], fill["currency"], fill["localSymbol"]) == ({"trend": 1}, "USD", "AAPL")
    assert (back["execId"], back["quantity"], back["corrects"]) == ("1.1.01.02", -3, "1.1.01")
    assert (correction["quantity"], correction["corrects"]) == (2, "1.1.01")
    assert commission["commissions"] == {"trend": 1} and "shares" not in commission
    assert (cross["runId"], cross["settledBy"], cross["shares"]) == (
        "run-0",
        "run-1",
        {"trend": -1, "dummy": 1},
    )
    assert (repair["bookingId"], repair["quantity"]) == ("repair:abc", 1)
    assert (by_hand["orderRef"], by_hand["runId"]) == ("by hand: 7", "run-1")
    assert {line["log_level"] for line in lines} == {"info"}


def test_a_new_name_is_said_with_the_former_one(ledger: LeasedLedger) -> None:
    with said() as lines:
        ledger.record_renames({"spymacdvixy": "macd"})
    [line] = lines
    assert (line["event"], line["former"], line["strategy"]) == (RunEvent.RENAMED, "spymacdvixy", "macd")


def test_a_plan_says_what_is_refused_with_its_figures_and_is_a_warning_then() -> None:
    with said() as lines:
        story.planned(decide(asked(full_snapshot(), full_strategies())))
    (line,) = lines
    assert (line["event"], line["log_level"]) == (RunEvent.PLAN, "warning")
    assert [(order["localSymbol"], order["quantity"]) for order in line["orders"]] == [
        ("AAA", 80),
        ("CCC", 1000),
    ]
    assert line["refused"] == [{"rule": "orders per run", "subject": "", "value": "2", "limit": "1"}]
    assert [(one["localSymbol"], sum(one["shares"].values())) for one in line["crosses"]] == [("AAA", 0)]


def test_a_plan_that_nothing_speaks_against_is_no_warning() -> None:
    with said() as lines:
        story.planned(decide(asked(snapshot(), {"alpha": answers(AAA="0.2")})))
    assert [(line["event"], line["log_level"], "refused" in line) for line in lines] == [
        ("plan", "info", False)
    ]


def test_a_plan_of_many_orders_is_one_line_that_cloud_logging_takes() -> None:
    """An entry has 256 KiB at most, and a longer one is lost."""
    decision = decide(asked(snapshot(), {"alpha": answers(AAA="0.2")}))
    orders = decision.plan.orders * 2000
    many = Decision(replace(decision.plan, orders=orders))
    with written() as stream:
        story.planned(many)
    (line,) = read(stream)
    assert (line["orderCount"], len(line["orders"])) == (2000, AT_MOST)
    assert len(stream.getvalue()) < 256 * 1024


def test_a_strategy_that_is_left_alone_is_said_with_what_it_raised() -> None:
    isolating = snapshot(config=config(on_strategy_error="isolate"))
    with written() as stream:
        story.planned(decide(asked(isolating, {"alpha": Raises(ALL_SPECS), "beta": answers(AAA="0.2")})))
    failed, plan = read(stream)
    assert (failed["message"], failed["severity"], failed["strategy"]) == (
        "strategy_failed",
        "WARNING",
        "alpha",
    )
    assert failed["trace"].startswith("Traceback")
    assert failed["trace"].endswith("ZeroDivisionError: no returns\n")
    assert plan["warnings"] == [
        "strategy alpha raised ZeroDivisionError: no returns; it stays at its holdings"
    ]


def test_a_key_of_any_length_is_said_to_a_bound() -> None:
    with said() as lines:
        story.claimed(a_run("run-1", key="k" * 10_000))
    assert lines[0]["key"] == "k" * KEY_LENGTH

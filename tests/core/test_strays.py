"""An order of ours that lives at the broker is seen, whatever the journal says of it or does not say."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from ib_trading.core.account import OrderReport
from ib_trading.core.locks import locks
from ib_trading.core.mode import TradingMode
from ib_trading.core.order_kind import Side
from ib_trading.core.order_state import OrderState
from ib_trading.core.strays import strays
from tests.contracts.samples import an_order

REF = "ib-pabcdefghijklmnop"
ALIVE = OrderReport(REF, 1, 99, 1, "AAA", Side.BUY, Decimal(10), "LMT", OrderState.WORKING, Decimal(0), None)


def found(report: OrderReport, journalled: OrderState | None = None, *, held_open: bool = False) -> bool:
    """Whether `report` is a stray beside what the journal has of its order."""
    known = {REF: an_order(REF, "run-1", journalled)} if journalled else {}
    return bool(strays(TradingMode.PAPER, [report], {REF} if held_open else set(), known))


@pytest.mark.parametrize("state", [OrderState.SENDING, OrderState.WORKING, OrderState.INACTIVE])
def test_a_live_order_of_ours_that_no_journal_knows_is_a_stray(state: OrderState) -> None:
    """The journal was lost: the next allocation sent the same order a second time."""
    assert found(replace(ALIVE, state=state))


@pytest.mark.parametrize("state", [OrderState.CANCELLED, OrderState.REJECTED, OrderState.PARTLY_FILLED])
def test_a_live_order_that_the_journal_calls_ended_is_a_stray(state: OrderState) -> None:
    """The broker told a cancellation (202) and did not do it. Nobody looked at what was final in the journal."""
    assert found(ALIVE, state)


def test_what_the_journal_holds_open_is_no_stray() -> None:
    """Its state is its own matter: working, or in doubt."""
    assert not found(ALIVE, OrderState.WORKING, held_open=True)


@pytest.mark.parametrize("ref", ["", "by hand", "ib-labcdefghijklmnop", "ib-pshort"])
def test_orders_of_others_are_no_strays(ref: str) -> None:
    """A person's, another system's, and the live service's own beside the paper one."""
    assert not found(replace(ALIVE, order_ref=ref))


def test_what_can_trade_no_more_is_no_stray() -> None:
    """Ended; or filled, with a status that is a moment behind."""
    assert not found(replace(ALIVE, state=OrderState.CANCELLED))
    assert not found(replace(ALIVE, filled=Decimal(10)))
    assert found(replace(ALIVE, filled=Decimal(9)))


def test_a_rejected_order_rests_inactive_and_is_no_stray() -> None:
    """Every rejection would lock its instrument for the rest of the day otherwise."""
    resting = replace(ALIVE, state=OrderState.INACTIVE)
    assert not found(resting, OrderState.REJECTED)
    assert found(resting, OrderState.CANCELLED)


def test_a_stray_locks_its_contract_and_names_itself() -> None:
    """Whoever reads the refusal finds the order at the broker by its reference."""
    (lock,) = locks((), (), [ALIVE])
    assert (lock.con_id, lock.local_symbol, lock.order_refs) == (1, "AAA", (REF,))
    assert (
        lock.reason == f"order {REF} (BUY 10) is working at the broker, and the journal does not hold it open"
    )

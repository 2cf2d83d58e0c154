"""An instrument is locked as long as a snapshot shows a difference or an order in doubt in it, and no longer."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from ib_trading.core.locks import locks
from ib_trading.core.order import Order
from ib_trading.core.order_state import OrderState
from ib_trading.core.reconciliation import Difference
from tests.contracts.samples import an_order
from tests.core.builders import AAA, BBB, Answers, planned, snapshot, spec

SPLIT = Difference(1, "AAA", Decimal(5), Decimal(10))


def order(state: OrderState, con_id: int = 1) -> Order:
    return replace(an_order("ib-pabc", "run-1", state), con_id=con_id, local_symbol=f"S{con_id}")


def test_a_difference_locks_its_instrument_with_both_quantities_in_the_reason() -> None:
    """After a split somebody has to say whose the new shares are."""
    (lock,) = locks([SPLIT], ())
    assert (lock.con_id, lock.local_symbol, lock.order_refs) == (1, "AAA", ())
    assert "holds 5, the broker shows 10" in lock.reason


@pytest.mark.parametrize("state", [OrderState.SENDING, OrderState.UNKNOWN, OrderState.INACTIVE])
def test_an_order_in_doubt_locks_its_instrument(state: OrderState) -> None:
    """It may still be at the broker without anybody knowing."""
    (lock,) = locks((), [order(state, con_id=2)])
    assert (lock.con_id, lock.order_refs) == (2, ("ib-pabc",))


@pytest.mark.parametrize("state", [OrderState.WORKING, OrderState.ACKNOWLEDGED, OrderState.FILLED])
def test_an_order_that_the_broker_explains_locks_nothing(state: OrderState) -> None:
    """A working order is counted, not feared."""
    assert locks((), [order(state)]) == ()


def test_one_instrument_has_one_lock_with_every_reason() -> None:
    """Whoever repairs the difference learns of the order too."""
    (lock,) = locks([SPLIT], [order(OrderState.UNKNOWN)])
    assert "no rule explains it; order ib-pabc" in lock.reason
    assert lock.order_refs == ("ib-pabc",)


def test_a_plan_is_forbidden_by_the_locks_of_what_it_trades_and_by_no_others() -> None:
    """A split in one stock stops nobody from trading another."""
    of_aaa, of_bbb = locks([SPLIT, replace(SPLIT, con_id=2, local_symbol="BBB")], ())
    buys_aaa = {"alpha": Answers((spec(AAA), spec(BBB)), {"AAA": Decimal(1)})}
    seen = snapshot(AAA, BBB, locks=(of_aaa, of_bbb))
    assert planned(seen, buys_aaa).forbidden == (of_aaa,)
    assert planned(replace(seen, locks=(of_bbb,)), buys_aaa).forbidden == ()


def test_locks_come_by_contract_id_whatever_was_found_first() -> None:
    other = replace(SPLIT, con_id=0, local_symbol="ZZZ")
    assert [lock.con_id for lock in locks([SPLIT, other], ())] == [0, SPLIT.con_id]

"""What is held under a name that is configured no more is said, with the two ways out."""

from __future__ import annotations

from decimal import Decimal

from ib_trading.core.close_all import close_out
from ib_trading.core.order_properties import OrderProperties
from ib_trading.core.positions import UNASSIGNED
from ib_trading.core.retired import retired
from tests.core.builders import AAA, answers, config, planned, snapshot

HELD = {AAA.con_id: Decimal(3)}


def test_a_name_that_holds_something_and_is_configured_no_more_is_said_with_both_ways_out() -> None:
    [(name, sentence)] = retired(
        config(), {"old": HELD | {2: Decimal(1), 3: Decimal(0)}, "alpha": HELD}
    ).items()
    assert name == "old"
    assert sentence == (
        "old holds 2 instruments, and is configured no more: close it (POST /close-all with"
        ' {"strategies": ["old"]}), or give it to another strategy (renamedFrom: [old])'
    )


def test_an_order_that_still_works_for_it_is_said_too() -> None:
    assert "old has orders in 1 instrument, and" in retired(config(), {}, {"old": HELD})["old"]
    assert (
        "old holds 1 instrument and has orders in 1" in retired(config(), {"old": HELD}, {"old": HELD})["old"]
    )


def test_what_is_nobodys_and_what_is_at_zero_is_not_retired() -> None:
    assert retired(config(), {UNASSIGNED: HELD, "old": {1: Decimal(0)}}, {UNASSIGNED: HELD, "gone": {}}) == {}


def test_a_plan_warns_of_what_it_is_not_about() -> None:
    state = snapshot(
        positions={AAA.con_id: Decimal(6)}, holdings={"old": HELD, "alpha": HELD}, wanted={"alpha": (1, 2, 3)}
    )
    plan = planned(state, {"alpha": answers(AAA=0.1)})
    assert list(plan.warnings) == list(retired(state.config, state.holdings).values())
    assert len(plan.warnings) == 1
    closing = close_out(state, ("old",), OrderProperties())
    assert closing.warnings == ()

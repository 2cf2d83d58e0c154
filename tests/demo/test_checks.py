"""Each check of the demonstration notices what it is there to notice."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from demo.checks import check
from demo.recorded_closes import RecordedCloses
from demo.story import Story
from tests.demo.stories import RECORDED, SYMBOLS, a_story, altered


def failed(story: Story, recorded: RecordedCloses = RECORDED) -> dict[str, str]:
    """Name → detail of the checks that did not pass."""
    return {each.name: each.detail for each in check(story, recorded) if not each.passed}


def test_a_story_in_which_everything_is_as_it_should_be_passes_every_check() -> None:
    """Without this one, the tests below would pass for any reason."""
    assert failed(a_story()) == {}


def with_control(story: Story, change: Callable[[dict[str, Any]], None]) -> Story:
    control: dict[str, Any] = deepcopy(dict(story.control))
    change(control)
    return replace(story, control=control)


def test_a_dry_run_that_planned_something_else_is_noticed() -> None:
    """One byte of difference is enough."""
    story = a_story()
    dry_run = altered(story.first.dry_run, {"plan": {"other": 1}})
    story = replace(story, first=replace(story.first, dry_run=dry_run))
    assert list(failed(story)) == ["dry-run and run have the same plan, byte for byte"]


def test_an_order_that_did_not_fill_is_noticed() -> None:
    """The simulator's word counts, not the service's."""
    story = with_control(a_story(), lambda control: control["orders"][3].update(status="Submitted"))
    assert failed(story) == {"every order filled": f"{SYMBOLS[3]} is Submitted"}


@pytest.mark.parametrize(("side", "other"), [("BOT", "bid"), ("SLD", "ask")])
def test_a_fill_at_the_wrong_side_of_the_quote_is_noticed(side: str, other: str) -> None:
    """A buyer pays the ask, a seller gets the bid."""

    def change(control: dict[str, Any]) -> None:
        execution = control["executions"][0]
        execution.update(side=side, price=execution[other])

    assert "each buy at the ask of its instant, each sale at the bid" in failed(
        with_control(a_story(), change)
    )


def test_a_fill_that_the_service_reports_otherwise_is_noticed() -> None:
    """Down to the commission."""
    story = with_control(a_story(), lambda control: control["executions"][0].update(commission="1.01"))
    assert "1-S00: service 10 10.0 1, simulator 10 10.00 1.01" in next(iter(failed(story).values()))


def test_a_repetition_without_its_header_is_noticed() -> None:
    """A client tells by it that nothing was done twice."""
    story = a_story()
    story = replace(story, repeated=story.first.run)
    assert list(failed(story)) == ["the same request with the same key gets the stored answer"]


def test_an_order_placed_by_a_repetition_is_noticed() -> None:
    """The header alone proves nothing: the simulator's orders are counted."""
    story = a_story()
    story = replace(story, orders_after_repeated=story.orders_after_first + 1)
    assert "1 orders reached the simulator" in failed(story).values()


def test_an_order_on_an_unchanged_market_is_noticed() -> None:
    """The idempotency of the arithmetic, apart from that of the key."""
    story = a_story()
    order = {"action": "BUY", "localSymbol": "S00"}
    story = replace(story, unchanged=altered(story.unchanged, {"plan": {"orders": [order]}}))
    assert list(failed(story).values()) == ["the plan has BUY S00"]


def test_an_order_that_arrived_twice_is_noticed() -> None:
    """By its orderRef, which is the same for both."""
    story = with_control(a_story(), lambda control: control["orders"].append(control["orders"][0]))
    assert failed(story) == {"each order arrived exactly once": "ref-1-S00 arrived 2 times"}


def test_a_close_off_the_record_by_a_tick_is_noticed() -> None:
    """Both the session's last price and what the next session calls the previous close are compared."""
    closes = {**RECORDED.closes, "S01": ("11.014", "12.001")}
    found = failed(a_story(), replace(RECORDED, closes=closes))
    assert found == {
        "each day ends on the recorded closes": "S01 2019-06-03: 11.00, recorded 11.01;"
        " S01 2019-06-04: 11.004, recorded 11.014"
    }


def test_a_month_in_which_nothing_was_held_proves_nothing_about_closes() -> None:
    """Zero comparisons are no success."""
    story = a_story()
    story = replace(
        story,
        closes=tuple(replace(close, holdings=()) for close in story.closes),
        second=replace(story.second, account=replace(story.second.account, holdings=())),
    )
    assert failed(story)["each day ends on the recorded closes"] == "nothing was held at any close"


def test_a_holding_that_the_simulator_does_not_have_is_noticed() -> None:
    """Symbol by symbol, summed over the strategies."""
    story = a_story()
    holdings = {"trend": dict.fromkeys(SYMBOLS, 20), "unassigned": {"S00": 1}}
    summary = altered(story.second.summary, {"holdings": holdings})
    story = replace(story, second=replace(story.second, summary=summary))
    assert list(failed(story).values()) == ["S00: service 21, simulator 20"]


def test_a_cent_that_no_strategy_earned_is_noticed() -> None:
    """Profit since the first order is the account's change."""
    story = a_story()
    account = story.second.account
    richer = replace(account, net_liquidation=account.net_liquidation + Decimal("0.01"))
    story = replace(story, second=replace(story.second, account=richer))
    assert list(failed(story)) == ["the strategies' profits explain the account to the cent"]

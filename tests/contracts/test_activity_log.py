"""What every ActivityLog owes its readers."""

from __future__ import annotations

from ib_trading.ports.activity_log import Activity
from tests.contracts.places import StorePlace, Stores
from tests.contracts.samples import after


def an_activity(number: float, **facts: object) -> Activity:
    return Activity(after(number), "allocation", f"run-{number}", dry_run=False, outcome=200, facts=facts)


def test_a_line_comes_back_as_it_was_written(stores: Stores) -> None:
    line = Activity(
        after(0.25), "summary", "run-1", dry_run=True, outcome=503, facts={"orders": [1, "é"], "why": None}
    )
    stores.activity.append(line)
    assert stores.activity.latest(10) == (line,)


def test_the_newest_lines_come_first_up_to_the_limit(stores: Stores) -> None:
    for number in (1, 3, 2):
        stores.activity.append(an_activity(number))
    assert stores.activity.latest(2) == (an_activity(3), an_activity(2))


def test_the_lines_since_an_instant_include_it(stores: Stores) -> None:
    for number in (1, 3, 2):
        stores.activity.append(an_activity(number))
    assert stores.activity.since(after(2)) == (an_activity(3), an_activity(2))
    assert stores.activity.since(after(4)) == ()


def test_the_first_line_dates_the_log(stores: Stores) -> None:
    assert stores.activity.first_at() is None
    for number in (2, 1, 3):
        stores.activity.append(an_activity(number))
    assert stores.activity.first_at() == after(1)


def test_two_equal_lines_are_two_events(stores: Stores) -> None:
    stores.activity.append(an_activity(1))
    stores.activity.append(an_activity(1))
    assert len(stores.activity.latest(10)) == 2


def test_lines_are_there_after_a_restart(place: StorePlace) -> None:
    with place.opened() as stores:
        stores.activity.append(an_activity(1, orders=3))
    with place.opened() as stores:
        assert stores.activity.latest(1) == (an_activity(1, orders=3),)

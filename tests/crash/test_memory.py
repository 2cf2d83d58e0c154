"""A strategy that counts its decisions has counted those that were carried out, whatever happened to the service: none
twice and none forgotten. Judged by the simulator's own record of orders."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ib_trading.core.journal import Run
from tests.crash.processes import Ground
from tests.crash.stopping import POINTS
from tests.crash.test_kill_points import LEASE_OVER, settled_by_a_person
from tests.service import STACK_FILE

COUNTING = (
    STACK_FILE.replace('{dummy: "0.2", trend: "0.6"}', '{counter: "0.6"}') + '    minTradePercent: "0"\n'
)
RENAMED = COUNTING.replace(
    '{counter: "0.6"}', '{tally: {share: "0.6", strategy: counter, renamedFrom: [counter]}}'
)
ALLOCATE = "/allocation"


@pytest.fixture
def counting(ground: Ground) -> Ground:
    return replace(ground, stack_file=COUNTING)


def count(ground: Ground, name: str = "counter") -> int:
    """What the strategy would be handed now."""
    memories = ground.services().ledger.memories()
    assert set(memories) <= {name}
    return int(memories.get(name, "0"))


def carried_out(ground: Ground) -> list[int]:
    """The notes of the decisions of which the broker has an order, oldest first."""
    ledger, at_the_broker = ground.services().ledger, set(ground.refs())
    runs = [
        run
        for run in reversed(ledger.runs(50))
        if at_the_broker & {order.order_ref for order in ledger.orders(run.run_id)}
    ]
    return [noted(run) for run in runs]


def noted(run: Run) -> int:
    [notes] = run.planned()["notes"].values()
    return int(notes["count"])


def test_dry_runs_and_refused_runs_do_not_count(counting: Ground) -> None:
    """Each call is a service that was started anew."""
    for decision in (1, 2, 3):
        for number in range(2):
            dry = counting.call(ALLOCATE, {"dryRun": True}, f"dry {decision} {number}")
            assert dry["body"]["notes"]["counter"]["count"] == str(decision)
        narrow = replace(counting, stack_file=COUNTING + "    limits: {maxOrdersPerRun: 1}\n")
        assert narrow.call(ALLOCATE, {}, f"refused {decision}")["status"] == 422
        assert count(counting) == decision - 1
        assert counting.call(ALLOCATE, {}, f"run {decision}")["status"] == 200
        assert counting.call(ALLOCATE, {}, f"run {decision}")["replayed"]
        assert count(counting) == decision
    assert carried_out(counting) == [1, 2, 3]


@pytest.mark.parametrize("point", POINTS)
def test_a_decision_counts_once_wherever_its_run_was_killed(counting: Ground, point: str) -> None:
    """One whose orders may have left counts until somebody knows: none of them had where it was killed `sending`."""
    assert counting.call(ALLOCATE, {}, "sunday")["status"] == 200
    counting.killed_at(point, (ALLOCATE, {}, "monday"))
    stands = point not in {"claimed", "planned"}
    assert count(counting) == 1 + stands, "what the next run will write counts for who only asks"
    dry = counting.call(ALLOCATE, {"dryRun": True}, "dry", LEASE_OVER)
    if dry["status"] == 200:
        assert dry["body"]["notes"]["counter"]["count"] == str(2 + stands)
    next_one = counting.call(ALLOCATE, {}, "tuesday", LEASE_OVER)
    assert next_one["status"] == (423 if point in {"sending", "sent 1"} else 200)
    settled_by_a_person(counting)
    assert counting.call(ALLOCATE, {}, "wednesday", 3 * LEASE_OVER)["status"] == 200
    told = carried_out(counting)
    assert told == list(range(1, len(told) + 1))
    assert (
        count(counting) == told[-1] == (2 if point == "sending" else 4 if stands and point != "sent 1" else 3)
    )


@pytest.mark.parametrize("point", ["renaming", "renamed", *POINTS])
def test_the_count_goes_to_the_new_name_with_all_else(counting: Ground, point: str) -> None:
    assert counting.call(ALLOCATE, {}, "sunday")["status"] == 200
    renamed = replace(counting, stack_file=RENAMED)
    dry = renamed.call(ALLOCATE, {"dryRun": True}, "dry")
    assert dry["body"]["notes"]["tally"]["count"] == "2"
    renamed.killed_at(point, (ALLOCATE, {}, "monday"))
    renamed.call(ALLOCATE, {}, "tuesday", LEASE_OVER)
    settled_by_a_person(renamed)
    assert renamed.call(ALLOCATE, {}, "wednesday", 3 * LEASE_OVER)["status"] == 200
    told = carried_out(renamed)
    assert told == list(range(1, len(told) + 1))
    assert count(renamed, "tally") == told[-1] >= 2


@pytest.mark.parametrize("point", ["sent 1", "filled"])
def test_a_run_that_was_killed_before_its_strategy_was_renamed_counts_for_the_new_name(
    counting: Ground, point: str
) -> None:
    """Its plan has the old name, and its orders are read under the new one."""
    counting.killed_at(point, (ALLOCATE, {}, "sunday"))
    renamed = replace(counting, stack_file=RENAMED)
    renamed.call(ALLOCATE, {}, "monday", LEASE_OVER)
    settled_by_a_person(renamed)
    assert renamed.call(ALLOCATE, {}, "tuesday", 3 * LEASE_OVER)["status"] == 200
    told = carried_out(renamed)
    assert told == list(range(1, len(told) + 1))
    assert count(renamed, "tally") == told[-1] >= 2

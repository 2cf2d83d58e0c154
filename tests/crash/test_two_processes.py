"""Two processes of the service on one store: one run at a time, one run a key, whatever comes at once.

Judged by the simulator's record and by the journal, never by the answers alone.
"""

from __future__ import annotations

from tests.crash.processes import Ground, statuses

ALLOCATE = ("/allocation", {"strategies": ["dummy"]})
EACH = 25


def test_fifty_times_the_same_request_at_once_is_one_run(shared_ground: Ground) -> None:
    processes = [shared_ground.start(*[(*ALLOCATE, "monday")] * EACH) for _ in range(2)]
    answers = [answer for process in processes for answer in shared_ground.answers(process)]
    assert len(answers) == 2 * EACH
    told = statuses(answers)
    assert set(told) <= {200, 409}, told
    done = [answer for answer in answers if answer["status"] == 200]
    assert len({answer["body"]["runId"] for answer in done}) == 1
    assert sum(not answer["replayed"] for answer in done) == 1
    runs = shared_ground.services().ledger.runs(100)
    assert len(runs) == 1
    assert len(shared_ground.refs()) == len(shared_ground.services().ledger.orders(runs[0].run_id)) == 6
    assert shared_ground.ledger() == shared_ground.positions()


def test_of_fifty_different_requests_at_once_never_two_trade_at_the_same_time(shared_ground: Ground) -> None:
    """The second one sees what the first one holds, and finds nothing to do."""
    processes = [
        shared_ground.start(*[(*ALLOCATE, f"{number}.{turn}") for turn in range(EACH)]) for number in range(2)
    ]
    answers = [answer for process in processes for answer in shared_ground.answers(process)]
    told = statuses(answers)
    assert set(told) <= {200, 409}, [answer for answer in answers if answer["status"] not in {200, 409}]
    assert told[200] >= 1
    runs = shared_ground.services().ledger.runs(100)
    assert {run.run_id for run in runs} == {a["body"]["runId"] for a in answers if a["status"] == 200}
    trading = [run for run in runs if shared_ground.services().ledger.orders(run.run_id)]
    assert len(trading) == 1
    assert len(shared_ground.refs()) == 6
    assert shared_ground.ledger() == shared_ground.positions()

"""How soon the gateway may be started again: each start is a login that the broker counts."""

from __future__ import annotations

import pytest

from ib_trading.adapters.ib.gateway.start_pace import StartPace
from ib_trading.adapters.ib.gateway.states import Failure
from ib_trading.adapters.ib.gateway.timeouts import GatewayTimeouts

QUICK = GatewayTimeouts(pause=2, longest_pause=30, starts_a_minute=3)


@pytest.fixture
def pace(monkeypatch: pytest.MonkeyPatch) -> Pace:
    return Pace(monkeypatch)


class Pace(StartPace):
    """Its clock stands still until it is moved."""

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        timeouts: GatewayTimeouts = QUICK,
    ) -> None:
        super().__init__(timeouts)
        self.now = 1000.0
        monkeypatch.setattr("time.monotonic", lambda: self.now)


def test_the_first_start_waits_for_nothing(pace: Pace) -> None:
    assert pace.wait() == 0


def test_pauses_grow_up_to_the_longest(pace: Pace) -> None:
    pauses = []
    for _ in range(7):
        pace.started()
        pauses.append(pace.wait())
        pace.now += 120
    assert pauses == [2, 4, 8, 16, 30, 30, 30]


def test_no_more_than_so_many_starts_fail_within_a_minute(pace: Pace) -> None:
    starts = []
    while pace.now < 1240:
        pace.started()
        starts.append(pace.now)
        pace.now += pace.wait()
    for first in starts:
        assert sum(first <= start < first + 60 for start in starts) <= 3


def test_a_gateway_that_worked_makes_the_next_failure_a_first_one(pace: Pace) -> None:
    for _ in range(3):
        pace.started()
    pace.worked()
    assert pace.wait() == 0
    pace.started()
    assert pace.wait() == 2
    assert pace.count == 4


@pytest.mark.parametrize(("failure", "most"), [(Failure.LOGIN_FAILED, 9), (Failure.CRASHED, 20)])
def test_within_an_hour_the_broker_sees_few_logins(
    monkeypatch: pytest.MonkeyPatch, failure: Failure, most: int
) -> None:
    """Thirteen in 47 minutes were seen, of a password that was right."""
    pace = Pace(monkeypatch, GatewayTimeouts())
    begun, count = pace.now, 0
    while pace.now < begun + 3600:
        pace.started()
        pace.failed(failure)
        count += 1
        pace.now += max(pace.wait(), 1)
    assert count <= most

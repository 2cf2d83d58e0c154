"""How often bars may be asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ib_trading_simulator.market.history_pacing import Asked, HistoryPacing, Scope

START = datetime(2019, 1, 2, 15, 0, tzinfo=UTC)


def asked(
    seconds: float,
    question: str,
    *,
    con_id: int = 1,
    what: str = "TRADES",
    size: str = "1 day",
    number: int = 0,
) -> Asked:
    at = START + timedelta(seconds=seconds)
    return Asked(at, 1, number, (con_id, "SMART", what), size, (str(con_id), question))


def admitted(pacing: HistoryPacing, *requests: Asked) -> list[bool]:
    """Each answered before the next one comes."""
    answers = []
    for request in requests:
        answers.append(pacing.admits(request))
        pacing.answered(request.client_id, request.request_id)
    return answers


def test_the_same_question_has_to_wait_fifteen_seconds() -> None:
    pacing = HistoryPacing(Scope.ALL)
    same = [asked(at, "5 D") for at in (0, 14.9, 15)]
    assert admitted(pacing, *same) == [True, False, True]
    assert [violation.rule for violation in pacing.violations] == ["identical requests within 15 seconds"]


def test_the_sixth_question_about_one_series_within_two_seconds_is_one_too_many() -> None:
    burst = [asked(0.1 * n, f"{n} D") for n in range(6)]
    assert admitted(HistoryPacing(Scope.ALL), *burst) == [True] * 5 + [False]
    spread = [asked(0.4 * n, f"{n} D") for n in range(6)]
    assert admitted(HistoryPacing(Scope.ALL), *spread) == [True] * 6
    others = [asked(0, "1 D", con_id=n) for n in range(20)]
    assert admitted(HistoryPacing(Scope.ALL), *others) == [True] * 20


def test_sixty_questions_are_allowed_within_any_ten_minutes() -> None:
    pacing = HistoryPacing(Scope.ALL)
    assert all(admitted(pacing, *(asked(n, "1 D", con_id=n) for n in range(60))))
    assert admitted(pacing, asked(599.9, "1 D", con_id=60), asked(600, "1 D", con_id=60)) == [False, True]


def test_bids_with_asks_count_twice() -> None:
    pacing = HistoryPacing(Scope.ALL)
    both = [asked(n, "1 D", con_id=n, what="BID_ASK") for n in range(31)]
    assert admitted(pacing, *both) == [True] * 30 + [False]


def test_only_bars_of_thirty_seconds_or_less_are_limited_unless_all_are() -> None:
    long = [asked(0, "1 D")] * 3
    short = [asked(0, "1 D", size="30 secs")] * 2
    assert admitted(HistoryPacing(Scope.ON), *long, *short) == [True, True, True, True, False]
    assert admitted(HistoryPacing(), *long, *short) == [True] * 5


def test_fifty_questions_may_be_open_at_once() -> None:
    pacing = HistoryPacing(Scope.ON)
    burst = [asked(0, "1 D", con_id=n, number=n) for n in range(51)]
    assert [pacing.admits(request) for request in burst] == [True] * 50 + [False]
    assert pacing.answered(1, 7)
    assert pacing.admits(burst[50])
    pacing.left(1)
    assert all(pacing.admits(request) for request in burst[:50])

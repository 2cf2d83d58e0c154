"""The broker's limits on questions for history: never broken, and not much below what they allow.

An audit that shares no code with the rule looks at the instants afterwards.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ib_trading.core.pacing import (
    MARGIN,
    OPEN_AT_ONCE,
    SMALL_BARS,
    SMALL_WEIGHT,
    SMALL_WINDOW,
    HistoryLimits,
    HistoryRequest,
)

Sent = Sequence[tuple[float, HistoryRequest]]


def request(con_id: int, span: str, bar_size: str = "30 secs", what: str = "TRADES") -> HistoryRequest:
    return HistoryRequest(con_id, "SMART", what, bar_size, span)


def send_all(wanted: Sequence[HistoryRequest], pause: float = 0.0) -> Sent:
    """The instants at which a patient client that asks one after the other sends, in virtual time."""
    limits, now, sent = HistoryLimits(), 0.0, []
    for one in wanted:
        now = limits.earliest(one, now + pause)
        limits.left(one, now)
        sent.append((now, one))
    return sent


def violations(sent: Sent) -> list[str]:
    """By the broker's own words."""
    found = []
    small = [
        at
        for at, one in sent
        if one.bar_size == "30 secs"
        for _ in range(1 + (one.what_to_show == "BID_ASK"))
    ]
    found += [
        f"61 small bars within ten minutes of {first}"
        for first, last in zip(small, small[60:], strict=False)
        if last - first < 600
    ]
    identical, contract = defaultdict(list), defaultdict(list)
    for at, one in sent:
        identical[one].append(at)
        contract[one.con_id, one.exchange, one.what_to_show].append(at)
    for one, times in identical.items():
        found += [
            f"identical {one} at {earlier} and {later}"
            for earlier, later in pairwise(times)
            if later - earlier < 15
        ]
    for one, times in contract.items():
        found += [
            f"six for {one} from {times[i]}" for i in range(len(times) - 5) if times[i + 5] - times[i] < 2
        ]
    return found


def test_thousands_of_small_bars_never_break_a_limit_and_use_the_rate_it_allows() -> None:
    sent = send_all([request(number % 7, str(number)) for number in range(3000)])
    assert violations(sent) == []
    allowed = sent[-1][0] / 600 * 60
    assert len(sent) - 60 >= 0.95 * allowed


def test_an_audit_that_finds_nothing_would_find_something() -> None:
    """The same questions without the rule."""
    hasty = [(number * 0.1, request(1, str(number % 9))) for number in range(100)]
    assert len(violations(hasty)) > 50


def test_of_larger_bars_only_a_contract_at_a_time_is_slowed() -> None:
    many = send_all([request(number, "1 D", "1 day") for number in range(1000)])
    assert many[-1][0] == 0
    one = send_all([request(1, str(number), "1 min") for number in range(1001)])
    assert violations(one) == []
    assert one[-1][0] <= 1000 / 5 * 2 / 0.95


def test_the_same_question_waits_fifteen_seconds() -> None:
    first, second = send_all([request(1, "1 D", "1 day")] * 2)
    assert second[0] - first[0] == pytest.approx(15, abs=0.1)


def test_bid_and_ask_count_twice() -> None:
    sent = send_all([request(number, "1", what="BID_ASK") for number in range(31)])
    assert sent[29][0] == 0
    assert sent[30][0] >= 600


def test_who_is_slow_anyway_never_waits() -> None:
    sent = send_all([request(number % 3, str(number)) for number in range(500)], pause=11)
    assert [at for at, _ in sent] == [11.0 * number for number in range(1, 501)]


requests = st.builds(
    request,
    st.integers(1, 3),
    st.sampled_from("abcdefgh"),
    st.sampled_from(["30 secs", "1 min"]),
    st.sampled_from(["TRADES", "BID_ASK"]),
)


@settings(max_examples=60)
@given(st.lists(requests, max_size=150), st.sampled_from([0.0, 0.3, 4.0]))
def test_no_sequence_of_questions_breaks_a_limit(wanted: list[HistoryRequest], pause: float) -> None:
    assert violations(send_all(wanted, pause)) == []


def test_ten_minutes_of_small_bars_are_ten_minutes_and_a_margin() -> None:
    limits = HistoryLimits()
    for con_id in range(SMALL_WEIGHT):
        limits.left(request(con_id, "1 D"), 0.0)
    assert limits.earliest(request(999, "1 D"), SMALL_WINDOW) == SMALL_WINDOW + MARGIN


def after(*sent: HistoryRequest, asks: HistoryRequest, small: frozenset[str] | None = SMALL_BARS) -> float:
    """When `asks` may leave if all of `sent` left at 0."""
    limits = HistoryLimits(small)
    for one in sent:
        limits.left(one, 0.0)
    return limits.earliest(asks, 0.0)


def test_the_waits_are_the_broker_s_own_and_a_margin() -> None:
    """15 s for the same question, 2 s after five of one contract, ten minutes after sixty small bars."""
    day = request(1, "1 D", "1 day")
    assert after(day, asks=day) == 15.05
    five = [request(1, str(number), "1 day") for number in range(5)]
    assert after(*five[:4], asks=day) == 0
    assert after(*five, asks=day) == 2.05
    assert after(*five, asks=request(2, "1 D", "1 day")) == 0
    assert after(*five, asks=request(1, "1 D", "1 day", "BID_ASK")) == 0
    many = [request(number, "1 D") for number in range(60)]
    assert after(*many[:59], asks=request(99, "1 D")) == 0
    assert after(*many, asks=request(99, "1 D")) == 600.05
    assert after(*many[:59], asks=request(99, "1 D", what="BID_ASK")) == 600.05
    assert OPEN_AT_ONCE == 50


def test_only_bars_of_thirty_seconds_and_less_are_held_to_the_ten_minutes() -> None:
    """For a broker that makes no exception, all are."""
    many = [request(number, "1 D", "1 min") for number in range(60)]
    assert after(*many, asks=request(99, "1 D", "1 min")) == 0
    assert after(*many, asks=request(99, "1 D", "1 min"), small=None) == 600.05


def test_a_question_that_was_answered_later_counts_from_there() -> None:
    """Of sixty, the first to leave may be the last that counts."""
    limits = HistoryLimits()
    departures = [limits.left(request(number, "1 D"), 0.0) for number in range(60)]
    departures[0].at = 30.0
    assert limits.earliest(request(99, "1 D"), 40.0) == 630.05


def test_a_question_of_the_last_fifteen_seconds_is_remembered_to_the_end() -> None:
    limits, day = HistoryLimits(), request(1, "1 D", "1 day")
    limits.left(day, 0.0)
    assert limits.earliest(day, 15.0) == 15.05
    assert limits.earliest(day, 15.06) == 15.06

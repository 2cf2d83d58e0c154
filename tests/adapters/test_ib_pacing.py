"""45 messages a second of the gateway's, and not one more."""

from __future__ import annotations

import asyncio
import time

from ib_trading.adapters.ib.pacing import MESSAGES, TIMEOUT, Pace


def _pace(sent: int, answered: int) -> Pace:
    """So many messages have just left, and so many of them have been answered."""
    pace = Pace()
    for _ in range(sent):
        pace.sent()
    pace.answered(answered)
    return pace


def _seconds_until_allowed(sent: int, answered: int, wanted: int) -> float:
    async def scene() -> float:
        pace = _pace(sent, answered)
        begun = time.monotonic()
        await pace.allow(wanted)
        return time.monotonic() - begun

    return asyncio.run(scene())


def test_what_fits_into_the_second_may_leave_at_once() -> None:
    assert _seconds_until_allowed(sent=25, answered=0, wanted=20) < 0.5


def test_one_message_more_than_fits_waits_for_a_second_after_the_answers() -> None:
    assert 1.0 < _seconds_until_allowed(sent=26, answered=26, wanted=20) < TIMEOUT


def test_what_is_not_answered_is_taken_as_read_late() -> None:
    """The gateway may read a burst so late that it falls into one second with the next."""
    assert _seconds_until_allowed(sent=26, answered=0, wanted=20) > TIMEOUT


def test_an_answer_says_that_every_earlier_message_was_read() -> None:
    assert _seconds_until_allowed(sent=MESSAGES, answered=30, wanted=30) < TIMEOUT


def test_more_than_a_seconds_worth_waits_for_an_empty_second_only() -> None:
    assert _seconds_until_allowed(sent=1, answered=1, wanted=10 * MESSAGES) < TIMEOUT


def test_an_answer_while_waiting_begins_the_second() -> None:
    async def scene() -> float:
        pace = _pace(MESSAGES, answered=0)
        begun = time.monotonic()
        waiting = asyncio.create_task(pace.allow(1))
        await asyncio.sleep(0)
        pace.answered(MESSAGES)
        await waiting
        return time.monotonic() - begun

    assert 1.0 < asyncio.run(scene()) < TIMEOUT


def test_whoever_asked_first_is_allowed_first() -> None:
    async def scene() -> list[str]:
        pace, served = _pace(MESSAGES, answered=MESSAGES), []

        async def ask(name: str, wanted: int) -> None:
            await pace.allow(wanted)
            served.append(name)

        await asyncio.gather(ask("many", 40), ask("one", 1))
        return served

    assert asyncio.run(scene()) == ["many", "one"]

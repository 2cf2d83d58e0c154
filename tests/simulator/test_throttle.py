"""The limit on a client's messages."""

from __future__ import annotations

from ib_trading_simulator.wire.throttle import Throttle


def test_fifty_messages_in_a_second_pass_and_the_next_does_not() -> None:
    throttle = Throttle()
    assert all(throttle.admits(1.0 + i / 100) for i in range(50))
    assert not throttle.admits(1.6)
    assert throttle.text == "Max rate of messages per second has been exceeded:max=50 rec=51 (1)"


def test_a_second_later_messages_pass_again() -> None:
    throttle = Throttle()
    for _ in range(50):
        throttle.admits(1.0)
    assert throttle.admits(2.0)


def test_the_third_refusal_is_the_last() -> None:
    throttle = Throttle(1)
    throttle.admits(1.0)
    exhausted = []
    for _ in range(3):
        throttle.admits(1.1)
        exhausted.append(throttle.exhausted)
    assert exhausted == [False, False, True]


def test_a_rate_of_zero_is_no_limit() -> None:
    throttle = Throttle(0)
    assert all(throttle.admits(1.0) for _ in range(1000))

"""What the measurements count, and how a wrong name is answered."""

from __future__ import annotations

from typing import Any

import pytest

from bench.__main__ import main
from bench.bare_loop import place_bare
from bench.message_times import placing_seconds
from bench.service_run import ORDERS, place_through_service
from simulator.launch import Launched


def message(milliseconds: float, direction: str, name: str, *fields: str) -> dict[str, Any]:
    return {
        "nanoseconds": round(milliseconds * 1e6),
        "direction": direction,
        "name": name,
        "fields": ["0", *fields],
    }


def test_an_order_is_timed_to_its_first_status_beyond_pending() -> None:
    """From the first that arrived to the last that was acknowledged; later words on it do not count."""
    messages = [
        message(1, "in", "reqIds"),
        message(2, "in", "placeOrder", "7"),
        message(3, "out", "orderStatus", "7", "PendingSubmit"),
        message(4, "in", "placeOrder", "8"),
        message(5, "out", "orderStatus", "8", "PreSubmitted"),
        message(9, "out", "orderStatus", "7", "Filled"),
        message(90, "out", "orderStatus", "8", "Filled"),
    ]
    assert placing_seconds(messages, 2) == pytest.approx(0.007)


def test_an_order_without_an_acknowledgement_is_no_measurement() -> None:
    """A lost order would make a run look quick."""
    messages = [message(2, "in", "placeOrder", "7"), message(3, "out", "orderStatus", "7", "PendingSubmit")]
    with pytest.raises(ValueError, match="1 orders placed, 0 acknowledged"):
        placing_seconds(messages, 1)


def test_service_and_bare_loop_place_the_same_orders() -> None:
    """Contract, side, size and algorithm, as the simulator took them."""
    options = ("--clock", "virtual", "--start", "2019-06-03T15:00:00Z")
    with Launched.start(*options) as simulator:
        orders = place_through_service(simulator)
        through_service = simulator.state()
    with Launched.start(*options) as simulator:
        place_bare(simulator, orders)
        bare = simulator.state()
    names = ("symbol", "action", "quantity", "orderType", "tif", "algo", "status")
    taken = [
        [tuple(order[name] for name in names) for order in state["orders"]]
        for state in (through_service, bare)
    ]
    assert sorted(taken[0]) == sorted(taken[1])
    assert len(taken[0]) == ORDERS
    assert placing_seconds(bare["messages"], ORDERS) > 0


@pytest.mark.parametrize("arguments", [[], ["start"], ["orders2"]])
def test_a_measurement_that_is_not_known_is_refused_with_those_that_are(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2."""
    assert main(arguments) == 2
    assert capsys.readouterr().err.endswith("known: orders\n")

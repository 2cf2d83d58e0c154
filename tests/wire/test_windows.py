"""Orders leave a window at a time, over the real wire: the next one follows once the broker has explained this one, and
where the configuration says so each keeps its distance from the one before."""

from __future__ import annotations

import itertools
from pathlib import Path

from ib_trading_simulator.launch import Launched
from tests.service import STACK_FILE, ServiceUnderTest

BY_TWO = STACK_FILE + '    ordersInFlight: "2"\n    acknowledgeSeconds: "1"\n    fillSeconds: "2"\n'


def test_after_a_window_that_nobody_acknowledges_nothing_more_is_sent(
    tmp_path: Path, simulator: Launched
) -> None:
    """The gateway had lost the first two of six orders without a word; the other four were sent and filled."""
    service = ServiceUnderTest.over(tmp_path, simulator.port, stack_file=BY_TWO)
    simulator.fault({"do": "drop"}, message="placeOrder", times=2)
    reply = service.post("/allocation", {"strategies": ["dummy"]})
    assert reply.status == 502, reply.text
    states = [order["status"] for order in reply.body["orders"]]
    assert states == ["unknown", "unknown", "abandoned", "abandoned", "abandoned", "abandoned"]
    assert simulator.state(messages=False)["orders"] == []


def test_with_a_configured_spacing_each_order_waits_for_it_and_a_new_window_too(
    tmp_path: Path, simulator: Launched
) -> None:
    """By the simulator's log, never by the service's own clock."""
    spaced = STACK_FILE + '    ordersInFlight: "2"\n    orderSpacingMilliseconds: "60"\n'
    service = ServiceUnderTest.over(tmp_path, simulator.port, stack_file=spaced)
    assert service.post("/allocation", {"strategies": ["dummy"]}).status == 200
    log = simulator.state()["messages"]
    sent = [one["nanoseconds"] * 1e-6 for one in log if one["name"] == "placeOrder"]
    assert len(sent) == 6
    # The simulator reads a moment after the service sends, which may shorten a distance by as much.
    assert min(later - earlier for earlier, later in itertools.pairwise(sent)) > 50

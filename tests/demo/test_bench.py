"""What the measurements count, and how a wrong name is answered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bench.__main__ import MEASUREMENTS, main
from bench.bare_loop import place_bare
from bench.market import write_market
from bench.measured import Measured, write_document
from bench.message_times import placing_seconds
from bench.service_run import place_through_service
from ib_trading_simulator.launch import Launched


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


def test_service_and_bare_loop_place_the_same_orders(tmp_path: Path) -> None:
    """Contract, side, size and algorithm, as the simulator took them."""
    symbols = write_market(tmp_path, 12)
    options = ("--clock", "virtual", "--start", "2019-06-03T15:00:00Z", "--data", tmp_path)
    with Launched.start(*options) as simulator:
        orders = place_through_service(simulator, symbols)
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
    assert len(taken[0]) == 12
    assert placing_seconds(bare["messages"], 12) > 0


@pytest.mark.parametrize("arguments", [[], ["speed"], ["orders2"]])
def test_a_measurement_that_is_not_known_is_refused_with_those_that_are(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2."""
    assert main(arguments) == 2
    assert capsys.readouterr().err.endswith(f"known: {', '.join(MEASUREMENTS)}\n")


def measured(figure: float) -> Measured:
    bounds = {"ratio": (figure, 1.1)}
    return Measured("orders", "Market orders.", [("orders", "time"), ("20", f"{figure}")], {}, bounds)


def test_figures_go_into_their_own_block_of_the_document_and_nowhere_else(tmp_path: Path) -> None:
    document = tmp_path / "performance.md"
    document.write_text("# Speed\n<!-- bench orders -->\nold\n<!-- end of orders -->\nThe rest.\n")
    for figure in (1.05, 1.07):
        write_document(document, [measured(figure)])
    text = document.read_text()
    assert text.startswith("# Speed\n<!-- bench orders -->\n\nMeasured on ")
    assert text.endswith(
        "| 20 | 1.07 |\n\nratio: 1.07, within the bound of 1.1\n\n<!-- end of orders -->\nThe rest.\n"
    )
    assert "old" not in text
    assert "1.05" not in text


def test_a_document_without_a_block_is_not_written_to(tmp_path: Path) -> None:
    document = tmp_path / "performance.md"
    document.write_text("# Speed\n")
    with pytest.raises(ValueError, match="no block for orders"):
        write_document(document, [measured(1.0)])
    assert document.read_text() == "# Speed\n"


def test_a_figure_over_its_bound_fails_the_measurement() -> None:
    assert measured(1.1).within
    assert not measured(1.11).within
    assert "over the bound of 1.1" in measured(1.11).for_terminal()

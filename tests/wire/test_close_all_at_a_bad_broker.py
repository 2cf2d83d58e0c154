"""close-all at a broker that is silent or refuses: what it does not need to know traps no position."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from simulator.launch import Launched
from tests.service import STACK_FILE, START, ServiceUnderTest


@pytest.fixture
def simulator() -> Iterator[Launched]:
    """An account that holds two stocks, bought by hand."""
    with Launched.start("--clock", "virtual", "--start", START, "--cash", "USD=1000000") as running:
        running.trade("KO", "BUY", 77)
        running.trade("JNJ", "BUY", 10)
        yield running


def positions(simulator: Launched) -> dict[str, Decimal]:
    rows: list[Any] = simulator.state(messages=False)["positions"]
    return {row["symbol"]: Decimal(str(row["quantity"])) for row in rows if Decimal(str(row["quantity"]))}


@pytest.mark.parametrize("dry_run", [True, False])
def test_close_all_asks_for_no_margins_even_where_every_other_order_does(
    tmp_path: Path, simulator: Launched, dry_run: bool
) -> None:
    """With `whatIf: true` a broker that was silent about one margin was a 502, and every position stayed."""
    service = ServiceUnderTest.over(tmp_path, simulator.port, stack_file=STACK_FILE + "    whatIf: true\n")
    reply = service.post("/close-all", {"dryRun": dry_run})
    assert (reply.status, len(reply.body["plan"]["orders"])) == (200, 2), reply.text
    sent = [one["name"] for one in simulator.state()["messages"]].count("placeOrder")
    assert sent == (0 if dry_run else 2)
    assert bool(positions(simulator)) is dry_run

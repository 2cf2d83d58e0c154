"""A live order of ours stops another one on its contract over the real wire, whatever the journal has come to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ib_trading_simulator.launch import Launched
from tests.service import STACK_FILE, ServiceUnderTest

RESTING = {"strategies": ["dummy"], "orderProperties": {"orderType": "LMT", "limitOffsetBps": "-500"}}


def service_in(folder: Path, simulator: Launched) -> ServiceUnderTest:
    """A service with a journal of its own, which waits for no resting order."""
    return ServiceUnderTest.over(folder, simulator.port, stack_file=STACK_FILE + '    fillSeconds: "0"\n')


def at_the_broker(simulator: Launched) -> list[tuple[str, str]]:
    """orderRef and status of everything that the broker ever got."""
    return [(one["orderRef"], one["status"]) for one in simulator.state(messages=False)["orders"]]


def refused(reply: Any) -> list[str]:
    """The orderRefs of the strays for which `reply` refuses."""
    assert reply.status == 423, reply.text
    return sorted(ref for lock in reply.body["locks"] for ref in lock["orderRefs"])


def test_after_the_journal_was_lost_a_live_order_is_not_sent_a_second_time(
    tmp_path: Path, simulator: Launched
) -> None:
    """Live orders were looked up in the journal alone: with a new one the next allocation sent 5,191 shares beside the
    5,191 that were still working. Dry-run and run say the same."""
    service_in(tmp_path / "lost", simulator).post("/allocation", RESTING)
    sent = at_the_broker(simulator)
    restored = service_in(tmp_path / "restored", simulator)
    dry = restored.post("/allocation", RESTING | {"dryRun": True})
    assert refused(restored.post("/allocation", RESTING)) == sorted(ref for ref, _ in sent)
    assert refused(dry) == sorted(ref for ref, _ in sent)
    assert at_the_broker(simulator) == sent


def test_an_order_that_was_called_cancelled_and_lives_is_not_sent_a_second_time(
    tmp_path: Path, simulator: Launched
) -> None:
    """The broker told 202 and did not mean it. What was final in the journal was never looked at again."""
    service = service_in(tmp_path, simulator)
    simulator.fault({"do": "false cancel", "code": 202}, symbol="KO")
    first = service.post("/allocation", RESTING, Idempotency_Key="1")
    [alive] = [one["orderRef"] for one in first.body["orders"] if one["status"] == "cancelled"]
    sent = at_the_broker(simulator)
    assert (alive, "Submitted") in sent
    assert refused(service.post("/allocation", RESTING, Idempotency_Key="2")) == [alive]
    assert at_the_broker(simulator) == sent


def test_close_all_cancels_strays_and_the_next_run_trades_again(tmp_path: Path, simulator: Launched) -> None:
    """The way out that needs no journal."""
    service_in(tmp_path / "lost", simulator).post("/allocation", RESTING)
    restored = service_in(tmp_path / "restored", simulator)
    assert restored.post("/close-all", {"dryRun": True}).status == 200
    assert restored.post("/close-all").status == 200
    assert {status for _, status in at_the_broker(simulator)} == {"Cancelled"}
    assert restored.post("/allocation", RESTING).status == 200

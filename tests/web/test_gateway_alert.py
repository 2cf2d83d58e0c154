"""A request that found no gateway leaves the line that an alert is on; nothing else does."""

from __future__ import annotations

from pathlib import Path

from ib_trading.schema.log_events import GATEWAY_NOT_READY, RunEvent
from tests.captured import said
from tests.service import ServiceUnderTest, closed_port


def test_a_gateway_that_is_not_ready_is_said_in_the_log(tmp_path: Path) -> None:
    service = ServiceUnderTest.over(tmp_path, closed_port())
    with said() as lines:
        assert service.get("/runs/none").status == 404
        assert service.get("/current-time").status == 503
    [line] = [line for line in lines if line["log_level"] == "error" and line["event"] != RunEvent.REQUEST]
    assert (line["event"], line["path"]) == (GATEWAY_NOT_READY, "/current-time")

"""A request that found no gateway leaves the line that an alert is on; nothing else does."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from ib_trading.schema.log_events import GATEWAY_NOT_READY
from tests.service import ServiceUnderTest, closed_port


def test_a_gateway_that_is_not_ready_is_said_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    service = ServiceUnderTest.over(tmp_path, closed_port())
    with caplog.at_level(logging.ERROR, "app.web"):
        assert service.get("/runs/none").status == 404
        assert service.get("/current-time").status == 503
    [line] = [record for record in caplog.records if record.name == "app.web"]
    assert (line.message, vars(line)["path"]) == (GATEWAY_NOT_READY, "/current-time")

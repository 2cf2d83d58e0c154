"""What /metrics tells of the gateway: what an alert can rest on."""

from __future__ import annotations

from collections.abc import Callable

from tests.gateway.stage import LOGIN, UP, Stage
from tests.service import ServiceUnderTest, closed_port
from tests.web.test_metrics import figures


def test_state_starts_and_a_failed_start_are_shown(stage: Callable[..., Stage]) -> None:
    one = stage(LOGIN + UP, [{"exit": 1}], wait=10)
    told = figures(one.service)
    assert told["ib_trading_gateway_state", "asleep"] == 1
    assert told["ib_trading_gateway_starts_total",] == 0
    with one.gateway.session():
        told = figures(one.service)
    assert told["ib_trading_gateway_state", "ready"] == 1
    assert ("ib_trading_gateway_state", "asleep") not in told
    assert (told["ib_trading_gateway_starts_total",], told["ib_trading_gateway_down",]) == (1, 0)
    assert one.service.get("/summary").status == 503
    assert figures(one.service)["ib_trading_gateway_down",] == 1


def test_of_a_gateway_that_runs_elsewhere_only_a_failed_connection_is_known(
    stage: Callable[..., Stage],
) -> None:
    one = stage()
    elsewhere = ServiceUnderTest.over(one.folder / "elsewhere", closed_port())
    assert elsewhere.get("/summary").status == 503
    told = figures(elsewhere)
    assert told["ib_trading_gateway_down",] == 1
    assert not any(key[0] == "ib_trading_gateway_state" for key in told)

"""What Prometheus is told: read back by its own parser."""

from __future__ import annotations

from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.service import ServiceUnderTest, closed_port


@pytest.fixture
def service(tmp_path: Path) -> ServiceUnderTest:
    return ServiceUnderTest.over(tmp_path, closed_port())


def figures(service: ServiceUnderTest) -> dict[tuple[str, ...], float]:
    """(name, label values …) → value."""
    reply = service.get("/metrics")
    assert reply.status == 200, reply.text
    families = text_string_to_metric_families(reply.text)
    return {(s.name, *s.labels.values()): s.value for family in families for s in family.samples}


def test_the_kill_switch_is_shown(service: ServiceUnderTest) -> None:
    assert figures(service)["ib_trading_enabled",] == 1
    service.put("/trading-enabled", {"enabled": False})
    assert figures(service)["ib_trading_enabled",] == 0


def test_when_an_intent_last_succeeded_is_shown_and_a_refusal_is_no_success(
    service: ServiceUnderTest,
) -> None:
    service.get("/current-time")
    service.post("/schedule-check")
    told = figures(service)
    name = "ib_trading_last_success_timestamp_seconds"
    assert told[name, "schedule-check"] == pytest.approx(service.services.clock.now().timestamp(), abs=30)
    assert (name, "current-time") not in told


def test_requests_are_counted_by_endpoint_and_never_by_made_up_paths(service: ServiceUnderTest) -> None:
    service.get("/health")
    service.get("/runs/one")
    service.get("/runs/two")
    service.get("/nonsense")
    told = figures(service)
    assert told["ib_trading_requests_total", "run", "404"] == 2
    assert told["ib_trading_requests_total", "unknown", "404"] == 1
    assert not any("nonsense" in label for key in told for label in key)


def test_two_services_in_one_process_count_apart(service: ServiceUnderTest, tmp_path: Path) -> None:
    other = ServiceUnderTest.over(tmp_path / "other", closed_port())
    service.get("/health")
    assert ("ib_trading_requests_total", "health", "200") not in figures(other)


def test_a_store_that_does_not_answer_is_503_not_half_the_figures(service: ServiceUnderTest) -> None:
    service.get("/metrics")
    (service.folder / "stores" / "paper.sqlite").write_bytes(b"no database" * 1000)
    for left in (service.folder / "stores").glob("paper.sqlite-*"):
        left.unlink()
    fresh = ServiceUnderTest.over(service.folder, closed_port())
    assert fresh.get("/metrics").status == 503

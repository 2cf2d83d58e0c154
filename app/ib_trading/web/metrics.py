"""What /metrics tells, in Prometheus' text form: what this process answered, and how trading stands in the stores.

An instance that scales to zero forgets its counters; what an alert should rest on is therefore read from the stores at
the moment of asking, and is the same whichever instance answers.
"""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ib_trading.core.journal import RunState
from ib_trading.intents.services import Services
from ib_trading.ports.broker import GatewayStatus

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
RECENT = 200
"""How many of the latest runs and calls are looked at."""
BUCKETS = (0.05, 0.25, 1, 5, 15, 60, 300, 1500)
"""Seconds: from a page to the run's deadline."""


class Metrics:
    """One registry for one application: two in one process, as in tests, do not share a figure."""

    def __init__(self, services: Services) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(StoredFigures(services))
        self._requests = Counter(
            "ib_trading_requests", "Requests answered", ("endpoint", "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "ib_trading_request_seconds", "How long they took", ("endpoint",),
            registry=self._registry, buckets=BUCKETS,
        )  # fmt: skip

    def answered(self, endpoint: str, status: int, seconds: float) -> None:
        """`endpoint` is one of the few that there are, never a path that somebody made up."""
        self._requests.labels(endpoint, str(status)).inc()
        self._seconds.labels(endpoint).observe(seconds)

    def text(self) -> bytes:
        """StoreUnavailable if a store does not answer: half the figures would look like all of them."""
        return generate_latest(self._registry)


class StoredFigures(Collector):
    """How trading stands, read when asked."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def describe(self) -> list[Metric]:
        """Nothing: naming the figures must not read the stores when the application is built."""
        return []

    def collect(self) -> Iterator[Metric]:
        ledger, switch = self._services.ledger, self._services.switch.trading_switch()
        yield from _gateway(self._services.gateway.status())
        yield GaugeMetricFamily(
            "ib_trading_enabled", "1 while the kill switch lets trade", value=switch.enabled
        )
        orders = Tally(order.state.value for order in ledger.unsettled_orders())
        yield _by("ib_trading_unsettled_orders", "Orders that may still change, by state", "state", orders)
        runs = Tally(run.state.value for run in ledger.runs(RECENT))
        tally = {state.value: runs[state.value] for state in RunState}
        yield _by("ib_trading_recent_runs", f"The latest {RECENT} runs, by state", "state", tally)
        succeeded: dict[str, float] = {}
        for activity in self._services.activity.latest(RECENT):
            if self._services.responses.succeeded(activity.outcome) and not activity.dry_run:
                succeeded.setdefault(activity.intent, activity.at.timestamp())
        name = "ib_trading_last_success_timestamp_seconds"
        yield _by(name, f"When an intent last succeeded, of the latest {RECENT} calls", "intent", succeeded)


def _gateway(status: GatewayStatus) -> Iterator[Metric]:
    """Of a gateway that runs elsewhere nothing but whether the last attempt to connect failed."""
    told = "1 if the last attempt to have the gateway failed"
    yield GaugeMetricFamily("ib_trading_gateway_down", told, value=status.ok is False)
    if status.state is not None:
        name, told = "ib_trading_gateway_state", "1 for the state that the gateway is in"
        yield _by(name, told, "state", {status.state: 1})
        yield CounterMetricFamily(
            "ib_trading_gateway_starts", "How often it was started", value=status.starts
        )


def _by(name: str, told: str, label: str, figures: dict[str, int] | dict[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, told, labels=[label])
    for key, figure in sorted(figures.items()):
        family.add_metric([key], figure)
    return family

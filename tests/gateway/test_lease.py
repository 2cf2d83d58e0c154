"""The gateway runs only while this instance holds the lease of its session."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from ib_trading.adapters.ib.gateway.session_lease import SessionLease
from ib_trading.adapters.local.clock import SystemClock
from ib_trading.core.lease import Lease
from ib_trading.core.refusals import StoreUnavailable
from tests.captured import said
from tests.contracts.samples import NOON, after
from tests.gateway.stage import LOGIN, UP, Stage, until

Build = Callable[..., Stage]


def take_over(one: Stage, seconds: float) -> Lease:
    """What another instance does whose clock says that the lease has expired."""
    later = SystemClock().now() + timedelta(hours=1)
    lease = one.lease.acquire("another instance", later, SystemClock().now() + timedelta(seconds=seconds))
    assert lease is not None
    return lease


def test_no_gateway_is_started_while_another_instance_runs_one(stage: Build) -> None:
    one = stage(LOGIN + UP, wait=1)
    theirs = take_over(one, seconds=60)
    reply = one.service.get("/summary")
    assert reply.status == 503
    assert "another instance of the service runs the gateway" in reply.body["detail"]
    assert int(reply.headers["Retry-After"]) > 0
    assert one.starts == []
    one.lease.release(theirs)
    stack_file = one.folder / "Pulumi.paper.yaml"
    patient = re.sub("gatewayStartSeconds: [0-9]+", "gatewayStartSeconds: 40", stack_file.read_text())
    stack_file.write_text(patient)
    assert one.service.get("/summary").status == 200


def test_a_gateway_is_stopped_at_once_when_another_instance_has_taken_its_session(stage: Build) -> None:
    one = stage(LOGIN + UP, always=True)
    one.gateway.begin()
    until(lambda: one.state == "ready")
    theirs = take_over(one, seconds=60)
    until(lambda: one.left_over() == [])
    assert one.state != "ready"
    one.lease.check(theirs)
    one.lease.release(theirs)
    until(lambda: one.state == "ready")
    assert len(one.starts) == 2


def test_the_lease_is_renewed_for_as_long_as_the_gateway_runs(stage: Build) -> None:
    """Its length is 3 seconds here; nobody gets it while the gateway is up."""
    one = stage(LOGIN + UP, always=True)
    one.gateway.begin()
    until(lambda: one.state == "ready")
    end = SystemClock().now() + timedelta(seconds=4)
    while (now := SystemClock().now()) < end:
        assert one.lease.acquire("another instance", now, now + timedelta(seconds=1)) is None
    assert one.state == "ready"


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return after(self.seconds)


class BrokenStore:
    """A LeaseStore that gives one lease and then answers no more."""

    def acquire(self, holder: str, now: datetime, expires_at: datetime) -> Lease | None:
        return Lease(holder, 1, expires_at)

    def renew(self, lease: Lease, expires_at: datetime) -> Lease:
        raise StoreUnavailable("the store does not answer; try again")

    def release(self, lease: Lease) -> None:
        raise StoreUnavailable("the store does not answer; try again")

    def check(self, lease: Lease) -> None:
        raise StoreUnavailable("the store does not answer; try again")


@pytest.mark.parametrize(("seconds", "kept"), [(0, True), (25, True), (49, True), (50, False), (61, False)])
def test_a_lease_that_cannot_be_renewed_is_given_up_before_it_expires(seconds: float, kept: bool) -> None:
    """Another instance may start a gateway the moment it has expired: ours must be gone by then."""
    clock = Clock()
    assert clock.now() == NOON
    session_lease = SessionLease(BrokenStore(), clock, "this instance", 60)
    assert session_lease.take()
    clock.seconds = seconds
    assert session_lease.keep() is kept
    with said() as lines:
        session_lease.give_back()
    assert [line["event"] for line in lines] == ["gateway session not released"]

"""The states of a supervised gateway, why it can fail, and what a request that needed it is told.

Every sentence ends with what a person can do. `retry_after` is given where waiting helps; without it nobody should call
again before somebody has done something.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ib_trading.core.refusals import GatewayNotReady


class State(StrEnum):
    ASLEEP = "asleep"
    STARTING = "starting"
    LOGGING_IN = "logging in"
    WAITING_FOR_SECOND_FACTOR = "waiting for second factor"
    READY = "ready"
    RESTARTING = "restarting"
    OFFLINE = "broker not reached"
    FAILED = "failed"


class Failure(StrEnum):
    """Why a gateway is not up. `final`: starting it again at once would do harm or no good."""

    CRASHED = "crashed"
    HANGS = "login hangs"
    SECOND_FACTOR = "second factor timed out"
    API_SILENT = "API does not answer"
    NIGHTLY = "nightly restart"
    OFFLINE = "broker not reached"
    LOGIN_FAILED = "login failed"
    LOGIN_LOST = "login lost"
    REFUSED = "wrong password"
    NO_DEVICE = "second factor's device not named"
    LOCKED = "too many failed logins"
    TAKEN_OVER = "session taken over"
    ELSEWHERE = "another instance runs the gateway"
    LEASE_LOST = "gateway session lost"
    NOT_STARTED = "cannot be started"

    @property
    def final(self) -> bool:
        return self in _FINAL

    @property
    def waits_for_a_person(self) -> bool:
        """Until somebody has changed the secret or a setting, time alone mends nothing."""
        return self in {Failure.REFUSED, Failure.NO_DEVICE}


_FINAL = frozenset(
    {
        Failure.REFUSED,
        Failure.NO_DEVICE,
        Failure.LOCKED,
        Failure.TAKEN_OVER,
        Failure.SECOND_FACTOR,
        Failure.NOT_STARTED,
    }
)

_TOLD = {
    Failure.CRASHED: "the gateway ended unexpectedly and is started again with growing pauses; its log says why",
    Failure.HANGS: "the gateway's login came to no end in time and is begun again; if this repeats, look whether the"
    " broker has announced maintenance",
    Failure.SECOND_FACTOR: "nobody confirmed the second factor in time; be at the phone when the next request starts"
    " the gateway",
    Failure.API_SILENT: "the gateway is logged in, but its API does not answer; it is started again",
    Failure.NIGHTLY: "the gateway restarts, as it does every night; it needs no second factor and takes a minute or"
    " two",
    Failure.OFFLINE: "the gateway is logged in and has not reached the broker's servers for long; it is started again",
    Failure.LOGIN_FAILED: "the broker's server did not let the login through and is asked again with growing pauses;"
    " nothing is wrong with the password. If this repeats, look whether the broker has announced maintenance",
    Failure.LOGIN_LOST: "the broker did not take back a session that was logged in, as happens at night; its key was"
    " deleted, and the gateway logs in anew, with the second factor where there is one",
    Failure.NO_DEVICE: "the user has several devices for the second factor, and the service does not know which: name"
    " one in SECOND_FACTOR_DEVICE, exactly as the gateway lists it",
    Failure.REFUSED: "the broker refuses user name or password; nothing is tried again, because it locks"
    " accounts that keep trying: write the right ones into the secret, the next request reads them",
    Failure.LOCKED: "the broker reports too many failed logins and none is tried for a while; check in Client Portal"
    " whether the user is locked, and what else logs in with it",
    Failure.TAKEN_OVER: "another login with the same user has taken the session; end it there, or give the service a"
    " user of its own",
    Failure.ELSEWHERE: "another instance of the service runs the gateway; it ends with its last request, or its lease"
    " expires",
    Failure.LEASE_LOST: "another instance of the service has taken the gateway's session, or the store of leases did"
    " not answer; the gateway was stopped",
    Failure.NOT_STARTED: "the gateway cannot be started",
}

_WAITING = {
    State.ASLEEP: "the gateway is asleep and starts with the next request",
    State.STARTING: "the gateway is starting",
    State.LOGGING_IN: "the gateway is logging in",
    State.WAITING_FOR_SECOND_FACTOR: "the gateway waits for the second factor: confirm it on the phone",
    State.READY: "the gateway's API answers",
    State.RESTARTING: "the gateway is restarting",
    State.OFFLINE: "the gateway has lost the broker's servers and comes back by itself",
}


@dataclass(frozen=True, slots=True)
class Condition:
    """How the gateway is, since when (real time), and why if it failed last. `detail` is more to say of the failure."""

    state: State
    since: datetime
    failure: Failure | None = None
    detail: str = ""

    @property
    def sentence(self) -> str:
        why = "" if self.failure is None else _TOLD[self.failure]
        more = f" ({self.detail})" if self.detail else ""
        if self.state is State.FAILED:
            return f"{why}{more}"
        told = _WAITING[self.state]
        if not why:
            return told
        return (
            f"{told}; its last start failed: {why}{more}"
            if self.state is State.ASLEEP
            else f"{told}: {why}{more}"
        )

    def not_ready(self, retry_after: int | None) -> GatewayNotReady:
        """What a request is told that waited for the gateway in vain."""
        return GatewayNotReady(f"{self.sentence}; nothing was sent", retry_after=retry_after)

"""Keeps one gateway up for as long as it is wanted: starts it, starts it again, gives up where that would do harm.

Decides when a start follows a failure. A wrong password is never tried twice: the broker locks accounts. A session that
a person has taken over is left to him for a while. Everything else is tried again with growing pauses.
"""

from __future__ import annotations

import hashlib
import math
import os
import resource
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime

import structlog

from ib_trading.adapters.ib.gateway.installation import Installation
from ib_trading.adapters.ib.gateway.life import Ended, Life
from ib_trading.adapters.ib.gateway.session_lease import SessionLease
from ib_trading.adapters.ib.gateway.start_pace import StartPace
from ib_trading.adapters.ib.gateway.states import Condition, Failure, State
from ib_trading.adapters.ib.gateway.timeouts import GatewayTimeouts
from ib_trading.core.refusals import GatewayNotReady, StoreUnavailable
from ib_trading.ports.secret_source import SecretSource
from ib_trading.schema.credentials import GatewayCredentials

log = structlog.stdlib.get_logger("app.gateway")

_SOON = 30
"""Seconds: for what passes by itself."""


class Supervisor:
    """Its thread lives while the gateway is wanted; `condition` may be read by anybody. `persistent`: after a failure
    that forbids to start at once it tries again by itself, later; else with the next request."""

    def __init__(
        self,
        installation: Installation,
        secrets: SecretSource,
        session_lease: SessionLease,
        timeouts: GatewayTimeouts,
        *,
        persistent: bool,
    ) -> None:
        self._installation = installation
        self._secrets = secrets
        self._session_lease = session_lease
        self._timeouts = timeouts
        self._persistent = persistent
        self._pace = StartPace(timeouts)
        self._changed = threading.Condition()
        self._wanted = False
        self._thread: threading.Thread | None = None
        self._condition = Condition(State.ASLEEP, datetime.now(UTC))
        self._not_before = -math.inf
        self._asked = False
        self._was_ready = False
        self._may_help_after: int | None = None
        self._salt = os.urandom(16)
        self._refused: bytes | None = None

    @property
    def condition(self) -> Condition:
        return self._condition

    @property
    def starts(self) -> int:
        return self._pace.count

    def start(self) -> None:
        """Wants the gateway up. GatewayNotReady while a final failure's pause lasts."""
        with self._changed:
            self._refuse_final()
            if self._thread is not None and self._thread.is_alive() and self._wanted:
                if self._condition.state is State.FAILED:
                    self._asked = True
                    self._condition = replace(self._condition, state=State.RESTARTING)
                    self._changed.notify_all()
                return
            self._wanted, self._was_ready = True, False
            self._thread = threading.Thread(target=self._run, name="gateway supervisor", daemon=True)
            # In a pause after failures the last one is still the reason why it is not ready.
            paused = self._pace.wait() > 0
            self._condition = (
                replace(self._condition, state=State.RESTARTING)
                if paused and self._condition.failure
                else Condition(State.STARTING, datetime.now(UTC))
            )
            self._thread.start()

    def stop(self) -> None:
        """Returns when the gateway is gone and its lease given back. May be called again."""
        with self._changed:
            self._wanted = False
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join()

    def await_ready(self, seconds: float) -> None:
        """GatewayNotReady after `seconds`, or as soon as waiting is in vain."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while self._condition.state is not State.READY:
                left = deadline - time.monotonic()
                if self._condition.state is State.FAILED or left <= 0 or not self._wanted:
                    raise self._condition.not_ready(self._retry_after())
                self._changed.wait(left)

    # The thread

    def _run(self) -> None:
        try:
            while self._wanted:
                # Before the first start too: a request that comes anew must not start a crash loop anew.
                if (seconds := self._pace.wait()) > 0:
                    self._pause(seconds)
                elif self._possess() and self._is_over(self._one_life()):
                    return
        finally:
            self._session_lease.give_back()
            with self._changed:
                self._wanted = False
                if self._condition.state is not State.FAILED:
                    self._condition = self._asleep(self._condition)
                self._changed.notify_all()

    def _asleep(self, last: Condition) -> Condition:
        """Nobody wants it any more. A start that had not come to its end by then has failed."""
        if self._was_ready:
            return Condition(State.ASLEEP, datetime.now(UTC))
        unfinished = Failure.SECOND_FACTOR if last.state is State.WAITING_FOR_SECOND_FACTOR else Failure.HANGS
        return Condition(State.ASLEEP, datetime.now(UTC), last.failure or unfinished, last.detail)

    def _possess(self) -> bool:
        try:
            if self._session_lease.keep() or self._session_lease.take():
                if self._condition.failure in {Failure.ELSEWHERE, Failure.LEASE_LOST}:
                    self._condition = Condition(State.STARTING, datetime.now(UTC))
                return True
            self._enter(State.STARTING, Failure.ELSEWHERE)
        except StoreUnavailable as error:
            self._enter(State.STARTING, Failure.LEASE_LOST, error.detail)
        self._pause(self._timeouts.look)
        return False

    def _one_life(self) -> Ended:
        try:
            return self._lived(self._secrets.credentials())
        except GatewayNotReady as error:
            self._may_help_after = error.retry_after
            return Ended(Failure.NOT_STARTED, error.detail, was_ready=False)
        except OSError as error:
            self._may_help_after = None
            return Ended(Failure.NOT_STARTED, f"{error.strerror}: {error.filename}", was_ready=False)

    def _lived(self, credentials: GatewayCredentials) -> Ended:
        _leave_no_core_dumps()
        mark = self._mark(credentials)
        if mark == self._refused:
            return Ended(Failure.REFUSED, "the secret has not changed since", was_ready=False)
        self._pace.started()
        life = Life(
            self._installation,
            credentials,
            self._timeouts,
            enter=self._enter,
            wanted=lambda: self._wanted,
            ours=self._session_lease.keep,
        )
        ended = life.run()
        self._refused = mark if ended.failure is Failure.REFUSED else None
        return ended

    def _is_over(self, ended: Ended) -> bool:
        """Whether the gateway is not to be started again now."""
        if ended.was_ready:
            self._pace.worked()
        failure = ended.failure
        if failure is None:
            return True
        log.warning("gateway ended", failure=failure.value, detail=ended.detail)
        self._pace.failed(failure)
        if failure.final:
            return self._gave_up(failure, ended.detail)
        if failure is Failure.LEASE_LOST:
            self._session_lease.give_back()
        self._enter(State.RESTARTING, failure, ended.detail)
        return False

    def _gave_up(self, failure: Failure, detail: str) -> bool:
        self._asked = False
        self._not_before = time.monotonic() + self._timeouts.after(failure)
        self._enter(State.FAILED, failure, detail)
        if not self._persistent or failure.waits_for_a_person:
            return True
        self._pause(max(self._timeouts.by_itself, self._timeouts.after(failure)))
        return False

    def _pause(self, seconds: float) -> None:
        """Ends early for a request that may start the gateway, and when it is not wanted any more."""
        with self._changed:
            self._changed.wait_for(lambda: self._asked or not self._wanted, seconds)
            self._asked = False

    def _enter(self, state: State, failure: Failure | None = None, detail: str = "") -> None:
        with self._changed:
            before = self._condition
            if state not in {State.READY, State.FAILED} and failure is None:
                # On its way up again after a failure: that is still the reason why it is not ready.
                failure, detail = before.failure, before.detail
            self._was_ready = self._was_ready or state is State.READY
            self._condition = Condition(state, datetime.now(UTC), failure, detail)
            if (before.state, before.failure) == (state, failure):
                self._condition = replace(self._condition, since=before.since)
            else:
                log.info("gateway", state=state.value, failure=failure, detail=detail)
            self._changed.notify_all()

    # What is refused

    def _refuse_final(self) -> None:
        condition = self._condition
        if condition.state is State.FAILED and time.monotonic() < self._not_before:
            raise condition.not_ready(self._retry_after())

    def _retry_after(self) -> int | None:
        """Seconds after which a call may succeed; None where somebody must do something first."""
        condition = self._condition
        if condition.state is State.FAILED and condition.failure is not None:
            if condition.failure.waits_for_a_person:
                return None
            if condition.failure is Failure.NOT_STARTED:
                return self._may_help_after
        return max(_SOON, math.ceil(max(self._not_before - time.monotonic(), 0)))

    def _mark(self, credentials: GatewayCredentials) -> bytes:
        """Tells credentials from each other without keeping them."""
        return hashlib.sha256(self._salt + credentials.spelled()).digest()


def _leave_no_core_dumps() -> None:
    """From here on this process knows the password, and its children will: none leaves its memory behind."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

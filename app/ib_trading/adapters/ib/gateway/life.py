"""One run of the gateway from start to end: what its log, its API and its process say, and when enough is enough.

Decides the state from moment to moment and how a run has ended; whether another follows is the supervisor's business.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from ib_trading.adapters.ib.gateway import settings_files
from ib_trading.adapters.ib.gateway.api_greeting import look_at_api
from ib_trading.adapters.ib.gateway.child import Child
from ib_trading.adapters.ib.gateway.ibc_log import Event, LogLine, read_line, window_in, worth_keeping
from ib_trading.adapters.ib.gateway.installation import Installation
from ib_trading.adapters.ib.gateway.states import Failure, State
from ib_trading.adapters.ib.gateway.timeouts import GatewayTimeouts
from ib_trading.schema.credentials import GatewayCredentials
from ib_trading.schema.log_events import SECOND_FACTOR_NEEDED

log = structlog.stdlib.get_logger("app.gateway")

SECOND_FACTOR_TIMED_OUT = 87
"""IBC's 1111 modulo 256: the login was not completed after the second factor, or it timed out."""
LOGIN_DIALOG_TIMED_OUT = 88
"""IBC's 1112 modulo 256: the gateway showed no login window."""

_FAILURES = {
    Event.WRONG_PASSWORD: Failure.REFUSED,
    Event.DEVICE_NOT_NAMED: Failure.NO_DEVICE,
    Event.LOCKED: Failure.LOCKED,
    Event.TAKEN_OVER: Failure.TAKEN_OVER,
}

# The log is listened to in pieces this long, so that a word from the service is heard in between.
_LISTEN = 0.1


@dataclass(frozen=True, slots=True)
class Ended:
    """`failure` is None where the service wanted it to end. `was_ready`: it had worked."""

    failure: Failure | None
    detail: str
    was_ready: bool


class Life:
    """`enter` hears of each state; `wanted` is False once the service wants the gateway to end; `ours` is False once
    another instance may run one."""

    def __init__(
        self,
        installation: Installation,
        credentials: GatewayCredentials,
        timeouts: GatewayTimeouts,
        *,
        enter: Callable[[State], None],
        wanted: Callable[[], bool],
        ours: Callable[[], bool],
    ) -> None:
        self._installation = installation
        self._credentials = credentials
        self._timeouts = timeouts
        self._enter = enter
        self._wanted = wanted
        self._ours = ours
        self._state = State.STARTING
        self._since = time.monotonic()
        self._next_look = 0.0
        self._answered = 0.0
        self._logged_in = False
        self._asked_since: float | None = None
        self._was_ready = False
        self._by_key = False
        self._windows: dict[str, None] = {}
        self._login_error: list[str] | None = None
        self._offline = ""

    def run(self) -> Ended:
        """GatewayNotReady where nothing is installed; OSError where it cannot be started."""
        settings_files.write(self._installation, self._credentials)
        try:
            child = Child(self._installation)
            try:
                failure, detail = self._watch(child)
            except BaseException:
                child.end(0)
                raise
            if failure is not None:
                # Not ready any more, although its end may take a moment.
                self._enter(State.RESTARTING)
            # A gateway whose script would start it again, or log in again, gets no time for that.
            polite = failure in {None, Failure.API_SILENT, Failure.HANGS, Failure.LEASE_LOST}
            child.end(self._timeouts.stop if polite else 0)
            return Ended(failure, detail, self._was_ready)
        finally:
            settings_files.remove_config_ini(self._installation)

    def _watch(self, child: Child) -> tuple[Failure | None, str]:
        while True:
            line = child.line(_LISTEN)
            while line is not None:
                if ended := self._hear(line):
                    return ended
                line = child.line(0)
            if not self._wanted():
                return None, ""
            if not self._ours():
                return Failure.LEASE_LOST, ""
            if (status := child.exit_status) is not None:
                return self._gone(status)
            if ended := self._look():
                return ended

    # What IBC says

    def _hear(self, line: str) -> tuple[Failure, str] | None:
        if worth_keeping(line):
            log.info("ibc", line=self._without_secrets(line))
        if window := window_in(line):
            self._windows.pop(window.title, None)
            if window.there:
                self._windows[window.title] = None
        said = read_line(line)
        if self._login_error is not None and said is None:
            return self._more_of_the_error(line)
        return None if said is None else self._meaning(said)

    def _more_of_the_error(self, line: str) -> tuple[Failure, str] | None:
        """What a "Login Error" says, until IBC goes on."""
        assert self._login_error is not None
        if " IBC: " not in line:
            self._login_error.append(self._without_secrets(line.strip()))
            return None
        return Failure.LOGIN_FAILED, " ".join(filter(None, self._login_error))

    def _meaning(self, said: LogLine) -> tuple[Failure, str] | None:
        match said.event:
            case Event.SETTINGS_READ:
                settings_files.remove_config_ini(self._installation)
            case Event.RESTART_WITHOUT_LOGIN:
                self._by_key = True
                self._become(State.LOGGING_IN)
            case Event.LOGGING_IN | Event.SECOND_FACTOR_OVER:
                self._become(State.LOGGING_IN)
            case Event.SECOND_FACTOR_ASKED:
                self._asked_since = self._asked_since or time.monotonic()
                self._logged_in = False
                log.warning(SECOND_FACTOR_NEEDED)
                self._become(State.WAITING_FOR_SECOND_FACTOR)
            case Event.LOGGED_IN:
                self._logged_in, self._asked_since = True, None
                self._become(State.LOGGING_IN)
            case Event.LOGIN_ERROR:
                self._login_error = []
            case Event.LOGIN_AGAIN:
                self._by_key, self._logged_in = True, False
            case _:
                return self._failure(said)
        return None

    def _failure(self, said: LogLine) -> tuple[Failure, str]:
        match said.event:
            case Event.WRONG_PASSWORD if self._by_key:
                # Of a session that was logged in: a known failure of the night, and the key of no use any more.
                self._forget_key()
                return Failure.LOGIN_LOST, ""
            case Event.LOGIN_FAILED:
                return Failure.LOGIN_FAILED, self._last_window()
            case Event.EXITED:
                return self._gone(said.status)
        return _FAILURES[said.event], ""

    def _gone(self, status: int) -> tuple[Failure, str]:
        if status == SECOND_FACTOR_TIMED_OUT:
            return Failure.HANGS, "no login after the second factor"
        if status == LOGIN_DIALOG_TIMED_OUT:
            return Failure.HANGS, "no login window appeared"
        if self._was_ready and any(self._installation.settings_path.rglob("autorestart")):
            return Failure.NIGHTLY, ""
        return Failure.CRASHED, f"exit status {status}"

    def _forget_key(self) -> None:
        """The gateway's key for a restart without a login: while it is there the next start uses it again."""
        for key in self._installation.settings_path.rglob("autorestart"):
            key.unlink(missing_ok=True)

    def _last_window(self) -> str:
        """The one that came last and is still there: what a person would see."""
        last = next(reversed(self._windows), "")
        return f"its last window is {self._without_secrets(last)!r}" if last else ""

    def _without_secrets(self, line: str) -> str:
        secrets = (self._credentials.password, self._credentials.user_name)
        # Without its outer blanks too, which whoever prints it may have cut off.
        for secret in (*secrets, *(text.strip() for text in secrets)):
            line = line.replace(secret, "***") if secret else line
        return line

    # What can be seen

    def _look(self) -> tuple[Failure, str] | None:
        now = time.monotonic()
        if now < self._next_look:
            return None
        sign = look_at_api(self._installation.port, self._timeouts.answer)
        ready = sign.answers and not sign.offline
        now = time.monotonic()
        if sign.answers and self._state is not State.WAITING_FOR_SECOND_FACTOR:
            self._asked_since = None
            self._answered = now
            settings_files.remove_config_ini(self._installation)
            self._offline = sign.offline
            self._become(State.OFFLINE if sign.offline else State.READY)
        calm = ready and self._state is State.READY
        self._next_look = now + (self._timeouts.look_when_ready if calm else self._timeouts.look)
        return self._overdue(now)

    def _overdue(self, now: float) -> tuple[Failure, str] | None:
        waited = now - self._since
        # Counted from the first prompt on: IBC prompts again and again.
        if self._asked_since is not None and now - self._asked_since > self._timeouts.second_factor:
            return Failure.SECOND_FACTOR, f"after {now - self._asked_since:.0f} s"
        match self._state:
            case State.OFFLINE if waited > self._timeouts.offline:
                return Failure.OFFLINE, self._offline
            case State.READY | State.OFFLINE if now - self._answered > self._timeouts.silent:
                return Failure.API_SILENT, f"for {now - self._answered:.0f} s"
            case State.LOGGING_IN if self._logged_in and waited > self._timeouts.silent:
                return Failure.API_SILENT, f"{waited:.0f} s after the login"
            case State.STARTING | State.LOGGING_IN if waited > self._timeouts.login:
                return Failure.HANGS, ", ".join(filter(None, (f"after {waited:.0f} s", self._last_window())))
        return None

    def _become(self, state: State) -> None:
        # Once the API answers, a line about a login means another window; a second factor is asked for in earnest.
        up = {State.READY, State.OFFLINE}
        if state is self._state or (self._state in up and state is State.LOGGING_IN):
            return
        begun = self._state is State.STARTING and state is State.LOGGING_IN
        self._state = state
        self._was_ready = self._was_ready or state is State.READY
        if not begun:
            self._since = time.monotonic()
        self._enter(state)

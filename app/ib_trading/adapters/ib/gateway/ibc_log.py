"""What a line of IBC's log means for the gateway's state. The lines are IBC's own, 3.16 to 3.24; others mean nothing.

That the login has completed does not make the gateway ready: only its API does (api_greeting.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto


class Event(Enum):
    SETTINGS_READ = auto()
    LOGGING_IN = auto()
    SECOND_FACTOR_ASKED = auto()
    SECOND_FACTOR_OVER = auto()
    LOGGED_IN = auto()
    WRONG_PASSWORD = auto()
    LOCKED = auto()
    TAKEN_OVER = auto()
    RESTART_WITHOUT_LOGIN = auto()
    EXITED = auto()


@dataclass(frozen=True, slots=True)
class LogLine:
    """`status` is IBC's exit status modulo 256, for EXITED."""

    event: Event
    status: int = 0


_MEANINGS = (
    (r"^End IBC Settings", Event.SETTINGS_READ),
    # After "Unrecognized Username or Password" IBC logs in again by itself, after "Login failed" too where it can.
    (r"IBC: Unrecognized Username or Password|IBC: Login failed\b", Event.WRONG_PASSWORD),
    (r"Too many failed login attempts", Event.LOCKED),
    (r"let the other session proceed", Event.TAKEN_OVER),
    (r"IBC: Second Factor Authentication initiated", Event.SECOND_FACTOR_ASKED),
    (r"Second Factor Authentication; event=Closed|IBC: Duration since login", Event.SECOND_FACTOR_OVER),
    (r"IBC: Login has completed", Event.LOGGED_IN),
    (r"IBC: Login attempt|IBC: Click button: (?:Paper )?Log ?In|IBC: Setting Trading mode", Event.LOGGING_IN),
    (r"authentication will not be required", Event.RESTART_WITHOUT_LOGIN),
)
_COMPILED = tuple((re.compile(pattern, re.IGNORECASE), event) for pattern, event in _MEANINGS)
_EXITED = re.compile(r"^IBC returned exit status (\d+)")


def read_line(line: str) -> LogLine | None:
    if found := _EXITED.search(line):
        return LogLine(Event.EXITED, int(found[1]))
    return next((LogLine(event) for pattern, event in _COMPILED if pattern.search(line)), None)


def worth_keeping(line: str) -> bool:
    """Whether the line belongs in the service's own log: what IBC says, not the class path that it prints."""
    return " IBC: " in line or line.startswith(("IBC returned", "Error:", "autorestart file"))

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
    LOGIN_FAILED = auto()
    LOGIN_ERROR = auto()
    DEVICE_NOT_NAMED = auto()
    LOGIN_AGAIN = auto()
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
    # The title of the dialog: no class of IBC's handles it, and none prints these words.
    (r"dialog entitled: Unrecognized Username or Password; event=Opened", Event.WRONG_PASSWORD),
    # LoginFailedDialogHandler, "Server disconnected, please try again": IBC stops and starts cold, as it does where the
    # login window was invalidated (LoginFrameHandler).
    (r"IBC: Login failed\b|IBC: Login dialog has been invalidated", Event.LOGIN_FAILED),
    # SecondFactorAuthenticationDialogHandler, where the user has several devices.
    (
        r"You should specify the required second factor device|could not find second factor device",
        Event.DEVICE_NOT_NAMED,
    ),
    # LoginErrorDialogHandler; what the dialog says follows on lines of its own, then "Cold restart in progress".
    (r"IBC: Login error message:", Event.LOGIN_ERROR),
    # ReloginDialogHandler: a session that was logged in has lost its login, mostly at night.
    (r"IBC: Re-login to session|dialog entitled: Re-login is required; event=Opened", Event.LOGIN_AGAIN),
    (r"Too many failed login attempts", Event.LOCKED),
    (r"let the other (?:session|one) proceed", Event.TAKEN_OVER),
    (r"IBC: Second Factor Authentication initiated", Event.SECOND_FACTOR_ASKED),
    (r"Second Factor Authentication; event=Closed|IBC: Duration since login", Event.SECOND_FACTOR_OVER),
    (r"IBC: Login has completed", Event.LOGGED_IN),
    (r"IBC: Login attempt|IBC: Click button: (?:Paper )?Log ?In|IBC: Setting Trading mode", Event.LOGGING_IN),
    (r"authentication will not be required", Event.RESTART_WITHOUT_LOGIN),
)
_WINDOW = re.compile(r"detected (?:dialog|frame) entitled: (.+); event=(Opened|Activated|Closed)")
_COMPILED = tuple((re.compile(pattern, re.IGNORECASE), event) for pattern, event in _MEANINGS)
_EXITED = re.compile(r"^IBC returned exit status (\d+)")


def read_line(line: str) -> LogLine | None:
    if found := _EXITED.search(line):
        return LogLine(Event.EXITED, int(found[1]))
    return next((LogLine(event) for pattern, event in _COMPILED if pattern.search(line)), None)


@dataclass(frozen=True, slots=True)
class Window:
    """A window of the gateway's that came or went (TwsListener)."""

    title: str
    there: bool


def window_in(line: str) -> Window | None:
    found = _WINDOW.search(line)
    return Window(found[1], found[2] != "Closed") if found else None


def worth_keeping(line: str) -> bool:
    """Whether the line belongs in the service's own log: what IBC says, not the class path that it prints."""
    return " IBC: " in line or line.startswith(("IBC returned", "Error:", "autorestart file"))

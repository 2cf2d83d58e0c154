"""Logins as IBC's log tells them, written down from its source (github.com/IbcAlpha/IBC, src/ibcalpha/ibc, July 2026):
what the gateway's state is, what a request is answered, and how often the broker saw a login.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.gateway.stage import STUCK, UP, Scene, Stage, until

Build = Callable[..., Stage]


def ibc(*told: str) -> Scene:
    """Lines as Utils.logToConsole writes them."""
    return [{"say": f"2026-11-22 10:00:0{at % 10}:000 IBC: {line}"} for at, line in enumerate(told)]


def opened(title: str) -> str:
    """TwsListener."""
    return f"detected dialog entitled: {title}; event=Opened"


START = ibc("Login attempt: 1", "Click button: Paper Log In")
ASKED = ibc("Second Factor Authentication initiated")
GRANTED = ibc(
    "detected dialog entitled: Second Factor Authentication; event=Closed", "Duration since login: 21 seconds"
)
WARNED = ibc(opened("Warning"), "Click button: I understand and accept")
"""NonBrokerageAccountDialogHandler: "This is not a brokerage account", of every paper login."""
EXPIRES = ibc("detected frame entitled: Password Notice; event=Opened")
WRONG = ibc(opened("Unrecognized Username or Password"))
DISCONNECTED = ibc(opened("Login failed"), "Login failed", "Cold restart in progress")
"""LoginFailedDialogHandler, "Server disconnected, please try again"."""
INVALIDATED = ibc("Login dialog has been invalidated - initiate cold restart")
AGAIN = ibc(opened("Re-login is required"), "Re-login to session")
ERROR = [
    *ibc(opened("Login Error"), "Login error message:"),
    {"say": "Soft token=0 received instead of expected permanent for zdc1.ibllc.com:4001"},
    *ibc("Cold restart in progress"),
]
DEVICE = [
    *ASKED,
    *ibc(
        "You should specify the required second factor device using the SecondFactorDevice setting in config.ini"
    ),
]
LOCKED = ibc(
    "Too many failed login attempts. Please wait 4 minutes & 47 seconds before attempting to re-login again."
)
SESSIONS = ibc(
    opened("Existing session detected"),
    "Other session must be primary or primary override, so end this session and let the other one proceed (scenario 4)",
)
BY_KEY: Scene = [{"say": "autorestart file found at /x/autorestart: authentication will not be required"}]


@dataclass(frozen=True, slots=True)
class Story:
    """`answer` is the HTTP status of a request that needs the gateway, `said` a part of why it is not ready."""

    scenes: tuple[Scene, ...]
    answer: int
    logins: int
    said: str = ""
    waits: bool = True
    """Whether calling again may help."""


STORIES = {
    "first login": Story((START + UP,), 200, 1),
    "paper warning": Story((START + WARNED + UP,), 200, 1),
    "second factor granted": Story((START + ASKED + GRANTED + UP,), 200, 1),
    "password expiry notice": Story((START + EXPIRES + UP,), 200, 1),
    "wrong password": Story(
        (START + WRONG + STUCK, START + UP), 503, 1, "refuses user name or password", waits=False
    ),
    "device choice": Story(
        (START + DEVICE + STUCK,), 503, 1, "name one in SECOND_FACTOR_DEVICE", waits=False
    ),
    "locked account": Story((START + LOCKED + STUCK,), 503, 1, "too many failed logins"),
    "two sessions": Story((START + SESSIONS + STUCK,), 503, 1, "another login with the same user"),
    "server disconnected, then not": Story((START + DISCONNECTED + STUCK, START + UP), 200, 2),
    "login window invalidated": Story((START + INVALIDATED + STUCK, START + UP), 200, 2),
    "login error": Story((START + ERROR + STUCK, START + UP), 200, 2),
    "key of the night refused": Story((BY_KEY + WRONG + STUCK, START + UP), 200, 2),
    "re-login refused": Story((START + AGAIN + WRONG + STUCK, START + UP), 200, 2),
    "key refused, and the password is wrong": Story(
        (BY_KEY + WRONG + STUCK, START + WRONG + STUCK), 503, 2, "refuses user name or password", waits=False
    ),
    "restart without a login": Story((BY_KEY + UP,), 200, 1),
}


@pytest.mark.parametrize("name", STORIES)
def test_a_login_s_story_has_its_answer_and_its_number_of_logins(stage: Build, name: str) -> None:
    told = STORIES[name]
    one = stage(*told.scenes)
    reply = one.service.get("/summary")
    assert (reply.status, len(one.starts)) == (told.answer, told.logins), reply.text
    if told.answer != 200:
        assert told.said in reply.body["detail"]
        assert ("Retry-After" in reply.headers) is told.waits
        assert one.service.get("/summary").status == told.answer
        assert len(one.starts) == told.logins, "a second request is no second login"
        assert (one.state, one.ready()[0]) == ("failed", 503)


def test_a_device_that_is_named_reaches_ibc(stage: Build) -> None:
    one = stage(START + UP, device="IB Key")
    assert one.service.get("/summary").status == 200
    assert '"SecondFactorDevice": "IB Key"' in (one.folder / "config.json").read_text()


def test_the_key_of_the_night_is_deleted_when_it_is_refused(stage: Build) -> None:
    one = stage(BY_KEY + WRONG + STUCK, START + UP)
    key = one.folder / "run" / "settings" / "abc" / "autorestart"
    key.parent.mkdir(parents=True)
    key.touch()
    assert one.service.get("/summary").status == 200
    assert not key.exists()


def test_the_words_of_a_login_error_and_the_window_that_hangs_are_said(stage: Build) -> None:
    one = stage(START + ERROR + STUCK, always=True)
    one.gateway.begin()
    until(lambda: len(one.starts) > 1)
    until(lambda: "Soft token=0 received" in str(one.ready()[1]))

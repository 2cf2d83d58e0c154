"""What IBC's lines mean, as they are in logs of real gateways."""

from __future__ import annotations

import pytest

from ib_trading.adapters.ib.gateway.ibc_log import Event, LogLine, read_line, worth_keeping


@pytest.mark.parametrize(
    ("line", "meaning"),
    [
        ("2026-03-11 01:04:14:908 IBC: Second Factor Authentication initiated", Event.SECOND_FACTOR_ASKED),
        (
            "2026-05-11 06:16:27:001 IBC: detected dialog entitled: Second Factor Authentication; event=Closed",
            Event.SECOND_FACTOR_OVER,
        ),
        ("2026-03-11 01:04:28:965 IBC: Login has completed", Event.LOGGED_IN),
        ("2026-03-11 01:04:05:102 IBC: Setting Trading mode = paper", Event.LOGGING_IN),
        ("2026-03-11 01:04:06:102 IBC: Click button: Paper Log In", Event.LOGGING_IN),
        (
            "2026-03-11 01:04:08:102 IBC: detected dialog entitled: Unrecognized Username or Password; event=Opened",
            Event.WRONG_PASSWORD,
        ),
        ("2026-03-11 01:04:08:102 IBC: Login failed", Event.LOGIN_FAILED),
        (
            "2026-03-11 01:04:08:102 IBC: Login dialog has been invalidated - initiate cold restart",
            Event.LOGIN_FAILED,
        ),
        ("2026-03-11 01:04:08:102 IBC: Login error message:", Event.LOGIN_ERROR),
        (
            (
                "2026-03-11 01:04:08:102 IBC: You should specify the required second factor device using the"
                " SecondFactorDevice setting in config.ini"
            ),
            Event.DEVICE_NOT_NAMED,
        ),
        (
            "2026-03-11 01:04:08:102 IBC: could not find second factor device 'phone' in the list",
            Event.DEVICE_NOT_NAMED,
        ),
        ("2026-03-11 01:04:08:102 IBC: Re-login to session", Event.LOGIN_AGAIN),
        (
            "2026-03-11 01:04:08:102 IBC: detected dialog entitled: Re-login is required; event=Opened",
            Event.LOGIN_AGAIN,
        ),
        ("2026-03-11 01:04:08:102 IBC: Too many failed login attempts. Please wait 53 seconds", Event.LOCKED),
        (
            "2026-03-11 01:04:08:102 IBC: Other session must be a primary: let the other session proceed",
            Event.TAKEN_OVER,
        ),
        (
            "autorestart file found at /x/autorestart: authentication will not be required",
            Event.RESTART_WITHOUT_LOGIN,
        ),
        ("End IBC Settings", Event.SETTINGS_READ),
    ],
)
def test_a_line_of_the_log_means_a_step_of_the_login(line: str, meaning: Event) -> None:
    assert read_line(line) == LogLine(meaning)


def test_the_end_of_the_program_comes_with_its_status() -> None:
    assert read_line("IBC returned exit status 88") == LogLine(Event.EXITED, 88)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "2026-03-11 01:04:29:556 IBC: Configuration tasks completed",
        "2026-03-11 01:04:08:102 IBC: End the other session and continue this one",
        "autorestart file not found: full authentication will be required",
        "2026-03-11 01:04:08:102 IBC: detected dialog entitled: Second Factor Authentication; event=Opened",
        "    ReloginAfterSecondFactorAuthenticationTimeout=yes",
        "2026-03-11 01:04:08:102 IBC: If login has not completed, IBC will exit in 60 seconds",
    ],
)
def test_any_other_line_means_nothing(line: str) -> None:
    assert read_line(line) is None


def test_what_ibc_says_is_kept_and_the_class_path_is_not() -> None:
    assert worth_keeping("2026-03-11 01:04:28:965 IBC: Login has completed")
    assert worth_keeping("Error: there is no java")
    assert not worth_keeping("Classpath=/opt/ibgateway/1037/jars/a.jar")

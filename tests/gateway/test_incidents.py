"""What gateways have done to people, played by the scripted one: each has its state, its answer and its way back."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from ib_trading.adapters.ib.gateway.timeouts import GatewayTimeouts
from ib_trading.adapters.local.clock import SystemClock
from tests.elapsed import stretched
from tests.gateway.stage import (
    LOGIN,
    QUICK,
    SECOND_FACTOR,
    STUCK,
    UP,
    WRONG_PASSWORD,
    Stage,
    lines,
    processes,
    until,
    write_secret,
)

Build = Callable[..., Stage]
NOT_READY = "The gateway is not ready; nothing was sent"


def summary(stage: Stage) -> tuple[int, Any]:
    reply = stage.service.get("/summary")
    return reply.status, reply


def refused(stage: Stage, sentence: str) -> Any:
    status, reply = summary(stage)
    assert status == 503
    assert reply.body["title"] == NOT_READY
    assert sentence in reply.body["detail"]
    return reply


def test_a_request_starts_the_gateway_and_stops_it_before_it_answers(stage: Build) -> None:
    one = stage(LOGIN + UP)
    assert one.ready() == (200, one.ready()[1]) and one.state == "asleep"
    status, _ = summary(one)
    assert status == 200
    assert len(one.starts) == 1
    assert (one.state, one.left_over()) == ("asleep", [])
    assert (one.folder / "logged_out").exists()
    now = SystemClock().now()
    assert one.lease.acquire("another instance", now, now + timedelta(seconds=1)) is not None


def test_concurrent_requests_share_one_gateway(stage: Build) -> None:
    """Reference-counted: the second does not start another, the first to end does not stop it."""
    one = stage(LOGIN + UP)
    statuses: list[int] = []
    with one.gateway.session():
        threads = [threading.Thread(target=lambda: statuses.append(summary(one)[0])) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert one.state == "ready"
    assert statuses == [200, 200, 200]
    assert len(one.starts) == 1
    assert one.state == "asleep"


def test_a_gateway_that_crashes_at_its_start_is_started_again(stage: Build) -> None:
    one = stage([{"exit": 1}], [{"exit": 1}], LOGIN + UP)
    assert summary(one)[0] == 200
    assert len(one.starts) == 3


def test_one_that_always_crashes_is_a_503_that_says_so_and_not_ready_afterwards(stage: Build) -> None:
    one = stage([{"exit": 5}], wait=2)
    reply = refused(one, "the gateway ended unexpectedly")
    assert "exit status 5" in reply.body["detail"]
    assert reply.headers["Retry-After"] == "30"
    status, told = one.ready()
    assert (status, told["state"]) == (503, "down")
    assert "its last start failed" in told["detail"]


def test_exit_codes_87_and_88_make_no_storm_of_logins(stage: Build) -> None:
    """IBC's own script starts again without a pause after these; 221 starts in 3 s were seen, each a login."""
    pace = replace(QUICK, starts_a_minute=GatewayTimeouts().starts_a_minute)
    one = stage([{"loop": 88}], [{"exit": 87}], [{"loop": 87}], timeouts=pace, wait=4)
    refused(one, "login came to no end in time")
    assert len(one.starts) == 3
    # The script had no time to start the program more than once or twice before it was ended.
    assert len(lines(one.folder / "programs")) <= 6
    refused(one, "login came to no end in time")
    assert len(one.starts) == 3


def test_a_login_that_hangs_is_ended_and_begun_again(stage: Build) -> None:
    one = stage(LOGIN + STUCK, LOGIN + UP, timeouts=replace(QUICK, login=6))
    assert summary(one)[0] == 200
    assert len(one.starts) == 2


def test_a_second_factor_is_waited_for_and_goes_on_once_granted(stage: Build) -> None:
    granted = [{"await": "granted"}, {"say": "IBC: Duration since login: 20 seconds"}]
    one = stage(LOGIN + SECOND_FACTOR + granted + UP)
    statuses: list[int] = []
    request = threading.Thread(target=lambda: statuses.append(summary(one)[0]))
    request.start()
    until(lambda: one.state == "waiting for second factor")
    assert "confirm it on the phone" in one.ready()[1]["detail"]
    (one.folder / "granted").touch()
    request.join()
    assert statuses == [200]
    assert len(one.starts) == 1


def test_a_request_that_waits_in_vain_for_the_second_factor_says_what_to_do(stage: Build) -> None:
    one = stage(LOGIN + SECOND_FACTOR + STUCK, wait=1)
    reply = refused(one, "waits for the second factor: confirm it on the phone")
    assert int(reply.headers["Retry-After"]) >= 30
    assert one.ready()[0] == 503


def test_a_second_factor_that_nobody_confirms_ends_the_prompts(stage: Build) -> None:
    """IBC asks again and again; after some prompts the phone is left in peace until the next request."""
    one = stage([*LOGIN, {"prompt": 0.4}], LOGIN + UP, timeouts=replace(QUICK, second_factor=1))
    refused(one, "nobody confirmed the second factor in time")
    assert (one.state, len(one.starts), one.left_over()) == ("failed", 1, [])
    assert summary(one)[0] == 200


def test_the_nightly_restart_needs_no_login_and_is_survived(stage: Build) -> None:
    """The gateway leaves its key in a file and ends; with the key the next one needs no second factor."""
    night = [*LOGIN, *UP, {"await": "night"}, {"exit": 0}]
    morning = [{"say": "autorestart file found at x: authentication will not be required"}, *UP]
    one = stage(night, morning, always=True)
    one.gateway.begin()
    until(lambda: one.state == "ready")
    (one.folder / "run" / "settings" / "key").mkdir()
    (one.folder / "run" / "settings" / "key" / "autorestart").touch()
    (one.folder / "night").touch()
    until(lambda: len(one.starts) == 2)
    assert "as it does every night" in one.ready()[1]["detail"]
    assert summary(one)[0] == 200


def test_an_open_port_that_stays_silent_is_not_ready_and_is_started_again(stage: Build) -> None:
    """A gateway behind a dialog accepts connections and answers nothing."""
    logged_in = [{"say": "IBC: Login has completed"}]
    one = stage(LOGIN + logged_in + [{"silent": 1}], LOGIN + UP, timeouts=replace(QUICK, silent=1))
    assert summary(one)[0] == 200
    assert len(one.starts) == 2


def test_one_that_ignores_the_polite_signal_is_killed(stage: Build) -> None:
    one = stage([{"deaf": 1}, *LOGIN, *UP])
    with one.gateway.session():
        begun = time.monotonic()
    assert time.monotonic() - begun < stretched(QUICK.stop + 3)
    assert one.left_over() == []
    assert not (one.folder / "logged_out").exists()


def test_a_wrong_password_is_tried_once_and_never_again(stage: Build) -> None:
    """The broker locks accounts. IBC itself would log in again and again with the same password."""
    one = stage(LOGIN + WRONG_PASSWORD + STUCK, LOGIN + UP)
    for _ in range(3):
        reply = refused(one, "the broker refuses user name or password")
        assert "Retry-After" not in reply.headers
    assert (one.state, len(one.starts)) == ("failed", 1)
    assert one.ready()[0] == 503
    write_secret(one.secret, "the right one")
    assert summary(one)[0] == 200
    assert len(one.starts) == 2


def test_too_many_failed_logins_are_left_alone_for_a_while(stage: Build) -> None:
    said = "Too many failed login attempts. Please wait 4 minutes & 47 seconds before attempting to re-login again."
    one = stage(LOGIN + [{"say": said}] + STUCK)
    for _ in range(2):
        reply = refused(one, "too many failed logins")
        assert 0 < int(reply.headers["Retry-After"]) <= 31
    assert len(one.starts) == 1


def test_a_gateway_whose_program_is_killed_is_started_again(stage: Build) -> None:
    """The kernel kills what uses too much memory."""
    one = stage(LOGIN + UP, always=True)
    one.gateway.begin()
    until(lambda: one.state == "ready")
    os.kill(one.program()["pid"], signal.SIGKILL)
    until(lambda: len(one.starts) == 2)
    assert summary(one)[0] == 200


def test_a_gateway_whose_script_is_killed_leaves_no_program_behind(stage: Build) -> None:
    one = stage(LOGIN + UP, always=True)
    one.gateway.begin()
    until(lambda: one.state == "ready")
    [script] = [line for line in one.left_over() if "ibcstart.sh" in line]
    first = one.program()["pid"]
    os.kill(int(script.split()[0]), signal.SIGKILL)
    until(lambda: len(one.starts) == 2)
    assert not any(line.startswith(f"{first} ") and "simulator" in line for line in processes())
    assert summary(one)[0] == 200


def test_a_session_taken_over_by_another_login_is_left_to_it(stage: Build) -> None:
    """Two services with one user would otherwise throw each other out for ever."""
    taken = [{"await": "taken"}, {"say": "IBC: End this session and let the other session proceed"}, *STUCK]
    one = stage(LOGIN + UP + taken, always=True, timeouts=replace(QUICK, by_itself=60))
    one.gateway.begin()
    until(lambda: one.state == "ready")
    (one.folder / "taken").touch()
    until(lambda: one.state == "failed")
    reply = refused(one, "another login with the same user has taken the session")
    assert 0 < int(reply.headers["Retry-After"]) <= 30
    assert (len(one.starts), one.ready()[0]) == (1, 503)


def test_a_session_that_was_taken_over_comes_back_after_a_while(stage: Build) -> None:
    taken = [{"say": "IBC: End this session and let the other session proceed"}, *STUCK]
    one = stage(LOGIN + taken, LOGIN + UP, always=True, timeouts=replace(QUICK, taken_over=1))
    one.gateway.begin()
    until(lambda: one.state == "failed")
    until(lambda: one.state == "ready")
    assert one.ready()[0] == 200

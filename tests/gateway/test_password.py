"""The password is in config.ini for a moment, in memory, for this user alone; and nowhere else, ever.

Looks for a marker everywhere that other users, logs, or whoever finds a crashed process could read.
"""

from __future__ import annotations

import json
import logging
import os
import resource
import signal
import stat
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest

from ib_trading.adapters.ib.gateway import settings_files
from ib_trading.adapters.ib.gateway.installation import Installation
from ib_trading.core.mode import TradingMode
from ib_trading.core.refusals import GatewayNotReady
from ib_trading.logs import JsonLines
from ib_trading.schema.credentials import GatewayCredentials
from tests.gateway.scripted_gateway import properties
from tests.gateway.stage import (
    LOGIN,
    MARKED,
    MARKER,
    SECOND_FACTOR,
    STUCK,
    UP,
    USER,
    Stage,
    installation,
    until,
    write_secret,
)

Build = Callable[..., Stage]


@pytest.fixture
def log() -> Iterator[StringIO]:
    """What the service's log would hold."""
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


def shows(content: bytes) -> bool:
    """The marker has a run of letters and digits that every spelling leaves as it is: JSON's, Java's, a trace's."""
    return MARKED.encode() in content


def argv_and_environment() -> Iterator[tuple[str, bytes]]:
    for entry in Path("/proc").iterdir():
        for name in ("cmdline", "environ"):
            if entry.name.isdigit():
                with suppress(OSError):
                    yield f"{entry}/{name}", (entry / name).read_bytes()


def test_the_marker_would_be_found_where_it_is_spelled_out(tmp_path: Path) -> None:
    credentials = GatewayCredentials(USER, MARKER)
    assert shows(settings_files.config_ini(installation(tmp_path, 4002), credentials))
    assert shows(credentials.spelled())
    program = [sys.executable, "-c", "print(flush=True); input()", MARKER]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as careless:
        # For an instant after it was started, a process has no arguments to be seen: its first line tells that it has.
        assert careless.stdout is not None
        careless.stdout.readline()
        assert [place for place, content in argv_and_environment() if shows(content)] == [
            f"/proc/{careless.pid}/cmdline"
        ]


def test_the_gateway_reads_user_and_password_as_they_are(stage: Build) -> None:
    """Backslashes, blanks and umlauts survive Java's reading of properties."""
    one = stage(LOGIN + UP)
    write_secret(one.secret, f"{MARKER}\t€😀")
    with one.gateway.session():
        read = json.loads((one.folder / "config.json").read_text())
    assert (read["IbLoginId"], read["IbPassword"]) == (USER, f"{MARKER}\t€😀")


def test_the_password_is_in_no_argument_environment_log_file_or_exception(
    stage: Build, log: StringIO
) -> None:
    """The scripted gateway even prints it, as a careless version of IBC might."""
    careless = [{"say": "2026-11-22 10:00:01:000 IBC: Logging in as {IbLoginId} with {IbPassword}"}]
    one = stage(LOGIN + careless + UP)
    with one.gateway.session():
        found = [place for place, content in argv_and_environment() if shows(content)]
        assert not (one.folder / "run" / "config.ini").exists()
        (one.folder / "config.json").unlink()
        one.secret.unlink()
        found += [str(path) for path in one.folder.rglob("*") if path.is_file() and shows(path.read_bytes())]
    assert found == []
    assert "Logging in as *** with ***" in log.getvalue()
    assert not shows(log.getvalue().encode())


def test_config_ini_is_for_this_user_alone(tmp_path: Path) -> None:
    """Whatever was there under its name, a link for one, is not written through."""
    installed = installation(tmp_path, 4002)
    installed.folder.mkdir()
    elsewhere = tmp_path / "elsewhere"
    installed.config_ini.symlink_to(elsewhere)
    settings_files.write(installed, GatewayCredentials(USER, MARKER))
    assert stat.S_IMODE(installed.config_ini.lstat().st_mode) == 0o600
    assert stat.S_IMODE(installed.folder.stat().st_mode) == 0o700
    assert not elsewhere.exists()
    settings_files.remove_config_ini(installed)
    assert not installed.config_ini.exists()


def test_config_ini_is_gone_once_it_was_read_however_long_the_login_takes(stage: Build) -> None:
    """A second factor may be waited for all night."""
    one = stage(LOGIN + SECOND_FACTOR + STUCK, always=True)
    one.gateway.begin()
    until(lambda: one.state == "waiting for second factor")
    assert (one.folder / "config.json").exists()
    assert not (one.folder / "run" / "config.ini").exists()


def test_the_gateway_may_trade_and_shows_no_dialog_that_nobody_sees(tmp_path: Path) -> None:
    paper = installation(tmp_path, 4002)
    credentials = GatewayCredentials(USER, MARKER)
    settings_files.write(paper, credentials)
    said = properties(paper.config_ini)
    expected = {
        "ReadOnlyApi": "no",
        "BypassOrderPrecautions": "yes",
        "ExistingSessionDetectedAction": "primaryoverride",
        "AcceptIncomingConnectionAction": "reject",
        "ReloginAfterSecondFactorAuthenticationTimeout": "yes",
        "AcceptNonBrokerageAccountWarning": "yes",
        "AutoRestartTime": "04:50 AM",
        "BindAddress": "127.0.0.1",
        "CommandServerPort": "0",
        "OverrideTwsApiPort": "4002",
        "TradingMode": "paper",
    }
    assert {key: said[key] for key in expected} == expected
    jts_ini = (paper.settings_path / "jts.ini").read_text()
    assert "TimeZone=Etc/UTC" in jts_ini and "TrustedIPs=127.0.0.1\n" in jts_ini
    live = properties_of(replace(paper, mode=TradingMode.LIVE), credentials)
    assert (live["TradingMode"], live["AcceptNonBrokerageAccountWarning"]) == ("live", "no")


def properties_of(installed: Installation, credentials: GatewayCredentials) -> dict[str, str]:
    settings_files.write(installed, credentials)
    return properties(installed.config_ini)


def test_a_start_that_fails_tells_no_password(stage: Build, log: StringIO) -> None:
    one = stage([{"exit": 1}], wait=1)
    reply = one.service.get("/summary")
    with pytest.raises(GatewayNotReady) as refusal, one.gateway.session():
        pass
    trace = "".join(traceback.format_exception(refusal.value))
    assert reply.status == 503
    for text in (
        reply.text,
        trace,
        one.service.get("/ready").text,
        log.getvalue(),
        one.service.get("/metrics").text,
    ):
        assert not shows(text.encode())


def test_no_process_that_knows_the_password_leaves_a_core_dump(stage: Build) -> None:
    one = stage(LOGIN + UP, always=True)
    one.gateway.begin()
    until(lambda: one.state == "ready")
    assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)
    [script] = [line for line in one.left_over() if "ibcstart.sh" in line]
    for pid in (script.split()[0], str(one.program()["pid"])):
        [limit] = [
            line for line in Path(f"/proc/{pid}/limits").read_text().splitlines() if "core file" in line
        ]
        assert limit.split()[4:6] == ["0", "0"]
    os.kill(one.program()["pid"], signal.SIGABRT)
    until(lambda: len(one.starts) == 2)
    assert not [path for path in one.folder.rglob("*core*") if path.is_file()]


def test_the_gateway_gets_nothing_of_the_services_own_environment(
    stage: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_TOKEN", "of the service")
    one = stage(LOGIN + UP)
    with one.gateway.session():
        given = json.loads((one.folder / "environment.json").read_text())
    assert set(given) <= {"PATH", "TZ", "LC_CTYPE"}
    assert given["TZ"] == "Etc/UTC"


def test_a_secret_that_is_not_there_is_a_503_with_its_remedy(stage: Build) -> None:
    one = stage(LOGIN + STUCK)
    one.secret.unlink()
    reply = one.service.get("/summary")
    assert reply.status == 503
    assert "is not there; write" in reply.body["detail"]
    assert one.starts == []
    assert one.ready()[0] == 503

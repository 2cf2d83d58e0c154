"""The service as the container runs it, with IB_GATEWAY=ibc: it trades, ends, dies and is replaced."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Generator
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ib_trading.adapters.local.clock import SystemClock
from ib_trading.adapters.local.sqlite_database import SqliteDatabase
from ib_trading.adapters.local.sqlite_lease import gateway_lease
from tests.elapsed import stretched
from tests.gateway.stage import (
    LOGIN,
    MARKED,
    MARKER,
    ROOT,
    STUCK,
    UP,
    Scene,
    install,
    lines,
    processes,
    until,
    write_secret,
)
from tests.served import under_gunicorn
from tests.service import STACK_FILE, closed_port

TIMEOUT = 240


class Running:
    """One process of the service; several may share a folder, as instances share their stores."""

    def __init__(self, folder: Path, gateway_port: int, **environment: str) -> None:
        self.folder = folder
        self.port = closed_port()
        self.log = folder / f"log-{self.port}"
        own = {
            "PORT": str(self.port),
            "IB_GATEWAY": "ibc",
            "GATEWAY_PORT": str(gateway_port),
            "GATEWAY_FOLDER": str(folder / f"run-{self.port}"),
            "IBC_PATH": str(folder / "ibc"),
            "TWS_PATH": str(folder / "opt"),
            "LOCAL_DATA_DIR": str(folder / "stores"),
            "TRADING_CONFIG": str(folder / "Pulumi.paper.yaml"),
            "CLOCK": "broker",
        }
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                under_gunicorn(),
                cwd=ROOT,
                env={**os.environ, **own, **environment},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        until(self._up, TIMEOUT)

    def _up(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        with suppress(OSError):
            return self.call("GET", "/health")[0] == 200
        return False

    def call(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)
        with closing(connection):
            payload = None if body is None else json.dumps(body)
            connection.request(method, path, payload, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())

    def gateway(self) -> str:
        [told] = [one for one in self.call("GET", "/ready")[1]["dependencies"] if one["name"] == "gateway"]
        return told["state"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "Pulumi.paper.yaml").write_text(STACK_FILE)
    (tmp_path / "stores").mkdir()
    write_secret(tmp_path / "stores" / "paper.credentials.json", MARKER)
    return tmp_path


@pytest.fixture
def run(folder: Path) -> Generator[Callable[..., Running]]:
    """Starts the service with these scenes; called again, one more instance on the same stores and another port."""
    running: list[Running] = []

    def start(*scenes: Scene, **environment: str) -> Running:
        if not running:
            install(folder, *scenes)
        running.append(Running(folder, closed_port(), **environment))
        return running[-1]

    yield start
    for one in running:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()
    until(lambda: left_over(folder) == [])


def left_over(folder: Path) -> list[str]:
    return [line for line in processes() if f"{folder}/ibc" in line]


def lease_is_free(folder: Path) -> bool:
    lease = gateway_lease(SqliteDatabase(folder / "stores" / "paper.sqlite"))
    now = SystemClock().now()
    taken = lease.acquire("somebody", now, now + timedelta(seconds=1))
    if taken is not None:
        lease.release(taken)
    return taken is not None


def test_an_allocation_trades_through_a_gateway_of_its_own(run: Callable[..., Running], folder: Path) -> None:
    one = run(LOGIN + UP)
    assert one.gateway() == "asleep"
    status, _ = one.call("GET", "/summary")
    assert status == 200
    status, body = one.call("POST", "/allocation", {"strategies": ["dummy"]})
    assert (status, body["intent"]) == (200, "allocation")
    assert body["orders"] and all(order["status"] == "filled" for order in body["orders"])
    assert len(lines(folder / "starts")) == 2
    assert (one.gateway(), left_over(folder), lease_is_free(folder)) == ("asleep", [], True)
    assert MARKED not in one.log.read_text()


def ended(one: Running) -> float:
    """Seconds from SIGTERM to the end of the service."""
    begun = time.monotonic()
    one.process.send_signal(signal.SIGTERM)
    one.process.wait(TIMEOUT)
    return time.monotonic() - begun


def test_sigterm_logs_the_gateway_out_and_gives_its_lease_back_within_ten_seconds(
    run: Callable[..., Running], folder: Path
) -> None:
    """Cloud Run gives ten; a gateway that stayed logged in would keep the next instance out."""
    one = run(LOGIN + UP, GATEWAY_LIFETIME="always")
    until(lambda: one.gateway() == "ok")
    assert not lease_is_free(folder)
    assert ended(one) < stretched(10)
    assert (folder / "logged_out").exists()
    assert (left_over(folder), lease_is_free(folder)) == ([], True)


def test_sigterm_while_a_request_waits_for_the_gateway_answers_it_and_ends_in_time(
    run: Callable[..., Running], folder: Path
) -> None:
    one = run(LOGIN + STUCK)
    with closing(http.client.HTTPConnection("127.0.0.1", one.port, timeout=TIMEOUT)) as waiting:
        waiting.request("GET", "/summary")
        until(lambda: one.gateway() == "logging in")
        assert ended(one) < stretched(10)
        answer = waiting.getresponse()
        assert (answer.status, b"nothing was sent" in answer.read()) == (503, True)
    assert (left_over(folder), lease_is_free(folder)) == ([], True)


def test_a_service_that_is_killed_leaves_no_gateway_behind(run: Callable[..., Running], folder: Path) -> None:
    """A gateway that outlived it would hold the broker's session, with nobody to stop it."""
    one = run(LOGIN + UP, GATEWAY_LIFETIME="always")
    until(lambda: one.gateway() == "ok")
    program = json.loads((folder / "program.json").read_text())["pid"]
    children = f"/proc/{one.process.pid}/task/{one.process.pid}/children"
    [worker] = Path(children).read_text().split()
    one.process.kill()
    os.kill(int(worker), signal.SIGKILL)
    until(lambda: left_over(folder) == [])
    until(lambda: not any(line.startswith(f"{program} ") and "simulator" in line for line in processes()))


def test_while_one_instance_runs_the_gateway_another_starts_none(
    run: Callable[..., Running], folder: Path
) -> None:
    """Old and new overlap in a deployment. The new one takes over as soon as the old one has ended."""
    old = run(LOGIN + UP, GATEWAY_LIFETIME="always")
    until(lambda: old.gateway() == "ok")
    new = run(GATEWAY_LIFETIME="always")
    status, ready = new.call("GET", "/ready")
    assert status == 503
    assert "another instance of the service runs the gateway" in json.dumps(ready)
    assert len(lines(folder / "starts")) == 1
    old.process.send_signal(signal.SIGTERM)
    old.process.wait(TIMEOUT)
    until(lambda: new.gateway() == "ok")
    assert len(lines(folder / "starts")) == 2
    assert new.call("GET", "/summary")[0] == 200

"""However the service ends, nothing of the strategies' process is left: not the process, not who guards it, not the one
that a strategy is asked in."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from tests.served import GUNICORN
from tests.service import STACK_FILE, closed_port

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="processes are looked for in /proc"
)

PATIENCE_SECONDS = 60.0
PAUSE_SECONDS = 0.02

NEVER_ENDING = """
import os
from pathlib import Path
from ib_trading.strategies import Strategy, stocks

class NeverEnding(Strategy):
    name = "never-ending"

    @property
    def instruments(self):
        Path(os.environ["TMPDIR"], "asked").touch()
        while True:
            pass

    def decide(self, view):
        return {}
"""
ASKING = """
import os
import sys
from pathlib import Path

from ib_trading.adapters.local.strategy_host import StrategyHost
from ib_trading.core.strategy import Instance

StrategyHost(Path(sys.executable), os.environ).declaration(Instance("never-ending", "never-ending"))
"""


def parents() -> dict[int, int]:
    """Process → its parent, of all that are no zombies."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = stat.read_text().rpartition(") ")[2].split()[:2]
        except OSError:
            continue
        if state != "Z":
            found[int(stat.parent.name)] = int(parent)
    return found


def descendants(process: int) -> set[int]:
    found, told = {process}, parents()
    while more := {child for child, parent in told.items() if parent in found} - found:
        found |= more
    return found - {process}


def wait_until(true: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < deadline, what
        # Nobody says when a process has ended that is no child of one's own.
        time.sleep(PAUSE_SECONDS)


def wait_until_none_is_left(processes: set[int]) -> None:
    wait_until(lambda: not processes & set(parents()), f"left over: {processes & set(parents())}")


@contextmanager
def serving(folder: Path) -> Generator[subprocess.Popen[bytes]]:
    """The service under gunicorn, once its strategies are imported."""
    (folder / "Pulumi.paper.yaml").write_text(STACK_FILE)
    port = closed_port()
    environment = {
        **os.environ,
        "PORT": str(port),
        "LOCAL_DATA_DIR": str(folder / "stores"),
        "IB_GATEWAY": f"127.0.0.1:{closed_port()}",
        "TRADING_CONFIG": str(folder / "Pulumi.paper.yaml"),
    }
    command = [sys.executable, "-P", "-m", "gunicorn", "-c", str(GUNICORN), "ib_trading.main:app"]
    with subprocess.Popen(command, env=environment) as service:
        try:
            wait_until(lambda: strategies(port) == "ok", "the strategies are not imported")
            yield service
        finally:
            service.kill()


def strategies(port: int) -> str:
    """The state that /ready says; "" before it answers."""
    try:
        with urlopen(f"http://127.0.0.1:{port}/ready") as answer:
            told = json.load(answer)
    except HTTPError as refused:
        told = json.load(refused)
    except OSError:
        return ""
    return next(one["state"] for one in told["dependencies"] if one["name"] == "strategies")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_when_the_service_is_ended(tmp_path: Path, number: signal.Signals) -> None:
    """Killed, gunicorn's worker notices that its parent is gone."""
    with serving(tmp_path) as service:
        below = descendants(service.pid)
        assert len(below) >= 3, "a worker, the strategies' process and its guard"
        service.send_signal(number)
        service.wait(PATIENCE_SECONDS)
        wait_until_none_is_left(below)


def test_nothing_is_left_when_its_worker_is_killed(tmp_path: Path) -> None:
    """Which nobody can prepare for; gunicorn starts another, with a strategies' process of its own."""
    with serving(tmp_path) as service:
        [worker] = (process for process, parent in parents().items() if parent == service.pid)
        below = descendants(worker)
        assert below
        os.kill(worker, signal.SIGKILL)
        wait_until_none_is_left(below | {worker})


def test_a_strategy_that_is_being_asked_ends_with_the_service(tmp_path: Path) -> None:
    """It is in the middle of its work, and asks nobody whether anybody waits."""
    (tmp_path / "never_ending.py").write_text(NEVER_ENDING)
    told = tmp_path / "never_ending-1.dist-info"
    told.mkdir()
    (told / "METADATA").write_text("Metadata-Version: 2.1\nName: never-ending\nVersion: 1\n")
    (told / "entry_points.txt").write_text(
        "[ib_trading.strategies]\nnever-ending = never_ending:NeverEnding\n"
    )
    path = os.pathsep.join((str(tmp_path), os.environ.get("PYTHONPATH", "")))
    environment = {**os.environ, "PYTHONPATH": path, "TMPDIR": str(tmp_path)}
    with subprocess.Popen([sys.executable, "-c", ASKING], env=environment) as service:
        try:
            wait_until((tmp_path / "asked").exists, "it is not asked")
            below = descendants(service.pid)
            assert len(below) == 3, "the strategies' process, its guard and the strategy's own"
        finally:
            service.kill()
    wait_until_none_is_left(below)

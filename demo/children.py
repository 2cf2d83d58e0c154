"""Starts the simulator, the service and Google's emulators as processes of their own, and ends whatever was started.

Decides how each is started and that none outlives the demonstration: each leads a process group that is ended as a
whole, first by asking, then by force; on Linux the kernel ends them too should this process be killed. They do not
share the terminal's process group: Ctrl-C reaches the demonstration alone, which ends them in its own order.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Self

from demo.interruption import Interruption
from ib_trading_simulator.launch import HOST, Launched

HOME = Path(__file__).resolve().parent.parent
"""The repository."""

START_SECONDS = 20.0
"""How long the simulator may take to say its ports; it takes a fraction of a second."""

EMULATOR_SECONDS = 90.0
"""How long Google's emulators may take to start, on a machine that has other things to do; one has a Java to start."""

NOT_INSTALLED = 2
"""Their exit code where something is missing."""

ASK_SECONDS = 0.2
"""How long a child may take to end by itself before it is killed. The service may be in the middle of a request, and
nothing of its store is kept; whoever runs the demonstration may give it no more than half a second after SIGTERM."""

_FOREIGN = {"GUNICORN_CMD_ARGS", "K_SERVICE", "TRADING_ACCOUNT"}
"""Variables of a person's own shell that would make it another service."""

_PR_SET_PDEATHSIG = 1
_LOG_LINES_SHOWN = 12


class StartFailed(Exception):
    """Something did not start or ended by itself; the text has what it said."""


class NotInstalled(Exception):
    """Something has to be installed first; the text says what, a sentence each."""


@dataclass(frozen=True, slots=True)
class Child:
    """A process that leads its own group. `ends_by` is the signal at which it ends without waiting for anybody."""

    name: str
    process: subprocess.Popen[str]
    ends_by: signal.Signals
    log: Path


@dataclass(slots=True)
class Children:
    """Everything that was started, ended together on leaving the block. `folder` is for their logs and stores."""

    interruption: Interruption
    folder: Path
    started: list[Child] = field(default_factory=list)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self.interruption.held_back():
            self.end()

    def simulator(self, *options: str) -> Launched:
        """Starts the stand-in for IB Gateway, at ports of its own choice, and waits for it to say them."""
        command = [sys.executable, "-m", "ib_trading_simulator", "--port", "0", *options]
        child = self._start(
            "simulator", command, _inherited_environment(), ends_by=signal.SIGTERM, stdout=subprocess.PIPE
        )
        spoken = child.process.stdout
        assert spoken is not None
        readable, _, _ = select.select([spoken], [], [], START_SECONDS)
        line = spoken.readline() if readable else ""
        if not line:
            raise StartFailed(f"The simulator did not start:\n{last_words(child) or 'it said nothing'}")
        ports = json.loads(line)
        return Launched(ports["port"], ports["controlPort"], ports["account"], child.process)

    def emulators(self, stack_file: Path) -> dict[str, str]:
        """Starts what stands in for Google's services and deploys `stack_file` to them; gives the variables by which
        the service finds them. NotInstalled where one is missing."""
        command = [sys.executable, "-m", "emulators", "--json", "--stack", str(stack_file)]
        child = self._start(
            "emulators", command, _inherited_environment(), ends_by=signal.SIGTERM, stdout=subprocess.PIPE
        )
        spoken = child.process.stdout
        assert spoken is not None
        readable, _, _ = select.select([spoken], [], [], EMULATOR_SECONDS)
        line = spoken.readline() if readable else ""
        if not line:
            said = last_words(child) or "it said nothing"
            if readable and child.process.wait(ASK_SECONDS) == NOT_INSTALLED:
                raise NotInstalled(said)
            raise StartFailed(f"Google's emulators did not start:\n{said}")
        return json.loads(line)

    def service(self, gateway_port: int, stores: Mapping[str, str]) -> int:
        """Starts the service under gunicorn, as the container does, and gives its port. `stores` are the variables
        that say where these are.

        The socket is bound here and handed over, so that no other process can take the port meanwhile, and a request
        may be sent at once: it waits in the socket's queue until the service has started. This process then closes
        its own end: if the service dies, so does the socket, and a request fails instead of waiting for ever.
        """
        with socket.create_server((HOST, 0)) as listening:
            port = listening.getsockname()[1]
            command = [sys.executable, "-P", "-m", "gunicorn", "-c", "images/application/gunicorn.conf.py"]
            command += ["--bind", f"fd://{listening.fileno()}", "ib_trading.main:app"]
            self._start(
                "service",
                command,
                _inherited_environment() | _settings(port, gateway_port) | dict(stores),
                ends_by=signal.SIGINT,
                inherited=[listening.fileno()],
            )
        return port

    def local_stores(self, stack_file: Path) -> dict[str, str]:
        """The variables that say that the stores are files in this demonstration's folder."""
        return {
            "BACKEND": "local",
            "LOCAL_DATA_DIR": str(self.folder),
            "TRADING_CONFIG": str(stack_file),
        }

    def _start(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        *,
        ends_by: signal.Signals,
        stdout: int | None = None,
        inherited: Sequence[int] = (),
    ) -> Child:
        log = self.folder / f"{name}.log"
        # Between the process's start and its standing in the list nobody would end it.
        with self.interruption.held_back(), log.open("w", encoding="utf-8") as written:
            process = subprocess.Popen(
                command,
                cwd=HOME,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=stdout if stdout is not None else written,
                stderr=written,
                text=True,
                pass_fds=inherited,
                start_new_session=True,
                preexec_fn=_dies_with_parent(os.getpid()),  # noqa: PLW1509  there are no threads here
            )
            child = Child(name, process, ends_by, log)
            self.started.append(child)
        return child

    def end(self) -> None:
        """Asks all, waits for all by one deadline, kills what is left; nothing remains of any of the groups."""
        for child in self.started:
            _signal_group(child, child.ends_by)
        deadline = time.monotonic() + ASK_SECONDS
        for child in self.started:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.process.wait(max(0.0, deadline - time.monotonic()))
            # Also after a leader that ended by itself: a worker of its group may be left.
            _signal_group(child, signal.SIGKILL)
            child.process.wait()
            _close(child.process.stdout)
        self.started.clear()

    def ended_early(self) -> Child | None:
        """A child that is not running any more although nobody ended it."""
        return next((child for child in self.started if child.process.poll() is not None), None)


def _settings(port: int, gateway_port: int) -> dict[str, str]:
    return {
        "TRADING_MODE": "paper",
        "PORT": str(port),
        "IB_GATEWAY": f"{HOST}:{gateway_port}",
        "CLOCK": "broker",
    }


def _inherited_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in _FOREIGN}


def last_words(child: Child) -> str:
    """The end of what `child` wrote to its log."""
    lines = child.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return "\n".join(lines[-_LOG_LINES_SHOWN:])


def _signal_group(child: Child, number: signal.Signals) -> None:
    try:
        os.killpg(child.process.pid, number)
    except ProcessLookupError:
        # The whole group has ended already.
        return


def _close(stream: IO[str] | None) -> None:
    if stream is not None:
        stream.close()


def _dies_with_parent(parent: int) -> Callable[[], None]:
    """What a child does before it becomes its program: asks Linux for SIGTERM when this process dies, however it
    dies (prctl(2), PR_SET_PDEATHSIG). It may have died already."""
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None

    def ask() -> None:
        if libc is None:
            return
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return ask

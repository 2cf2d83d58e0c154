"""Runs the process that strategies live in (ib_trading/host): starts it, feeds it, kills it when it does not answer.

One question at a time, whoever asks. A host that has died or hangs is started anew for the next question; a source that
it died of while importing is left out then, and is that source's failure.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from ib_trading.core.canonical import canonical_json
from ib_trading.core.strategy import HOST, Answer, Declaration, Failure, Instance, Offers, Question
from ib_trading.host.messages import (
    Answered,
    Ask,
    Begin,
    Channel,
    Declare,
    Declared,
    Failed,
    FromHost,
    Imported,
    Importing,
    Silence,
)
from ib_trading.schema.log_events import RunEvent

log = structlog.stdlib.get_logger("app.strategies")

START_SECONDS = 60.0
"""Of the interpreter, until it comes to the first source."""
IMPORT_SECONDS = 60.0
"""Of one source; a large library on a slow disk takes some."""
DECLARE_SECONDS, DECLARE_MEGABYTES = 10.0, 1024
GRACE_SECONDS = 5.0
"""How much longer than a strategy's own time the host may take before it counts as hung."""

# Ends with the service, however that ends: reads a pipe that nobody writes to.
_GUARD = "trap '' TERM INT HUP; read -r _; kill -KILL 0"


@dataclass(frozen=True, slots=True)
class _Host:
    process: subprocess.Popen[bytes]
    guard: subprocess.Popen[bytes]
    channel: Channel[Importing | Imported | Declared | Answered | Failed]

    def end(self) -> None:
        self.channel.close()
        with suppress(ProcessLookupError):
            os.killpg(self.guard.pid, signal.SIGKILL)
        self.process.wait()
        self.guard.wait()
        assert self.guard.stdin is not None
        self.guard.stdin.close()


class StrategyHost:
    """`python` is the interpreter that has the strategies' libraries, `environment` all that it sees of ours; what is
    among the sources `without` is not imported. Starts nothing before `begin` or a question."""

    def __init__(
        self,
        python: Path,
        environment: Mapping[str, str],
        *,
        import_seconds: float = IMPORT_SECONDS,
        without: tuple[str, ...] = (),
    ) -> None:
        self._import_seconds = import_seconds
        self._without = without
        self._python = python
        self._environment = environment
        self._turn = threading.Lock()
        self._host: _Host | None = None
        self._offers: Offers | None = None
        self._known: Offers | None = None
        self._died_of: dict[str, Failure] = {}
        self._declared: dict[bytes, Declaration] = {}
        self._closed = False

    def begin(self) -> None:
        threading.Thread(target=self.offers, name="importing strategies", daemon=True).start()

    def offers(self) -> Offers:
        with self._turn:
            try:
                return self._ready()[1]
            except OSError as error:
                self._known = Offers(failures={HOST: Failure(str(error))})
                return self._known

    def known(self) -> Offers | None:
        return self._known

    def declaration(self, instance: Instance) -> Declaration | Failure:
        key = canonical_json([instance.strategy, repr(sorted(instance.parameters.items()))])
        with self._turn:
            if key not in self._declared:
                message = Declare(instance, DECLARE_SECONDS, DECLARE_MEGABYTES)
                told = self._told(message, DECLARE_SECONDS)
                if not isinstance(told, Declared):
                    return told if isinstance(told, Failure) else Failure("declared nothing")
                self._declared[key] = told.declaration
            return self._declared[key]

    def answer(self, question: Question, seconds: float, megabytes: int) -> Answer | Failure:
        with self._turn:
            told = self._told(Ask(question, seconds, megabytes), seconds)
        if isinstance(told, Answered):
            if told.printed:
                log.info(RunEvent.STRATEGY_PRINTED, strategy=question.instance.name, printed=told.printed)
            return told.answer
        return told if isinstance(told, Failure) else Failure(f"answered with a {type(told).__name__}")

    def close(self) -> None:
        with self._turn:
            self._closed = True
            self._stop()

    def _told(self, message: Declare | Ask, seconds: float) -> Declared | Answered | Failure:
        try:
            host, _ = self._ready()
            host.channel.send(message)
            told = host.channel.receive(seconds + GRACE_SECONDS)
        except (Silence, ValueError, OSError) as error:
            self._stop()
            return Failure(f"made its host hang or break ({type(error).__name__}), which was ended")
        if told is None:
            self._stop()
            return Failure("ended its host, which is started anew")
        if isinstance(told, Failed):
            return told.failure
        return told if isinstance(told, Declared | Answered) else Failure("got no answer of its host")

    def _ready(self) -> tuple[_Host, Offers]:
        """The host with everything imported, started if need be; OSError once it is closed, or where it does not
        start."""
        while True:
            if self._closed:
                raise OSError("the service is ending")
            if self._host is not None and self._offers is not None and self._host.process.poll() is None:
                return self._host, self._offers
            self._stop()
            self._host = host = self._started()
            offers = self._imported(host)
            if offers is not None:
                self._offers = Offers(offers.offers, {**offers.failures, **self._died_of})
                self._known = self._offers
                for source, failure in self._offers.failures.items():
                    log.error(
                        RunEvent.STRATEGY_NOT_IMPORTED,
                        source=source,
                        detail=failure.sentence,
                        trace=failure.traceback,
                    )

    def _imported(self, host: _Host) -> Offers | None:
        """What it offers; None where it died of a source, which is left out next time. OSError where it died of
        itself."""
        source = None
        host.channel.send(Begin((*self._without, *self._died_of)))
        while True:
            try:
                told = host.channel.receive(START_SECONDS if source is None else self._import_seconds)
            except Silence:
                how = f"could not be imported: it took longer than {self._import_seconds:g} s"
                break
            except ValueError:
                how = "could not be imported: it wrote to what is not its own, and its process was ended"
                break
            if isinstance(told, Imported):
                return told.offers
            if isinstance(told, Importing):
                source = told.source
                continue
            how = f"could not be imported: it {_end(host.process)}"
            break
        if source is None:
            raise OSError(f"the host of the strategies does not start: {self._python} -m ib_trading.host")
        self._died_of[source] = Failure(f"{source} {how}")
        return None

    def _started(self) -> _Host:
        ours, theirs = socket.socketpair()
        with theirs:
            guard = subprocess.Popen(
                ["/bin/sh", "-c", _GUARD],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={},
                process_group=0,
            )
            process = subprocess.Popen(
                [self._python, "-s", "-P", "-m", "ib_trading.host", str(theirs.fileno()), *self._libraries()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env=self._its_environment(),
                pass_fds=(theirs.fileno(),),
                process_group=guard.pid,
            )
        return _Host(process, guard, Channel(ours, FromHost))

    def _libraries(self) -> list[str]:
        """Where it looks for modules after everywhere else: no file there can be in the place of what it needs."""
        return [path for path in self._environment.get("PYTHONPATH", "").split(os.pathsep) if path]

    def _its_environment(self) -> dict[str, str]:
        """One thread for linear algebra: the last bit of a sum must not depend on how many cores there were."""
        threads = dict.fromkeys(("MKL_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
        ours = {"PYTHONPATH": str(Path(__file__).parents[3])}
        return {**self._environment, **threads, **ours, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}

    def _stop(self) -> None:
        host, self._host, self._offers = self._host, None, None
        if host is not None:
            host.end()


def _end(process: subprocess.Popen[bytes]) -> str:
    """How a process ended that has closed its socket; it may go on without it."""
    try:
        status = process.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        return "closed what its process speaks with"
    return "ended its process " + (
        f"by {signal.Signals(-status).name}" if status < 0 else f"with exit status {status}"
    )

"""One question, answered in a process forked for it: what it breaks, it breaks for itself.

The child begins with everything imported, is given its limits, answers, and is killed with all that it started. The
parent only waits: for the answer, the end of the child, the end of the time, or the end of the service.
"""

from __future__ import annotations

import ctypes
import os
import resource
import select
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import msgspec

from ib_trading.core.strategy import Failure
from ib_trading.host.failures import TEXT, told_as_failure
from ib_trading.host.messages import LENGTH, Answered, Declared, Failed
from ib_trading.host.offspring import children, end_children
from ib_trading.schema.known_types import ready

MOST_ANSWER_BYTES = 1 << 20
MEGABYTE = 1 << 20
TELLING_MEGABYTES = 64
"""What a child may have beyond its limit once it has failed: to say so."""
END_SECONDS = 1.0
_FROM_CHILD = ready(Answered | Declared | Failed)
_DIE_WITH_PARENT = 1
"""PR_SET_PDEATHSIG, of prctl(2)."""


class ServiceGone(Exception):
    """Nobody waits for an answer any more."""


def tried(work: Callable[[], object], seconds: float, megabytes: int, service: socket.socket) -> object:
    """The message that `work` returns, made in a process of its own; Failed where none came."""
    answer_read, answer_write = os.pipe()
    output_read, output_write = os.pipe()
    # What a module has done to this signal must not take the child's end away.
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    others = children()
    child = os.fork()
    if not child:
        _in_child(work, megabytes, answer_write, output_write, {answer_read, output_read, service.fileno()})
    os.close(answer_write)
    os.close(output_write)
    with suppress(ProcessLookupError, PermissionError):
        os.setpgid(child, child)
    streams = _Streams(answer_read, output_read)
    try:
        in_time = streams.read(time.monotonic() + seconds, service)
        if in_time and not streams.is_whole():
            _await_end(child)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        end_children(but=others)
        streams.close()
    return _message(streams, in_time, status, seconds, megabytes)


def _await_end(child: int) -> None:
    """A child that has let go of its answer is about to end, and how it ends is what went wrong. Where the system has
    no descriptor for that, it is killed at once."""
    if hasattr(os, "pidfd_open"):
        descriptor = os.pidfd_open(child)
        select.select([descriptor], [], [], END_SECONDS)
        os.close(descriptor)


class _Streams:
    """What the child says: `answer` whole, `output` its last characters."""

    def __init__(self, answer: int, output: int) -> None:
        self._answer, self._output = answer, output
        self.answer, self.output = bytearray(), bytearray()

    def read(self, deadline: float, service: socket.socket) -> bool:
        """Until the child's answer ends; False if the time was over before. ServiceGone if the service was."""
        waiting = {self._answer, self._output}
        while self._answer in waiting:
            left = deadline - time.monotonic()
            ready, _, _ = select.select([*waiting, service], [], [], max(0.0, left))
            if service in ready and not service.recv(1, socket.MSG_PEEK):
                raise ServiceGone
            for stream in (self._answer, self._output):
                if stream in ready and not self._take(stream):
                    waiting.discard(stream)
            if not ready and left <= 0:
                return False
        self._drain()
        return True

    def close(self) -> None:
        os.close(self._answer)
        os.close(self._output)

    def _take(self, stream: int) -> bool:
        some = os.read(stream, 65_536)
        if stream == self._answer:
            self.answer += some
            return bool(some) and not self.is_whole()
        self.output += some
        del self.output[:-TEXT]
        return bool(some)

    def is_whole(self) -> bool:
        """Whether nothing more is to come: the end of the pipe may not, where the child has left one of its own."""
        if len(self.answer) < LENGTH.size:
            return False
        return len(self.answer) - LENGTH.size >= min(LENGTH.unpack_from(self.answer)[0], MOST_ANSWER_BYTES)

    def _drain(self) -> None:
        """What it had printed before its answer."""
        while select.select([self._output], [], [], 0)[0] and self._take(self._output):
            pass


def _message(streams: _Streams, in_time: bool, status: int, seconds: float, megabytes: int) -> object:
    printed = streams.output.decode("utf-8", "replace")
    if not in_time:
        return Failed(
            Failure(f"took longer than strategySeconds ({seconds:g}) and was stopped", printed=printed)
        )
    try:
        message = msgspec.msgpack.decode(bytes(streams.answer[LENGTH.size :]), type=_FROM_CHILD)
    except (msgspec.DecodeError, msgspec.ValidationError):
        return Failed(Failure(_end(status, megabytes, len(streams.answer)), printed=printed))
    if isinstance(message, Answered):
        return msgspec.structs.replace(message, printed=printed)
    if isinstance(message, Failed):
        failure = message.failure
        return Failed(Failure(failure.sentence, failure.traceback, printed))
    return message


def _end(status: int, megabytes: int, size: int) -> str:
    if size > MOST_ANSWER_BYTES:
        return f"answered with more than {MOST_ANSWER_BYTES:,} bytes"
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) != signal.SIGKILL:
        name = signal.Signals(os.WTERMSIG(status)).name
        return f"ended its process by {name} (strategyMegabytes is {megabytes})"
    if os.WIFEXITED(status):
        return f"ended its process with exit status {os.WEXITSTATUS(status)} instead of answering"
    return f"ended its process instead of answering, by SIGKILL: out of memory? (strategyMegabytes is {megabytes})"


def _in_child(
    work: Callable[[], object], megabytes: int, answer: int, output: int, foreign: set[int]
) -> None:
    """Never returns."""
    try:
        os.setpgid(0, 0)
        _die_with_parent()
        for number in foreign:
            os.close(number)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.close(output)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        _limit(megabytes, most=megabytes + TELLING_MEGABYTES)
        body = _told(work, megabytes)
        for stream in (sys.stdout, sys.stderr):
            with suppress(Exception):
                stream.flush()
        while body:
            body = body[os.write(answer, body) :]
    finally:
        os._exit(0)


def _told(work: Callable[[], object], megabytes: int) -> bytes:
    """The frame that answers: what `work` returns, or what it raised. Nothing of a copy that it has made of its
    process: of those the first would answer."""
    own = os.getpid()
    try:
        body = msgspec.msgpack.encode(work())
    except BaseException as error:  # noqa: BLE001  a strategy's code: an exit or an interrupt is its failure too
        _limit(megabytes + TELLING_MEGABYTES, most=megabytes + TELLING_MEGABYTES)
        failure = told_as_failure(error)
        if isinstance(error, MemoryError):
            failure = replace(failure, sentence=f"{failure.sentence} (strategyMegabytes is {megabytes})")
        body = msgspec.msgpack.encode(Failed(failure))
    if os.getpid() != own:
        os._exit(0)
    return LENGTH.pack(len(body)) + body


def _limit(megabytes: int, *, most: int) -> None:
    resource.setrlimit(resource.RLIMIT_DATA, (megabytes * MEGABYTE, most * MEGABYTE))


def _die_with_parent() -> None:
    """Where Linux offers it; elsewhere a child of a host that was killed ends with its time."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)

"""A running container of an image that buildah built: started as its configuration says, asked over HTTP, stopped.

It has a network of its own, so that it listens on every interface, as it does in the cloud, and nobody but the test
can reach it.
"""

from __future__ import annotations

import ctypes
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

from tests.images.image_store import ImageStore

PORT = 8080
TIMEOUT_SECONDS = 60.0
PAUSE_SECONDS = 0.01
# The C library has it, Python only from 3.12 on.
CLONE_NEWNET = 0x40000000
PROGRAM = Path(__file__).with_name("contained.py")


class ContainerEnded(AssertionError):
    """It did not come up, or went down by itself; the text is all that it wrote."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: Any


@dataclass(frozen=True, slots=True)
class Process:
    """`state` is the letter of /proc: Z is a zombie. `parent` is a number of the machine's, like `number`."""

    number: int
    name: str
    state: str
    parent: int
    user: int


@dataclass(frozen=True, slots=True)
class Container:
    """`first` is the container's process 1 as this machine numbers it; `log` has all that was written."""

    runtime: subprocess.Popen[bytes]
    first: int
    log: Path
    root: Path
    began: float

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        """ConnectionError where nothing listens."""
        connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=TIMEOUT_SECONDS)
        connection.sock = self.connected()
        try:
            spelled = {name.replace("_", "-"): value for name, value in headers.items()}
            content = None if body is None else json.dumps(body)
            connection.request(method, path, content, {"Content-Type": "application/json"} | spelled)
            response = connection.getresponse()
            return Answer(response.status, json.loads(response.read()))
        finally:
            connection.close()

    def wait_until_up(self) -> float:
        """Seconds from the start to the first answered /health. ContainerEnded if it ends instead."""
        return self._wait_until(self._healthy)

    def wait_until_displayed(self) -> float:
        """Seconds from the start to the moment that the X server listens."""
        return self._wait_until(Path(f"/proc/{self.first}/root/tmp/.X11-unix/X99").exists)

    def wait_until_imported(self) -> None:
        """Until it knows which strategies there are."""
        self._wait_until(lambda: self.state_of("strategies") != "starting")

    def state_of(self, dependency: str) -> str:
        """What /ready says of it."""
        told = self.ask("GET", "/ready").body["dependencies"]
        return next(one["state"] for one in told if one["name"] == dependency)

    def connected(self) -> socket.socket:
        """A connection to the service, made inside the container: a thread changes into its network, and comes back
        with it. ConnectionError where nothing listens."""
        found: list[socket.socket | OSError] = []

        def connect() -> None:
            with Path(f"/proc/{self.first}/ns/net").open() as network:
                assert ctypes.CDLL(None).setns(network.fileno(), CLONE_NEWNET) == 0
            connected = socket.socket()
            connected.settimeout(TIMEOUT_SECONDS)
            try:
                connected.connect(("127.0.0.1", PORT))
            except OSError as error:
                connected.close()
                found.append(error)
            else:
                found.append(connected)

        thread = Thread(target=connect)
        thread.start()
        thread.join()
        if not found:
            raise ConnectionError("the container has ended")
        if isinstance(found[0], OSError):
            # Before its loopback is up it is unreachable, which is no ConnectionError of Python's.
            raise ConnectionError(str(found[0])) from found[0]
        return found[0]

    def _healthy(self) -> bool:
        try:
            return self.ask("GET", "/health").status == 200
        except ConnectionError:
            return False

    def _wait_until(self, true: Callable[[], bool]) -> float:
        while not true():
            if self.runtime.poll() is not None:
                raise ContainerEnded(self.log.read_text())
            assert time.perf_counter() - self.began < TIMEOUT_SECONDS, self.log.read_text()
            # Nobody says when a port opens: it is tried until it does.
            time.sleep(PAUSE_SECONDS)
        return time.perf_counter() - self.began

    def processes(self) -> tuple[Process, ...]:
        """All processes in the container."""
        home = Path(f"/proc/{self.first}/ns/pid").readlink()
        return tuple(_processes_of(home))

    def stop(self) -> float:
        """SIGTERM to the first process, as a runtime does it; the seconds until it had ended."""
        began = time.perf_counter()
        os.kill(self.first, signal.SIGTERM)
        self.runtime.wait(TIMEOUT_SECONDS)
        return time.perf_counter() - began


@contextmanager
def running(
    images: ImageStore,
    image: str,
    folder: Path,
    *,
    environment: Mapping[str, str],
    mounted: Sequence[tuple[Path, str]] = (),
    kept: Sequence[tuple[Path, str]] = (),
    read_only: bool = True,
    command: Sequence[str] = (),
) -> Generator[Container]:
    """A container of `image`, in `folder`. What is `mounted` it can read, what is `kept` it can
    write too; `command` takes the place of the image's own."""
    name = images.buildah("from", "--pull-never", image)
    root = Path(images.buildah("mount", name))
    try:
        configured = json.loads(images.buildah("inspect", "--type", "image", image))["OCIv1"]["config"]
        user, group = configured["User"].split(":")
        specification = {
            "root": str(root),
            "read_only": read_only,
            "memory": ["/tmp", "/dev/shm"],
            "mounted": [(str(source), target) for source, target in mounted],
            "kept": [(str(source), target) for source, target in kept],
            "environment": dict(line.split("=", 1) for line in configured["Env"]) | dict(environment),
            "folder": configured["WorkingDir"],
            "user": int(user),
            "group": int(group),
            "command": list(command) or configured["Entrypoint"],
        }
        log = folder / "log"
        with log.open("wb") as written:
            began = time.perf_counter()
            runtime = subprocess.Popen(
                ["unshare", "--mount", "--pid", "--net", "--ipc", "--fork", "--kill-child",
                 sys.executable, str(PROGRAM), json.dumps(specification)],
                stdin=subprocess.DEVNULL, stdout=written, stderr=subprocess.STDOUT,
            )  # fmt: skip
        first = _only_child(runtime)
        try:
            yield Container(runtime, first, log, root, began)
        finally:
            # With its first process a container ends; the runtime follows.
            if runtime.poll() is None:
                os.kill(first, signal.SIGKILL)
            runtime.wait()
    finally:
        images.buildah("umount", name)
        images.buildah("rm", name)


def _only_child(runtime: subprocess.Popen[bytes]) -> int:
    children = Path(f"/proc/{runtime.pid}/task/{runtime.pid}/children")
    while not (found := children.read_text().split()):
        assert runtime.poll() is None, "the container did not start"
        # The first process has no way of telling that it is there.
        time.sleep(PAUSE_SECONDS)
    return int(found[0])


def _processes_of(namespace: Path) -> Iterator[Process]:
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if (entry / "ns/pid").readlink() != namespace:
                continue
            status = dict(line.split(":\t", 1) for line in (entry / "status").read_text().splitlines())
        except OSError:
            continue
        yield Process(
            number=int(entry.name),
            name=status["Name"],
            state=status["State"][0],
            parent=int(status["PPid"]),
            user=int(status["Uid"].split()[0]),
        )

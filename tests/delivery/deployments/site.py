"""All that a deployment meets, on this machine: a checkout with its stacks, a registry, Google's APIs, and the
services' own addresses, behind which an image answers as a test says.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from delivery.google.endpoints import VARIABLE
from delivery.registry.image_name import split
from tests.control_plane.artifact_registry import ArtifactRegistry
from tests.control_plane.cloud_run import serve_cloud_run
from tests.control_plane.iam_credentials import IamCredentials
from tests.control_plane.server import ControlPlane, control_plane
from tests.delivery.front import Front, served
from tests.delivery.oci_registry import OciRegistry, oci_registry
from tests.engine.checkout import SECONDS, Checkout, Run
from tests.engine.cloud.kinds.kind import figures
from tests.engine.cloud.revisions import REVISION, SERVICE, revisions_of
from tests.engine.cloud.world import World
from tests.engine.stacks import REGION

DOCKER = """\
#!/bin/sh
case "$*" in
  info) ;;
  "inspect --type image --format {{{{.Id}}}} localhost/ib-trading") echo {digest} ;;
  *) exit 9 ;;
esac
"""
"""Stands in for docker where there is no daemon: it works, and has one image."""

JOB = "gcp:cloudscheduler/job:Job"
READY = b'{"ready": true, "tradingMode": "MODE", "dependencies": []}'
DOWN = b"""{"ready": false, "tradingMode": "MODE", "dependencies": [
 {"name": "warehouse", "state": "down", "detail": "no such dataset", "seconds": 0.1}]}"""
SUMMARY = b'{"runId": "1", "tradingMode": "MODE", "netLiquidation": 1000}'
PROBLEM = b'{"title": "no gateway", "detail": "the password is wrong", "status": 503}'

GOOD = {"/ready": ("200 OK", READY), "/summary": ("200 OK", SUMMARY)}
NOT_READY = {"/ready": ("503 Service Unavailable", DOWN)}
NO_SUMMARY = GOOD | {"/summary": ("503 Service Unavailable", PROBLEM)}


def project(stack: str) -> str:
    return f"ib-{stack}-project"


def path(stack: str) -> str:
    """The stack's image as the registry calls it."""
    return f"{project(stack)}/ib-trading/ib-trading"


def image(stack: str, digest: str) -> str:
    """As Google calls it."""
    return f"{REGION}-docker.pkg.dev/{path(stack)}@{digest}"


def service_id(stack: str) -> str:
    return f"projects/{project(stack)}/locations/{REGION}/services/ib-{stack}"


@dataclass(slots=True)
class Site:
    """`answers`: digest → path → (status, body) of what that image answers, where it is not GOOD. `seen`: (stack, path,
    whether all schedules were paused) of each request. `before_answer` is called with the path of each."""

    checkout: Checkout
    plane: ControlPlane
    registry: OciRegistry
    front: Front
    answers: dict[str, dict[str, tuple[str, bytes]]] = field(default_factory=dict)
    seen: list[tuple[str, str, bool]] = field(default_factory=list)
    before_answer: Callable[[str], None] = lambda _: None

    @property
    def world(self) -> World:
        return self.checkout.world

    def push(self, stack: str, content: str, tag: str = "pushed") -> str:
        """An image, as `./nox -s push` leaves it; the same content has the same digest."""
        return self.registry.put_image(path(stack), tag, (content.encode(),), comment=content)

    def built_here(self, stack: str, digest: str) -> None:
        """The machine's docker has that image as the one that `./nox -s images` built."""
        _, manifest = self.registry.manifest(path(stack), digest)
        program = self.checkout.folder / "bin" / "docker"
        program.write_text(DOCKER.format(digest=json.loads(manifest)["config"]["digest"]), encoding="utf-8")
        program.chmod(0o755)

    def tags(self, stack: str, verb: str = "") -> dict[str, str]:
        """Tag → digest of the tags that begin with it."""
        found = (
            self.registry.tags(path(stack)) if self.registry.images(f"{project(stack)}/ib-trading") else {}
        )
        return {tag: digest for tag, digest in found.items() if tag.startswith(verb)}

    def serves(self, stack: str) -> str:
        """The digest that requests get to, "" before there is a service."""
        service = self.world.get(SERVICE, service_id(stack)) or {}
        revision = self.world.get(REVISION, service.get("latestReadyRevision", ""))
        return split(revision["template"]["containers"][0]["image"])[1] if revision else ""

    def written(self, stack: str) -> str:
        """The digest in the stack's file, "" for none."""
        said = self.checkout.stack_config(stack).get("ib-trading:image", "")
        return split(said)[1] if said else ""

    def schedules_paused(self, stack: str) -> bool:
        jobs = [
            found
            for (type_, id_), found in self.world.resources().items()
            if type_ == JOB and f"/{project(stack)}/" in id_
        ]
        return bool(jobs) and all(job.get("paused") for job in jobs)

    def send_requests_to_revision(self, stack: str, number: int) -> None:
        """As somebody does in the console."""
        names = {found["number"]: found["name"] for found in revisions_of(self.world, service_id(stack))}
        target = {
            "type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION",
            "revision": names[number].rpartition("/")[2],
            "percent": 100,
        }
        self.world.change(SERVICE, service_id(stack), traffics=[target])

    def no_drift(self, stack: str) -> None:
        """A preview sees nothing to do."""
        self.checkout.done("preview", "--stack", stack, "--expect-no-changes")

    def session(self, name: str, *arguments: str) -> Run:
        """What ./nox runs for the session of that name, to its end."""
        process = self.start(name, *arguments)
        text, _ = process.communicate(timeout=SECONDS)
        return Run(process.returncode, text)

    def start(self, name: str, *arguments: str) -> subprocess.Popen[str]:
        endpoints = (
            f'{{"control_plane": "{self.plane.address}", "registry": "{self.registry.address}",'
            f' "front": "{self.front.address}"}}'
        )
        return subprocess.Popen(
            [sys.executable, "-m", f"delivery.commands.{name}", *arguments],
            cwd=self.checkout.project,
            env=self.checkout.environment() | {VARIABLE: endpoints, "NO_COLOR": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def answer(self, stack: str) -> Callable[..., Iterable[bytes]]:
        """The application behind the service's address."""

        def application(environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
            asked = environ["PATH_INFO"]
            self.seen.append((stack, asked, self.schedules_paused(stack)))
            self.before_answer(asked)
            status, body = self.answers.get(self.serves(stack), GOOD)[asked]
            start(status, [("Content-Type", "application/json")])
            return [body.replace(b"MODE", stack.encode())]

        return application


@contextmanager
def site(checkout: Checkout, folder: Path) -> Generator[Site]:
    with ExitStack() as stack:
        plane = stack.enter_context(control_plane())
        registry = stack.enter_context(oci_registry(folder))
        front = stack.enter_context(served(Front("")))
        serve_cloud_run(plane, checkout.world)
        ArtifactRegistry(registry).serve(plane)
        IamCredentials().serve(plane)
        made = Site(checkout, plane, registry, front)
        for name in ("paper", "live"):
            host = f"ib-{name}-{figures(project(name), 12)}.{REGION}.run.app"
            front.services[host] = made.answer(name)
            front.invokers[host] = f"ib-operator@{project(name)}.iam.gserviceaccount.com"
        yield made


@contextmanager
def stopped_at(made: Site, asked: str, number: int) -> Generator[Callable[[subprocess.Popen[str]], Run]]:
    """What is inside gets a function that waits until the service is asked for that path, and sends the signal then."""
    reached, go_on = threading.Event(), threading.Event()

    def hold(path_: str) -> None:
        if path_ == asked:
            reached.set()
            go_on.wait(SECONDS)

    def stop(process: subprocess.Popen[str]) -> Run:
        if not reached.wait(SECONDS):
            raise AssertionError(f"nobody asked for {asked}")
        process.send_signal(number)
        text, _ = process.communicate(timeout=SECONDS)
        return Run(process.returncode, text)

    made.before_answer = hold
    try:
        yield stop
    finally:
        go_on.set()
        made.before_answer = lambda _: None


def interrupt_while_updating(made: Site, process: subprocess.Popen[str]) -> Run:
    """Ctrl-C while Google changes the service: it is let go afterwards, as it would go on."""
    until = time.monotonic() + SECONDS
    while not any(call[1] == SERVICE for call in made.world.calls("update")):
        if time.monotonic() > until or process.poll() is not None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            raise AssertionError(f"the service was never updated: {process.communicate()[0]}")
        threading.Event().wait(0.05)
    process.send_signal(signal.SIGINT)
    # The engine says that it was asked to stop; whatever it says first, the update is not over yet.
    threading.Event().wait(0.5)
    made.world.let_go()
    text, _ = process.communicate(timeout=SECONDS)
    return Run(process.returncode, text)

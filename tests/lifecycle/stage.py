"""What a person has on the machine that they deploy from, and what is around it: a checkout, Pulumi, a tool that builds
images; a registry, Google's control plane, and the services behind their addresses.

Decides what commands see: nothing of the developer's own environment but the stand-ins.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import requests
from google.cloud.secretmanager_v1 import SecretVersion

from delivery.google.clients import GoogleClients
from delivery.google.endpoints import VARIABLE, Endpoints
from delivery.google.operator import identity_token
from delivery.service.service_call import ServiceCall
from tests.control_plane.artifact_registry import ArtifactRegistry
from tests.control_plane.cloud_run import serve_cloud_run
from tests.control_plane.iam_credentials import IamCredentials
from tests.control_plane.secret_manager import SecretManager
from tests.control_plane.server import ControlPlane
from tests.delivery.nox_commands import Command
from tests.delivery.oci_registry import OciRegistry
from tests.engine.checkout import Checkout, CommandFailed, Run
from tests.engine.cloud.world import World
from tests.images.image_store import ImageStore
from tests.images.workshop import Workshop
from tests.lifecycle.front import Front, front
from tests.lifecycle.instance import Host

SECRET = "gcp:secretmanager/secret:Secret"
REPOSITORY = "gcp:artifactregistry/repository:Repository"
SECONDS = 300
"""Of one command, of which the longest deploys twice."""
SECONDS_OF_TESTS = 1800
"""Of the tests in the image, on a machine that does much else."""
CERTIFICATES = "SSL_CERT_FILE"


@dataclass(frozen=True, slots=True)
class Stage:
    checkout: Checkout
    workshop: Workshop
    registry: OciRegistry
    plane: ControlPlane
    secrets: SecretManager
    front: Front

    @property
    def world(self) -> World:
        return self.checkout.world

    @property
    def endpoints(self) -> Endpoints:
        return Endpoints(self.plane.address, self.registry.address, self.front.address)

    @property
    def environment(self) -> dict[str, str]:
        storage = self.workshop.environment["CONTAINERS_STORAGE_CONF"]
        return self.checkout.environment() | {
            VARIABLE: json.dumps(asdict(self.endpoints)),
            "CONTAINERS_STORAGE_CONF": storage,
        }

    def up(self, stack: str) -> str:
        """`pulumi up`, after which Secret Manager has the secrets that it made."""
        said = self.checkout.up(stack, "--skip-preview")
        for type_, id_ in self.world.resources():
            if type_ == SECRET:
                self.secrets.secrets.setdefault(id_, [])
        return said

    def deployed(self, stack: str) -> bool:
        return stack in self.checkout.stacks() and bool(self.checkout.resources(stack))

    def token(self, account: str, audience: str) -> str:
        return identity_token(GoogleClients("ib-paper-project", self.endpoints), account, audience)

    def asked(self, url: str, token: str) -> int:
        """The status that /health of the service at `url` has for whoever comes with `token`, "" for none."""
        headers = {"Host": url.removeprefix("https://")} | (
            {"Authorization": f"Bearer {token}"} if token else {}
        )
        return requests.get(
            f"http://{self.front.address}/health", headers=headers, timeout=SECONDS
        ).status_code

    def call(self, stack: str) -> ServiceCall:
        """The stack's service, asked as its operator."""
        outputs = self.checkout.outputs(stack)
        clients = GoogleClients(f"ib-{stack}-project", self.endpoints)
        return ServiceCall(clients, outputs["serviceUrl"], outputs["operatorAccount"])

    def build_step(self, command: Command, *more: str) -> None:
        """Runs what `./nox` would in a build, in the place of an environment of the session's own. CommandFailed."""
        # What such a machine has: the packages that the sessions have fetched, and what it believes an index by.
        found = {"UV_CACHE_DIR": os.environ.get("UV_CACHE_DIR", str(Path.home() / ".cache/uv"))}
        found |= {CERTIFICATES: os.environ[CERTIFICATES]} if CERTIFICATES in os.environ else {}
        words = (sys.executable, "-m", *command.words, *more)
        run = self.run(*words, seconds=SECONDS_OF_TESTS, **found, CI="true")
        if run.code:
            raise CommandFailed(f"{' '.join(command.words)}: exit {run.code}\n{run.text}")

    def run(self, *command: str, seconds: float = SECONDS, **environment: str) -> Run:
        """The literal command, in the checkout."""
        done = subprocess.run(
            command,
            cwd=self.checkout.project,
            env=self.environment | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=seconds,
            check=False,
        )
        print(f"\n$ {' '.join(command)}\n{done.stdout}", end="", flush=True)
        return Run(done.returncode, done.stdout)

    def session(self, name: str, *arguments: str) -> Run:
        """What `./nox -s NAME -- ARGUMENTS` runs (noxfile.py), in this environment."""
        return self.run(sys.executable, "-m", f"delivery.commands.{name}", *arguments)

    def done(self, name: str, *arguments: str) -> str:
        """What the session said; CommandFailed if it failed."""
        run = self.session(name, *arguments)
        if run.code:
            raise CommandFailed(f"{name} {' '.join(arguments)}: exit {run.code}\n{run.text}")
        return run.text


def _newest(secrets: SecretManager, name: str) -> bytes | None:
    """What the service would read: the newest version, never an older one in its place."""
    versions = secrets.secrets.get(name)
    if not versions or versions[-1].shown.state is not SecretVersion.State.ENABLED:
        return None
    return versions[-1].payload


@contextmanager
def staged(
    folder: Path, downloads: str, files: Mapping[str, bytes], registry: OciRegistry, plane: ControlPlane
) -> Generator[Stage]:
    """In `folder`, with an image store of its own for what Cloud Run pulls; all containers end with it."""
    checkout = Checkout.clone(folder / "person", folder / "bytecode")
    workshop = Workshop(checkout.project, downloads, files)
    workshop.prepare()
    workshop.pin({})
    pulled = ImageStore(folder / "pulled")
    pulled.prepare()
    secrets = SecretManager()
    secrets.serve(plane)
    IamCredentials().serve(plane)
    serve_cloud_run(plane, checkout.world)
    ArtifactRegistry(registry, lambda name: checkout.world.get(REPOSITORY, name) is not None).serve(plane)
    host = Host(pulled, registry.address, folder / "instances", lambda name: _newest(secrets, name))
    try:
        with front(checkout.world, host) as behind:
            yield Stage(checkout, workshop, registry, plane, secrets, behind)
    finally:
        pulled.leave()
        workshop.tidy()

"""Where Pulumi keeps a stack's state and what encrypts its secrets: one versioned bucket and one key, by name.

Pulumi cannot make them itself: it would need them to remember that it did. So they are made once, by commands, and what
exists is left as it is. Names are a function of project, region and stack: the same answer on every machine.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from delivery.stack.stack_file import Place

APIS = ("cloudkms", "cloudresourcemanager", "serviceusage", "storage")
"""The two that the state needs, and the two without which `pulumi up` could not enable the others."""

KEY_RING = "ib-state"

Command = tuple[str, ...]
Ask = Callable[[Command], str]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that is missing, and the command that makes it."""

    purpose: str
    command: Command


@dataclass(frozen=True, slots=True)
class StateBackend:
    place: Place

    @property
    def bucket(self) -> str:
        """All of Google's customers share these names; a project's id is its own. At most 57 of 63 characters."""
        return f"{self.place.project}-ib-state-{self.place.stack}"

    @property
    def url(self) -> str:
        """What `pulumi login` is told."""
        return f"gs://{self.bucket}"

    @property
    def key(self) -> str:
        place = self.place
        ring = f"projects/{place.project}/locations/{place.region}/keyRings/{KEY_RING}"
        return f"{ring}/cryptoKeys/{place.stack}"

    @property
    def secrets_provider(self) -> str:
        """What `pulumi stack init` is told."""
        return f"gcpkms://{self.key}"

    def everything(self) -> tuple[Step, ...]:
        """What an empty project needs."""
        return (
            self._enable(APIS),
            self._make_bucket(),
            self._keep_versions(),
            self._make_ring(),
            self._make_key(),
        )

    def missing(self, ask: Ask) -> tuple[Step, ...]:
        """What this project still needs; `ask` answers a gcloud command that changes nothing."""
        project = f"--project={self.place.project}"
        enabled = ask(("services", "list", "--enabled", project, "--format=value(config.name)")).split()
        apis = tuple(api for api in APIS if f"{api}.googleapis.com" not in enabled)
        steps = [self._enable(apis)] if apis else []
        steps += self._of_bucket(ask, project)
        # An API that is not enabled cannot be asked; then nothing of it was ever made.
        steps += [self._make_ring(), self._make_key()] if "cloudkms" in apis else self._of_key(ask, project)
        return tuple(steps)

    def _of_bucket(self, ask: Ask, project: str) -> list[Step]:
        listed = ask(("storage", "buckets", "list", project, f"--filter=name={self.bucket}", "--format=json"))
        found = next((one for one in json.loads(listed) if one["name"] == self.bucket), None)
        if found is None:
            return [self._make_bucket(), self._keep_versions()]
        return [] if found.get("versioning_enabled") else [self._keep_versions()]

    def _of_key(self, ask: Ask, project: str) -> list[Step]:
        location = f"--location={self.place.region}"
        rings = ask(("kms", "keyrings", "list", location, project, "--format=value(name)")).split()
        if self.key.partition("/cryptoKeys/")[0] not in rings:
            return [self._make_ring(), self._make_key()]
        ring = f"--keyring={KEY_RING}"
        keys = ask(("kms", "keys", "list", ring, location, project, "--format=value(name)")).split()
        return [] if self.key in keys else [self._make_key()]

    def _enable(self, apis: tuple[str, ...]) -> Step:
        names = [f"{api}.googleapis.com" for api in apis]
        return Step("enable the APIs", ("services", "enable", *names, f"--project={self.place.project}"))

    def _make_bucket(self) -> Step:
        """Nobody outside gets in, whatever is set on an object: a state tells all that there is."""
        where = (f"--project={self.place.project}", f"--location={self.place.region}")
        closed = ("--uniform-bucket-level-access", "--public-access-prevention")
        return Step("make the bucket", ("storage", "buckets", "create", self.url, *where, *closed))

    def _keep_versions(self) -> Step:
        """A state that was overwritten or deleted can be brought back."""
        return Step("keep its versions", ("storage", "buckets", "update", self.url, "--versioning"))

    def _make_ring(self) -> Step:
        return Step("make the key ring", ("kms", "keyrings", "create", KEY_RING, *self._where()))

    def _make_key(self) -> Step:
        of = (f"--keyring={KEY_RING}", *self._where(), "--purpose=encryption")
        return Step("make the key", ("kms", "keys", "create", self.place.stack, *of))

    def _where(self) -> Command:
        return (f"--location={self.place.region}", f"--project={self.place.project}")

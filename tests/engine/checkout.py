"""A checkout of the project beside its own Google: what a person has in a terminal, in a temporary folder.

Decides what `pulumi` sees: a copy of what a clone would hold, stack files of its own, a state folder, a passphrase, and
the stand-in as the first `pulumi-resource-gcp` on PATH. Nothing of the developer's own environment reaches it.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from delivery.stack.state_backend import APIS
from tests.engine.cloud.attached import attached
from tests.engine.cloud.kinds.kind import figures
from tests.engine.cloud.world import VARIABLE, World

ROOT = Path(__file__).resolve().parent.parent.parent
SERVICE = "gcp:projects/service:Service"
STACK = "pulumi:pulumi:Stack"
PASSPHRASE = "the passphrase of a test"
SECONDS = 400
"""Of one command, on a machine that does much else."""
PLUGIN = """\
#!/bin/sh
PYTHONPATH='{root}' exec '{python}' -P -m tests.engine.cloud.provider "$@"
"""


@dataclass(frozen=True, slots=True)
class Run:
    """How a command ended, and all that it said."""

    code: int
    text: str


class CommandFailed(AssertionError):
    """A command that had to succeed did not; the text is what it said."""


class Checkout:
    def __init__(self, folder: Path, bytecode: Path) -> None:
        """`bytecode`: where compiled modules go, for all checkouts; the provider's library takes 4 s to compile."""
        self.folder = folder
        self.project = folder / "project"
        self._state = folder / "state"
        self._bytecode = bytecode
        for each in (self.project, self._state, folder / "home"):
            each.mkdir(parents=True, exist_ok=True)
        self.world = World(folder / "google.sqlite")

    @classmethod
    def clone(cls, folder: Path, bytecode: Path, root: Path = ROOT) -> Checkout:
        """What `git clone` would bring once everything here is committed, with this environment as its own."""
        checkout = cls(folder, bytecode)
        listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        # The program is in these, and what it asks of the strategies; the rest would only be copied.
        listed = subprocess.run(
            [*listing, "app/ib_trading", "infra", "workbench", "Pulumi*.yaml"],
            cwd=root,
            capture_output=True,
            text=True,
            check=True,
        )
        for name in filter(None, listed.stdout.split("\0")):
            if (root / name).is_file():
                target = checkout.project / name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(root / name, target)
        (checkout.project / ".venv").symlink_to(sys.prefix)
        plugin = folder / "bin" / "pulumi-resource-gcp"
        plugin.parent.mkdir()
        plugin.write_text(PLUGIN.format(root=ROOT, python=sys.executable), encoding="utf-8")
        plugin.chmod(0o755)
        return checkout

    def copied(self, folder: Path) -> Checkout:
        """The same, to go on from here without touching this one; the state and Google are copied too."""
        shutil.copytree(self.folder, folder, symlinks=True, dirs_exist_ok=True)
        return Checkout(folder, self._bytecode)

    def bootstrapped(self, project: str) -> None:
        """As `./nox -s bootstrap` leaves an empty Google project: with the APIs that it enables."""
        for api in APIS:
            service = f"{api}.googleapis.com"
            self.world.put(SERVICE, f"{project}/{service}", {"project": project, "service": service})

    def encryption_account(self, project: str) -> None:
        """As `bq show --encryption_service_account` leaves it."""
        email = f"bq-{figures(project, 12)}@bigquery-encryption.iam.gserviceaccount.com"
        self.world.put("google:bigquery:account", email, {"email": email})

    def stack_file(self, stack: str) -> Path:
        return self.project / f"Pulumi.{stack}.yaml"

    def configure(self, stack: str, values: Mapping[str, Any]) -> None:
        """Writes full keys into the stack's file, as a person does with an editor; None takes a key out."""
        path = self.stack_file(stack)
        document = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {}
        config = {**(document.get("config") or {}), **values}
        document["config"] = {key: value for key, value in config.items() if value is not None}
        path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")

    def stack_config(self, stack: str) -> dict[str, Any]:
        """The full keys of the stack's file."""
        return yaml.safe_load(self.stack_file(stack).read_text(encoding="utf-8"))["config"]

    def pulumi(self, *arguments: str) -> Run:
        """The literal command. It and all that it started are gone afterwards, however it ends."""
        process = subprocess.Popen(
            ["pulumi", *arguments, "--non-interactive", "--color=never"],
            cwd=self.project,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            text, _ = process.communicate(timeout=SECONDS)
        finally:
            _end(process)
        return Run(process.returncode, text)

    def done(self, *arguments: str) -> str:
        """What the command said; CommandFailed if it failed."""
        run = self.pulumi(*arguments)
        if run.code != 0:
            raise CommandFailed(f"pulumi {' '.join(arguments)}: exit {run.code}\n{run.text}")
        return run.text

    def up(self, stack: str, *more: str) -> str:
        return self.done("up", "--yes", "--stack", stack, *more)

    def changes(self) -> list[tuple[str, str, str]]:
        """(verb, type, name) of what was done at Google since this was last asked, sorted."""
        calls = sorted(self.world.calls("create", "update", "delete"))
        self.world.forget_calls()
        return calls

    def resources(self, stack: str) -> dict[str, dict[str, Any]]:
        """The state: URN → what the engine keeps of that resource."""
        deployment = self._deployment(stack)
        return {each["urn"]: each for each in deployment.get("resources") or ()}

    def pending(self, stack: str) -> list[dict[str, Any]]:
        """What the engine began and has not heard the end of."""
        return self._deployment(stack).get("pending_operations") or []

    def stacks(self) -> set[str]:
        """Those that were initialised."""
        return {path.stem for path in self._state.glob(".pulumi/stacks/ib-trading/*.json")}

    def state_text(self, stack: str) -> str:
        return (self._state / ".pulumi" / "stacks" / "ib-trading" / f"{stack}.json").read_text(
            encoding="utf-8"
        )

    def outputs(self, stack: str) -> dict[str, Any]:
        """What the last update left, as `pulumi stack output --json` shows it, none of which is encrypted: read where
        that reads it, in a hundredth of the time."""
        kept = self.resources(stack).values()
        return next((each.get("outputs") or {} for each in kept if each["type"] == STACK), {})

    def _deployment(self, stack: str) -> dict[str, Any]:
        return json.loads(self.state_text(stack))["checkpoint"]["latest"] or {}

    def environment(self) -> dict[str, str]:
        """Of every command that is typed here."""
        return {
            "PATH": os.pathsep.join([str(self.folder / "bin"), os.environ["PATH"]]),
            "HOME": str(self.folder / "home"),
            "LANG": "C.UTF-8",
            "PULUMI_HOME": str(self.folder / "home"),
            "PULUMI_BACKEND_URL": f"file://{self._state}",
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            # The copy's infra/ and vocabulary come before those that are installed in the environment.
            "PYTHONPATH": os.pathsep.join(map(str, (self.project, self.project / "app"))),
            "PYTHONPYCACHEPREFIX": str(self._bytecode),
            VARIABLE: str(self.folder / "google.sqlite"),
        } | attached(self.world)


def _end(process: subprocess.Popen[str]) -> None:
    """Ends whatever is left of the command's session; usually nothing. The engine gives its plugins process groups of
    their own, and one that is killed leaves the program's host behind."""
    for number in _in_session(process.pid):
        with suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)
    process.wait()


def _in_session(session: int) -> list[int]:
    """Process numbers, from proc(5): the session is the fourth field after the name, which may hold spaces."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            fields = (
                (folder / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            )
            if int(fields[3]) == session:
                found.append(int(folder.name))
    return found

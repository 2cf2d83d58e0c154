"""A stack as Pulumi knows it: its outputs, its configuration, a preview, an update. Pulumi's own command line does it.

Decides where the state is looked for: where PULUMI_BACKEND_URL says, otherwise in the stack's own bucket, whichever one
somebody logged in to last.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from delivery.console.interruption import exit_code
from delivery.console.refusal import Refusal
from delivery.stack.stack_file import Place, read_place
from delivery.stack.state_backend import StateBackend

PROGRAM = "pulumi"
BACKEND = "PULUMI_BACKEND_URL"
TRADING = "ib-trading:trading"

NO_STACK = ("no stack named", "could not find stack")
"""What Pulumi says of one that nobody made."""

REMEDIES = (
    (
        ("the stack is currently locked", "is already being updated"),
        "another update goes on, or one was killed: wait for it, or `pulumi cancel --stack {stack}`",
    ),
    (
        NO_STACK,
        "there is no such stack yet: docs/deploying.md begins with `./nox -s bootstrap -- {stack}`",
    ),
    (
        # By the state's bucket or key (https://github.com/pulumi/pulumi/issues/2790 and /12014 have the words).
        ("could not find default credentials", "missing google credentials"),
        "Google does not know who you are: gcloud auth application-default login",
    ),
    (
        ("no previous deployment",),
        "nothing was deployed yet: pulumi up --stack {stack}",
    ),
)
"""What Pulumi says, anywhere in its words → what to do about it; the first that fits."""


class PulumiError(Refusal):
    """Pulumi is not there or ended with an error; the text has its words, or says that it printed them."""


class NotDeployedError(PulumiError):
    """The state could be read, and the stack is not in it, or nothing was ever deployed."""


@dataclass(frozen=True, slots=True)
class Outputs:
    """What the last `pulumi up` left (infra/program.py exports it). `image`, `service_url`: "" without a service."""

    trading_mode: str
    service_name: str
    service_url: str
    image: str
    repository: str
    secret: str
    operator_account: str


@dataclass(frozen=True, slots=True)
class PulumiStack:
    """`folder` is the checkout."""

    place: Place
    folder: Path

    @classmethod
    def read(cls, stack: str, folder: Path) -> PulumiStack:
        """StackFileError where the stack has no file, or one that does not say where it lives."""
        return cls(read_place(stack, folder), folder)

    def outputs(self) -> Outputs:
        """NotDeployedError where nothing was deployed, PulumiError where the state cannot be read."""
        said = json.loads(self._ask("stack", "output", "--json"))
        if not said:
            raise NotDeployedError(
                f"{self.place.stack} has no outputs: nothing was deployed yet; pulumi up --stack {self.place.stack}"
            )
        return Outputs(
            trading_mode=said["tradingMode"],
            service_name=said["serviceName"],
            service_url=said.get("serviceUrl", ""),
            image=said.get("image", ""),
            repository=said["repository"],
            secret=said["secret"],
            operator_account=said["operatorAccount"],
        )

    def trading(self) -> str:
        """The trading configuration that the stack's file says, as JSON, decrypted."""
        return self._ask("config", "get", TRADING)

    def configure(self, values: Mapping[str, str]) -> None:
        """Writes full keys into the stack's file; its comments stay."""
        for key, value in values.items():
            self._ask("config", "set", key, value)

    def preview(self, *options: str, values: Mapping[str, str] | None = None) -> None:
        """Shows what an update would do, with other `values` in the stack's file if any are given: in a copy of it,
        because Pulumi writes what --config names. PulumiError if it would fail."""
        if not values:
            self._show("preview", *options)
            return
        with TemporaryDirectory() as folder:
            copy = Path(folder) / f"Pulumi.{self.place.stack}.yaml"
            shutil.copyfile(self.folder / copy.name, copy)
            for key, value in values.items():
                self._ask("config", "set", key, value, "--config-file", str(copy))
            self._show("preview", *options, "--config-file", str(copy))

    def up(self) -> None:
        """Brings Google to what the program and the stack's file say. PulumiError if it failed, in the middle of it
        too; KeyboardInterrupt once Pulumi has ended in order."""
        self._show("up", "--yes", "--skip-preview")

    def _ask(self, *command: str) -> str:
        done = subprocess.run(
            self._command(*command),
            cwd=self.folder,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            words = done.stderr.strip()
            kind = NotDeployedError if any(sign in words.lower() for sign in NO_STACK) else PulumiError
            raise kind(f"pulumi {' '.join(command[:2])}: {words}{self._remedy(words)}")
        return done.stdout

    def _show(self, *command: str) -> None:
        """Runs it where a person sees it. In a group of its own, so that Ctrl-C reaches it once: a second one makes it
        drop what it is doing."""
        process = subprocess.Popen(
            self._command(*command),
            cwd=self.folder,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            process_group=0,
        )
        code = exit_code(process, lambda: process.send_signal(signal.SIGINT))
        if code:
            stack = self.place.stack
            raise PulumiError(
                f"pulumi {command[0]} ended with {code}; it says why above. If it was killed before:"
                f" pulumi cancel --stack {stack}"
            )

    def _command(self, *command: str) -> list[str]:
        program = shutil.which(PROGRAM)
        if program is None:
            raise PulumiError("pulumi is not on PATH; install it (https://www.pulumi.com/docs/install/)")
        return [program, *command, "--stack", self.place.stack, "--non-interactive"]

    def _environment(self) -> dict[str, str]:
        ours = {BACKEND: StateBackend(self.place).url, "PULUMI_SKIP_UPDATE_CHECK": "true"}
        # The sessions ask the strategies themselves, and do not where they go back: that must always work.
        return ours | os.environ | {"STRATEGY_CHECK": "off"}

    def _remedy(self, words: str) -> str:
        for signs, remedy in REMEDIES:
            if any(sign in words.lower() for sign in signs):
                return f"\n{remedy.format(stack=self.place.stack)}"
        return ""

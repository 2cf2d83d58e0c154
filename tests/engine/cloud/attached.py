"""Providers that are there before an engine asks for one: a process for all of this worker's worlds.

Started by the engine, a provider costs each of its commands a second and a half, all of it the import of Pulumi's
library. The engine attaches to what its variable names instead (pulumi/pulumi, sdk/go/common/resource/plugin/
provider_plugin.go, `GetProviderAttachPort`). Not within this process: Google's libraries, which the tests of delivery/
have here, and Pulumi's each define google.rpc.Status.
"""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from pathlib import Path

from tests.engine.cloud.world import World

VARIABLE = "PULUMI_DEBUG_PROVIDERS"
ROOT = Path(__file__).resolve().parents[3]

_PORTS: dict[Path, int] = {}


def attached(world: World) -> dict[str, str]:
    """What an engine's environment needs; nothing where the provider is about to die, as only one of the engine's own
    can."""
    if world.kills_its_provider():
        return {}
    if world.path not in _PORTS:
        _PORTS[world.path] = int(_told(str(world.path)))
    return {VARIABLE: f"gcp:{_PORTS[world.path]}"}


def end_all() -> None:
    """Whoever asks again gets new ones."""
    if _PORTS:
        _PORTS.clear()
        _told("")


def _told(line: str) -> str:
    process = _process()
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(f"{line}\n")
    process.stdin.flush()
    return process.stdout.readline()


@cache
def _process() -> subprocess.Popen[str]:
    """It ends when this process does, however it does, and hears no Ctrl-C of the terminal."""
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "tests.engine.cloud.provider", "--attached"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": str(ROOT)},
        start_new_session=True,
    )

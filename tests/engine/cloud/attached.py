"""Providers that are there before an engine asks for one: within this process, one for each world.

Started as a program of its own, a provider costs each command of the engine a second and a half, all of it the import
of Pulumi's library, which this process has behind it. The engine attaches to what its variable names instead
(pulumi/pulumi, sdk/go/common/resource/plugin/provider_plugin.go, `GetProviderAttachPort`).
"""

from __future__ import annotations

from pathlib import Path

import grpc

from tests.engine.cloud.provider import serve
from tests.engine.cloud.world import World

VARIABLE = "PULUMI_DEBUG_PROVIDERS"

_SERVERS: dict[Path, tuple[grpc.Server, int]] = {}


def attached(world: World) -> dict[str, str]:
    """What an engine's environment needs; nothing where the provider is about to die, as only a process of its own
    can."""
    if world.kills_its_provider():
        return {}
    if world.path not in _SERVERS:
        _SERVERS[world.path] = serve(world)
    return {VARIABLE: f"gcp:{_SERVERS[world.path][1]}"}


def end_all() -> None:
    """Whoever asks again gets new ones."""
    while _SERVERS:
        _, (server, _) = _SERVERS.popitem()
        server.stop(None)

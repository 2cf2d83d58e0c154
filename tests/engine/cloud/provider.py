"""The program that the engine starts as `pulumi-resource-gcp`: speaks the provider protocol, acts on a World.

Behaves like Google where a deployment depends on it: computed outputs, required inputs, replacement when what is
immutable changes, 409 on a name that exists, deletion protection that refuses. Configured by the environment variable
MAKE_BELIEVE_GOOGLE, the world's file.
"""

from __future__ import annotations

import os
import sys
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from tests.engine.cloud.kinds import KINDS, Kind
from tests.engine.cloud.world import World

VARIABLE = "MAKE_BELIEVE_GOOGLE"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What the engine writes for a value that a preview cannot know (pulumi/sdk, resource/plugin/rpc.go)."""
SECRET = "4dabf18193072939515e22adb298388d"
"""The key that marks a structure as a secret or another special value (pulumi/sdk, resource/properties.go)."""
SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"


class Google(provider_pb2_grpc.ResourceProviderServicer):
    def __init__(self, world: World) -> None:
        self._world = world
        self._defaults: dict[str, Any] = {}

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> Any:
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=False, accept_resources=False)

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:
        return plugin_pb2.PluginInfo(version="0.0.0")

    def GetSchema(self, request: Any, context: grpc.ServicerContext) -> Any:
        return provider_pb2.GetSchemaResponse(schema="{}")

    def CheckConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    def Configure(self, request: Any, context: grpc.ServicerContext) -> Any:
        given = plain(request.args)
        self._defaults = {key: given[key] for key in ("project", "region") if given.get(key)}
        return provider_pb2.ConfigureResponse(
            supportsPreview=True, acceptSecrets=False, acceptResources=False
        )

    def Check(self, request: Any, context: grpc.ServicerContext) -> Any:
        kind, news = self._kind(request.type, context), plain(request.news)
        failures = [
            provider_pb2.CheckFailure(property=name, reason=f'missing required property "{name}"')
            for name in kind.required
            if news.get(name) in (None, "")
        ]
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    def Diff(self, request: Any, context: grpc.ServicerContext) -> Any:
        kind = self._kind(request.type, context)
        olds, news = plain(request.old_inputs), plain(request.news)
        changed = sorted(
            name for name in {*olds, *news} if not name.startswith("__") and olds.get(name) != news.get(name)
        )
        replaces = [name for name in changed if name in kind.immutable]
        changes = provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(
            changes=changes, diffs=changed, replaces=replaces, deleteBeforeReplace=bool(replaces)
        )

    def Create(self, request: Any, context: grpc.ServicerContext) -> Any:
        kind, inputs = self._kind(request.type, context), self._inputs(request.properties)
        if request.preview:
            return provider_pb2.CreateResponse(id="", properties=structure(self._outputs(kind, inputs)))
        self._world.note("create", request.type, request.name)
        self._fail("create", request.type, "before", context)
        id_ = kind.id.format_map(inputs)
        outputs = self._outputs(kind, inputs)
        if not self._world.create(request.type, id_, outputs):
            context.abort(
                grpc.StatusCode.ALREADY_EXISTS, f"googleapi: Error 409: {id_} already exists, alreadyExists"
            )
        if self._world.fails("create", request.type, "after") is not None:
            os._exit(1)
        return provider_pb2.CreateResponse(id=id_, properties=structure(outputs))

    def Read(self, request: Any, context: grpc.ServicerContext) -> Any:
        self._world.note("read", request.type, request.name, request.id)
        found = self._world.get(request.type, request.id)
        if found is None:
            return provider_pb2.ReadResponse()
        inputs = {name: found[name] for name in plain(request.inputs) if name in found}
        return provider_pb2.ReadResponse(id=request.id, properties=structure(found), inputs=structure(inputs))

    def Update(self, request: Any, context: grpc.ServicerContext) -> Any:
        kind, inputs = self._kind(request.type, context), self._inputs(request.news)
        outputs = self._outputs(kind, inputs)
        if not request.preview:
            self._world.note("update", request.type, request.name, request.id)
            self._fail("update", request.type, "before", context)
            self._world.put(request.type, request.id, outputs)
        return provider_pb2.UpdateResponse(properties=structure(outputs))

    def Delete(self, request: Any, context: grpc.ServicerContext) -> Any:
        self._world.note("delete", request.type, request.name, request.id)
        self._fail("delete", request.type, "before", context)
        kind = self._kind(request.type, context)
        found = self._world.get(request.type, request.id) or {}
        if kind.guard and found.get(kind.guard):
            context.abort(
                grpc.StatusCode.FAILED_PRECONDITION, f"cannot destroy {request.id}: {kind.guard} is set on it"
            )
        self._world.delete(request.type, request.id)
        return empty_pb2.Empty()

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:
        return empty_pb2.Empty()

    def _kind(self, type_: str, context: grpc.ServicerContext) -> Kind:
        kind = KINDS.get(type_)
        if kind is None:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, f"the stand-in for Google does not know {type_}")
        assert kind is not None
        return kind

    def _inputs(self, given: struct_pb2.Struct) -> dict[str, Any]:
        return {**self._defaults, **plain(given)}

    def _outputs(self, kind: Kind, inputs: dict[str, Any]) -> dict[str, Any]:
        """What Google tells of a resource: what was asked for, and what it made of it. Unknown while it rests on
        something unknown."""
        if UNKNOWN in repr(inputs):
            return inputs
        return {**inputs, **kind.computed(inputs)}

    def _fail(self, verb: str, type_: str, moment: str, context: grpc.ServicerContext) -> None:
        text = self._world.fails(verb, type_, moment)
        if text is not None:
            context.abort(grpc.StatusCode.PERMISSION_DENIED, text)


def plain(given: struct_pb2.Struct) -> dict[str, Any]:
    """A structure of the protocol as Python values, without the marks of secrets."""
    return _unmarked(json_format.MessageToDict(given))


def structure(values: dict[str, Any]) -> struct_pb2.Struct:
    return json_format.ParseDict(values, struct_pb2.Struct())


def _unmarked(value: Any) -> Any:
    if isinstance(value, dict):
        if value.get(SECRET) == SECRET_SIGNATURE:
            return _unmarked(value["value"])
        return {key: _unmarked(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_unmarked(member) for member in value]
    return value


def main() -> None:
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=16))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(
        Google(World(Path(os.environ[VARIABLE]))), server
    )
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    # The engine reads the port from the first line.
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    server.wait_for_termination()


if __name__ == "__main__":
    main()

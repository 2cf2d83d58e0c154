"""The program that the engine starts as `pulumi-resource-gcp`, or attaches to: speaks the provider protocol, acts on a
World.

Behaves like Google where a deployment depends on it: properties that the type does not have are refused, so are names
that Pulumi would make up; computed outputs are unknown until there is something; what is immutable forces a
replacement; 403 while the API is not enabled, 404 where something is missing, 409 on a name that exists; deletion
protection refuses when it is too late, at the deletion. Configured by the environment variable that world.py names: the
world's file.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Generator
from concurrent import futures
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, NoReturn

import grpc
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2

from tests.engine.cloud.kinds import KINDS
from tests.engine.cloud.kinds.kind import Kind
from tests.engine.cloud.shapes import UNKNOWN, faults, shape_of
from tests.engine.cloud.values import Empty, plain, structure
from tests.engine.cloud.world import VARIABLE, World

MADE_UP = "is not given: Pulumi would make up a random one"
SERVICE = "gcp:projects/service:Service"
SECONDS = 60.0
"""For the changes under way to end."""
TITLES = {"cloudresourcemanager.googleapis.com": "Cloud Resource Manager API"}
"""What Google calls an API in its sentences."""


class Google(provider_pb2_grpc.ResourceProviderServicer):
    def __init__(self, world: World) -> None:
        self._world = world
        self._configured: dict[str, dict[str, Any]] = {}
        """What each engine that is attached has configured, by its end of the connection."""
        self._turn = threading.Condition()
        self._changing = 0
        self._dying = False

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> Any:
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=False, accept_resources=False)

    def Attach(self, request: Any, context: grpc.ServicerContext) -> Any:
        """An engine that did not start this tells where it is; it is never called back."""
        return Empty()

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:
        return plugin_pb2.PluginInfo(version=version("pulumi-gcp"))

    def GetSchema(self, request: Any, context: grpc.ServicerContext) -> Any:
        return provider_pb2.GetSchemaResponse(schema="{}")

    def CheckConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        # Said to be the same, the engine would go on with the old configuration.
        changed = plain(request.old_inputs) != plain(request.news)
        some, none = provider_pb2.DiffResponse.DIFF_SOME, provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(changes=some if changed else none)

    def Configure(self, request: Any, context: grpc.ServicerContext) -> Any:
        self._configured[context.peer()] = plain(request.args)
        return provider_pb2.ConfigureResponse(
            supportsPreview=True, acceptSecrets=False, acceptResources=False
        )

    def Invoke(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Nothing is asked: every `up` would need the right to, the build's too."""
        _refuse(context, f"the stand-in does not know {request.tok}", grpc.StatusCode.UNIMPLEMENTED)

    def Check(self, request: Any, context: grpc.ServicerContext) -> Any:
        kind, shape = self._kind(request.type, context), shape_of(request.type)
        given = plain(request.news)
        missing = [(name, MADE_UP) for name in kind.named if given.get(name) in (None, "")]
        failures = [
            provider_pb2.CheckFailure(property=name, reason=reason)
            for name, reason in (*missing, *faults(shape, given))
        ]
        ours = {name: value for name, value in self._defaults(context).items() if name in shape.properties}
        return provider_pb2.CheckResponse(
            inputs=structure({**ours, **kind.defaults, **given}), failures=failures
        )

    def Diff(self, request: Any, context: grpc.ServicerContext) -> Any:
        kind = self._kind(request.type, context)
        olds, news = plain(request.old_inputs), plain(request.news)
        # The provider compares what is wanted with what Google last told.
        olds |= {name: value for name, value in plain(request.olds).items() if name in kind.retold}
        changed = sorted(
            name for name in {*olds, *news} if not name.startswith("__") and olds.get(name) != news.get(name)
        )
        replaces = [path for path in kind.immutable if _at(olds, path) != _at(news, path)]
        changes = provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(
            changes=changes, diffs=changed, replaces=replaces, deleteBeforeReplace=bool(replaces)
        )

    def Create(self, request: Any, context: grpc.ServicerContext) -> Any:
        with self._change():
            return self._create(request, context)

    def _create(self, request: Any, context: grpc.ServicerContext) -> Any:
        kind, inputs = self._kind(request.type, context), plain(request.properties)
        if request.preview:
            unknown = dict.fromkeys(kind.computed({**inputs, "id": UNKNOWN}), UNKNOWN)
            return provider_pb2.CreateResponse(id="", properties=structure({**inputs, **unknown}))
        self._world.note("create", request.type, request.name)
        self._fail("create", request.type, context)
        self._refuse_early(kind, inputs, context)
        id_ = kind.id.format_map({**inputs, "number": self._world.number() if "{number}" in kind.id else 0})
        outputs = self._outputs(kind, inputs, id_)
        if not self._world.create(request.type, id_, outputs):
            if not kind.additive:
                text = f"Error 409: {id_} already exists, alreadyExists"
                _refuse(context, text, grpc.StatusCode.ALREADY_EXISTS)
            self._world.put(request.type, id_, outputs)
        self._start(kind, request.type, id_, inputs, outputs, context)
        self._crash("create", request.type)
        return provider_pb2.CreateResponse(id=id_, properties=structure(outputs))

    def Read(self, request: Any, context: grpc.ServicerContext) -> Any:
        self._world.note("read", request.type, request.name, request.id)
        found = self._world.get(request.type, request.id)
        if found is None:
            return provider_pb2.ReadResponse()
        # What is imported has no inputs yet: then everything that one could have given.
        names = plain(request.inputs) or shape_of(request.type).properties
        inputs = {name: found[name] for name in names if name in found}
        return provider_pb2.ReadResponse(id=request.id, properties=structure(found), inputs=structure(inputs))

    def Update(self, request: Any, context: grpc.ServicerContext) -> Any:
        with self._change():
            return self._update(request, context)

    def _update(self, request: Any, context: grpc.ServicerContext) -> Any:
        kind, inputs = self._kind(request.type, context), plain(request.news)
        outputs = self._outputs(kind, inputs, request.id)
        if not request.preview:
            self._world.note("update", request.type, request.name, request.id)
            self._fail("update", request.type, context)
            self._start(kind, request.type, request.id, inputs, outputs, context)
            self._crash("update", request.type)
        return provider_pb2.UpdateResponse(properties=structure(outputs))

    def Delete(self, request: Any, context: grpc.ServicerContext) -> Any:
        with self._change():
            return self._delete(request, context)

    def _delete(self, request: Any, context: grpc.ServicerContext) -> Any:
        self._world.note("delete", request.type, request.name, request.id)
        self._fail("delete", request.type, context)
        kind = self._kind(request.type, context)
        found = self._world.get(request.type, request.id) or {}
        policy = found.get("deletionPolicy", "DELETE")
        if reason := kind.guard(found) or ("deletionPolicy is PREVENT" if policy == "PREVENT" else ""):
            _refuse(context, f"cannot destroy {request.id}: {reason}", grpc.StatusCode.FAILED_PRECONDITION)
        if policy != "ABANDON" and not kind.stays:
            self._world.delete(request.type, request.id)
        return Empty()

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:
        return Empty()

    def _defaults(self, context: grpc.ServicerContext) -> dict[str, Any]:
        given = self._configured.get(context.peer(), {})
        return {key: given[key] for key in ("project", "region") if given.get(key)}

    def _counted_in(self, context: grpc.ServicerContext) -> str:
        given = self._configured.get(context.peer(), {})
        overrides = str(given.get("userProjectOverride", "")).lower() == "true"
        return given.get("billingProject", "") if overrides else ""

    def _kind(self, type_: str, context: grpc.ServicerContext) -> Kind:
        kind = KINDS.get(type_)
        if kind is None:
            _refuse(context, f"the stand-in does not know {type_}", grpc.StatusCode.UNIMPLEMENTED)
        return kind

    def _outputs(self, kind: Kind, inputs: dict[str, Any], id_: str) -> dict[str, Any]:
        """What Google tells of a resource: what was asked for, and what it made of it."""
        if UNKNOWN in repr(inputs):
            return inputs
        retold = {name: retell(inputs[name]) for name, retell in kind.retold.items() if name in inputs}
        return {**inputs, **retold, **kind.computed({**inputs, "id": id_})}

    def _refuse_early(self, kind: Kind, inputs: dict[str, Any], context: grpc.ServicerContext) -> None:
        project = inputs.get("project") or self._defaults(context).get("project", "")
        if kind.api and self._world.get(SERVICE, f"{project}/{kind.api}") is None:
            _refuse(
                context,
                f"Error 403: {TITLES.get(kind.api, kind.api)} has not been used in project {project} before or it"
                " is disabled",
                grpc.StatusCode.PERMISSION_DENIED,
            )
        if kind.counts and not self._counted_in(context):
            # As for a person's own login, which is what all scenarios deploy with.
            _refuse(
                context,
                f"Error 403: Your application is authenticating by using local Application Default Credentials. The"
                f" {kind.api} API requires a quota project, which is not set by default.",
                grpc.StatusCode.PERMISSION_DENIED,
            )
        if missing := self._world.missing(kind.needs(inputs)):
            _refuse(context, f"Error 404: not found: {missing[0]}", grpc.StatusCode.NOT_FOUND)

    def _start(
        self,
        kind: Kind,
        type_: str,
        id_: str,
        inputs: dict[str, Any],
        outputs: dict[str, Any],
        context: grpc.ServicerContext,
    ) -> None:
        """Keeps the resource and what Google told of its start. One that failed is kept too: the provider taints it
        and says so with what it is (magic-modules, products/cloudrunv2/Service.yaml, taint_resource_on_failed_create;
        pulumi-terraform-bridge, provider.go, initializationError), and the engine remembers that it failed."""
        told, fault = kind.started(self._world, id_, outputs)
        outputs.update(told)
        self._world.put(type_, id_, outputs)
        if fault:
            _tell_half_done(context, id_, inputs, outputs, fault)

    @contextmanager
    def _change(self) -> Generator[None]:
        """None begins any more once this is about to die."""
        with self._turn:
            self._turn.wait_for(lambda: not self._dying)
            self._changing += 1
        try:
            yield
        finally:
            with self._turn:
                self._changing -= 1
                self._turn.notify_all()

    def _crash(self, verb: str, type_: str) -> None:
        """Dies where that is planned: alone, or with the engine that started it, as when a machine goes down. By then
        the engine has heard of every other change: which of them it had would be chance, and this one is meant."""
        machine = self._world.fails(verb, type_, "machine") is not None
        if not machine and self._world.fails(verb, type_, "after") is None:
            return
        with self._turn:
            self._dying = True
            self._turn.wait_for(lambda: self._changing == 1, SECONDS)
        # An answer leaves after its change has ended.
        threading.Event().wait(1.0)
        if machine:
            os.kill(os.getppid(), signal.SIGKILL)
        os._exit(1)

    def _fail(self, verb: str, type_: str, context: grpc.ServicerContext) -> None:
        while context.is_active() and self._world.holds(verb, type_):
            threading.Event().wait(0.05)
        text = self._world.fails(verb, type_, "before")
        if text is not None:
            _refuse(context, text, grpc.StatusCode.UNKNOWN)


def _refuse(context: grpc.ServicerContext, text: str, code: grpc.StatusCode) -> NoReturn:
    """Ends the call; the Terraform provider hands Google's sentences on in this form."""
    context.abort(code, f"googleapi: {text}")
    raise AssertionError("abort raises")


def _tell_half_done(
    context: grpc.ServicerContext,
    id_: str,
    inputs: dict[str, Any],
    outputs: dict[str, Any],
    fault: str,
) -> NoReturn:
    """The resource is there and does not work, in the form that the engine reads (pulumi/sdk, provider.proto,
    ErrorResourceInitFailed, as a detail of the status)."""
    detail = provider_pb2.ErrorResourceInitFailed(
        id=id_, properties=structure(outputs), reasons=[fault], inputs=structure(inputs)
    )
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=fault)
    status.details.add().Pack(detail)
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(grpc.StatusCode.UNKNOWN, fault)
    raise AssertionError("abort raises")


def _at(given: dict[str, Any], path: str) -> object:
    value: Any = given
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def serve(world: World) -> tuple[grpc.Server, int]:
    """Started, on the port of this machine that is beside it."""
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=16))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Google(world), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port


def main(attached: bool) -> None:
    if attached:
        _serve_many()
        return
    server, port = serve(World(Path(os.environ[VARIABLE])))
    # The engine reads the port from the first line.
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    server.wait_for_termination()


def _serve_many() -> None:
    """A line on standard input is the file of a world, which is answered by the port of its provider; an empty one ends
    all that there are, and so does the end of the input."""
    servers: list[grpc.Server] = []
    for line in sys.stdin:
        if path := line.rstrip("\n"):
            server, port = serve(World(Path(path)))
            servers.append(server)
        else:
            port = 0
            while servers:
                servers.pop().stop(None)
        sys.stdout.write(f"{port}\n")
        sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main("--attached" in sys.argv)

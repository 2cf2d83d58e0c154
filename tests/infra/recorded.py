"""Runs the program without an engine and keeps a record of every resource that it registered.

What is asserted is the record, read after the program has ended: an assertion on an output that nobody awaits would
never be reached. The record is of what the engine is asked, options and all, which Pulumi's own mocks do not show.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
from google.protobuf import json_format
from pulumi.runtime import mocks, settings, stack
from pulumi.runtime.proto import resource_pb2

from infra.program import deploy
from infra.stack_config import StackConfig

SECRET = "4dabf18193072939515e22adb298388d"
"""The key that marks a structure as a secret on the wire (pulumi/sdk, resource/properties.go)."""

PROJECT_NUMBER = "123456789012"


@dataclass(frozen=True, slots=True)
class Registration:
    """`inputs` as the engine gets them: camelCase, without what was left out, secrets without their wrapping."""

    type: str
    name: str
    inputs: Mapping[str, Any]
    parent: str
    """Name of the parent; "" for the stack itself."""
    protect: bool
    depends_on: frozenset[str]
    """The places of the resources that must be there first."""
    secret: frozenset[str]
    """The inputs that are secrets, or contain one."""
    aliases: tuple[str, ...]

    @property
    def kind(self) -> str:
        return _kind(self.type)

    @property
    def place(self) -> str:
        """Kind and name, which only together are one resource's."""
        return f"{self.kind}/{self.name}"


@dataclass(slots=True)
class Record:
    registrations: list[Registration] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)
    invokes: list[str] = field(default_factory=list)
    """What the program asked of Google beside, at this and every other `up`: tokens of functions, each with a right."""

    def of(self, kind: str) -> dict[str, Registration]:
        """Name → registration, of one kind."""
        return {one.name: one for one in self.registrations if one.kind == kind}

    @property
    def resources(self) -> list[Registration]:
        """What is Google's: no component, and not the stack itself."""
        return [one for one in self.registrations if one.type.startswith("gcp:")]


def record(config: StackConfig) -> Record:
    """What `config` registers."""
    found = Record()
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        monitor = Recorder(found)
        settings.set_root_resource(None)  # ty: ignore[invalid-argument-type]
        mocks.set_mocks(monitor.mocks, project="ib-trading", stack=config.names.stack, monitor=monitor)
        loop.run_until_complete(stack.run_pulumi_func(lambda: deploy(config)))
        root = settings.get_root_resource()
        assert isinstance(root, stack.Stack)
        found.outputs = loop.run_until_complete(_resolved(root.outputs))
    finally:
        asyncio.set_event_loop(None)
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
    return found


async def _resolved(outputs: Mapping[str, Any]) -> dict[str, Any]:
    return {name: await pulumi.Output.from_input(value).future() for name, value in outputs.items()}


class Recorder(mocks.MockMonitor):
    """The engine's side of a deployment: notes what is asked for, and answers what Google would compute."""

    def __init__(self, found: Record) -> None:
        super().__init__(_NoMocks())
        self._found = found

    def RegisterResource(self, request: Any) -> Any:
        urn = self.make_urn(request.parent, request.type, request.name)
        if request.type == "pulumi:pulumi:Stack":
            return resource_pb2.RegisterResourceResponse(urn=urn)
        inputs = json_format.MessageToDict(request.object)
        one = Registration(
            type=request.type,
            name=request.name,
            inputs=_plain(inputs),
            parent="" if "pulumi:pulumi:Stack::" in request.parent else _name(request.parent),
            protect=request.protect,
            depends_on=frozenset(map(_place, request.dependencies)),
            secret=frozenset(name for name, value in inputs.items() if SECRET in repr(value)),
            aliases=tuple(f"{alias.spec.type}::{alias.spec.name}" for alias in request.aliases),
        )
        self._found.registrations.append(one)
        answer = resource_pb2.RegisterResourceResponse(urn=urn, id=f"{one.type}/{one.name}")
        json_format.ParseDict({**one.inputs, **_computed(one)}, answer.object)
        return answer

    def Invoke(self, request: Any) -> Any:
        self._found.invokes.append(request.tok)
        return resource_pb2.ResourceInvokeResponse()


class _NoMocks(mocks.Mocks):
    """The monitor answers before it would ask these."""

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        raise NotImplementedError(args.typ)

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]] | None]:
        raise NotImplementedError(args.token)


def _computed(one: Registration) -> dict[str, Any]:
    """What others build on, so that no input is unknown."""
    given = one.inputs
    match one.kind:
        case "serviceaccount.Account":
            email = f"{given['accountId']}@{given['project']}.iam.gserviceaccount.com"
            name = f"projects/{given['project']}/serviceAccounts/{email}"
            return {"email": email, "member": f"serviceAccount:{email}", "name": name}
        case "projects.IAMCustomRole":
            return {"name": f"projects/{given['project']}/roles/{given['roleId']}"}
        case "projects.ServiceIdentity":
            api = given["service"].partition(".")[0]
            email = f"service-{PROJECT_NUMBER}@gcp-sa-{api}.iam.gserviceaccount.com"
            return {"email": email, "member": f"serviceAccount:{email}"}
        case "cloudrunv2.Service":
            return {"uri": f"https://{given['name']}-{PROJECT_NUMBER}.{given['location']}.run.app"}
        case "compute.Address":
            return {"address": "203.0.113.7", "selfLink": f"addresses/{given['name']}"}
        case "monitoring.NotificationChannel":
            return {"name": f"projects/{given['project']}/notificationChannels/{one.name}"}
        case _:
            return {}


def _kind(type_: str) -> str:
    """gcp:bigquery/table:Table → bigquery.Table; a component's class."""
    namespace, module, name = type_.split(":")
    return f"{module.partition('/')[0]}.{name}" if namespace == "gcp" else name


def _name(urn: str) -> str:
    return urn.rpartition("::")[2]


def _place(urn: str) -> str:
    types, _, name = urn.rpartition("::")
    return f"{_kind(types.rpartition('::')[2].rpartition('$')[2])}/{name}"


def _plain(value: Any) -> Any:
    """Without the marks of secrets; whole numbers whole, which the wire has as fractions."""
    if isinstance(value, dict):
        if SECRET in value:
            return _plain(value["value"])
        return {key: _plain(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_plain(member) for member in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value

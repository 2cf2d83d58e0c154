"""Cloud Run's own API over the World that the stacks are deployed to: services and their revisions, as it answers them.

Facts are from its reference (cloud.google.com/run/docs/reference/rpc/google.cloud.run.v2) and from what it was seen to
say: services are listed in one region, no wildcard; revisions of one service, or of all with "-". "You can't delete a
revision if it can receive traffic, if it's the only one, or if it's the latest" (cloud.google.com/run/docs/managing/
revisions#delete); the latest is the newest made, ready or not ("latest created Revision cannot be directly deleted").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn

import grpc
from google.cloud import run_v2
from google.longrunning import operations_pb2

from tests.control_plane.server import ControlPlane, Method, refuse
from tests.engine.cloud.revisions import REVISION, SERVICE, revisions_of
from tests.engine.cloud.world import World

READY, NOT_READY = run_v2.Condition.State.CONDITION_SUCCEEDED, run_v2.Condition.State.CONDITION_FAILED
LATEST = run_v2.TrafficTargetAllocationType.TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST
PAGE = 100


def serve_cloud_run(plane: ControlPlane, world: World) -> None:
    run = _CloudRun(plane, world)
    services = {
        "GetService": Method(run_v2.GetServiceRequest, run_v2.Service, run.get_service),
        "ListServices": Method(run_v2.ListServicesRequest, run_v2.ListServicesResponse, run.list_services),
    }
    revisions = {
        "GetRevision": Method(run_v2.GetRevisionRequest, run_v2.Revision, run.get_revision),
        "ListRevisions": Method(
            run_v2.ListRevisionsRequest, run_v2.ListRevisionsResponse, run.list_revisions
        ),
        "DeleteRevision": Method(run_v2.DeleteRevisionRequest, operations_pb2.Operation, run.delete_revision),
    }
    plane.serve("google.cloud.run.v2.Services", services)
    plane.serve("google.cloud.run.v2.Revisions", revisions)


@dataclass(frozen=True, slots=True)
class _CloudRun:
    plane: ControlPlane
    world: World

    def get_service(self, request: run_v2.GetServiceRequest, context: grpc.ServicerContext) -> run_v2.Service:
        found = self.world.get(SERVICE, request.name)
        if found is None:
            _refuse_missing(context, request.name)
        return self._service(request.name, found)

    def list_services(
        self, request: run_v2.ListServicesRequest, context: grpc.ServicerContext
    ) -> run_v2.ListServicesResponse:
        if request.parent.endswith("/locations/-"):
            refuse(context, grpc.StatusCode.INVALID_ARGUMENT, "Location cannot be the '-' wildcard.")
        found = [
            self._service(id_, properties)
            for (type_, id_), properties in self.world.resources().items()
            if type_ == SERVICE and id_.startswith(f"{request.parent}/services/")
        ]
        page, following = _page(found, request.page_size, request.page_token)
        return run_v2.ListServicesResponse(services=page, next_page_token=following)

    def get_revision(
        self, request: run_v2.GetRevisionRequest, context: grpc.ServicerContext
    ) -> run_v2.Revision:
        service = request.name.partition("/revisions/")[0]
        found = [each for each in revisions_of(self.world, service) if each["name"] == request.name]
        if not found:
            _refuse_missing(context, request.name)
        return _revision(found[0])

    def list_revisions(
        self, request: run_v2.ListRevisionsRequest, context: grpc.ServicerContext
    ) -> run_v2.ListRevisionsResponse:
        region, _, service = request.parent.rpartition("/services/")
        if service != "-" and self.world.get(SERVICE, request.parent) is None:
            _refuse_missing(context, request.parent)
        services = sorted(
            id_
            for type_, id_ in self.world.resources()
            if type_ == SERVICE and (id_ == request.parent or (service == "-" and id_.startswith(region)))
        )
        found = [_revision(each) for name in services for each in revisions_of(self.world, name)]
        page, following = _page(found, request.page_size, request.page_token)
        return run_v2.ListRevisionsResponse(revisions=page, next_page_token=following)

    def delete_revision(self, request: run_v2.DeleteRevisionRequest, context: grpc.ServicerContext) -> Any:
        """Refused at once while something could be sent there; otherwise gone when the operation is done."""
        service_name = request.name.partition("/revisions/")[0]
        service, found = self.world.get(SERVICE, service_name), self.world.get(REVISION, request.name)
        if service is None or found is None:
            _refuse_missing(context, request.name)
        short = request.name.rpartition("/")[2]
        if request.name == service["latestCreatedRevision"]:
            text = "The latest created Revision cannot be directly deleted."
            refuse(context, grpc.StatusCode.FAILED_PRECONDITION, text)
        if request.name == service["latestReadyRevision"] or short in {
            status.revision for status in _statuses(service)
        }:
            text = f"Revision '{short}' is able to receive traffic and cannot be deleted."
            refuse(context, grpc.StatusCode.FAILED_PRECONDITION, text)

        def done() -> Any:
            self.world.delete(REVISION, request.name)
            return run_v2.Revision.pb(_revision({"name": request.name, **found}))

        return self.plane.operation(done)

    def _service(self, name: str, properties: Mapping[str, Any]) -> run_v2.Service:
        newest = self.world.get(REVISION, properties["latestCreatedRevision"]) or {}
        ready = _condition("Ready", newest.get("reason", ""))
        routed = _condition("RoutesReady", "" if properties["latestReadyRevision"] else "no ready revision")
        return run_v2.Service(
            name=name,
            uid=properties["uid"],
            generation=int(properties["generation"]),
            observed_generation=int(properties["generation"]),
            labels=properties.get("labels") or {},
            uri=properties["uri"],
            urls=properties["urls"],
            template=run_v2.RevisionTemplate(
                containers=_containers(properties["template"]),
                service_account=properties["template"].get("serviceAccount", ""),
            ),
            traffic=[
                run_v2.TrafficTarget(
                    type_=each.get("type", 0),
                    revision=each.get("revision", ""),
                    percent=int(each.get("percent", 0)),
                    tag=each.get("tag", ""),
                )
                for each in properties.get("traffics") or ()
            ],
            traffic_statuses=_statuses(properties),
            terminal_condition=ready,
            conditions=[routed, _condition("ConfigurationsReady", newest.get("reason", ""))],
            latest_ready_revision=properties["latestReadyRevision"],
            latest_created_revision=properties["latestCreatedRevision"],
            etag=properties["etag"],
        )


def _statuses(service: Mapping[str, Any]) -> list[run_v2.TrafficTargetStatus]:
    """Where requests go: revisions by their short names, and none for the latest ready one, which the type names (a
    state of Terraform's google_cloud_run_v2_service shows `revision = ""` there). Without a target everything goes
    there, and nothing anywhere before one is ready."""
    given = service.get("traffics") or [{"type": LATEST.name, "percent": 100}]
    ready = bool(service["latestReadyRevision"])
    return [
        run_v2.TrafficTargetStatus(
            type_=each["type"],
            revision="" if each["type"] == LATEST.name else each["revision"],
            percent=int(each.get("percent", 0)),
            tag=each.get("tag", ""),
            uri=service["uri"].replace("://", f"://{each['tag']}---") if each.get("tag") else "",
        )
        for each in given
        if ready or each["type"] != LATEST.name
    ]


def _revision(found: Mapping[str, Any]) -> run_v2.Revision:
    service = found["name"].partition("/revisions/")[0]
    return run_v2.Revision(
        name=found["name"],
        generation=1,
        observed_generation=1,
        service=service.rpartition("/")[2],
        create_time=datetime.fromisoformat(found["createTime"]),
        containers=_containers(found["template"]),
        service_account=found["template"].get("serviceAccount", ""),
        conditions=[
            _condition("Ready", found["reason"]),
            _condition("ContainerHealthy", found["reason"]),
        ],
    )


def _containers(template: Mapping[str, Any]) -> list[run_v2.Container]:
    return [
        run_v2.Container(
            image=each["image"],
            env=[
                run_v2.EnvVar(name=one["name"], value=one.get("value", "")) for one in each.get("envs") or ()
            ],
        )
        for each in template["containers"]
    ]


def _condition(type_: str, reason: str) -> run_v2.Condition:
    return run_v2.Condition(type_=type_, state=NOT_READY if reason else READY, message=reason)


def _page(found: Sequence[Any], size: int, token: str) -> tuple[Sequence[Any], str]:
    """A page of what was found and the token of the next one, "" after the last."""
    begin = int(token or 0)
    end = begin + (min(size, PAGE) or PAGE)
    return found[begin:end], str(end) if end < len(found) else ""


def _refuse_missing(context: grpc.ServicerContext, name: str) -> NoReturn:
    """In the words that Cloud Run has for it."""
    parts = name.split("/")
    kind = "REVISION" if "revisions" in parts else "SERVICE"
    refuse(
        context,
        grpc.StatusCode.NOT_FOUND,
        f"Resource '{parts[-1]}' of kind '{kind}' in region '{parts[3]}' in project '{parts[1]}' does not exist.",
    )

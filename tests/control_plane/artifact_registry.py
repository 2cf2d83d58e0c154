"""Artifact Registry's own API, of which the registry beside it holds the images: what one changes the other shows.

Decides what Google documents: a tagged version is deleted by force alone, one that an index names not at all, a tag is
made once and moved by an update (cloud.google.com/artifact-registry/docs/reference/rpc).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import grpc
from google.cloud import artifactregistry_v1 as api
from google.iam.v1 import iam_policy_pb2
from google.longrunning import operations_pb2
from google.protobuf import empty_pb2

from tests.control_plane.server import ControlPlane, Method, refuse
from tests.delivery.oci_registry import INDEX, OciRegistry

SERVICE = "google.devtools.artifactregistry.v1.ArtifactRegistry"
Empty: Any = vars(empty_pb2)["Empty"]
"""Made when the module is imported: type checkers do not know of it."""
Item = TypeVar("Item")
WRITE = "artifactregistry.repositories.uploadArtifacts"


@dataclass(slots=True)
class ArtifactRegistry:
    """`exists` answers whether there is a repository of that name, projects/…/locations/…/repositories/…: at first all
    are there."""

    registry: OciRegistry
    exists: Callable[[str], bool] = bool

    def serve(self, plane: ControlPlane) -> None:
        def delete(request: api.DeleteVersionRequest, context: grpc.ServicerContext) -> object:
            return self._delete_version(plane, request, context)

        operation = operations_pb2.Operation
        methods = {
            "GetRepository": Method(api.GetRepositoryRequest, api.Repository, self._get_repository),
            "TestIamPermissions": Method(
                iam_policy_pb2.TestIamPermissionsRequest,
                iam_policy_pb2.TestIamPermissionsResponse,
                self._test_permissions,
            ),
            "ListTags": Method(api.ListTagsRequest, api.ListTagsResponse, self._list_tags),
            "CreateTag": Method(api.CreateTagRequest, api.Tag, self._create_tag),
            "UpdateTag": Method(api.UpdateTagRequest, api.Tag, self._update_tag),
            "DeleteTag": Method(api.DeleteTagRequest, Empty, self._delete_tag),
            "ListDockerImages": Method(
                api.ListDockerImagesRequest, api.ListDockerImagesResponse, self._list_images
            ),
            "DeleteVersion": Method(api.DeleteVersionRequest, operation, delete),
        }
        plane.serve(SERVICE, methods)

    def _get_repository(
        self, request: api.GetRepositoryRequest, context: grpc.ServicerContext
    ) -> api.Repository:
        self._path(request.name, context)
        return api.Repository(name=request.name, format_=api.Repository.Format.DOCKER)

    def _test_permissions(
        self, request: iam_policy_pb2.TestIamPermissionsRequest, context: grpc.ServicerContext
    ) -> iam_policy_pb2.TestIamPermissionsResponse:
        closed = self._path(request.resource, context) in self.registry.closed
        granted = [right for right in request.permissions if not (closed and right == WRITE)]
        return iam_policy_pb2.TestIamPermissionsResponse(permissions=granted)

    def _list_tags(self, request: api.ListTagsRequest, context: grpc.ServicerContext) -> api.ListTagsResponse:
        path = self._image(request.parent, context)
        tags = [_tag(request.parent, *each) for each in sorted(self.registry.tags(path).items())]
        page, token = _page(tags, request.page_size, request.page_token)
        return api.ListTagsResponse(tags=page, next_page_token=token)

    def _create_tag(self, request: api.CreateTagRequest, context: grpc.ServicerContext) -> api.Tag:
        if request.tag_id in self.registry.tags(self._image(request.parent, context)):
            refuse(context, grpc.StatusCode.ALREADY_EXISTS, f"tag {request.tag_id} already exists")
        return self._point(request.parent, request.tag_id, request.tag, context)

    def _update_tag(self, request: api.UpdateTagRequest, context: grpc.ServicerContext) -> api.Tag:
        parent, _, tag = request.tag.name.partition("/tags/")
        if tag not in self.registry.tags(self._image(parent, context)):
            refuse(context, grpc.StatusCode.NOT_FOUND, "Requested entity was not found.")
        if list(request.update_mask.paths) != ["version"]:
            refuse(context, grpc.StatusCode.INVALID_ARGUMENT, "update_mask must name version")
        return self._point(parent, tag, request.tag, context)

    def _point(self, parent: str, tag: str, wanted: api.Tag, context: grpc.ServicerContext) -> api.Tag:
        path = self._image(parent, context)
        package, _, digest = wanted.version.partition("/versions/")
        if package != parent or digest not in self.registry.revisions(path):
            refuse(context, grpc.StatusCode.NOT_FOUND, "Requested entity was not found.")
        self.registry.tag(path, tag, digest)
        return _tag(parent, tag, digest)

    def _delete_tag(self, request: api.DeleteTagRequest, context: grpc.ServicerContext) -> Any:
        parent, _, tag = request.name.partition("/tags/")
        path = self._image(parent, context)
        if tag not in self.registry.tags(path):
            refuse(context, grpc.StatusCode.NOT_FOUND, "Requested entity was not found.")
        self.registry.untag(path, tag)
        return Empty()

    def _list_images(
        self, request: api.ListDockerImagesRequest, context: grpc.ServicerContext
    ) -> api.ListDockerImagesResponse:
        repository = self._path(request.parent, context)
        images = [
            self._described(request.parent, path, *each)
            for path in self.registry.images(repository)
            for each in sorted(self.registry.revisions(path).items())
        ]
        page, token = _page(images, request.page_size, request.page_token)
        return api.ListDockerImagesResponse(docker_images=page, next_page_token=token)

    def _described(self, parent: str, path: str, digest: str, uploaded: datetime) -> api.DockerImage:
        image = path.rpartition("/")[2]
        region = parent.split("/")[3]
        media_type, body = self.registry.manifest(path, digest)
        parts = json.loads(body)
        sizes = [
            each["size"]
            for each in (*([parts["config"]] if "config" in parts else ()), *parts.get("layers", ()))
        ]
        return api.DockerImage(
            name=f"{parent}/dockerImages/{image}@{digest}",
            uri=f"{region}-docker.pkg.dev/{path}@{digest}",
            tags=sorted(tag for tag, its in self.registry.tags(path).items() if its == digest),
            image_size_bytes=sum(sizes),
            upload_time=uploaded,
            media_type=media_type,
        )

    def _delete_version(
        self, plane: ControlPlane, request: api.DeleteVersionRequest, context: grpc.ServicerContext
    ) -> operations_pb2.Operation:
        parent, _, digest = request.name.partition("/versions/")
        path = self._image(parent, context)
        if digest not in self.registry.revisions(path):
            refuse(context, grpc.StatusCode.NOT_FOUND, "Requested entity was not found.")
        tags = [tag for tag, its in self.registry.tags(path).items() if its == digest]
        if tags and not request.force:
            refuse(
                context,
                grpc.StatusCode.FAILED_PRECONDITION,
                f"cannot delete version {digest} because it is tagged: {', '.join(sorted(tags))}",
            )
        if digest in self._named_by_an_index(path):
            refuse(
                context,
                grpc.StatusCode.FAILED_PRECONDITION,
                "Manifest is still referenced by one or more parent images",
            )

        def delete() -> Any:
            for tag in tags:
                self.registry.untag(path, tag)
            self.registry.delete(path, digest)
            return Empty()

        return plane.operation(delete)

    def _named_by_an_index(self, path: str) -> Iterator[str]:
        for digest in self.registry.revisions(path):
            media_type, body = self.registry.manifest(path, digest)
            if media_type == INDEX:
                yield from (each["digest"] for each in json.loads(body)["manifests"])

    def _path(self, repository: str, context: grpc.ServicerContext) -> str:
        """PROJECT/REPOSITORY."""
        if not self.exists(repository):
            refuse(context, grpc.StatusCode.NOT_FOUND, f'Repository "{repository}" not found')
        _, project, _, _, _, name = repository.split("/")
        return f"{project}/{name}"

    def _image(self, package: str, context: grpc.ServicerContext) -> str:
        """PROJECT/REPOSITORY/IMAGE."""
        repository, _, image = package.partition("/packages/")
        path = f"{self._path(repository, context)}/{image}"
        if path not in self.registry.images(path.rpartition("/")[0]):
            refuse(context, grpc.StatusCode.NOT_FOUND, "Requested entity was not found.")
        return path


def _tag(parent: str, tag: str, digest: str) -> api.Tag:
    return api.Tag(name=f"{parent}/tags/{tag}", version=f"{parent}/versions/{digest}")


def _page(items: list[Item], size: int, token: str) -> tuple[list[Item], str]:
    begin = int(token or 0)
    end = begin + (size or 100)
    return items[begin:end], str(end) if end < len(items) else ""

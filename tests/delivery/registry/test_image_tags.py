"""Tags and images as Artifact Registry has them: listed whole, moved, and deleted in the order that it allows."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import grpc
import pytest
from google.api_core.exceptions import FailedPrecondition, Forbidden, NotFound

from delivery.console.refusal import Refusal
from delivery.google.clients import GoogleClients
from delivery.google.endpoints import Endpoints
from delivery.registry import image_tags
from delivery.registry.image_name import ImageName
from delivery.registry.image_tags import ImageTags
from tests.control_plane.artifact_registry import ArtifactRegistry
from tests.control_plane.server import ControlPlane, control_plane
from tests.delivery.oci_registry import OciRegistry, oci_registry

PAPER = ImageName("europe-west6", "trading-paper", "ib-trading")


@pytest.fixture
def registry(tmp_path: Path) -> Generator[OciRegistry]:
    with oci_registry(tmp_path / "registry") as registry:
        yield registry


@pytest.fixture
def google(registry: OciRegistry) -> ArtifactRegistry:
    return ArtifactRegistry(registry)


@pytest.fixture
def plane(google: ArtifactRegistry) -> Generator[ControlPlane]:
    with control_plane() as plane:
        google.serve(plane)
        yield plane


@pytest.fixture
def tags(registry: OciRegistry, plane: ControlPlane) -> ImageTags:
    endpoints = Endpoints(control_plane=plane.address, registry=registry.address)
    return ImageTags(GoogleClients("trading-paper", endpoints), PAPER)


def test_a_repository_without_images_has_an_empty_journal(tags: ImageTags) -> None:
    """Nothing was pushed yet; that is no mistake."""
    assert tags.journal().tags == {}
    assert tags.images() == ()


def test_a_repository_that_is_not_there_is_a_mistake(google: ArtifactRegistry, tags: ImageTags) -> None:
    """It is not to be taken for one that is empty: a rollback would say that there is nothing to go back to."""
    google.exists = lambda name: "trading-paper" not in name
    for asked in (tags.journal, tags.images, tags.require_upload):
        with pytest.raises(NotFound, match="Repository"):
            asked()


def test_a_tag_is_made_moved_and_taken_away(registry: OciRegistry, tags: ImageTags) -> None:
    """Each of them twice: what was interrupted is repeated."""
    first, second = (registry.put_image(PAPER.path, layers=(layer,)) for layer in (b"1", b"2"))
    for digest in (first, first, second, second):
        tags.put("pushed", digest)
        assert tags.journal().tags == {"pushed": digest}
    assert registry.manifest(PAPER.path, "pushed") == registry.manifest(PAPER.path, second)
    for _ in range(2):
        tags.take_away("pushed")
        assert tags.journal().tags == {}


def test_a_digest_that_is_not_there_gets_no_tag(registry: OciRegistry, tags: ImageTags) -> None:
    """Somebody mistyped it."""
    registry.put_image(PAPER.path)
    with pytest.raises(NotFound):
        tags.put("pushed", "sha256:" + "0" * 64)


def test_images_are_listed_with_all_that_is_known_of_them(registry: OciRegistry, tags: ImageTags) -> None:
    """The newest first, and only the application's."""
    image = registry.put_image(PAPER.path, "pushed", (b"12345",))
    index = registry.put_index(PAPER.path, (image,), "deployed-paper-20261102T120000Z")
    registry.put_image("trading-paper/ib-trading/something-else")
    listed = {each.digest: each for each in tags.images()}
    assert set(listed) == {image, index}
    assert listed[index].children == (image,)
    assert listed[index].tags == ("deployed-paper-20261102T120000Z",)
    assert (listed[image].children, listed[image].tags) == ((), ("pushed",))
    assert listed[image].size == 5 + len(b'{"architecture": "amd64", "os": "linux"}')
    assert listed[index].uploaded >= listed[image].uploaded
    assert [each.uploaded for each in tags.images()] == sorted(
        (each.uploaded for each in listed.values()), reverse=True
    )


def test_more_tags_than_a_page_are_all_read(registry: OciRegistry, tags: ImageTags) -> None:
    """Years of deployments; a page is a thousand."""
    digest = registry.put_image(PAPER.path)
    for number in range(1001):
        registry.tag(PAPER.path, f"t{number}", digest)
    assert len(tags.journal().tags) == 1001


def test_an_image_is_gone_when_its_deletion_has_ended(
    registry: OciRegistry, plane: ControlPlane, tags: ImageTags
) -> None:
    """It is waited for; and once more is no mistake."""
    plane.looks = 2
    keep, go = (registry.put_image(PAPER.path, layers=(layer,)) for layer in (b"1", b"2"))
    tags.delete(go)
    assert [each.digest for each in tags.images()] == [keep]
    tags.delete(go)


def test_a_deletion_that_does_not_end_is_not_waited_for_forever(
    registry: OciRegistry, plane: ControlPlane, tags: ImageTags, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it was, and that it is only repeated."""
    plane.looks = 1000
    monkeypatch.setattr(image_tags, "SECONDS", 1.5)
    with pytest.raises(Refusal, match="run this again"):
        tags.delete(registry.put_image(PAPER.path))


def test_a_tagged_image_is_not_deleted(registry: OciRegistry, tags: ImageTags) -> None:
    """Somebody tagged it after the list was shown."""
    digest = registry.put_image(PAPER.path, "pushed")
    with pytest.raises(FailedPrecondition, match="tagged: pushed"):
        tags.delete(digest)
    assert len(tags.images()) == 1


def test_what_an_index_names_goes_after_it(registry: OciRegistry, tags: ImageTags) -> None:
    """The other way round is refused."""
    child = registry.put_image(PAPER.path)
    index = registry.put_index(PAPER.path, (child,))
    with pytest.raises(FailedPrecondition, match="parent images"):
        tags.delete(child)
    tags.delete(index)
    tags.delete(child)
    assert tags.images() == ()


def test_a_missing_right_is_said_before_anything_is_uploaded(registry: OciRegistry, tags: ImageTags) -> None:
    """With the role that has it."""
    tags.require_upload()
    registry.closed.add("trading-paper/ib-trading")
    with pytest.raises(Refusal, match=r"roles/artifactregistry\.writer"):
        tags.require_upload()


def test_a_right_that_is_missing_to_delete_is_passed_on(
    registry: OciRegistry, plane: ControlPlane, tags: ImageTags
) -> None:
    """And not taken for a tag that is gone."""
    registry.put_image(PAPER.path, "pushed")
    plane.fail(
        "DeleteTag", grpc.StatusCode.PERMISSION_DENIED, "Permission 'artifactregistry.tags.delete' denied"
    )
    with pytest.raises(Forbidden, match=r"tags\.delete"):
        tags.take_away("pushed")


def test_a_call_about_tags_that_google_was_away_for_is_repeated(
    registry: OciRegistry, plane: ControlPlane, tags: ImageTags
) -> None:
    """Making, moving, listing and taking away: each is done after all, and none of them twice."""
    first, second = (registry.put_image(PAPER.path, "pushed", (content,)) for content in (b"1", b"2"))
    for method in ("CreateTag", "UpdateTag", "ListTags", "DeleteTag"):
        plane.fail(method, grpc.StatusCode.UNAVAILABLE, "The service is currently unavailable.")
    tags.put("deployed", first)
    tags.put("deployed", second)
    assert tags.journal().tags == {"pushed": second, "deployed": second}
    tags.take_away("deployed")
    assert registry.tags(PAPER.path) == {"pushed": second}

"""The stand-in for Cloud Run answers the official client as Google does."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from google.api_core.exceptions import FailedPrecondition, InvalidArgument, NotFound
from google.cloud import run_v2

from delivery.google.clients import GoogleClients
from delivery.google.endpoints import Endpoints
from tests.control_plane.cloud_run import serve_cloud_run
from tests.control_plane.server import control_plane
from tests.engine.cloud.kinds.running import RUNNING
from tests.engine.cloud.revisions import DOES_NOT_LISTEN, SERVICE, break_image, roll_out
from tests.engine.cloud.world import World
from tests.engine.stacks import REGION, image

REGION_NAME = f"projects/ib-paper-project/locations/{REGION}"
NAME = f"{REGION_NAME}/services/ib-paper"
REPOSITORY = "ib-paper-project/ib-trading"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "google.sqlite")


@pytest.fixture
def google(world: World) -> Generator[GoogleClients]:
    with control_plane() as plane:
        serve_cloud_run(plane, world)
        yield GoogleClients("ib-paper-project", Endpoints(control_plane=plane.address))


def deploy(world: World, figure: str, **more: Any) -> str:
    """As the provider does with a new image; the sentence it fails with."""
    inputs = {
        "project": "ib-paper-project",
        "location": REGION,
        "name": "ib-paper",
        "traffics": [{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100}],
        "template": {"containers": [{"image": image(REPOSITORY, figure)}]},
        **more,
    }
    properties = {**inputs, **RUNNING[SERVICE].computed(inputs)}
    told, fault = roll_out(world, NAME, properties)
    world.put(SERVICE, NAME, {**properties, **told})
    return fault


def short(revision: str) -> str:
    return revision.rpartition("/")[2]


def test_each_image_is_a_revision_that_gets_all_requests(google: GoogleClients, world: World) -> None:
    """Google numbers them; the newest that is ready serves; the same template again makes none."""
    for figure in ("a", "b", "b"):
        assert deploy(world, figure) == ""
    service = google.services.get_service(name=NAME)
    assert short(service.latest_ready_revision).startswith("ib-paper-00002-")
    assert service.latest_created_revision == service.latest_ready_revision
    assert [(s.type_.name, s.percent) for s in service.traffic_statuses] == [
        ("TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", 100)
    ]
    assert service.terminal_condition.state == run_v2.Condition.State.CONDITION_SUCCEEDED
    revisions = list(google.revisions.list_revisions(parent=NAME))
    assert [r.containers[0].image for r in revisions] == [image(REPOSITORY, "b"), image(REPOSITORY, "a")]
    assert revisions[0].create_time > revisions[1].create_time


def test_a_container_that_does_not_start_gets_no_requests(google: GoogleClients, world: World) -> None:
    """The provider fails with Google's sentence; the revision is there, not ready, and the one before it serves."""
    deploy(world, "a")
    break_image(world, image(REPOSITORY, "b"))
    assert DOES_NOT_LISTEN in deploy(world, "b")
    service = google.services.get_service(name=NAME)
    assert service.template.containers[0].image == image(REPOSITORY, "b")
    assert short(service.latest_created_revision).startswith("ib-paper-00002-")
    assert short(service.latest_ready_revision).startswith("ib-paper-00001-")
    assert service.terminal_condition.state == run_v2.Condition.State.CONDITION_FAILED
    broken = google.revisions.get_revision(name=service.latest_created_revision)
    assert (broken.conditions[0].type_, broken.conditions[0].message) == ("Ready", DOES_NOT_LISTEN)
    assert DOES_NOT_LISTEN in deploy(world, "b")
    assert deploy(world, "a") == ""
    assert short(google.services.get_service(name=NAME).latest_ready_revision).startswith("ib-paper-00003-")


def test_a_revision_that_may_get_requests_is_not_deleted(google: GoogleClients, world: World) -> None:
    """The newest made, the one with requests and one with a tag are refused; another goes when its operation ends."""
    for figure in "abc":
        deploy(world, figure)
    names = {r.containers[0].image[-1]: r.name for r in google.revisions.list_revisions(parent=NAME)}
    latest = {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100}
    tagged = {
        "type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION",
        "revision": short(names["a"]),
        "tag": "old",
    }
    deploy(world, "c", traffics=[latest, tagged])
    for kept in "ac":
        with pytest.raises(FailedPrecondition):
            google.revisions.delete_revision(name=names[kept])
    gone = google.revisions.delete_revision(name=names["b"]).result(timeout=120)
    assert gone.name == names["b"]
    left = {r.name for r in google.revisions.list_revisions(parent=f"{REGION_NAME}/services/-")}
    assert left == {names["a"], names["c"]}
    with pytest.raises(NotFound, match="of kind 'REVISION' in region"):
        google.revisions.delete_revision(name=names["b"])


def test_services_are_listed_by_region(google: GoogleClients, world: World) -> None:
    """One region at a time; what is not there is said in Google's words."""
    deploy(world, "a")
    assert [s.name for s in google.services.list_services(parent=REGION_NAME)] == [NAME]
    assert list(google.services.list_services(parent="projects/other/locations/europe-west6")) == []
    with pytest.raises(InvalidArgument):
        list(google.services.list_services(parent="projects/ib-paper-project/locations/-"))
    with pytest.raises(NotFound, match="Resource 'ib-live' of kind 'SERVICE' in region 'europe-west6'"):
        google.services.get_service(name=f"{REGION_NAME}/services/ib-live")


def test_revisions_come_in_pages(google: GoogleClients, world: World) -> None:
    """A client that reads one page only misses some; ours goes on."""
    for figure in "abc":
        deploy(world, figure)
    request = run_v2.ListRevisionsRequest(parent=NAME, page_size=2)
    pages = list(google.revisions.list_revisions(request).pages)
    assert [len(page.revisions) for page in pages] == [2, 1]

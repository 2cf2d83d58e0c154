"""The stand-in refuses what Google refuses: a program that passes here was not waved through.

Spoken to as the engine does, over gRPC, without an engine.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from tests.engine.cloud.kinds import KINDS
from tests.engine.cloud.provider import Google
from tests.engine.cloud.shapes import UNKNOWN, shape_of
from tests.engine.cloud.values import SECRET, SECRET_SIGNATURE, plain, structure
from tests.engine.cloud.world import Failure, World

ACCOUNT = "gcp:serviceaccount/account:Account"
API = "gcp:projects/service:Service"
BUDGET = "gcp:billing/budget:Budget"
DATABASE = "gcp:firestore/database:Database"
DOCUMENT = "gcp:firestore/document:Document"
GRANT = "gcp:projects/iAMMember:IAMMember"
SERVICE = "gcp:cloudrunv2/service:Service"

MANAGER = "here/cloudresourcemanager.googleapis.com"

POSITIONS = {"name": "paper", "locationId": "europe-west6", "type": "FIRESTORE_NATIVE"}


class Engine:
    """The engine's side of the protocol, as far as these tests need it."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._provider = provider_pb2_grpc.ResourceProviderStub(channel)
        self.configure()

    def configure(self, **more: str) -> None:
        given = {"project": "here", "region": "europe-west6", **more}
        self._provider.Configure(provider_pb2.ConfigureRequest(args=structure(given)))

    def check(self, type_: str, given: dict[str, Any]) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        answer = self._provider.Check(provider_pb2.CheckRequest(type=type_, news=structure(given)))
        return plain(answer.inputs), [(each.property, each.reason) for each in answer.failures]

    def create(
        self, type_: str, given: dict[str, Any], *, preview: bool = False
    ) -> tuple[str, dict[str, Any]]:
        inputs, failures = self.check(type_, given)
        assert not failures
        answer = self._provider.Create(
            provider_pb2.CreateRequest(type=type_, name="it", properties=structure(inputs), preview=preview)
        )
        return answer.id, plain(answer.properties)

    def diff(
        self, type_: str, olds: dict[str, Any], news: dict[str, Any], told: dict[str, Any] | None = None
    ) -> tuple[list[str], list[str]]:
        """`told` is what Google answered last."""
        answer = self._provider.Diff(
            provider_pb2.DiffRequest(
                type=type_, old_inputs=structure(olds), olds=structure(told or olds), news=structure(news)
            )
        )
        return list(answer.diffs), list(answer.replaces)

    def delete(self, type_: str, id_: str) -> None:
        self._provider.Delete(provider_pb2.DeleteRequest(type=type_, id=id_))

    def enable(self, *apis: str) -> None:
        for api in apis:
            self.create(API, {"service": f"{api}.googleapis.com"})


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path / "google.sqlite")
    world.put(API, MANAGER, {"project": "here", "service": "cloudresourcemanager.googleapis.com"})
    return world


@pytest.fixture
def google(world: World) -> Iterator[Engine]:
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=2))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Google(world), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield Engine(channel)
    server.stop(grace=None).wait()


def refused(action: Any, *arguments: Any) -> str:
    with pytest.raises(grpc.RpcError) as caught:
        action(*arguments)
    return str(caught.value)


def test_a_property_that_the_library_does_not_have_is_refused_at_any_depth(google: Engine) -> None:
    """A misspelt probe or limit would otherwise be dropped in silence and be missed in production."""
    container = {"image": "i", "startupProbe": {"httpGet": {"pth": "/health"}}}
    _, failures = google.check(
        SERVICE, {"name": "ib", "location": "x", "template": {"containers": [container]}, "lable": {}}
    )
    assert ("lable", "is no property of this type") in failures
    assert ("template.containers[0].startupProbe.httpGet.pth", "is no property of this type") in failures


def test_a_required_property_that_is_missing_is_refused(google: Engine) -> None:
    """Read from the library's own signature: a database has to say where it is."""
    assert ("locationId", "is required") in google.check(DATABASE, {"name": "paper", "type": "x"})[1]


def test_a_name_that_pulumi_would_make_up_has_to_be_given(google: Engine) -> None:
    """No random names: a lost state could not be found again."""
    given = {"locationId": "europe-west6", "type": "FIRESTORE_NATIVE"}
    assert "name" in {property_ for property_, _ in google.check(DATABASE, given)[1]}


def test_nothing_is_made_before_its_api_is_enabled(google: Engine) -> None:
    """Google answers 403 in a new project: a resource that does not wait for its API fails on the first `up`."""
    assert "Error 403: firestore.googleapis.com" in refused(google.create, DATABASE, POSITIONS)
    google.enable("firestore")
    assert google.create(DATABASE, POSITIONS)[0] == "projects/here/databases/paper"


def test_no_api_is_enabled_while_the_resource_manager_is_off(google: Engine, world: World) -> None:
    """Nor the resource manager itself: the provider's Create ends in a look at the project."""
    world.delete(API, MANAGER)
    for api in ("firestore", "cloudresourcemanager"):
        assert "Cloud Resource Manager API has not been used" in refused(google.enable, api)


def test_a_budget_is_refused_to_a_login_that_does_not_say_where_its_calls_count(google: Engine) -> None:
    """A person's own login has no project of its own; the two keys of the provider say one."""
    google.enable("billingbudgets")
    budget = {"billingAccount": "000000-AAAAAA-111111", "amount": {}}
    assert "requires a quota project" in refused(google.create, BUDGET, budget)
    google.configure(userProjectOverride="true", billingProject="here")
    google.create(BUDGET, budget)


def test_empty_lists_and_maps_come_back_without_what_is_in_them(google: Engine) -> None:
    """Protocol buffers in JSON: who writes the inner key finds a difference at every `up`, and who does not, none."""
    google.enable("firestore")
    google.create(DATABASE, POSITIONS)
    place = {"database": "paper", "collection": "configuration", "documentId": "trading"}
    wordy = place | {"fields": '{"a": {"arrayValue": {"values": []}}, "m": {"mapValue": {"fields": {}}}}'}
    _, told = google.create(DOCUMENT, wordy)
    assert json.loads(told["fields"]) == {"a": {"arrayValue": {}}, "m": {"mapValue": {}}}
    assert google.diff(DOCUMENT, wordy, wordy, told) == (["fields"], [])
    bare = place | {"fields": told["fields"]}
    assert google.diff(DOCUMENT, bare, bare, told) == ([], [])


def test_a_document_needs_its_database(google: Engine) -> None:
    """404 where the database is another's or not there yet."""
    google.enable("firestore")
    document = {"database": "paper", "collection": "configuration", "documentId": "trading", "fields": "{}"}
    assert "Error 404" in refused(google.create, DOCUMENT, document)


def test_a_grant_for_an_account_that_nobody_made_is_refused(google: Engine) -> None:
    """A misspelt member would leave the service without a right that the program thinks it has."""
    google.enable("cloudresourcemanager", "iam")
    grant = {
        "project": "here",
        "role": "roles/bigquery.jobUser",
        "member": "serviceAccount:ib@here.iam.gserviceaccount.com",
    }
    assert "Error 404" in refused(google.create, GRANT, grant)
    google.create(ACCOUNT, {"accountId": "ib"})
    google.create(GRANT, grant)
    google.create(GRANT, grant)


def test_a_name_that_is_taken_is_a_conflict(google: Engine) -> None:
    """409, whichever stack took it."""
    google.enable("iam")
    google.create(ACCOUNT, {"accountId": "ib"})
    assert "Error 409" in refused(google.create, ACCOUNT, {"accountId": "ib"})


def test_what_only_google_can_tell_is_unknown_in_a_preview(google: Engine) -> None:
    """A program that decides by such a value is found out in the preview."""
    _, outputs = google.create(ACCOUNT, {"accountId": "ib"}, preview=True)
    assert outputs["email"] == UNKNOWN
    google.enable("iam")
    _, outputs = google.create(ACCOUNT, {"accountId": "ib"})
    assert outputs["email"] == "ib@here.iam.gserviceaccount.com"


def test_a_database_that_moves_is_replaced_and_one_that_learns_recovery_is_not(google: Engine) -> None:
    """Which settings replace is the provider's: location does, point-in-time recovery does not."""
    moved = POSITIONS | {"locationId": "us-east1"}
    assert google.diff(DATABASE, POSITIONS, moved) == (["locationId"], ["locationId"])
    recovering = POSITIONS | {"pointInTimeRecoveryEnablement": "POINT_IN_TIME_RECOVERY_ENABLED"}
    assert google.diff(DATABASE, POSITIONS, recovering) == (["pointInTimeRecoveryEnablement"], [])


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (
            {"deleteProtectionState": "DELETE_PROTECTION_ENABLED", "deletionPolicy": "DELETE"},
            "deleteProtectionState",
        ),
        ({"deletionPolicy": "PREVENT"}, "PREVENT"),
    ],
)
def test_a_protected_database_is_not_deleted(
    google: Engine, world: World, given: dict[str, str], reason: str
) -> None:
    """It refuses when it is asked to delete, not before."""
    google.enable("firestore")
    id_, _ = google.create(DATABASE, POSITIONS | given)
    assert reason in refused(google.delete, DATABASE, id_)
    assert world.get(DATABASE, id_)


def test_a_database_whose_deletion_nobody_decided_is_abandoned(google: Engine, world: World) -> None:
    """The provider's default: gone from the state, there at Google, and in the way of the next stack of that name."""
    google.enable("firestore")
    id_, _ = google.create(DATABASE, POSITIONS)
    google.delete(DATABASE, id_)
    assert world.get(DATABASE, id_)


def test_a_service_is_protected_unless_somebody_says_otherwise(google: Engine) -> None:
    """`deletionProtection` is true by default, and refuses only when others are gone."""
    google.enable("run")
    service = {"name": "ib", "location": "x", "template": {"containers": [{"image": "i"}]}}
    id_, _ = google.create(SERVICE, service)
    assert "deletionProtection" in refused(google.delete, SERVICE, id_)


def test_a_planned_failure_happens_once_and_before_anything_is_done(google: Engine, world: World) -> None:
    """What the scenarios of failed deployments rest on."""
    google.enable("firestore")
    world.plan(Failure("create", DATABASE, "Error 429: Quota exceeded"))
    assert "Quota exceeded" in refused(google.create, DATABASE, POSITIONS)
    google.create(DATABASE, POSITIONS)


def test_every_call_is_kept(google: Engine, world: World) -> None:
    """What was asked of Google, in order, is what the scenarios compare."""
    google.enable("iam")
    google.create(ACCOUNT, {"accountId": "ib"})
    assert world.calls() == [("create", API, "it"), ("create", ACCOUNT, "it")]


def test_the_mark_of_a_secret_falls_off_before_google_sees_it() -> None:
    """The engine marks secrets in the protocol; Google gets the value."""
    assert plain(structure({"a": [{SECRET: SECRET_SIGNATURE, "value": "x"}]})) == {"a": ["x"]}


@pytest.mark.parametrize("type_", KINDS)
def test_what_the_stand_in_says_of_a_type_names_its_properties(type_: str) -> None:
    """Immutable, defaulted and named properties are some that the library has: a renamed one is found here."""
    kind, shape = KINDS[type_], shape_of(type_)
    for path in (*kind.immutable, *kind.named, *kind.defaults):
        name, _, inner = path.partition(".")
        assert name in shape.properties, path
        if inner:
            within = shape.properties[name]
            assert within is not None and inner in within.properties, path

"""Least privilege: who may do what, computed from the grants that a deployment registers."""

from __future__ import annotations

import json

import pytest

from tests.infra.permissions import COMMAND, ON, PAGE, grants, own_roles, page
from tests.infra.recorded import Record, record
from tests.infra.stacks import BUILD, SHARED_PROJECT, deployed, everything

PRIMITIVE = {"roles/owner", "roles/editor", "roles/viewer", "roles/browser"}

ONLY_BY_ITSELF = {"run.operations.get", "run.revisions.list", "serviceusage.services.use"}
"""What Google has in no role that says only this."""

PROJECT_WIDE = {
    ("roles/bigquery.jobUser", False),
    ("roles/datastore.user", True),
    ("roles/logging.logWriter", False),
}
"""What Google grants on nothing smaller than a project, and whether a condition narrows it."""


@pytest.fixture(scope="module", params=["two projects", "one project"])
def stacks(request: pytest.FixtureRequest) -> tuple[Record, Record]:
    shared = request.param == "one project"
    return record(everything("paper", shared=shared)), record(everything("live", shared=shared))


def members(found: Record) -> set[str]:
    """The accounts that the stack makes."""
    return {
        f"serviceAccount:{one.inputs['accountId']}@{one.inputs['project']}.iam.gserviceaccount.com"
        for one in found.of("serviceaccount.Account").values()
    }


def test_no_identity_of_paper_has_any_right_on_anything_of_live(stacks: tuple[Record, Record]) -> None:
    """Secrets, documents, datasets, images, the service itself; neither the other way round."""
    for own, other in (stacks, stacks[::-1]):
        assert len(members(own)) >= 3
        assert not {grant for grant in grants(other) if grant.member in members(own)}


def test_no_grant_of_paper_is_on_anything_of_live(stacks: tuple[Record, Record]) -> None:
    paper, live = stacks
    single = {"projects.IAMMember"}
    paper_on = {(grant.kind, grant.on) for grant in grants(paper) if grant.kind not in single}
    live_on = {(grant.kind, grant.on) for grant in grants(live) if grant.kind not in single}
    shared = paper.of("secretmanager.Secret")["credentials"].inputs["project"] == SHARED_PROJECT
    if shared:
        assert not paper_on & live_on
    assert len(paper_on) > 6


def test_the_right_to_documents_is_narrowed_to_the_database_of_the_stack(
    stacks: tuple[Record, Record],
) -> None:
    """In one project `datastore.user` alone would let the paper service write live's holdings."""
    for found in stacks:
        [database] = found.of("firestore.Database").values()
        name = f"projects/{database.inputs['project']}/databases/{database.inputs['name']}"
        [grant] = [one for one in grants(found) if one.role == "roles/datastore.user"]
        assert f'resource.name == "{name}"' in grant.condition
        assert 'resource.type == "firestore.googleapis.com/Database"' in grant.condition


def test_no_role_is_a_primitive_one_nor_an_administrators(stacks: tuple[Record, Record]) -> None:
    for found in stacks:
        roles = {grant.role for grant in grants(found)}
        assert not roles & PRIMITIVE
        assert not [role for role in roles if "admin" in role.lower() or role.endswith(("Owner", "Agent"))]


def test_what_can_be_granted_on_one_resource_is_not_granted_on_the_project(
    stacks: tuple[Record, Record],
) -> None:
    for found in stacks:
        wide = [grant for grant in grants(found) if grant.kind == "projects.IAMMember"]
        own = own_roles(found)
        assert {
            (grant.role, bool(grant.condition)) for grant in wide if grant.role not in own
        } <= PROJECT_WIDE
        roles = found.of("projects.IAMCustomRole").values()
        permissions = {
            f"projects/{role.inputs['project']}/roles/{role.inputs['roleId']}": set(
                role.inputs["permissions"]
            )
            for role in roles
        }
        for grant in wide:
            assert permissions.get(grant.role, set()) <= ONLY_BY_ITSELF


def test_nobody_without_an_identity_may_do_anything(stacks: tuple[Record, Record]) -> None:
    for found in stacks:
        everyone = {"allUsers", "allAuthenticatedUsers"}
        assert not [grant for grant in grants(found) if grant.member in everyone]
        assert "allUsers" not in json.dumps([one.inputs for one in found.resources])
        [service] = found.of("cloudrunv2.Service").values()
        assert service.inputs["invokerIamDisabled"] is False


def test_only_the_operator_and_the_scheduler_may_call_the_service(stacks: tuple[Record, Record]) -> None:
    for found in stacks:
        invokers = {grant.member for grant in grants(found) if grant.role == "roles/run.invoker"}
        ours = ("serviceAccount:ib-operator", "serviceAccount:ib-scheduler")
        assert all(member.startswith(ours) for member in invokers)
        assert len(invokers) == 2


def test_the_scheduler_may_call_the_service_and_nothing_else(stacks: tuple[Record, Record]) -> None:
    for found in stacks:
        own = [grant for grant in grants(found) if "ib-scheduler" in grant.member]
        assert [(grant.role, grant.kind) for grant in own] == [
            ("roles/run.invoker", "cloudrunv2.ServiceIamMember")
        ]


def test_the_running_service_cannot_read_images_nor_act_as_anybody(stacks: tuple[Record, Record]) -> None:
    for found in stacks:
        own = {grant.role for grant in grants(found) if "ib-trading" in grant.member.partition("@")[0]}
        assert own == {
            "roles/bigquery.dataEditor",
            "roles/bigquery.jobUser",
            "roles/datastore.user",
            "roles/secretmanager.secretAccessor",
        }


def test_the_build_can_replace_the_service_and_change_nobodys_rights(
    stacks: tuple[Record, Record],
) -> None:
    """Whoever can push could otherwise grant themselves what they like."""
    paper, live = stacks
    roles = {grant.role for grant in grants(paper) if "ib-build" in grant.member}
    own = {role for role in own_roles(paper) if "ib_build" in role}
    assert len(own) == 2
    assert roles == own | {
        "roles/artifactregistry.writer",
        "roles/cloudkms.cryptoKeyEncrypterDecrypter",
        "roles/iam.serviceAccountOpenIdTokenCreator",
        "roles/iam.serviceAccountUser",
        "roles/logging.logWriter",
        "roles/run.developer",
        "roles/storage.objectUser",
    }
    assert not live.of("cloudbuild.Trigger")
    assert not [grant for grant in grants(live) if "build" in grant.member]


def test_an_update_asks_google_nothing_that_the_build_may_not(stacks: tuple[Record, Record]) -> None:
    """Every `up` makes the program's invokes anew, the build's too: for a budget it read the project, for a key of
    one's own BigQuery's account, and failed (403) for want of rights that no push should have."""
    for found in stacks:
        assert found.invokes == []


@pytest.mark.parametrize(
    ("budget", "permissions"),
    [
        (None, ["run.operations.get", "run.revisions.list"]),
        (
            {"amount": 50, "currency": "CHF", "billingAccount": "012345-6789AB-CDEF01"},
            ["run.operations.get", "run.revisions.list", "serviceusage.services.use"],
        ),
    ],
    ids=["without a budget", "with one"],
)
def test_the_build_may_wait_for_its_deployment(
    budget: dict[str, object] | None, permissions: list[str]
) -> None:
    """Right to the service alone, it could start a deployment and not learn how it ended. With a budget every call says
    in which project it counts, which takes one right more."""
    found = record(deployed("paper", build=BUILD, budget=budget))
    role = found.of("projects.IAMCustomRole")["build-waits"]
    assert role.inputs["permissions"] == permissions


def test_the_build_deletes_images_of_its_own_repository_alone(stacks: tuple[Record, Record]) -> None:
    """Tags and images, by a role of two rights that is granted on the repository; none of it on the project, where it
    would reach live's images in a shared one."""
    paper, _ = stacks
    role = paper.of("projects.IAMCustomRole")["build-deletes-images"].inputs
    assert role["permissions"] == ["artifactregistry.tags.delete", "artifactregistry.versions.delete"]
    [repository] = paper.of("artifactregistry.Repository").values()
    [grant] = [one for one in grants(paper) if one.role.endswith(f"/roles/{role['roleId']}")]
    assert grant.kind == "artifactregistry.RepositoryIamMember"
    assert grant.on == repository.inputs["repositoryId"]


def test_the_build_calls_the_service_as_its_operator_and_nothing_of_googles(
    stacks: tuple[Record, Record],
) -> None:
    """A deployment is tried out by calling it; a token for Google's APIs would be the operator's own."""
    paper, _ = stacks
    on_operator = [one for one in grants(paper) if "ib-build" in one.member and "/ib-operator" in one.on]
    assert [one.role for one in on_operator] == ["roles/iam.serviceAccountOpenIdTokenCreator"]


def test_people_call_the_service_only_as_its_operator(stacks: tuple[Record, Record]) -> None:
    for found in stacks:
        people = [grant for grant in grants(found) if grant.member.startswith(("user:", "group:"))]
        on_accounts = [grant for grant in people if grant.kind == "serviceaccount.IAMMember"]
        assert len(on_accounts) == 2
        for grant in on_accounts:
            assert grant.role == "roles/iam.serviceAccountTokenCreator"
            assert "/ib-operator" in grant.on


def test_people_may_count_their_calls_in_the_project_and_nothing_else_there(
    stacks: tuple[Record, Record],
) -> None:
    """Their own login names no project; without that right `call` ended with a 403 for everybody but an owner."""
    for found in stacks:
        role = found.of("projects.IAMCustomRole")["operator-counts"].inputs
        assert role["permissions"] == ["serviceusage.services.use"]
        people = [grant for grant in grants(found) if grant.member.startswith(("user:", "group:"))]
        in_project = [grant for grant in people if grant.kind != "serviceaccount.IAMMember"]
        assert [(grant.kind, grant.role.rpartition("/")[2]) for grant in in_project] == 2 * [
            ("projects.IAMMember", role["roleId"])
        ]


def test_where_nobody_is_an_operator_no_role_is_made() -> None:
    assert not record(deployed("paper")).of("projects.IAMCustomRole")


def test_a_grant_on_nobody_knows_what_is_noticed() -> None:
    """These tests read every kind of grant: one of a kind that is not listed above is an error, not an omission."""
    kinds = {
        one.kind for one in record(everything("paper")).resources if one.kind.lower().endswith("iammember")
    }
    assert kinds == set(ON)


def test_the_page_of_permissions_says_what_is_granted() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), f"if this is meant, write it anew with: {COMMAND}"

"""What is lost for ever when it is deleted is protected twice: by Pulumi before anything is touched, and by Google."""

from __future__ import annotations

import pytest

from tests.infra.recorded import Record, Registration, record
from tests.infra.stacks import everything

KEPT = {
    "artifactregistry.Repository",
    "bigquery.Dataset",
    "bigquery.Table",
    "cloudrunv2.Service",
    "compute.Address",
    "firestore.Database",
    "secretmanager.Secret",
}
OWN_PROTECTION: dict[str, tuple[str, object]] = {
    "bigquery.Table": ("deletionProtection", True),
    "cloudrunv2.Service": ("deletionProtection", True),
    "firestore.Database": ("deleteProtectionState", "DELETE_PROTECTION_ENABLED"),
    "secretmanager.Secret": ("deletionProtection", True),
}
"""Google's own, where it has one."""


@pytest.fixture(scope="module")
def paper() -> Record:
    return record(everything("paper"))


def _grant(one: Registration) -> bool:
    return one.kind.lower().endswith("iammember")


def test_what_holds_data_is_protected_and_nothing_else(paper: Record) -> None:
    protected = {(one.kind, one.name) for one in paper.resources if one.protect}
    kept = {(one.kind, one.name) for one in paper.resources if one.kind in KEPT}
    assert protected == kept - {("bigquery.Table", "test")}


def test_what_pulumi_protects_the_provider_protects_too_and_the_other_way_round(paper: Record) -> None:
    """Cloud Run's and BigQuery's own protection refuses at the deletion itself, when others are gone already."""
    for one in paper.resources:
        if one.kind in OWN_PROTECTION:
            name, on = OWN_PROTECTION[one.kind]
            assert (one.inputs[name] == on) is one.protect, one.name
        if "deletionPolicy" in one.inputs:
            assert (one.inputs["deletionPolicy"] == "PREVENT") is one.protect, one.name


def test_deletion_is_never_left_to_a_default(paper: Record) -> None:
    """Firestore's database is abandoned by default: out of the state, and there for the next `up` to run into."""
    unsaid = {
        one.kind
        for one in paper.resources
        if not _grant(one) and one.kind != "projects.ServiceIdentity" and "deletionPolicy" not in one.inputs
    }
    assert unsaid == set()


def test_apis_stay_enabled_when_the_stack_goes(paper: Record) -> None:
    for api in paper.of("projects.Service").values():
        assert api.inputs["disableOnDestroy"] is False
        assert api.inputs["disableDependentServices"] is False


def test_the_dataset_is_never_deleted_with_what_is_in_it(paper: Record) -> None:
    assert paper.of("bigquery.Dataset")["history"].inputs["deleteContentsOnDestroy"] is False

"""What holds data outlives mistakes: it cannot be replaced, and `destroy` leaves it.

The incident behind it: the provider's own protection refuses only at the moment of the deletion, when other resources
are gone already; Pulumi's `protect` refuses before anything is touched.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.checkout import Checkout
from tests.engine.stacks import EVERY_OPTION, REGION

PROTECTED = "currently marked for protection"
"""What the engine says of a replacement that it refuses."""

KEEPS = (
    "gcp:artifactregistry/repository:Repository images",
    "gcp:bigquery/dataset:Dataset history",
    "gcp:cloudrunv2/service:Service service",
    "gcp:firestore/database:Database positions",
    "gcp:secretmanager/secret:Secret credentials",
)


def named(resource: dict[str, object]) -> str:
    return f"{resource['type']} {str(resource['urn']).rpartition('::')[2]}"


@pytest.mark.parametrize(
    ("component", "setting", "name"),
    [
        ("position_database", "location_id=site.region", "positions"),
        ("warehouse", "location=site.region", "history"),
    ],
    ids=["database", "dataset"],
)
def test_what_would_be_replaced_with_its_data_is_refused(
    first: Checkout, component: str, setting: str, name: str
) -> None:
    """Data does not move with a setting: `up` ends before anything is done at Google, and names what it protects."""
    path = first.project / "infra" / "components" / f"{component}.py"
    text = path.read_text(encoding="utf-8")
    assert setting in text
    path.write_text(text.replace(setting, setting.replace("site.region", '"us-east1"')), encoding="utf-8")
    run = first.pulumi("up", "--yes", "--stack", "paper")
    assert run.code != 0
    assert f"::{name}" in run.text and PROTECTED in run.text
    assert first.changes() == []


def test_another_region_is_refused(first: Checkout) -> None:
    """It would replace all that a stack keeps."""
    first.configure("paper", {"gcp:region": "europe-west1"})
    run = first.pulumi("up", "--yes", "--stack", "paper")
    assert run.code != 0
    assert PROTECTED in run.text
    assert first.changes() == []


@pytest.mark.parametrize(
    "values",
    [
        {"ib-trading:sharedProject": True},
        {"ib-trading:customerManagedKey": EVERY_OPTION["ib-trading:customerManagedKey"]},
        {"gcp:project": "ib-other-project"},
    ],
    ids=["a shared project", "a key of one's own", "another project"],
)
def test_what_can_only_be_chosen_before_the_first_deployment_is_refused_after_it(
    first: Checkout, values: dict[str, Any]
) -> None:
    """Each would replace what holds data: docs/deploying.md says to set it before, or to make a stack beside this."""
    first.configure("paper", values)
    run = first.pulumi("up", "--yes", "--stack", "paper")
    assert run.code != 0
    assert PROTECTED in run.text
    assert first.changes() == []


def test_an_image_that_goes_missing_does_not_take_the_service_away(paper: Checkout) -> None:
    """A stack file whose digest was lost in a merge fails; the service that trades stays as it is."""
    before = paper.world.resources()
    paper.configure("paper", {"ib-trading:image": None})
    run = paper.pulumi("up", "--yes", "--stack", "paper")
    assert run.code != 0
    assert "protected" in run.text
    assert paper.changes() == []
    assert paper.world.resources() == before


def test_destroy_refuses_and_changes_nothing(paper: Checkout) -> None:
    """`pulumi destroy` names what is protected and ends, before the first deletion."""
    state, before = paper.resources("paper"), paper.world.resources()
    run = paper.pulumi("destroy", "--yes", "--stack", "paper")
    assert run.code != 0
    assert "protected" in run.text
    assert paper.changes() == []
    assert paper.world.resources() == before
    assert paper.resources("paper").keys() == state.keys()


def test_destroying_all_but_the_protected_leaves_exactly_those_and_their_parents(paper: Checkout) -> None:
    """`pulumi destroy --exclude-protected` takes the rest. What it leaves is what holds data, what those rest on, and
    the components around them."""
    protected = {urn for urn, each in paper.resources("paper").items() if each.get("protect")}
    paper.done("destroy", "--yes", "--stack", "paper", "--exclude-protected")
    left = paper.resources("paper")
    assert protected <= left.keys()
    assert set(KEEPS) <= {named(left[urn]) for urn in protected}
    assert left.keys() == _with_what_they_rest_on(protected, left)
    held = {each["id"] for urn, each in left.items() if urn in protected}
    assert held <= {id_ for _, id_ in paper.world.resources()}


def test_without_pulumis_protection_google_itself_refuses_to_delete_the_database(first: Checkout) -> None:
    """Two locks: who takes Pulumi's off by `state unprotect` still meets the provider's."""
    urn = next(urn for urn in first.resources("paper") if urn.endswith("::positions"))
    first.done("state", "unprotect", "--yes", "--stack", "paper", urn)
    run = first.pulumi(
        "destroy", "--yes", "--skip-preview", "--stack", "paper", "--target", urn, "--target-dependents"
    )
    assert run.code != 0
    assert "deleteProtectionState is DELETE_PROTECTION_ENABLED" in run.text
    assert first.world.get("gcp:firestore/database:Database", "projects/ib-paper-project/databases/paper")


@pytest.mark.parametrize(
    ("type_", "id_", "property_"),
    [
        (
            "gcp:firestore/database:Database",
            "projects/ib-paper-project/databases/paper",
            "deleteProtectionState",
        ),
        (
            "gcp:cloudrunv2/service:Service",
            f"projects/ib-paper-project/locations/{REGION}/services/ib-paper",
            "deletionProtection",
        ),
    ],
)
def test_deletion_is_said_and_never_left_to_a_default(
    paper: Checkout, type_: str, id_: str, property_: str
) -> None:
    """The provider's defaults differ by type (a database is abandoned, a service refused): each is written out."""
    found = paper.world.resources()[type_, id_]
    assert found[property_] in {True, "DELETE_PROTECTION_ENABLED"}
    assert found["deletionPolicy"] == "PREVENT"


def _with_what_they_rest_on(urns: set[str], state: dict[str, dict[str, object]]) -> set[str]:
    """`urns`, and by parent, provider and dependency everything that they need."""
    found: set[str] = set()
    waiting = set(urns)
    while waiting:
        urn = waiting.pop()
        found.add(urn)
        each = state[urn]
        provider = str(each.get("provider", "")).rpartition("::")[0]
        rests_on = {str(each.get("parent", "")), provider, *map(str, each.get("dependencies") or ())}  # ty: ignore
        waiting |= {one for one in rests_on if one} - found
    return found

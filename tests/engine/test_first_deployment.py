"""The first `pulumi up`, without an image and then with one, and the one after that."""

from __future__ import annotations

import json

from tests.engine.checkout import SERVICE, Checkout
from tests.engine.cloud.kinds import KINDS
from tests.engine.cloud.revisions import REVISION
from tests.engine.stacks import EVERY_OPTION, IMAGE

WAITS_FOR_THE_IMAGE = {
    "gcp:cloudrunv2/service:Service",
    "gcp:cloudrunv2/serviceIamMember:ServiceIamMember",
    "gcp:cloudscheduler/job:Job",
    "gcp:logging/metric:Metric",
    "gcp:monitoring/alertPolicy:AlertPolicy",
}
"""The service, who may call it, what calls it, and the alarms about it."""


def types(checkout: Checkout) -> set[str]:
    return {type_ for type_, _ in checkout.world.resources()}


def test_a_stack_without_an_image_has_everything_but_the_service_and_what_rests_on_it(
    first: Checkout,
) -> None:
    """No placeholder image is deployed: it would answer schedules with 200 while nothing trades."""
    assert not types(first) & WAITS_FOR_THE_IMAGE
    assert {
        "gcp:firestore/database:Database",
        "gcp:bigquery/dataset:Dataset",
        "gcp:secretmanager/secret:Secret",
        "gcp:artifactregistry/repository:Repository",
    } <= types(first)


def test_the_first_deployment_says_which_command_comes_next(fresh: Checkout) -> None:
    """A person who has only run `pulumi up` learns how to go on, from the output and from what was printed."""
    printed = fresh.up("paper")
    command = "./nox -s credentials -- paper"
    assert f"Next: {command}, then ./nox -s deploy -- paper" in printed
    assert fresh.outputs("paper")["nextCommand"] == command


def test_the_image_brings_the_service_its_invokers_schedules_and_alerts_and_touches_nothing_else(
    first: Checkout,
) -> None:
    """With a digest in the stack file the next `up` creates what waited for it, and updates or deletes nothing."""
    first.configure("paper", {"ib-trading:image": IMAGE})
    first.up("paper")
    changes = first.changes()
    assert {verb for verb, _, _ in changes} == {"create"}
    assert {type_ for _, type_, _ in changes} >= WAITS_FOR_THE_IMAGE
    assert first.outputs("paper")["serviceUrl"].startswith("https://ib-paper-")
    assert first.outputs("paper").get("nextCommand", "") == ""
    shown = first.done("stack", "output", "--json", "--stack", "paper")
    assert json.loads(shown) == first.outputs("paper")


def test_a_second_up_changes_nothing_in_either_stack(two: Checkout) -> None:
    """What is deployed is what the program says: `up` again asks Google for nothing. Live as it is in the repository
    has no strategies: written with the inner key of an empty map, which Google leaves out, that was an update at every
    `up`."""
    trading = two.stack_config("live")["ib-trading:trading"]
    assert trading["exposure"]["strategies"] == {}
    for stack in ("paper", "live"):
        two.up(stack, "--expect-no-changes")
    assert two.changes() == []


def test_a_stack_with_every_option_deploys_at_once_and_then_does_not_change(fresh: Checkout) -> None:
    """Network, key, budget and build pipeline together, from an empty project: everything waits for what it needs."""
    fresh.encryption_account("ib-paper-project")
    fresh.configure("paper", EVERY_OPTION)
    fresh.up("paper")
    assert {type_ for type_, _ in fresh.world.resources()} >= {
        "gcp:billing/budget:Budget",
        "gcp:cloudbuild/trigger:Trigger",
        "gcp:compute/address:Address",
        "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember",
    }
    fresh.up("paper", "--skip-preview", "--expect-no-changes")


def test_a_project_that_was_not_bootstrapped_says_what_is_missing_and_bootstrap_is_what_it_takes(
    fresh: Checkout,
) -> None:
    """The provider enables an API and then looks at the project, which takes cloudresourcemanager, for that API too:
    the first `up` in an empty project failed with this sentence, whatever the order (#6101, #11435 of the
    provider)."""
    for type_, id_ in fresh.world.resources():
        fresh.world.delete(type_, id_)
    run = fresh.pulumi("up", "--yes", "--skip-preview", "--stack", "paper")
    assert run.code != 0
    assert "Cloud Resource Manager API has not been used in project ib-paper-project" in run.text
    fresh.bootstrapped("ib-paper-project")
    fresh.up("paper", "--skip-preview")


def test_a_key_of_ones_own_needs_bigquerys_account_and_says_so(fresh: Checkout) -> None:
    """A project has none until somebody asks for it; docs/deploying.md has the command, and the same `up` goes on."""
    fresh.configure("paper", {"ib-trading:customerManagedKey": EVERY_OPTION["ib-trading:customerManagedKey"]})
    run = fresh.pulumi("up", "--yes", "--skip-preview", "--stack", "paper")
    assert run.code != 0
    assert "@bigquery-encryption.iam.gserviceaccount.com" in run.text
    fresh.encryption_account("ib-paper-project")
    fresh.up("paper", "--skip-preview")


def test_a_preview_shows_what_would_change_and_does_nothing(first: Checkout) -> None:
    """`pulumi preview --diff` is safe to run at any time."""
    first.configure("paper", {"ib-trading:image": IMAGE})
    shown = first.done("preview", "--diff", "--stack", "paper")
    assert IMAGE in shown
    assert first.changes() == []


def test_the_stack_makes_no_resource_that_the_stand_in_takes_unseen(paper: Checkout) -> None:
    """Every resource of the state is one that the stand-in keeps: none went past its checks."""
    ours = [each for each in paper.resources("paper").values() if each["type"].startswith("gcp:")]
    assert {each["type"] for each in ours} <= set(KINDS)
    kept = set(paper.world.resources())
    state = {(each["type"], each["id"]) for each in ours}
    assert state <= kept
    others = {type_ for type_, _ in kept - state}
    assert others == {SERVICE, REVISION}, (
        "bootstrap enables APIs, Cloud Run makes revisions, and there is nothing else"
    )

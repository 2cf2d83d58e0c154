"""Paper and live in one Google project: nothing of one is the other's."""

from __future__ import annotations

from tests.engine.checkout import Checkout
from tests.engine.stacks import in_one_project

SERVICE = "gcp:projects/service:Service"


def owned(checkout: Checkout, stack: str) -> set[tuple[str, str]]:
    """(type, id) of what the stack's state owns, but the enabled services, which are the project's."""
    return {
        (each["type"], each["id"])
        for each in checkout.resources(stack).values()
        if each["type"].startswith("gcp:") and each["type"] != SERVICE
    }


def test_both_stacks_live_in_one_project_and_share_no_resource(two: Checkout) -> None:
    """Both deployments succeeded at one Google, and no id belongs to both."""
    assert owned(two, "paper") and owned(two, "live")
    assert owned(two, "paper") & owned(two, "live") == set()


def test_deploying_live_touches_nothing_of_paper(two: Checkout) -> None:
    """An edit of the live stack leaves every resource of paper as it was."""
    before = {key: two.world.get(*key) for key in owned(two, "paper")}
    two.configure("live", {"ib-trading:labels": {"owner": "ann"}})
    two.up("live", "--skip-preview")
    assert {key: two.world.get(*key) for key in owned(two, "paper")} == before


def test_two_stacks_that_do_not_know_of_each_other_collide_and_say_so(fresh: Checkout) -> None:
    """Without `sharedProject` names carry no stack: the second deployment meets 409 instead of taking the first's."""
    for stack in ("paper", "live"):
        fresh.configure(
            stack, {**in_one_project(stack), "ib-trading:sharedProject": None, "ib-trading:image": None}
        )
    fresh.up("paper", "--skip-preview")
    run = fresh.pulumi("up", "--yes", "--skip-preview", "--stack", "live")
    assert run.code != 0
    assert "Error 409" in run.text

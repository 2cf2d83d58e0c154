"""A revision whose container does not start fails the deployment, and the one before it goes on serving."""

from __future__ import annotations

from tests.engine.checkout import Checkout
from tests.engine.cloud.revisions import DOES_NOT_LISTEN, SERVICE, break_image
from tests.engine.stacks import IMAGE, NEXT_IMAGE, REGION

NAME = f"projects/ib-paper-project/locations/{REGION}/services/ib-paper"


def test_an_image_that_does_not_start_fails_the_update_and_its_predecessor_brings_it_back(
    paper: Checkout,
) -> None:
    """`up` ends with Google's sentence while the old revision serves; `up` with the old image makes a new revision of
    it, and there is nothing left to do."""
    break_image(paper.world, NEXT_IMAGE)
    paper.configure("paper", {"ib-trading:image": NEXT_IMAGE})
    run = paper.pulumi("up", "--yes", "--skip-preview", "--stack", "paper")
    assert run.code != 0
    assert DOES_NOT_LISTEN in run.text
    service = paper.world.get(SERVICE, NAME) or {}
    assert "-00001-" in service["latestReadyRevision"]
    assert "-00002-" in service["latestCreatedRevision"]
    paper.configure("paper", {"ib-trading:image": IMAGE})
    paper.up("paper", "--skip-preview")
    service = paper.world.get(SERVICE, NAME) or {}
    assert "-00003-" in service["latestReadyRevision"]
    paper.up("paper", "--skip-preview", "--expect-no-changes")


def test_a_first_image_that_does_not_start_is_replaced_by_one_that_does(first: Checkout) -> None:
    """The service is there, and is known to be there: the next image is an update, no second creation."""
    break_image(first.world, IMAGE)
    first.configure("paper", {"ib-trading:image": IMAGE})
    run = first.pulumi("up", "--yes", "--skip-preview", "--stack", "paper")
    assert run.code != 0 and DOES_NOT_LISTEN in run.text
    first.configure("paper", {"ib-trading:image": NEXT_IMAGE})
    first.up("paper", "--skip-preview")
    service = first.world.get(SERVICE, NAME) or {}
    assert "-00002-" in service["latestReadyRevision"]
    first.up("paper", "--skip-preview", "--expect-no-changes")

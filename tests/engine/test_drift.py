"""What somebody changed in the console is seen by `refresh` and put right by `up`."""

from __future__ import annotations

from tests.engine.checkout import Checkout
from tests.engine.stacks import REGION

SERVICE = (
    "gcp:cloudrunv2/service:Service",
    f"projects/ib-paper-project/locations/{REGION}/services/ib-paper",
)
JOB = (
    "gcp:cloudscheduler/job:Job",
    f"projects/ib-paper-project/locations/{REGION}/jobs/ib-paper--allocation",
)


def test_a_service_that_was_opened_in_the_console_is_seen_and_closed_again(paper: Checkout) -> None:
    """Somebody switched the identity check off: `refresh` shows it, the next `up` puts it back."""
    paper.world.change(*SERVICE, invokerIamDisabled=True)
    seen = paper.done("refresh", "--yes", "--diff", "--stack", "paper")
    assert "invokerIamDisabled" in seen
    paper.changes()
    paper.up("paper", "--skip-preview")
    assert paper.changes() == [("update", SERVICE[0], "service")]
    assert paper.world.get(*SERVICE)["invokerIamDisabled"] is False  # ty: ignore[not-subscriptable]


def test_a_job_that_was_deleted_in_the_console_is_made_again(paper: Checkout) -> None:
    """A schedule that is gone is seen by `refresh`, and the next `up` makes it again."""
    assert paper.world.get(*JOB)
    paper.world.delete(*JOB)
    paper.done("refresh", "--yes", "--skip-preview", "--stack", "paper")
    paper.up("paper", "--skip-preview")
    assert paper.changes() == [("create", JOB[0], "allocation")]


def test_refresh_finds_no_drift_where_there_is_none(two: Checkout) -> None:
    """What the program asked for is what Google has: `refresh` reads it all and records no difference."""
    for stack in ("paper", "live"):
        two.done("refresh", "--yes", "--skip-preview", "--expect-no-changes", "--stack", stack)

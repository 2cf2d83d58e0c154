"""A deployment that is interrupted anywhere is known to be unfinished, and a command finishes it or goes back."""

from __future__ import annotations

import signal

import grpc
import pytest

from tests.delivery.deployments.site import (
    NO_SUMMARY,
    NOT_READY,
    Site,
    interrupt_while_updating,
    stopped_at,
)
from tests.engine.cloud.revisions import SERVICE


def test_ctrl_c_in_the_middle_of_an_update_ends_it_in_order(paper: Site) -> None:
    """Pulumi ends what it has begun, no lock stays; the next deployment says what is unfinished, and finishes it when
    it is told to."""
    first = paper.serves("paper")
    second = paper.push("paper", "second")
    paper.world.hold("update", SERVICE)
    run = interrupt_while_updating(paper, paper.start("deploy", "paper", "--yes", "--wait", "20"))
    assert run.code == 130, run.text
    assert "interrupted; run it again" in run.text
    again = paper.session("deploy", "paper", "--yes")
    assert again.code == 1
    for digest in (first, second):
        assert f"./nox -s deploy -- paper --image {digest}" in again.text
    run = paper.session("deploy", "paper", "--image", second, "--yes", "--wait", "20")
    assert run.code == 0, run.text
    assert paper.serves("paper") == second
    paper.no_drift("paper")


@pytest.mark.parametrize(
    ("asked", "number", "code"),
    [("/ready", signal.SIGKILL, -signal.SIGKILL), ("/summary", signal.SIGINT, 130)],
    ids=["killed before it is ready", "Ctrl-C in the smoke"],
)
def test_an_image_that_nobody_saw_working_is_not_taken_for_deployed(
    paper: Site, asked: str, number: int, code: int
) -> None:
    """It serves, and the stack's file and the state agree; only the journal knows that nobody saw it work. The next
    deployment stops there, and the way back it names goes to the image before."""
    first = paper.serves("paper")
    second = paper.push("paper", "second")
    with stopped_at(paper, asked, number) as stop:
        run = stop(paper.start("deploy", "paper", "--yes", "--wait", "20"))
    assert run.code == code, run.text
    assert paper.serves("paper") == paper.written("paper") == second
    again = paper.session("deploy", "paper", "--yes")
    assert again.code == 1
    assert f"a deployment of {second} to paper was begun" in again.text
    back = f"./nox -s deploy -- paper --image {first}"
    assert back in again.text
    run = paper.session("deploy", "paper", "--image", first, "--yes", "--wait", "20")
    assert run.code == 0, run.text
    assert paper.serves("paper") == first
    assert second not in paper.tags("paper", "deployed-").values()


def test_what_was_good_before_an_interrupted_repetition_is_still_the_way_back(paper: Site) -> None:
    """Deployed again, interrupted in its smoke; then a bad image comes: the good one serves again."""
    first = paper.serves("paper")
    with stopped_at(paper, "/summary", signal.SIGINT) as stop:
        stop(paper.start("deploy", "paper", "--yes", "--wait", "20"))
    bad = paper.push("paper", "bad")
    paper.answers[bad] = NO_SUMMARY
    run = paper.session("deploy", "paper", "--image", bad, "--yes", "--wait", "1")
    assert run.code == 1
    assert f"paper is back at {first}, which is ready" in run.text
    assert paper.serves("paper") == paper.written("paper") == first
    assert list(paper.tags("paper", "withdrawn-").values()) == [bad]


def test_what_does_not_work_and_has_to_stay_is_called_by_nothing(paper: Site) -> None:
    """The second image was never seen to work, and the first one, which was, does not any more: there is no third. The
    schedules are paused, as is said, until an image is good."""
    first = paper.serves("paper")
    second = paper.push("paper", "second")
    with stopped_at(paper, "/ready", signal.SIGKILL) as stop:
        stop(paper.start("deploy", "paper", "--yes", "--wait", "20"))
    paper.answers[first] = NOT_READY
    run = paper.session("deploy", "paper", "--image", first, "--yes", "--wait", "0.2")
    assert run.code == 1
    assert "with its schedules paused" in run.text
    assert paper.schedules_paused("paper")
    run = paper.session("deploy", "paper", "--image", second, "--yes", "--wait", "20")
    assert run.code == 0, run.text
    assert not paper.schedules_paused("paper")
    paper.no_drift("paper")


@pytest.mark.parametrize("calls", [0, 1, 2], ids=["the first tag", "the second tag", "the last tag"])
def test_a_rollback_that_fails_at_a_tag_remembers_what_it_leaves(paper: Site, calls: int) -> None:
    """Whichever is refused; repeated, it ends at the first image, the second is withdrawn, and a further rollback does
    not go forward to it."""
    first = paper.serves("paper")
    second = paper.push("paper", "second")
    assert paper.session("deploy", "paper", "--yes", "--wait", "20").code == 0
    paper.plane.fail("CreateTag", grpc.StatusCode.PERMISSION_DENIED, "no right", after=calls)
    assert paper.session("rollback", "paper", "--yes", "--wait", "20").code == 1
    run = paper.session("rollback", "paper", "--yes", "--wait", "20")
    assert run.code == 0, run.text
    assert paper.serves("paper") == first
    assert set(paper.tags("paper", "withdrawn-").values()) == {second}
    run = paper.session("rollback", "paper", "--yes", "--wait", "20")
    assert run.code == 1
    assert "paper has run no other image that was seen to work" in run.text
    assert paper.serves("paper") == first

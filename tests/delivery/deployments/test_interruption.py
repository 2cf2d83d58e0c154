"""A deployment that is interrupted anywhere is known to be unfinished, and a command finishes it or goes back."""

from __future__ import annotations

import signal

import pytest

from tests.delivery.deployments.site import Site, interrupt_while_updating, stopped_at
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

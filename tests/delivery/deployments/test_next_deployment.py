"""Another image than the one that serves: it takes over once it is seen to work, and what served comes back if not."""

from __future__ import annotations

import pytest

from tests.delivery.deployments.conftest import STAMP
from tests.delivery.deployments.site import GOOD, NO_SUMMARY, NOT_READY, Site, image
from tests.engine.cloud.revisions import SERVICE, break_image
from tests.engine.cloud.world import Failure

DOES_NOT_START = {**GOOD, "container": ("", b"")}


def test_a_rollback_deploys_what_ran_before_and_withdraws_what_it_leaves(paper: Site) -> None:
    """The second image serves; rolled back, the first one does, and the second is no candidate any more, so that there
    is nothing to roll back to a second time."""
    first = paper.serves("paper")
    second = paper.push("paper", "second")
    run = paper.session("deploy", "paper", "--yes", "--wait", "20")
    assert run.code == 0, run.text
    assert paper.serves("paper") == second
    run = paper.session("rollback", "paper", "--yes", "--wait", "20")
    assert run.code == 0, run.text
    assert paper.serves("paper") == paper.written("paper") == first
    assert list(paper.tags("paper", "withdrawn-").values()) == [second]
    assert sorted(paper.tags("paper", "deployed-").values()) == sorted([first, first, second])
    paper.no_drift("paper")
    run = paper.session("rollback", "paper", "--yes")
    assert run.code == 1
    assert "paper has run no other image that was seen to work" in run.text


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        (NOT_READY, "GET /ready answers 503: warehouse: no such dataset"),
        (NO_SUMMARY, "GET /summary answers 503: the password is wrong"),
        (DOES_NOT_START, "pulumi up ended with"),
    ],
    ids=["not ready", "no summary", "does not start"],
)
def test_what_does_not_work_is_taken_back(
    paper: Site, answers: dict[str, tuple[str, bytes]], reason: str
) -> None:
    """Service and stack file are back at what served before, which is ready; the journal says that the new one was
    withdrawn, and the session ends with the reason."""
    first = paper.serves("paper")
    bad = paper.push("paper", "bad")
    paper.answers[bad] = answers
    if answers is DOES_NOT_START:
        break_image(paper.world, image("paper", bad))
    run = paper.session("deploy", "paper", "--yes", "--wait", "5")
    assert run.code == 1
    last = run.text[run.text.rindex("deploy: ") :]
    assert reason in last and f"paper is back at {first}, which is ready" in last
    assert paper.serves("paper") == paper.written("paper") == first
    assert list(paper.tags("paper", "withdrawn-").values()) == [bad]
    assert paper.tags("paper", "deployed-") == {f"deployed-paper-{STAMP}": first}
    paper.no_drift("paper")


def test_a_way_back_that_fails_names_the_command_that_finishes_it(paper: Site) -> None:
    """Google refuses the update back: nothing pretends to be well, the next deployment stops too, and the command that
    both name brings the old image back."""
    first = paper.serves("paper")
    bad = paper.push("paper", "bad")
    paper.answers[bad] = NOT_READY
    # Uses up itself at the second update: the first is the deployment's own.
    quota = "Error 429: Quota exceeded, rateLimitExceeded"
    paper.before_answer = lambda _: (
        paper.world.plan(Failure("update", SERVICE, quota)) if paper.serves("paper") == bad else None
    )
    run = paper.session("deploy", "paper", "--yes", "--wait", "0.1")
    command = f"./nox -s deploy -- paper --image {first}"
    assert run.code == 1
    assert "The way back failed too" in run.text and command in run.text
    paper.before_answer = lambda _: None
    for _ in paper.seen:
        paper.world.fails("update", SERVICE, "before")
    again = paper.session("deploy", "paper", "--yes")
    assert again.code == 1
    assert "nobody has seen that it works" in again.text and command in again.text
    run = paper.session("deploy", "paper", "--image", first, "--yes", "--wait", "20")
    assert run.code == 0, run.text
    assert paper.serves("paper") == first
    paper.no_drift("paper")


def test_a_file_that_says_another_image_than_is_deployed_stops_a_deployment(paper: Site) -> None:
    """Neither is taken for what is meant: both commands are named, and nothing is changed. Nobody there to be asked is
    a no."""
    first = paper.serves("paper")
    second = paper.push("paper", "second")
    paper.checkout.configure("paper", {"ib-trading:image": image("paper", second)})
    run = paper.session("deploy", "paper", "--yes")
    assert run.code == 1
    for digest in (first, second):
        assert f"./nox -s deploy -- paper --image {digest}" in run.text
    asked = paper.session("deploy", "paper", "--image", first)
    assert asked.code == 1
    assert "nothing was done" in asked.text
    assert paper.written("paper") == second
    assert paper.serves("paper") == first
    assert not paper.tags("paper", "deploying-paper-2027") and len(paper.tags("paper", "deploying-")) == 1


def test_what_was_withdrawn_is_not_deployed_without_a_word(paper: Site) -> None:
    """It is still the last one pushed. Its digest, said aloud, is enough."""
    paper.serves("paper")
    bad = paper.push("paper", "bad")
    paper.answers[bad] = NOT_READY
    assert paper.session("deploy", "paper", "--yes", "--wait", "0.2").code == 1
    for arguments in ((), ("--image", "pushed")):
        run = paper.session("deploy", "paper", *arguments, "--yes")
        assert run.code == 1
        assert "was withdrawn from paper at 20" in run.text
        assert f"./nox -s deploy -- paper --image {bad}" in run.text
    assert paper.serves("paper") != bad
    paper.answers.clear()
    run = paper.session("deploy", "paper", "--image", bad, "--yes", "--wait", "20")
    assert run.code == 0, run.text
    assert paper.serves("paper") == bad

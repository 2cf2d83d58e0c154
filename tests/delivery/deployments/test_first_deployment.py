"""A stack's first image: its schedules wait until it was seen to work."""

from __future__ import annotations

from tests.delivery.deployments.site import NOT_READY, Site, path


def test_a_first_deployment_lets_the_schedules_run_once_it_is_seen_to_work(empty: Site) -> None:
    """The last push is deployed; while it is looked at nothing is scheduled, afterwards everything; the journal and the
    stack's file have it, and nothing is left to do."""
    digest = empty.push("paper", "first")
    run = empty.session("deploy", "paper", "--yes", "--wait", "20")
    assert run.code == 0, run.text
    assert empty.seen == [("paper", "/ready", True), ("paper", "/summary", True)]
    assert not empty.schedules_paused("paper")
    assert empty.serves("paper") == empty.written("paper") == digest
    assert list(empty.tags("paper", "deployed-paper-").values()) == [digest]
    empty.no_drift("paper")


def test_a_first_deployment_that_fails_leaves_the_schedules_paused(empty: Site) -> None:
    """There is nothing to go back to: the service stays, nothing calls it, and the session says so. A better image lets
    the schedules run."""
    bad = empty.push("paper", "bad")
    empty.answers[bad] = NOT_READY
    run = empty.session("deploy", "paper", "--yes", "--wait", "0.2")
    assert run.code == 1
    assert "GET /ready answers 503: warehouse: no such dataset" in run.text
    assert "schedules paused" in run.text
    assert "docs/deploying.md" in run.text and "When something went wrong" in run.text
    assert empty.schedules_paused("paper")
    assert list(empty.tags("paper", "withdrawn-paper-").values()) == [bad]
    assert not empty.tags("paper", "deployed-")
    good = empty.push("paper", "good")
    run = empty.session("deploy", "paper", "--image", good, "--yes", "--wait", "20")
    assert run.code == 0, run.text
    assert empty.serves("paper") == good
    assert not empty.schedules_paused("paper")
    empty.no_drift("paper")


def test_a_stack_that_was_made_again_and_goes_back_lets_its_schedules_run(empty: Site) -> None:
    """Nothing serves, but its journal knows a good image. The new one fails, the good one comes, and what the failed
    one had paused runs."""
    good = empty.push("paper", "good")
    for verb in ("deploying", "deployed"):
        empty.registry.tag(path("paper"), f"{verb}-paper-20260102T030405Z", good)
    bad = empty.push("paper", "bad")
    empty.answers[bad] = NOT_READY
    run = empty.session("deploy", "paper", "--yes", "--wait", "0.2")
    assert run.code == 1
    assert f"paper is back at {good}, which is ready" in run.text
    assert empty.serves("paper") == empty.written("paper") == good
    assert not empty.schedules_paused("paper")
    empty.no_drift("paper")

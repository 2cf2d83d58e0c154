"""What paper runs goes to live as it is: the same bytes, nothing built, nothing taken that was not seen to work."""

from __future__ import annotations

from tests.delivery.deployments.site import Site, path


def test_live_gets_the_very_image_that_paper_runs(paper: Site) -> None:
    """Copied byte for byte under the same digest; live is only asked whether it is ready, because a login may wake
    somebody up. A second time there is nothing to do."""
    digest = paper.serves("paper")
    run = paper.session("promote", "--yes", "--wait", "20")
    assert run.code == 0, run.text
    assert paper.serves("live") == paper.written("live") == digest
    assert paper.registry.manifest(path("live"), digest) == paper.registry.manifest(path("paper"), digest)
    assert [asked for stack, asked, _ in paper.seen if stack == "live"] == ["/ready"]
    assert list(paper.tags("live", "deployed-live-").values()) == [digest]
    assert not paper.schedules_paused("live")
    paper.no_drift("live")
    again = paper.session("promote", "--yes")
    assert again.code == 0
    assert "nothing to do" in again.text


def test_nothing_is_promoted_that_paper_does_not_serve(paper: Site) -> None:
    """Somebody moved the requests to another revision by hand: what paper runs is not what was seen to work."""
    second = paper.push("paper", "second")
    run = paper.session("deploy", "paper", "--yes", "--wait", "20")
    assert run.code == 0, run.text
    paper.send_requests_to_revision("paper", 1)
    run = paper.session("promote", "--yes")
    assert run.code == 1
    assert "not all requests go to ib-paper-00002-" in run.text
    assert not paper.tags("live")
    assert paper.written("paper") == second


def test_live_takes_only_what_was_promoted_to_it(empty: Site) -> None:
    """An image that paper never ran is neither pushed nor deployed; one that was promoted is deployed again."""
    empty.push("live", "never-on-paper")
    for session in ("deploy", "push"):
        run = empty.session(session, "live", *(("--yes",) if session == "deploy" else ()))
        assert run.code == 1
        assert "./nox -s promote -- --to live" in run.text
    assert not empty.serves("live")
    assert not empty.tags("live", "deploying-")


def test_what_live_runs_is_deployed_again_without_a_promotion(paper: Site) -> None:
    """Its journal knows it."""
    digest = paper.serves("paper")
    assert paper.session("promote", "--yes", "--wait", "20").code == 0
    run = paper.session("deploy", "live", "--yes", "--wait", "20")
    assert run.code == 0, run.text
    assert paper.serves("live") == digest

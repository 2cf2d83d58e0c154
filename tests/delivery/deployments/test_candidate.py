"""A candidate is deployed by the build that made it, and becomes what everybody's `deploy` takes once it works."""

from __future__ import annotations

import pytest

from tests.delivery.deployments.site import NOT_READY, Site

BY_THE_BUILD = ("paper", "--image", "candidate", "--yes", "--wait")


def test_a_candidate_that_works_is_what_a_plain_deploy_takes_from_then_on(paper: Site) -> None:
    """Until then that takes what was pushed before: deploying that one again changes nothing."""
    first = paper.serves("paper")
    candidate = paper.push("paper", "second", "candidate")
    paper.built_here("paper", candidate)
    run = paper.session("deploy", "paper", "--yes", "--wait", "20")
    assert run.code == 0, run.text
    assert paper.serves("paper") == first
    run = paper.session("deploy", *BY_THE_BUILD, "20")
    assert run.code == 0, run.text
    assert paper.serves("paper") == paper.written("paper") == candidate
    assert paper.tags("paper", "pushed") == {"pushed": candidate}
    assert f"`pushed` is now {candidate}" in run.text
    paper.no_drift("paper")


def test_a_candidate_that_does_not_work_is_taken_by_nobody_else(paper: Site) -> None:
    """What serves and what is pushed stay what they were."""
    first = paper.serves("paper")
    bad = paper.push("paper", "bad", "candidate")
    paper.built_here("paper", bad)
    paper.answers[bad] = NOT_READY
    run = paper.session("deploy", *BY_THE_BUILD, "1")
    assert run.code == 1
    assert paper.serves("paper") == first
    assert paper.tags("paper", "pushed") == {"pushed": first}
    assert list(paper.tags("paper", "withdrawn-").values()) == [bad]


@pytest.mark.parametrize("here", ["second", ""], ids=["tested another", "tested none"])
def test_a_build_deploys_no_candidate_but_its_own(paper: Site, here: str) -> None:
    """Another build has pushed while this one tested: what it pushed may not have passed yet. Nothing is begun."""
    first = paper.serves("paper")
    paper.built_here("paper", paper.push("paper", here or "second", "candidate"))
    overtaking = paper.push("paper", "third", "candidate")
    if not here:
        program = paper.checkout.folder / "bin" / "docker"
        program.write_text('#!/bin/sh\n[ "$*" = info ]\n', encoding="utf-8")
    run = paper.session("deploy", *BY_THE_BUILD, "1")
    assert run.code == 1
    said = "another build has pushed its own" if here else f"deploy -- paper --image {overtaking}"
    assert said in run.text
    assert paper.serves("paper") == first
    assert overtaking not in paper.tags("paper", "deploying-").values()
    assert paper.tags("paper", "pushed") == {"pushed": first}


def test_where_nothing_was_pushed_as_a_candidate_the_command_is_named(paper: Site) -> None:
    """`pushed` is never taken in its place."""
    run = paper.session("deploy", *BY_THE_BUILD, "1")
    assert run.code == 1
    assert "./nox -s push -- paper --candidate" in run.text

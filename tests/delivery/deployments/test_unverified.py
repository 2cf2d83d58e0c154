"""A deployment that learnt nothing about its image says so; it neither withdraws it nor restarts the gateway."""

from __future__ import annotations

import grpc

from tests.delivery.deployments.site import JOB, NOT_READY, Site
from tests.engine.cloud.revisions import SERVICE
from tests.engine.cloud.world import Failure

AWAY = "The service is currently unavailable."


def test_one_error_while_looking_is_waited_out(paper: Site) -> None:
    """It was Cloud Run's, and says nothing of the image."""
    good = paper.push("paper", "good")
    paper.plane.fail("GetService", grpc.StatusCode.INTERNAL, "Internal error encountered.")
    run = paper.session("deploy", "paper", "--yes", "--wait", "20")
    assert run.code == 0, run.text
    assert paper.serves("paper") == good
    assert not paper.tags("paper", "withdrawn-")


def test_where_cloud_run_cannot_be_asked_the_deployment_stays_unfinished(paper: Site) -> None:
    """For longer than its library waits: no trace, and both commands are named. The one that looks again finishes it,
    and the image was never called bad."""
    first = paper.serves("paper")
    second = paper.push("paper", "second")
    paper.plane.fail("GetService", grpc.StatusCode.UNAVAILABLE, AWAY, times=100)
    run = paper.session("deploy", "paper", "--yes", "--wait", "1")
    assert run.code == 1
    assert "Traceback" not in run.text
    assert AWAY.rstrip(".") in run.text and f"Nobody has seen whether {second} works" in run.text
    assert "Its schedules go on" in run.text and not paper.schedules_paused("paper")
    for digest in (first, second):
        assert f"./nox -s deploy -- paper --image {digest}" in run.text
    assert not paper.tags("paper", "withdrawn-")
    paper.plane.forget_failures()
    run = paper.session("deploy", "paper", "--image", second, "--yes", "--wait", "20")
    assert run.code == 0, run.text
    assert paper.serves("paper") == second


def test_an_update_that_never_came_to_the_service_says_nothing_of_the_image(paper: Site) -> None:
    """Google's quota is used up: the former image serves as before, the stack's file says it again, nothing is
    restarted, and the same command does it later."""
    first = paper.serves("paper")
    second = paper.push("paper", "second")
    paper.world.plan(Failure("update", SERVICE, "Error 429: Quota exceeded, rateLimitExceeded"))
    run = paper.session("deploy", "paper", "--yes", "--wait", "20")
    assert run.code == 1
    assert f"paper still runs {first}, and its file says so again" in run.text
    assert paper.serves("paper") == paper.written("paper") == first
    assert not paper.tags("paper", "withdrawn-") and not paper.seen
    paper.no_drift("paper")
    run = paper.session("deploy", "paper", "--image", second, "--yes", "--wait", "20")
    assert run.code == 0, run.text
    assert paper.serves("paper") == second


def test_a_lasting_outage_on_the_way_back_names_what_needs_a_person(paper: Site) -> None:
    """The image is bad, and nobody can see whether the former one came back."""
    first = paper.serves("paper")
    bad = paper.push("paper", "bad")
    paper.answers[bad] = NOT_READY
    paper.plane.fail("GetService", grpc.StatusCode.UNAVAILABLE, AWAY, after=1, times=100)
    run = paper.session("deploy", "paper", "--yes", "--wait", "1")
    assert run.code == 1
    assert "Traceback" not in run.text
    assert "The way back failed too" in run.text
    assert f"./nox -s deploy -- paper --image {first}" in run.text


def test_an_update_that_fails_beside_the_service_is_not_the_image(paper: Site) -> None:
    """The schedules could not be changed; the image itself works. It stays, and the same command finishes it."""
    second = paper.push("paper", "second")
    paper.checkout.configure("paper", {"ib-trading:schedulesPaused": "true"})
    paper.world.plan(Failure("update", JOB, "Error 403: no right, forbidden"))
    run = paper.session("deploy", "paper", "--yes", "--wait", "20")
    assert run.code == 1
    assert f"{second} serves and works, but not all else was updated" in run.text
    assert paper.serves("paper") == paper.written("paper") == second
    assert not paper.tags("paper", "withdrawn-")
    run = paper.session("deploy", "paper", "--image", second, "--yes", "--wait", "20")
    assert run.code == 0, run.text
    paper.no_drift("paper")

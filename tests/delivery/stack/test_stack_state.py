"""How a stack stands: what a deployment may take for granted, and what a person has to choose."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from delivery.commands.promote import verified_digest
from delivery.commands.rollback import rollback_target
from delivery.console.refusal import Refusal
from delivery.registry.journal import Journal, deployed_tag, withdrawn_tag
from delivery.registry.unfinished import deploying_tag, next_moment, paused_tag, schedules_wait, unfinished
from delivery.stack.pulumi_stack import Outputs, PulumiStack
from delivery.stack.stack_file import Place, Wanted
from delivery.stack.stack_state import StackState, Unsettled

A, B, C = (f"sha256:{figure * 64}" for figure in "abc")
REPOSITORY = "europe-west6-docker.pkg.dev/ib-paper-project/ib-trading"
BEGINNING = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def at(minute: int) -> datetime:
    return BEGINNING + timedelta(minutes=minute)


def deployed(digest: str, minute: int) -> dict[str, str]:
    """As a good deployment leaves the journal."""
    return {deploying_tag("paper", at(minute)): digest, deployed_tag("paper", at(minute)): digest}


def begun(digest: str, minute: int) -> dict[str, str]:
    return {deploying_tag("paper", at(minute)): digest}


def withdrawn(digest: str, minute: int) -> dict[str, str]:
    return {withdrawn_tag("paper", at(minute)): digest}


def state(written: str, present: str, tags: dict[str, str]) -> StackState:
    def image(digest: str) -> str:
        return f"{REPOSITORY}/ib-trading@{digest}" if digest else ""

    place = Place("paper", "ib-paper-project", "europe-west6")
    outputs = Outputs("paper", "ib-paper", "", image(present), REPOSITORY, "ib-credentials", "ib-operator@x")
    wanted = Wanted(image(written), schedules_paused=False, mode="paper")
    return StackState(PulumiStack(place, Path()), outputs, wanted, Journal(tags))


def test_a_deployment_is_unfinished_until_the_journal_says_how_it_ended() -> None:
    """Good or bad, its own end counts; that another image was withdrawn by it is none."""
    assert unfinished(Journal(begun(B, 2)), "paper") == B
    assert unfinished(Journal(begun(B, 2) | withdrawn(A, 2)), "paper") == B
    assert unfinished(Journal(begun(B, 2) | withdrawn(B, 2)), "paper") == ""
    assert unfinished(Journal(deployed(B, 2)), "paper") == ""
    assert unfinished(Journal(begun(B, 2)), "live") == ""


def test_only_the_newest_beginning_counts() -> None:
    """A later deployment that ended settles what an earlier one left open."""
    assert unfinished(Journal(begun(B, 2) | deployed(A, 3)), "paper") == ""
    assert unfinished(Journal(deployed(A, 2) | begun(B, 3)), "paper") == B


def test_schedules_wait_for_the_first_good_deployment_after_they_were_paused() -> None:
    """One that failed lets nothing run, one that was good before they were paused neither."""
    paused = {paused_tag("paper", at(2)): A}
    assert schedules_wait(Journal(paused | begun(A, 2) | withdrawn(A, 2)), "paper")
    assert not schedules_wait(Journal(paused | deployed(A, 2)), "paper")
    assert not schedules_wait(Journal(paused | withdrawn(A, 2) | deployed(B, 3)), "paper")
    assert not schedules_wait(Journal({}), "paper")


def test_a_clock_that_is_behind_the_journal_is_refused() -> None:
    """The order of entries is that of their times."""
    journal = Journal(deployed(A, 5))
    assert next_moment(journal, "paper", at(6)) == at(6)
    for late in (at(4), at(5)):
        with pytest.raises(ValueError, match="20260102T030905Z"):
            next_moment(journal, "paper", late)


def test_where_file_update_and_journal_agree_a_deployment_goes_ahead() -> None:
    """Also before there was anything."""
    state(A, A, deployed(A, 1)).settled()
    state("", "", {}).settled()


@pytest.mark.parametrize(
    ("written", "present", "tags", "named"),
    [
        (B, A, deployed(A, 1), (A, B)),
        ("", A, deployed(A, 1), (A,)),
        (B, "", {}, (B,)),
        (B, A, deployed(A, 1) | begun(B, 2), (A, B)),
        (B, B, deployed(A, 1) | begun(B, 2), (A, B)),
        (B, B, begun(B, 2), (B,)),
    ],
    ids=[
        "edited",
        "taken out",
        "never deployed",
        "begun",
        "up, and nobody looked",
        "first, and nobody looked",
    ],
)
def test_what_is_not_clear_names_each_image_that_could_be_meant(
    written: str, present: str, tags: dict[str, str], named: tuple[str, ...]
) -> None:
    """A command for each, and no other image."""
    with pytest.raises(Unsettled) as stopped:
        state(written, present, tags).settled()
    for digest in (A, B, C):
        assert (f"--image {digest}" in str(stopped.value)) == (digest in named)


def test_what_was_good_and_begun_again_names_the_image_before_it_too() -> None:
    """It serves, and a person may not want to finish it."""
    with pytest.raises(Unsettled) as stopped:
        state(B, B, deployed(A, 1) | deployed(B, 2) | begun(B, 3)).settled()
    for digest in (A, B):
        assert f"--image {digest}" in str(stopped.value)


def test_what_was_begun_may_go_on() -> None:
    """The same image again is no contradiction: it is how an interrupted promotion is repeated."""
    state(B, A, deployed(A, 1) | begun(B, 2)).settled(B)
    state(B, "", {}).settled(B)
    with pytest.raises(Unsettled):
        state(B, A, deployed(A, 1)).settled(B)


@pytest.mark.parametrize(
    ("present", "target", "tags", "back"),
    [
        (A, B, deployed(A, 1), A),
        (A, A, deployed(A, 1), ""),
        ("", A, {}, ""),
        (B, B, deployed(A, 1) | begun(B, 2), A),
        (B, A, deployed(A, 1) | begun(B, 2), ""),
        (B, A, deployed(C, 0) | deployed(A, 1) | begun(B, 2), C),
        (C, B, deployed(A, 1), C),
        (A, C, deployed(B, 1) | deployed(A, 2) | begun(A, 3), A),
        (A, C, deployed(A, 1) | begun(A, 2), A),
        (A, A, deployed(A, 1) | begun(A, 2), ""),
    ],
    ids=[
        "next",
        "same",
        "first",
        "finish",
        "give up",
        "give up with another",
        "not in the journal",
        "good before it was begun again",
        "good and alone",
        "good and begun again",
    ],
)
def test_the_way_back_goes_to_what_served_and_never_to_what_nobody_saw_working(
    present: str, target: str, tags: dict[str, str], back: str
) -> None:
    """An image that was begun and not finished is no way back, unless it was good before."""
    assert state(present, present, tags).previous(target) == back


@pytest.mark.parametrize(
    ("present", "tags", "expected"),
    [
        (B, deployed(A, 1) | deployed(B, 2), (A, B)),
        (C, deployed(A, 1) | deployed(B, 2) | withdrawn(B, 3) | deployed(C, 4), (A, C)),
        (B, deployed(A, 1) | begun(B, 2), (A, B)),
        (B, deployed(A, 1) | deployed(B, 2) | withdrawn(B, 3), (A, B)),
        (B, deployed(A, 1) | deployed(B, 2) | begun(A, 3) | withdrawn(B, 3), (A, "")),
        (A, deployed(A, 1) | deployed(B, 2) | begun(A, 3) | withdrawn(B, 3), (A, "")),
    ],
    ids=[
        "two",
        "one withdrawn",
        "unfinished",
        "rollback interrupted in its tags",
        "rollback interrupted in up",
        "rollback interrupted after up",
    ],
)
def test_a_rollback_goes_to_the_newest_good_image_and_a_repeated_one_to_the_same(
    present: str, tags: dict[str, str], expected: tuple[str, str]
) -> None:
    """(where to, what is withdrawn by it)."""
    assert rollback_target(state(present, present, tags)) == expected


def test_only_what_was_seen_to_work_is_promoted() -> None:
    """Deployed by hand, withdrawn or unfinished is not enough."""
    assert verified_digest(state(A, A, deployed(A, 1))) == A
    for tags in ({}, deployed(A, 1) | withdrawn(A, 2), begun(A, 1)):
        with pytest.raises(Refusal):
            verified_digest(state(A, A, tags))

"""What `cleanup` may delete: over whatever revisions, images, tags and stacks there are, nothing that is needed."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery.registry.image_tags import Image
from delivery.registry.journal import CANDIDATE, PUSHED, Journal, deployed_tag, withdrawn_tag
from delivery.registry.unfinished import deploying_tag, paused_tag, schedules_wait, unfinished
from delivery.stack.retention import (
    IMAGE,
    REVISION,
    TAG,
    Deletion,
    IncompleteInventoryError,
    Inventory,
    Revision,
    Service,
    decide,
)

NAME = "europe-west6-docker.pkg.dev/trading-paper/ib-trading/ib-trading"
PREFIXES = (NAME, "europe-west6-docker.pkg.dev/trading-live/ib-trading/ib-trading", "docker.io/ann/copy")
OWN = "projects/trading-paper/locations/europe-west6/services/ib-paper"
OTHERS = (
    "projects/trading-paper/locations/europe-west6/services/somebody-elses",
    "projects/trading-live/locations/europe-west6/services/ib-live",
)
START = datetime(2026, 3, 2, 15, 30, tzinfo=UTC)
DIGESTS = tuple(f"sha256:{number:064x}" for number in range(12))
KEEP = st.integers(1, 6)


def at(minute: int) -> datetime:
    return START + timedelta(minutes=minute)


def revision(service: str, number: int, image: str, minute: int | None = None) -> Revision:
    name = f"{service}/revisions/{service.rpartition('/')[2]}-{number:05d}-abc"
    return Revision(name, (image,), at(number if minute is None else minute))


@st.composite
def images(draw: st.DrawFn) -> tuple[Image, ...]:
    """With tags of the journal in any order, tags of somebody's, and indexes (of later digests, so never of itself)."""
    digests = draw(st.lists(st.sampled_from(DIGESTS), unique=True, max_size=len(DIGESTS)))
    tags: dict[str, list[str]] = {digest: [] for digest in digests}
    if digests:
        some = st.sampled_from(digests)
        for minute, digest in enumerate(draw(st.lists(some, max_size=12))):
            tags[digest].append(deploying_tag("paper", at(minute)))
            if draw(st.integers(0, 4)) == 0:
                tags[digest].append(paused_tag("paper", at(minute)))
            # A machine that was switched off leaves neither.
            make = draw(st.sampled_from((deployed_tag, deployed_tag, withdrawn_tag, None)))
            if make:
                tags[digest].append(make("paper", at(minute)))
        others = (PUSHED, CANDIDATE, "v1", "deployed-live-20260302T153000Z")
        for tag in draw(st.lists(st.sampled_from(others), unique=True)):
            tags[draw(some)].append(tag)
    children = {
        digest: draw(st.lists(st.sampled_from(later), unique=True, max_size=2))
        for digest in digests
        if (later := [one for one in DIGESTS if one > digest]) and draw(st.integers(0, 3)) == 0
    }
    return tuple(
        Image(digest, tuple(tags[digest]), at(draw(st.integers(0, 30))), 1, tuple(children.get(digest, ())))
        for digest in digests
    )


@st.composite
def worlds(draw: st.DrawFn) -> Inventory:
    """One stack among others: revisions of its service and of others', that run its images or other ones."""
    image = st.builds(
        lambda prefix, digest: f"{prefix}@{digest}", st.sampled_from(PREFIXES), st.sampled_from(DIGESTS)
    )
    own = [
        revision(OWN, number, draw(image), draw(st.integers(0, 5)))
        for number in range(draw(st.integers(0, 8)))
    ]
    others = [
        revision(service, number, draw(image))
        for service in OTHERS
        for number in range(draw(st.integers(0, 2)))
    ]
    used = draw(st.lists(st.sampled_from(own), min_size=1, max_size=3)) if own else []
    why = st.sampled_from(("gets 100% of the traffic", "has the traffic tag try", "the newest"))
    named = draw(
        st.lists(st.tuples(image, st.sampled_from(("Pulumi.live.yaml", "the output of live"))), max_size=2)
    )
    return Inventory(
        mode="paper",
        image=NAME,
        service=Service(OWN, {one.name: (draw(why),) for one in used}),
        revisions=(*own, *others),
        images=draw(images()),
        named=tuple(named),
        present=frozenset(draw(st.lists(st.sampled_from(DIGESTS), max_size=2))),
    )


def without(found: Inventory, deletions: tuple[Deletion, ...]) -> Inventory:
    """What is left, as Google does it: no revision that is used, no image with a tag or that an index consists of."""
    for deletion in deletions:
        if deletion.kind == REVISION:
            assert deletion.what not in found.service.uses
            left = tuple(one for one in found.revisions if one.name != deletion.what)
            found = dataclasses.replace(found, revisions=left)
        elif deletion.kind == TAG:
            assert [one for one in found.images if deletion.what in one.tags]
            left_tags = tuple(
                dataclasses.replace(one, tags=tuple(tag for tag in one.tags if tag != deletion.what))
                for one in found.images
            )
            found = dataclasses.replace(found, images=left_tags)
        else:
            assert deletion.kind == IMAGE
            [image] = [one for one in found.images if one.digest == deletion.what]
            assert not image.tags
            assert not [one for one in found.images if deletion.what in one.children]
            left_images = tuple(one for one in found.images if one is not image)
            found = dataclasses.replace(found, images=left_images)
    return found


def digests(found: Inventory) -> set[str]:
    return {one.digest for one in found.images}


def journal(found: Inventory) -> Journal:
    return Journal({tag: one.digest for one in found.images for tag in one.tags})


def own(found: Inventory) -> list[Revision]:
    return [one for one in found.revisions if one.service == OWN]


@given(worlds(), KEEP, st.data())
def test_wherever_it_is_interrupted_no_deployment_looks_unfinished_that_did_not_before(
    found: Inventory, keep: int, data: st.DataObject
) -> None:
    """What tells that a deployment was begun last, and how it ended, stays together; so does what tells that paused
    schedules wait for a good one."""
    deletions = decide(found, keep).deletions
    left = without(found, deletions[: data.draw(st.integers(0, len(deletions)))])
    assert unfinished(journal(left), "paper") == unfinished(journal(found), "paper")
    if schedules_wait(journal(found), "paper"):
        assert schedules_wait(journal(left), "paper")


def test_an_older_beginning_does_not_become_the_last_one() -> None:
    """A machine was switched off while it deployed one image, and another was deployed since and withdrawn: if that one
    went, the next deployment would stop at the first as one that was never finished."""
    overtaken = Image(DIGESTS[0], (PUSHED, deploying_tag("paper", at(0))), at(0), 1, ())
    last = Image(DIGESTS[1], (deploying_tag("paper", at(1)), withdrawn_tag("paper", at(1))), at(1), 1, ())
    found = Inventory("paper", NAME, Service(OWN), (), (overtaken, last), (), frozenset())
    left = without(found, decide(found, 1).deletions)
    assert unfinished(journal(found), "paper") == unfinished(journal(left), "paper") == ""


def test_the_marks_of_a_deployment_keep_no_image() -> None:
    """What was deployed long ago goes with all its tags: none of them is somebody's own."""
    images = tuple(
        Image(
            DIGESTS[number],
            (
                deploying_tag("paper", at(number)),
                deployed_tag("paper", at(number)),
                *([paused_tag("paper", at(number))] if number == 0 else []),
            ),
            at(number),
            1,
            (),
        )
        for number in range(5)
    )
    found = Inventory("paper", NAME, Service(OWN), (), images, (), frozenset())
    assert [one.digest for one in decide(found, 3).images] == list(DIGESTS[:2])


@given(worlds(), KEEP)
def test_no_revision_goes_that_gets_traffic_has_a_tag_or_is_the_newest(found: Inventory, keep: int) -> None:
    """Whatever the service says it uses stays, and so do the last N whether used or not."""
    going = {one.name for one in decide(found, keep).revisions}
    newest = sorted(own(found), key=lambda one: (one.created, one.name))[-keep:]
    assert not going & set(found.service.uses)
    assert not going & {one.name for one in newest}


@given(worlds(), KEEP)
def test_no_revision_of_another_service_goes(found: Inventory, keep: int) -> None:
    """Neither another stack's in the same project nor somebody else's."""
    assert all(one.service == OWN for one in decide(found, keep).revisions)


@given(worlds(), KEEP)
def test_no_image_goes_that_a_revision_left_anywhere_references(found: Inventory, keep: int) -> None:
    """By its digest, whatever repository the reference names."""
    decision = decide(found, keep)
    left = without(found, decision.deletions)
    referenced = {image.rpartition("@")[2] for one in left.revisions for image in one.images}
    assert referenced & digests(found) <= digests(left)


@given(worlds(), KEEP)
def test_no_image_goes_that_a_stacks_file_or_output_names(found: Inventory, keep: int) -> None:
    left = without(found, decide(found, keep).deletions)
    assert {image.rpartition("@")[2] for image, _ in found.named} & digests(found) <= digests(left)


@given(worlds(), KEEP)
def test_the_way_back_the_newest_push_and_candidate_and_the_last_good_deployments_stay(
    found: Inventory, keep: int
) -> None:
    """From whatever the stack has now, the digest that `rollback` would choose is the same afterwards."""
    before = journal(found)
    left = without(found, decide(found, keep).deletions)
    after = journal(left)
    for present in found.present:
        assert after.before("paper", present) == before.before("paper", present)
    assert after.pushed == before.pushed
    assert after.candidate == before.candidate
    assert after.good("paper")[:keep] == before.good("paper")[:keep]


def test_a_candidate_stays_for_what_it_is() -> None:
    """A build that is testing it will deploy it; it is not somebody's own tag, which would keep each of them."""
    candidate = Image(DIGESTS[0], (CANDIDATE,), at(0), 1, ())
    overtaken = Image(DIGESTS[1], (), at(1), 1, ())
    found = Inventory("paper", NAME, Service(OWN), (), (candidate, overtaken), (), frozenset())
    decision = decide(found, 1)
    assert decision.kept == {candidate.digest: ("the newest candidate",)}
    assert decision.images == (overtaken,)


@given(worlds(), KEEP)
def test_what_a_kept_index_consists_of_is_kept(found: Inventory, keep: int) -> None:
    """An index without its manifests is an image that cannot be pulled."""
    left = without(found, decide(found, keep).deletions)
    for image in left.images:
        assert set(image.children) & digests(found) <= digests(left)


@given(worlds(), KEEP)
def test_what_somebody_tagged_by_hand_is_kept(found: Inventory, keep: int) -> None:
    left = without(found, decide(found, keep).deletions)
    tagged = {one.digest for one in found.images if {"v1", "deployed-live-20260302T153000Z"} & set(one.tags)}
    assert tagged <= digests(left)


@given(worlds(), KEEP)
def test_a_second_run_has_nothing_to_do(found: Inventory, keep: int) -> None:
    assert not decide(without(found, decide(found, keep).deletions), keep).deletions


@given(worlds(), KEEP, st.data())
def test_interrupted_anywhere_it_goes_on_where_it_was(
    found: Inventory, keep: int, data: st.DataObject
) -> None:
    """What was done is done; the rest is the same, and no image became a good one or a way back in between."""
    deletions = decide(found, keep).deletions
    done = data.draw(st.integers(0, len(deletions)))
    stopped = without(found, deletions[:done])
    assert set(decide(stopped, keep).deletions) == set(deletions[done:])
    assert set(journal(stopped).good("paper")) <= set(journal(found).good("paper"))


@given(worlds(), KEEP)
def test_who_keeps_more_deletes_nothing_that_keeping_less_would_have_kept(
    found: Inventory, keep: int
) -> None:
    assert set(decide(found, keep + 1).deletions) <= set(decide(found, keep).deletions)


@given(worlds(), KEEP)
def test_everything_goes_or_stays_for_a_reason(found: Inventory, keep: int) -> None:
    """Nothing is forgotten, nothing is both, and what is needed by nobody does go."""
    decision = decide(found, keep)
    going = {one.name for one in decision.revisions} | {one.digest for one in decision.images}
    assert not going & set(decision.kept)
    assert going | set(decision.kept) == {one.name for one in own(found)} | digests(found)
    assert all(decision.kept.values())


@given(worlds(), KEEP)
def test_one_stack_that_cannot_be_read_stops_all_of_it(found: Inventory, keep: int) -> None:
    """What it runs is not known; the sentence names it and why."""
    blind = dataclasses.replace(found, unknown={"the stack live": "no right to its state"})
    with pytest.raises(IncompleteInventoryError, match="the stack live: no right to its state"):
        decide(blind, keep)


@given(worlds(), KEEP)
def test_a_revision_that_names_a_tag_of_ours_stops_all_of_it(found: Inventory, keep: int) -> None:
    """The tag may have been moved since: nobody can tell which image it runs."""
    foreign = revision(OTHERS[0], 9, f"{NAME}:{PUSHED}")
    with pytest.raises(IncompleteInventoryError, match="deploy that service by digest"):
        decide(dataclasses.replace(found, revisions=(*found.revisions, foreign)), keep)


def test_a_service_that_is_just_changing_stops_all_of_it() -> None:
    """It serves from a revision that was not listed: what was read is no longer true."""
    found = Inventory(
        "paper",
        NAME,
        Service(OWN, {f"{OWN}/revisions/ib-paper-00002-abc": ("gets 100% of the traffic",)}),
        (revision(OWN, 1, f"{NAME}@{DIGESTS[0]}"),),
        (),
        (),
        frozenset(),
    )
    with pytest.raises(IncompleteInventoryError, match="it is changing"):
        decide(found, 3)


def test_a_service_that_does_not_say_what_serves_stops_all_of_it() -> None:
    found = Inventory(
        "paper", NAME, Service(OWN), (revision(OWN, 1, f"{NAME}@{DIGESTS[0]}"),), (), (), frozenset()
    )
    with pytest.raises(IncompleteInventoryError, match="does not say which"):
        decide(found, 3)


def test_keeping_none_is_refused() -> None:
    """It would take the serving one's turn only by its traffic, and no way back."""
    found = Inventory("paper", NAME, Service(OWN), (), (), (), frozenset())
    with pytest.raises(Exception, match="keep at least 1"):
        decide(found, 0)


def test_an_image_that_was_withdrawn_does_not_look_good_half_way_through() -> None:
    """Its `deployed-…` goes first: with `withdrawn-…` alone taken away, a rollback would choose the bad one."""
    tags = (withdrawn_tag("paper", at(2)), deployed_tag("paper", at(1)))
    bad = Image(DIGESTS[0], tags, START, 1, ())
    found = Inventory("paper", NAME, Service(OWN), (), (bad,), (), frozenset())
    assert [one.what for one in decide(found, 1).deletions] == [*sorted(tags), DIGESTS[0]]


def test_who_keeps_one_good_deployment_keeps_the_way_back_too() -> None:
    """The newest is what the stack has; without the one before it, `rollback` would have nowhere to go."""
    older, newer, oldest = (
        Image(digest, (deployed_tag("paper", at(minute)),), at(minute), 1, ())
        for digest, minute in zip(DIGESTS, (1, 2, 0), strict=False)
    )
    found = Inventory("paper", NAME, Service(OWN), (), (older, newer, oldest), (), frozenset({newer.digest}))
    decision = decide(found, 1)
    assert decision.images == (oldest,)
    assert decision.kept == {newer.digest: ("the newest good deployment",), older.digest: ("the way back",)}

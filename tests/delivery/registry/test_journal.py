"""The tags of a stack's images are its journal: what is good, what was withdrawn, where to go back to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery.registry.journal import Journal, deployed_tag, withdrawn_tag

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
MOMENTS = st.builds(
    lambda minutes, hours: (NOON + timedelta(minutes=minutes)).astimezone(timezone(timedelta(hours=hours))),
    st.integers(-600_000, 600_000),
    st.integers(-11, 11),
)
ENTRIES = st.lists(
    st.tuples(
        st.sampled_from((deployed_tag, withdrawn_tag)),
        MOMENTS,
        st.sampled_from("ABCD"),
        st.sampled_from(("paper", "live")),
    ),
    max_size=12,
)


def after(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


def test_a_tag_says_the_second_in_utc_whatever_the_zone() -> None:
    """Noon in London is seven in New York."""
    there = NOON.astimezone(timezone(timedelta(hours=-5)))
    assert deployed_tag("paper", there) == "deployed-paper-20261102T120000Z"
    assert withdrawn_tag("live", there) == "withdrawn-live-20261102T120000Z"


def test_a_moment_without_a_zone_is_a_mistake() -> None:
    """It would be written as UTC and mean something else."""
    with pytest.raises(ValueError, match="zone"):
        deployed_tag("paper", datetime(2026, 11, 2))  # noqa: DTZ001


def test_the_way_back_leads_to_the_deployment_before() -> None:
    """The newest good one that is not there already."""
    journal = Journal(
        {deployed_tag("live", after(1)): "A", deployed_tag("live", after(2)): "B", "pushed": "C"}
    )
    assert journal.good("live") == ("B", "A")
    assert journal.before("live", "B") == "A"
    assert journal.before("live", "A") == "B"
    assert journal.pushed == "C"


def test_a_candidate_is_neither_pushed_nor_good() -> None:
    """Nobody has seen it pass yet."""
    journal = Journal({"candidate": "C", "pushed": "A", deployed_tag("paper", NOON): "A"})
    assert (journal.candidate, journal.pushed, journal.good("paper")) == ("C", "A", ("A",))
    assert Journal({}).candidate == ""


def test_the_way_back_leads_around_what_was_withdrawn() -> None:
    """B was bad: from C it goes to A."""
    journal = Journal(
        {
            deployed_tag("live", after(1)): "A",
            deployed_tag("live", after(2)): "B",
            withdrawn_tag("live", after(3)): "B",
            deployed_tag("live", after(4)): "C",
        }
    )
    assert journal.before("live", "C") == "A"


def test_what_was_withdrawn_is_good_again_once_it_was_deployed_again() -> None:
    """Somebody mended what was around it."""
    journal = Journal({withdrawn_tag("live", after(3)): "B", deployed_tag("live", after(4)): "B"})
    assert journal.good("live") == ("B",)


def test_what_was_withdrawn_is_known_with_its_time_until_it_was_good_again() -> None:
    """Of the last withdrawal; another mode's is none of it."""
    tags = {deployed_tag("live", after(1)): "A", withdrawn_tag("live", after(2)): "A"}
    assert withdrawn_tag("live", after(2)).endswith(Journal(tags).withdrawn("live", "A") or "none")
    assert Journal(tags).withdrawn("paper", "A") == Journal(tags).withdrawn("live", "B") == ""
    assert Journal(tags | {deployed_tag("live", after(3)): "A"}).withdrawn("live", "A") == ""


def test_of_one_second_the_withdrawal_counts() -> None:
    """To go back to an image that is bad is worse than to find none."""
    journal = Journal({deployed_tag("live", NOON): "A", withdrawn_tag("live", NOON): "A"})
    assert journal.good("live") == ()


def test_what_paper_ran_is_no_way_back_for_live() -> None:
    """In a shared repository too, each has its own."""
    journal = Journal({deployed_tag("paper", NOON): "A"})
    assert journal.before("live", "") == ""


def test_other_peoples_tags_say_nothing() -> None:
    """Also those that only look alike."""
    tags = dict.fromkeys(("v1", "deployed-paper-1", "deployed-paper-20261102T120000Z-x", "latest"), "A")
    journal = Journal(tags)
    assert journal.good("paper") == ()
    assert journal.pushed == ""
    assert journal.of("A") == tuple(sorted(tags))


@given(ENTRIES)
def test_whatever_is_good_was_deployed_after_it_was_last_withdrawn(entries: list) -> None:
    """However deployments and withdrawals follow each other; each digest once, the newest first."""
    journal = Journal({tag(mode, moment): digest for tag, moment, digest, mode in entries})
    for mode in ("paper", "live"):
        good = journal.good(mode)
        assert len(set(good)) == len(good)
        newest = []
        for digest in "ABCD":
            its = [tag.split(f"-{mode}-") for tag in journal.of(digest) if f"-{mode}-" in tag]
            last = max((stamp, verb) for verb, stamp in its) if its else ("", "")
            assert (digest in good) == (last[1] == "deployed")
            newest += [(last[0], digest)] if digest in good else []
        assert good == tuple(digest for _, digest in sorted(newest, reverse=True))

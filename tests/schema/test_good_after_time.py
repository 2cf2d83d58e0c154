"""A goodAfterTime is written in one of three forms, each of which is one instant; everything else is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import jsonschema_rs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ib_trading.schema.good_after_time import (
    FORMS,
    GoodAfterTimeError,
    check_form,
    good_after_time,
    pattern,
    zones,
)

NOW = datetime(2024, 6, 3, 15, 0, tzinfo=UTC)
AT_1545 = datetime(2024, 6, 3, 19, 45, tzinfo=UTC)
IN_THE_DOCUMENT = jsonschema_rs.Draft202012Validator({"type": "string", "pattern": pattern()})


def refusal(text: str, now: datetime = NOW) -> str | None:
    try:
        good_after_time(text, now)
    except GoodAfterTimeError as error:
        return str(error)
    return None


@pytest.mark.parametrize(
    "text",
    [
        "2024-06-03T15:45:00-04:00",
        "2024-06-03T15:45-04:00",
        "2024-06-03T19:45:00Z",
        "2024-06-04T01:15:00+05:30",
        "2024-06-03T19:45:00-00:00",
        "15:45 America/New_York",
        "15:45:00 America/New_York",
        "15:45 US/Eastern",
        "19:45 UTC",
        "19:45 Etc/UTC",
        "20240603 15:45:00 America/New_York",
        "20240603 21:45:00 Europe/Berlin",
        "20240603 16:45:00 America/Argentina/Buenos_Aires",
    ],
)
def test_each_form_is_that_instant_and_in_the_document(text: str) -> None:
    assert good_after_time(text, NOW) == AT_1545
    assert IN_THE_DOCUMENT.is_valid(text)
    check_form(text)


def test_a_time_of_day_means_the_day_that_it_is_in_its_own_zone() -> None:
    """At 01:00 UTC it is still yesterday in New York, and in Auckland it is tomorrow at noon."""
    at_night = datetime(2024, 6, 4, 1, 0, tzinfo=UTC)
    assert good_after_time("15:45 America/New_York", at_night) == AT_1545
    assert good_after_time("07:45 Pacific/Auckland", NOW) == AT_1545


NEAR_MISSES = {
    "no zone": ("15:45", "2024-06-03T15:45:00", "20240603 15:45:00", "2024-06-03 15:45"),
    "a zone that is no place": ("15:45 EST", "15:45 CST", "15:45 GMT", "15:45 Etc/GMT+5", "15:45 Japan", "15:45 Z"),
    "a zone that there is not": ("15:45 America/Nowhere", "15:45 america/new_york", "15:45 ../etc/passwd", "15:45 /"),
    "words": ("", "soon", "in 2 hours", "tomorrow 9:30 America/New_York", "3 June 2024 15:45 America/New_York"),
    "half a day": ("3:45 pm America/New_York", "03:45PM America/New_York"),
    "another order of the date": ("03/04/2024 15:45 America/New_York", "2024-06-03 15:45:00 America/New_York"),
    "a date alone": ("2024-06-04 America/New_York", "20240604 America/New_York", "2024-06-04"),
    "no time of a clock": (
        "24:00 America/New_York", "25:45 America/New_York", "15:60 America/New_York", "23:59:60 UTC",
        "2024-06-03T24:00:00Z", "2016-12-31T23:59:60Z", "20240603 24:00:00 UTC",
    ),
    "no day of the calendar": (
        "2024-02-30T15:45:00Z", "2023-02-29T15:45:00Z", "2024-13-01T15:45:00Z", "20240631 15:45:00 UTC",
        "2024-00-10T15:45:00Z",
    ),
    "another form of ISO 8601": (
        "20240603T154500Z", "20240603T154500-0400", "2024-W23-1T15:45:00Z", "2024-155T15:45:00Z",
        "2024-06-03T15Z", "+002024-06-03T15:45:00Z", "2024-06-03T15:45:00,5Z",
    ),
    "less than a second": ("2024-06-03T15:45:00.0Z", "2024-06-03T15:45:00.123456-04:00", "15:45:00.5 UTC"),
    "an offset written otherwise": (
        "2024-06-03T15:45:00-0400", "2024-06-03T15:45:00-04", "2024-06-03T15:45:00-4:00", "2024-06-03T15:45:00−04:00",
        "2024-06-03T15:45:00 -04:00", "2024-06-03T15:45:00-04:00:00", "2024-06-03T15:45:00-04:60",
        "2024-06-03T15:45:00+15:00", "15:45-04:00",
    ),
    "offset and zone": ("2024-06-03T15:45:00-04:00 America/New_York", "2024-06-03T15:45:00-04:00[America/New_York]"),
    "small letters": ("2024-06-03t15:45:00Z", "2024-06-03T15:45:00z", "15:45 utc"),
    "another separator": ("2024-06-03 15:45:00Z", "20240603-15:45:00 UTC", "20240603 15.45.00 UTC"),
    "space around it": (
        " 15:45 UTC", "15:45 UTC ", "15:45  UTC", "15:45\tUTC", "15:45\u00a0UTC", "15:45 UTC\n",
        "2024-06-03T15:45:00Z\n",
    ),
    "digits of another script": ("١٥:٤٥ UTC", "２０２４０６０３ 15:45:00 UTC", "2024-06-0３T15:45:00Z"),
    "a figure too few or too many": (
        "9:45 America/New_York", "15:5 UTC", "015:45 UTC", "20240603 15:45 America/New_York", "240603 15:45:00 UTC",
    ),
    "another century": ("1999-12-31T15:45:00Z", "2100-01-01T15:45:00Z", "19991231 15:45:00 UTC"),
}  # fmt: skip


@pytest.mark.parametrize("text", [text for texts in NEAR_MISSES.values() for text in texts])
def test_anything_else_is_refused_by_service_deployment_and_document_with_the_three_forms(text: str) -> None:
    with pytest.raises(GoodAfterTimeError) as refused:
        good_after_time(text, NOW)
    assert FORMS in str(refused.value)
    with pytest.raises(GoodAfterTimeError):
        check_form(text)
    assert not IN_THE_DOCUMENT.is_valid(text)


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("15:45 America/NewYork", "America/New_York"),
        ("20240603 15:45:00 europe/berlin", "Europe/Berlin"),
        ("15:45 utc", "UTC"),
    ],
)
def test_an_unknown_zone_is_answered_with_the_nearest_one(text: str, nearest: str) -> None:
    assert f"did you mean {nearest!r}?" in (refusal(text) or "")


@pytest.mark.parametrize(
    ("text", "does", "offsets"),
    [
        ("20241103 01:30:00 America/New_York", "repeated", ("01:30:00-04:00", "01:30:00-05:00")),
        ("20240310 02:30:00 America/New_York", "skipped", ("02:30:00-05:00", "02:30:00-04:00")),
        # Half an hour, two hours, and a whole day west of the date line that Samoa moved to the other side of.
        ("20240407 01:45:00 Australia/Lord_Howe", "repeated", ("01:45:00+11:00", "01:45:00+10:30")),
        ("20240331 02:30:00 Antarctica/Troll", "skipped", ("02:30:00+00:00", "02:30:00+02:00")),
        ("20111230 12:00:00 Pacific/Apia", "skipped", ("12:00:00-10:00", "12:00:00+14:00")),
    ],
)
def test_a_time_that_a_clock_change_skips_or_repeats_is_refused_with_both_instants(
    text: str, does: str, offsets: tuple[str, str]
) -> None:
    told = refusal(text) or ""
    assert f"is {does} by a clock change" in told
    day = f"{text[:4]}-{text[4:6]}-{text[6:8]}"
    for offset in offsets:
        assert f'"{day}T{offset}"' in told
        assert refusal(f"{day}T{offset}") is None, "the remedy is taken"


def test_a_time_of_day_is_refused_on_the_day_whose_clock_change_skips_it_alone() -> None:
    before, that_day = (datetime(2024, 3, day, 6, tzinfo=UTC) for day in (9, 10))
    assert good_after_time("02:30 America/New_York", before) == datetime(2024, 3, 9, 7, 30, tzinfo=UTC)
    assert "by a clock change" in (refusal("02:30 America/New_York", that_day) or "")
    check_form("02:30 America/New_York")


def instants(shown: datetime, zone: ZoneInfo) -> list[datetime]:
    """When clocks there show it, by trying every offset in quarters of an hour."""
    tried = (shown.replace(tzinfo=UTC) + timedelta(minutes=15 * quarter) for quarter in range(-60, 61))
    return [at for at in tried if at.astimezone(zone).replace(tzinfo=None) == shown]


@given(st.sampled_from(sorted(zones())), st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31)))  # noqa: DTZ001
@example("America/New_York", datetime(2024, 11, 3, 1, 30))  # noqa: DTZ001
@example("America/New_York", datetime(2024, 3, 10, 2, 0))  # noqa: DTZ001
@example("America/New_York", datetime(2024, 3, 10, 3, 0))  # noqa: DTZ001
@example("Europe/London", datetime(2024, 3, 31, 0, 59, 59))  # noqa: DTZ001
def test_a_wall_time_is_the_one_instant_at_which_clocks_there_show_it(name: str, shown: datetime) -> None:
    shown = shown.replace(microsecond=0)
    expected = instants(shown, ZoneInfo(name))
    text = f"{shown:%Y%m%d %H:%M:%S} {name}"
    if len(expected) == 1:
        assert good_after_time(text, NOW) == expected[0]
    else:
        assert "by a clock change" in (refusal(text) or "")


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31)),  # noqa: DTZ001
    st.integers(-14 * 60, 14 * 60),
)
def test_an_instant_with_an_offset_is_read_as_python_reads_it(shown: datetime, minutes: int) -> None:
    """Of fromisoformat only what Pythons 3.11 to 3.13 agree on is asked: the extended form with an offset."""
    sign, (hours, rest) = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)
    text = f"{shown:%Y-%m-%dT%H:%M:%S}{sign}{hours:02}:{rest:02}"
    assert good_after_time(text, NOW) == datetime.fromisoformat(text)


PIECES = (
    *(
        "2024-06-03",
        "20240603",
        "2024-02-30",
        "T",
        "t",
        " ",
        "15:45",
        "15:45:00",
        "24:00",
        "Z",
        "z",
        "-04:00",
    ),
    *(" America/New_York", " america/new_york", " UTC", " EST", "+0530", ".5", "\n", "٣", "W23", "", "0"),
)


@given(st.one_of(st.lists(st.sampled_from(PIECES), max_size=6).map("".join), st.text(max_size=40)))
def test_the_document_takes_what_the_service_takes(text: str) -> None:
    assert IN_THE_DOCUMENT.is_valid(text) == (refusal(text) is None)


@given(st.from_regex(pattern().replace("$", r"\Z")))
def test_a_time_written_as_the_document_says_is_an_instant(text: str) -> None:
    """But for the hour that a clock change skips or repeats, of which a pattern knows nothing."""
    refused = refusal(text)
    assert refused is None or "by a clock change" in refused
    check_form(text)


@pytest.mark.parametrize(("hyphen", "rest"), [("-", "T12:00Z"), ("", " 12:00:00 UTC")])
def test_the_document_s_days_are_those_of_the_calendar(hyphen: str, rest: str) -> None:
    def written(year: int, month: int, day: int) -> str:
        return hyphen.join((str(year), f"{month:02}", f"{day:02}"))

    first, last = date(2000, 1, 1), date(2099, 12, 31)
    days = {first + timedelta(days=number) for number in range((last - first).days + 1)}
    tried = ((year, month, day) for year in range(2000, 2100) for month in range(14) for day in range(33))
    taken = {written(*day) for day in tried if IN_THE_DOCUMENT.is_valid(written(*day) + rest)}
    assert taken == {written(day.year, day.month, day.day) for day in days}

"""Times and zones as gateways write them."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_trading.adapters.ib.wire_time import moment, zone
from ib_trading.adapters.ib.zone_names import ABBREVIATIONS, AMBIGUOUS, SEASONLESS, WINDOWS

NOON = datetime(2019, 6, 3, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "clock"),
    [
        ("US/Eastern", "08:00:00"),
        ("America/New_York", "08:00:00"),
        ("EST5EDT", "08:00:00"),
        ("EDT", "08:00:00"),
        ("EST (Eastern Standard Time)", "08:00:00"),
        ("Eastern Daylight Time", "08:00:00"),
        ("Central European Standard Time", "14:00:00"),
        ("Central European Summer Time", "14:00:00"),
        ("W. Europe Standard Time", "14:00:00"),
        ("MET", "14:00:00"),
        ("CEST", "14:00:00"),
        ("MESZ", "14:00:00"),
        ("BST", "13:00:00"),
        ("British Summer Time", "13:00:00"),
        ("GMT Standard Time", "13:00:00"),
        ("JST", "21:00:00"),
        ("Japan Standard Time", "21:00:00"),
        ("Tokyo Standard Time", "21:00:00"),
        ("HKT", "20:00:00"),
        ("Hong Kong Time", "20:00:00"),
        ("China Standard Time", "20:00:00"),
        ("SGT", "20:00:00"),
        ("AEST", "22:00:00"),
        ("AUS Eastern Standard Time", "22:00:00"),
        ("Australian Eastern Standard Time", "22:00:00"),
        ("UTC", "12:00:00"),
        ("GMT+2", "14:00:00"),
        ("UTC-05:00", "07:00:00"),
    ],
)
def test_whatever_a_machine_calls_its_zone(name: str, clock: str) -> None:
    assert moment(f"20190603 {clock} {name}") == (NOON, True)


@pytest.mark.parametrize(
    "text", ["20190603-12:00:00", "20190603  12:00:00", "20190603 12:00:00", "1559563200"]
)
def test_without_a_zone_it_is_utc(text: str) -> None:
    assert moment(text) == (NOON, True)


@pytest.mark.parametrize("name", ["Middle/Earth", "XYZ", "GMT+05:30", "Zeit der Mitte", "../etc/passwd"])
def test_a_zone_that_nobody_knows_costs_the_time_its_certainty_alone(name: str) -> None:
    assert moment(f"20190603 12:00:00 {name}") == (NOON, False)


@pytest.mark.parametrize(("name", "clock"), [("CST", "07:00:00"), ("IST", "17:30:00")])
def test_a_name_of_several_zones_is_the_likeliest_and_not_certain(name: str, clock: str) -> None:
    assert moment(f"20190603 {clock} {name}") == (NOON, False)


@pytest.mark.parametrize(
    "text", ["", "today", "20190603", "20191345 12:00:00", "20190603 25:00:00 EST", "12:00:00"]
)
def test_what_is_no_time_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"date and time|does not match|unconverted|out of range|day is"):
        moment(text)


def test_every_name_of_the_tables_is_a_zone() -> None:
    for table in (ABBREVIATIONS, AMBIGUOUS, SEASONLESS, WINDOWS):
        for key in table.values():
            assert ZoneInfo(key)


@given(st.text(max_size=30))
def test_no_name_raises_anything_but_that_it_is_none(name: str) -> None:
    try:
        assert zone(name).key
    except ValueError:
        return

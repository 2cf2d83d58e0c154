"""How values are spelled in fields."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_trading_simulator.messages.wire import (
    UnreadableField,
    decimal_of,
    decimal_text,
    integer_of,
    moment_of,
    text,
    time_text,
)


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=8))
def test_a_decimal_comes_back_as_it_was_and_without_exponent(number: Decimal) -> None:
    spelled = decimal_text(number)
    assert "E" not in spelled
    assert decimal_of(spelled, "number") == number


@pytest.mark.parametrize(
    ("value", "spelled"),
    [(None, ""), (True, "1"), (False, "0"), (7, "7"), (Decimal("1E+2"), "100"), (Decimal("0.10"), "0.1")],
)
def test_values_are_spelled_as_the_protocol_has_them(value: Decimal | int | None, spelled: str) -> None:
    assert text(value) == spelled


@pytest.mark.parametrize("unset", ["", "2147483647", "1.7976931348623157E308", "1.7976931348623157e+308"])
def test_every_spelling_of_not_set_is_no_number(unset: str) -> None:
    assert decimal_of(unset, "lmtPrice") is None
    assert integer_of(unset, "minQty", default=-1) == -1


@pytest.mark.parametrize("nonsense", ["ten", "NaN", "Infinity", "1,5"])
def test_what_is_no_number_is_refused_by_name(nonsense: str) -> None:
    with pytest.raises(UnreadableField, match="lmtPrice"):
        decimal_of(nonsense, "lmtPrice")


def test_times_name_their_zone_from_174_on() -> None:
    at = datetime(2019, 1, 2, 14, 30, 5, tzinfo=UTC)
    assert time_text(at, "US/Eastern", 176) == "20190102 09:30:05 US/Eastern"
    assert time_text(at, "US/Eastern", 173) == "20190102  09:30:05"


@pytest.mark.parametrize(
    "spelled",
    [
        "20190702-14:30:00",
        "20190702 10:30:00 US/Eastern",
        "20190702 10:30:00",
        "20190702  10:30",
        "20190702-10:30:00 US/Eastern",
    ],
)
def test_every_spelling_of_a_moment_is_the_same_moment(spelled: str) -> None:
    assert moment_of(spelled, "endDateTime", "US/Eastern") == datetime(2019, 7, 2, 14, 30, tzinfo=UTC)


@pytest.mark.parametrize("spelled", ["tomorrow", "20191301-10:00:00", "20190702 10:30:00 Mars/Olympus"])
def test_a_moment_that_cannot_be_is_refused_by_name(spelled: str) -> None:
    with pytest.raises(UnreadableField, match="goodAfterTime"):
        moment_of(spelled, "goodAfterTime", "US/Eastern")

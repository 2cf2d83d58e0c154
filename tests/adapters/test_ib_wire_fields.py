"""What the fields of a message are before the library reads them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from ib_trading.adapters.ib.wire_fields import amount, readable


@pytest.mark.parametrize(
    "unset",
    [
        "",
        None,
        "1.7976931348623157E308",
        1.7976931348623157e308,
        "1.797693E308",
        -1.7976931348623157e308,
        2147483647,
        "2147483647",
        9223372036854775807,
        "9223372036854775807",
        "-9223372036854775808",
        9223372036854775807.0,
        -9223372036854775807.0,
        "9.223372036854776E18",
        "170141183460469231731687303715884105727",
        float("nan"),
        "Infinity",
        "N/A",
    ],
)
def test_what_is_unset_is_no_figure(unset: object) -> None:
    assert amount(unset) is None


@pytest.mark.parametrize(
    ("told", "figure"),
    [
        (0.0, "0"),
        ("0", "0"),
        (-1.0, "-1"),
        (100.0, "100"),
        ("1E+2", "100"),
        (2147483646, "2147483646"),
        ("9e17", "9e17"),
    ],
)
def test_what_is_a_figure_stays_one(told: object, figure: str) -> None:
    assert amount(told) == Decimal(figure)


UNSET = "1.7976931348623157E308"


def message(kind: str, length: int, **at: str) -> list[str]:
    fields = [kind, *["7"] * (length - 1)]
    for place, value in at.items():
        fields[int(place.removeprefix("at"))] = value
    return fields


@pytest.mark.parametrize(
    ("kind", "place"),
    [
        ("3", 3),
        ("3", 5),
        ("5", 14),
        ("11", 19),
        ("11", 20),
        ("59", 3),
        ("61", 14),
        ("94", 2),
        ("101", 13),
        ("7", 15),
    ],
)
@pytest.mark.parametrize("empty", ["", " "])
def test_an_empty_figure_is_unset_and_not_nothing(kind: str, place: int, empty: str) -> None:
    """The library makes 0 of it, which is no position, no profit and no commission."""
    fields = message(kind, 30)
    fields[place] = empty
    told = readable(fields, 176)
    assert told.fields[place] == UNSET


def test_a_message_without_figures_is_left_as_it_is() -> None:
    fields = ["49", "1", ""]
    assert readable(fields, 176).fields is fields


def test_a_short_message_is_the_library_s_to_complain_about() -> None:
    assert readable(["61", "3"], 176).fields == ["61", "3"]


@pytest.mark.parametrize(("version", "place"), [(176, 5), (164, 5), (163, 6), (157, 6)])
def test_a_bond_s_coupon_is_left_out(version: int, place: int) -> None:
    fields = message("18", 30, **{f"at{place}": "3.375"})
    told = readable(fields, version).fields
    assert [at for at, field in enumerate(told) if field != fields[at]] == [place]


def test_an_execution_s_time_is_told_in_seconds_and_doubt_is_said() -> None:
    fields = message("11", 32, at14="0001", at15="20190603 14:00:00 Central European Standard Time")
    assert readable(fields, 176).fields[15] == "1559563200"
    assert not readable(fields, 176).uncertain
    fields[15] = "20190603 12:00:00 Middle/Earth"
    told = readable(fields, 176)
    assert told.fields[15] == "1559563200"
    assert "execution 0001 happened at '20190603 12:00:00 Middle/Earth'" in told.uncertain

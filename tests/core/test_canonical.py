"""Equal values are equal bytes, and the bytes are JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_trading.core.canonical import camel, canonical_json, instant, plain
from ib_trading.core.mode import TradingMode

FIGURES = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])) | FIGURES,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text('abcé "\\\n', max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)


def differently_written(value: Any) -> Any:
    """An equal value: keys the other way round, figures with more zeros, tuples for lists."""
    match value:
        case dict():
            return {key: differently_written(item) for key, item in reversed(value.items())}
        case list():
            return tuple(differently_written(item) for item in value)
        case Decimal():
            sign, digits, exponent = value.as_tuple()
            return Decimal((sign, (*digits, 0, 0), int(exponent) - 2))
    return value


def read(text: bytes) -> Any:
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)


def numbered(value: Any) -> Any:
    """`value` as a reader that knows only Decimals sees it."""
    match value:
        case dict():
            return {key: numbered(item) for key, item in value.items()}
        case list():
            return [numbered(item) for item in value]
        case int() if not isinstance(value, bool):
            return Decimal(value)
    return value


@given(VALUES)
def test_equal_values_are_equal_bytes(value: Any) -> None:
    assert canonical_json(differently_written(value)) == canonical_json(value)


@given(VALUES)
def test_what_is_written_reads_back_as_the_same_value(value: Any) -> None:
    assert read(canonical_json(value)) == numbered(value)


@given(FIGURES)
def test_a_figure_has_no_exponent_no_trailing_zero_and_no_negative_zero(figure: Decimal) -> None:
    text = plain(figure)
    assert Decimal(text) == figure
    assert "e" not in text.lower()
    assert "." not in text or not text.endswith(("0", "."))
    assert text != "-0"


@pytest.mark.parametrize(
    ("figure", "text"),
    [
        ("1E+3", "1000"),
        ("2.50", "2.5"),
        ("-0.00", "0"),
        ("0E-10", "0"),
        ("100", "100"),
        ("-1E-7", "-0.0000001"),
    ],
)
def test_figures_have_one_spelling(figure: str, text: str) -> None:
    assert plain(Decimal(figure)) == text


@pytest.mark.parametrize("figure", ["NaN", "sNaN", "Infinity", "-Infinity"])
def test_what_is_no_number_has_no_place_in_a_plan(figure: str) -> None:
    with pytest.raises(ValueError, match="no place in a plan"):
        canonical_json({"price": Decimal(figure)})


@pytest.mark.parametrize("value", [0.5, {1, 2}, frozenset({"a"}), b"bytes", timedelta(1), object()])
def test_floats_and_unordered_things_are_refused(value: object) -> None:
    with pytest.raises(TypeError, match="no canonical spelling"):
        canonical_json({"value": [value]})


def test_an_instant_is_the_same_in_every_zone_it_is_told_in() -> None:
    new_york = timezone(timedelta(hours=-4))
    assert instant(datetime(2019, 6, 3, 10, 30, tzinfo=new_york)) == "2019-06-03T14:30:00Z"
    assert instant(datetime(2019, 6, 3, 14, 30, tzinfo=UTC)) == "2019-06-03T14:30:00Z"


def test_microseconds_are_written_only_where_there_are_any() -> None:
    assert instant(datetime(2019, 6, 3, 14, 30, 0, 500, tzinfo=UTC)) == "2019-06-03T14:30:00.000500Z"


def test_an_instant_without_a_zone_is_refused() -> None:
    """It would be another instant on a machine that stands elsewhere."""
    with pytest.raises(ValueError, match="says no time zone"):
        canonical_json(datetime(2019, 6, 3, 14, 30))  # noqa: DTZ001  that is the case


def test_a_day_is_a_day_and_not_an_instant() -> None:
    assert canonical_json(date(2019, 6, 3)) == b'"2019-06-03"'


def test_truth_is_not_a_number() -> None:
    assert canonical_json([True, 1, Decimal("1.0"), None]) == b"[true,1,1,null]"


def test_keys_are_sorted_as_they_are_written_whatever_they_were() -> None:
    assert canonical_json({10: "a", 9: "b", "é": 1}) == '{"10":"a","9":"b","é":1}'.encode()


@dataclass(frozen=True, slots=True)
class Sample:
    max_net_leverage: Decimal
    mode: TradingMode


def test_dataclasses_are_written_by_camel_case_field_and_enums_by_value() -> None:
    assert (
        canonical_json(Sample(Decimal("1.10"), TradingMode.PAPER)) == b'{"maxNetLeverage":1.1,"mode":"paper"}'
    )


@pytest.mark.parametrize(
    ("name", "written"), [("con_id", "conId"), ("fx", "fx"), ("max_net_leverage", "maxNetLeverage")]
)
def test_names_become_camel_case(name: str, written: str) -> None:
    assert camel(name) == written

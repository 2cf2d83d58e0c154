"""Outside input is what its type says, or the answer names the place, the fault and the nearest known key."""

from __future__ import annotations

import contextlib
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_trading.schema.strict import FieldError, StrictError, nearest, parse


class Leg(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    con_id: int
    limit_price: Decimal | None = None


class Order(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    dry_run: bool = False
    order_type: Literal["MKT", "LMT"] = "MKT"
    quantity: Annotated[Decimal, msgspec.Meta(description="contracts")] = Decimal(1)
    legs: tuple[Leg, ...] = ()
    first: Leg | None = None
    by_name: dict[str, Leg] = {}
    shares: dict[str, Decimal] | None = None
    grid: list[list[Leg]] = []


def errors(raw: object, **options: Any) -> tuple[FieldError, ...]:
    with pytest.raises(StrictError) as refused:
        parse(raw, Order, **options)
    return refused.value.errors


def test_an_empty_object_means_all_defaults() -> None:
    assert parse({}, Order) == Order()


def test_camel_case_keys_are_read_into_fields() -> None:
    raw = {"dryRun": True, "quantity": "2.5", "legs": [{"conId": 1, "limitPrice": "1.50"}], "first": None}
    assert parse(raw, Order) == Order(
        dry_run=True, quantity=Decimal("2.5"), legs=(Leg(con_id=1, limit_price=Decimal("1.50")),)
    )


@pytest.mark.parametrize("key", ["dryrun", "dry_run", "dry-run", "DRYRUN", "dryRum"])
def test_a_misspelt_key_is_refused_with_the_nearest_known_one(key: str) -> None:
    assert errors({key: True}) == (FieldError(key, "unknown key; did you mean 'dryRun'?"),)


def test_a_key_like_none_that_is_known_is_answered_with_all_of_them() -> None:
    known = "byName, dryRun, first, grid, legs, orderType, quantity, shares"
    assert errors({"zzz": 1}) == (FieldError("zzz", f"unknown key; known here: {known}"),)


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        ({"legs": [{"conId": 1}, {"conId": 2, "limitprice": "1"}]}, "legs[1].limitprice"),
        ({"first": {"conId": 1, "limitprice": "1"}}, "first.limitprice"),
        ({"byName": {"near": {"conId": 1, "limitprice": "1"}}}, "byName.near.limitprice"),
        ({"byName": {"a.b": {"conId": 1, "limitprice": "1"}}}, "byName.a.b.limitprice"),
        ({"grid": [[], [{"conId": 1, "limitprice": "1"}]]}, "grid[1][0].limitprice"),
    ],
)
def test_an_unknown_key_is_found_however_deep_it_is(raw: object, path: str) -> None:
    assert errors(raw) == (FieldError(path, "unknown key; did you mean 'limitPrice'?"),)


def test_all_unknown_keys_are_named_at_once() -> None:
    raw = {"dryrun": True, "legs": [{"conId": 1, "conid": 1}], "ordertype": "MKT"}
    assert {error.path for error in errors(raw)} == {"dryrun", "legs[0].conid", "ordertype"}


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        ({"quantity": 0.5}, "quantity"),
        ({"shares": {"alpha": 0.5}}, "shares.alpha"),
        ({"legs": [{"conId": 1, "limitPrice": 0.5}]}, "legs[0].limitPrice"),
        ({"first": {"conId": 1, "limitPrice": 0.5}}, "first.limitPrice"),
    ],
)
def test_a_fraction_that_is_not_in_quotes_is_refused_wherever_a_decimal_is_meant(
    raw: object, path: str
) -> None:
    """0.1 has lost its figure before anybody could look; a description on the type changes nothing."""
    message = 'write this figure in quotes, "0.5": a binary fraction is not exact'
    assert errors(raw) == (FieldError(path, message),)


@pytest.mark.parametrize(
    ("raw", "path", "message"),
    [
        ({"dryRun": "true"}, "dryRun", "expected `bool`, got `str`"),
        ({"dryRun": 1}, "dryRun", "expected `bool`, got `int`"),
        ({"dryRun": None}, "dryRun", "expected `bool`, got `null`"),
        ({"orderType": "STP"}, "orderType", "invalid enum value 'STP'"),
        ({"quantity": "many"}, "quantity", "invalid decimal string"),
        ({"quantity": True}, "quantity", "expected `decimal`, got `bool`"),
        ({"legs": {"conId": 1}}, "legs", "expected `array`, got `object`"),
        ({"legs": [{"conId": 1}, {}]}, "legs[1]", "object missing required field `conId`"),
        ({"legs": [{"conId": "1"}]}, "legs[0].conId", "expected `int`, got `str`"),
        ([], "", "expected `object`, got `array`"),
        (None, "", "expected `object`, got `null`"),
        ("MKT", "", "expected `object`, got `str`"),
    ],
)
def test_a_wrong_value_is_refused_with_its_path(raw: object, path: str, message: str) -> None:
    assert errors(raw) == (FieldError(path, message),)


def test_with_coercion_the_text_that_spells_a_value_counts_as_the_value() -> None:
    raw = {"dryRun": "true", "legs": [{"conId": "5"}], "first": None}
    assert parse(raw, Order, coerce_text=True) == Order(dry_run=True, legs=(Leg(con_id=5),))


@pytest.mark.parametrize(
    "raw", [{"dryRun": "yes"}, {"legs": [{"conId": "five"}]}, {"dryrun": "true"}, {"quantity": 0.5}]
)
def test_with_coercion_text_that_spells_no_value_and_unknown_keys_are_still_refused(raw: object) -> None:
    assert errors(raw, coerce_text=True)


def test_an_error_reads_as_path_and_message() -> None:
    with pytest.raises(StrictError, match=r"^dryrun: unknown key; did you mean 'dryRun'\?$"):
        parse({"dryrun": 1}, Order)
    assert str(FieldError("", "expected an object")) == "expected an object"


def test_the_nearest_of_nothing_is_nothing() -> None:
    assert nearest("word", ()) == "nothing is known here"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["dryRun", "legs", "first", "byName", "shares", "conId", "x.y", "grid"]), inner
        )
    ),
    max_leaves=12,
)


@given(raw=JSON, coerce=st.booleans())
def test_whatever_comes_in_is_parsed_or_refused_and_nothing_else_is_raised(raw: object, coerce: bool) -> None:
    with contextlib.suppress(StrictError):
        assert isinstance(parse(raw, Order, coerce_text=coerce), Order)

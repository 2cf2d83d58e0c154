"""An order's words are spelt and compared in one file: adding STP LMT took fifteen files and ten comparisons of texts,
and no type checker helped."""

from __future__ import annotations

from typing import get_args

import pytest

from ib_trading.core.order_kind import OrderType, Side, TimeInForce
from ib_trading.schema.requests import OrderTypeWord, TimeInForceWord
from tests.architecture.order_words import HOME, order_words_stay_at_home, spellings
from tests.architecture.tree import assert_obeyed, modules


def test_only_the_enums_spell_and_compare_the_words_of_an_order() -> None:
    assert_obeyed(order_words_stay_at_home, modules("app", "schema"))


def test_the_words_are_those_of_the_enums() -> None:
    """The law reads them from the file's text: were that read wrongly, it would forbid nothing."""
    assert {str(member) for enum in (Side, OrderType, TimeInForce) for member in enum} <= spellings()


@pytest.mark.parametrize(
    "source",
    [
        'waits = order.order_type == "LMT"',
        'if kind in {"MKT", "LMT"}: pass',
        'auction = order.tif == "AUC"',
        'known = planned["orderType"] in ("REL", "VWAP")',
        'match order.action:\n    case "SHORT": pass',
        'sign = 1 if told.side == "BOT" else -1',
        'place("ib-p", "STP LMT")',
    ],
)
def test_a_bare_word_is_found(source: str) -> None:
    (violation, *_) = order_words_stay_at_home("app/ib_trading/core/plan.py", source)
    assert HOME in str(violation)


@pytest.mark.parametrize(
    "source", ["waits = order.order_type.waits", 'text = "use MKT"', "same = one.action == other.action"]
)
def test_what_asks_the_enums_is_not_found(source: str) -> None:
    assert order_words_stay_at_home("app/ib_trading/core/plan.py", source) == []


def test_a_request_may_say_every_type_and_time_in_force_and_no_other() -> None:
    """schema/ may not import the enums: what a call may say is listed there, and held against them here."""
    assert get_args(OrderTypeWord) == tuple(map(str, OrderType))
    assert get_args(TimeInForceWord) == tuple(map(str, TimeInForce))

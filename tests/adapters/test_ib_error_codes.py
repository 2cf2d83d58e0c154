"""Which of the broker's codes end an order, and how."""

from __future__ import annotations

import pytest

from ib_trading.adapters.ib import error_codes
from ib_trading.adapters.ib.error_codes import Ending, ending, is_remark


@pytest.mark.parametrize("code", [200, 110, 321, 387, 434, 435, 443, 10243])
def test_a_request_that_fails_validation_makes_no_order(code: int) -> None:
    assert ending(code) is Ending.REFUSED


@pytest.mark.parametrize(
    ("code", "how"), [(201, Ending.REJECTED), (203, Ending.REJECTED), (202, Ending.CANCELLED)]
)
def test_rejections_and_cancellations_end_an_order(code: int, how: Ending) -> None:
    assert ending(code) is how


@pytest.mark.parametrize("code", [399, 404, 10349, 10148, 161, 165, 2109, 10167])
def test_a_warning_ends_no_order(code: int) -> None:
    """The library takes 10349 and 10148 among these for the end of the order."""
    assert ending(code) is None


def test_a_duplicate_order_id_proves_nothing() -> None:
    """103 may be about this very order, sent before: it must not count as refused."""
    assert ending(103) is None


@pytest.mark.parametrize("code", [322, 154, 463, 451, 10289, 10311, 10318])
def test_refusals_that_were_recorded_are_known(code: int) -> None:
    """Each left an order unknown for 71 seconds, and then to a person."""
    assert ending(code) is Ending.REFUSED


@pytest.mark.parametrize("code", [0, 9999, 10400, 399000])
def test_a_code_that_nobody_knows_is_presumed_to_refuse(code: int) -> None:
    """Where nothing was ever shown of the order; see order_state."""
    assert ending(code) is Ending.PRESUMED


@pytest.mark.parametrize("code", [1100, 1101, 1102, 1300, 2100, 2103, 2110, 2137, 2161])
def test_news_of_connections_and_warnings_say_nothing_of_an_order(code: int) -> None:
    assert ending(code) is None


def test_no_code_has_two_meanings_for_an_order() -> None:
    sets = (
        error_codes.REFUSALS,
        error_codes.REJECTIONS,
        error_codes.CANCELLATIONS,
        error_codes.NOT_AN_ENDING,
    )
    assert len({code for codes in sets for code in codes}) == sum(map(len, sets))


def test_every_code_has_its_reason() -> None:
    tables = (
        error_codes.REFUSALS,
        error_codes.REJECTIONS,
        error_codes.CANCELLATIONS,
        error_codes.NOT_AN_ENDING,
    )
    assert all(len(reason) > 10 for table in tables for reason in table.values())


@pytest.mark.parametrize(
    ("code", "remark"), [(2104, True), (2176, True), (10167, True), (200, False), (354, False)]
)
def test_a_remark_leaves_a_question_open_and_an_error_ends_it(code: int, remark: bool) -> None:
    assert is_remark(code) is remark

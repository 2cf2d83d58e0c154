"""What becomes of a request's goodAfterTime: an instant that is still to come, or a 400."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ib_trading.core.refusals import RequestError
from ib_trading.intents.good_after import check_future, good_after
from ib_trading.schema.good_after_time import FORMS

NOW = datetime(2024, 6, 3, 15, 0, tzinfo=UTC)
AT_1545 = datetime(2024, 6, 3, 19, 45, tzinfo=UTC)


def test_a_time_in_one_of_the_three_forms_is_that_instant() -> None:
    assert good_after("15:45 America/New_York", NOW) == AT_1545


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("15:45", FORMS),
        ("15:45 America/Nowhere", "unknown time zone"),
        ("25:45 America/New_York", "no time that a clock shows"),
        ("20241103 01:30:00 America/New_York", "clock change"),
    ],
)
def test_another_text_is_a_400_that_names_the_key_and_says_what_to_write(text: str, why: str) -> None:
    with pytest.raises(RequestError) as refused:
        good_after(text, NOW)
    [error] = refused.value.errors
    assert (error.path, why in error.message) == ("orderProperties.goodAfterTime", True)


@pytest.mark.parametrize("passed", [NOW, datetime(2024, 6, 3, 14, 59, tzinfo=UTC)])
def test_a_time_that_has_passed_is_refused(passed: datetime) -> None:
    with pytest.raises(RequestError, match="has passed"):
        check_future(passed, NOW)


def test_no_time_and_a_later_time_pass() -> None:
    check_future(None, NOW)
    check_future(AT_1545, NOW)

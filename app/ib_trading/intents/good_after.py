"""Decides what becomes of a request's goodAfterTime: the instant that it means, or a 400 that says what to write."""

from __future__ import annotations

from datetime import datetime

from ib_trading.core.refusals import RequestError
from ib_trading.schema.good_after_time import GoodAfterTimeError, good_after_time
from ib_trading.schema.strict import FieldError

KEY = "orderProperties.goodAfterTime"


def good_after(text: str, now: datetime) -> datetime:
    """The instant in UTC, a time of day alone meaning the day that `now` is in its zone. RequestError otherwise."""
    try:
        return good_after_time(text, now)
    except GoodAfterTimeError as error:
        raise _refused(str(error)) from None


def check_future(at: datetime | None, now: datetime) -> None:
    """RequestError for a start that has passed: the order would work at once, which is not what was asked for."""
    if at is not None and at <= now:
        raise _refused(
            f"{at:%Y-%m-%dT%H:%M:%SZ} has passed (it is {now:%Y-%m-%dT%H:%M:%SZ}); give a later time"
        )


def _refused(message: str) -> RequestError:
    return RequestError(f"{KEY}: {message}", errors=(FieldError(KEY, message),))

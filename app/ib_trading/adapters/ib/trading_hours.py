"""The broker's text of trading hours as openings in UTC.

Decides spelling only. Texts: `20190102:0930-20190102:1600;20190103:CLOSED`, and the older `20190102:0930-1600`,
either with several openings a day after commas.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from ib_trading.adapters.ib.wire_time import zone
from ib_trading.core.instruments import TradingHours

_CLOSED = "CLOSED"


def openings(text: str, time_zone: str) -> tuple[TradingHours, ...]:
    """Every opening, oldest first; none for closed days. ValueError for what is no such text."""
    local = zone(time_zone)
    hours = []
    for day_text in filter(None, text.split(";")):
        day, _, spans = day_text.partition(":")
        if spans != _CLOSED:
            hours += [_opening(day, span, local) for span in spans.split(",")]
    return tuple(sorted(hours, key=lambda opening: opening.open))


def closed_days(text: str) -> frozenset[date]:
    """The days that are called closed. ValueError for what is no such text."""
    days = (day_text.partition(":") for day_text in filter(None, text.split(";")))
    return frozenset(date.fromisoformat(day) for day, _, spans in days if spans == _CLOSED)


def _opening(day: str, span: str, local: ZoneInfo) -> TradingHours:
    first, _, last = span.partition("-")
    opens = _moment(first if ":" in first else f"{day}:{first}", local)
    closes = _moment(last if ":" in last else f"{day}:{last}", local)
    if closes <= opens and ":" not in last:
        closes += timedelta(days=1)
    return TradingHours(opens, closes)


def _moment(text: str, local: ZoneInfo) -> datetime:
    return datetime.strptime(text, "%Y%m%d:%H%M").replace(tzinfo=local).astimezone(UTC)

"""A market of as many stocks as a measurement wants, for the simulator's --data: the closes are made up, all else is
as the simulator does it."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

START = "2019-06-03T15:00:00Z"
"""A Monday in trading hours."""
FIRST, LAST = date(2019, 5, 1), date(2019, 6, 28)
HOLIDAY = date(2019, 5, 27)
FIRST_CON_ID = 880_000_001


def write_market(folder: Path, stocks: int) -> tuple[str, ...]:
    """The symbols, in a folder that the simulator can read."""
    symbols = tuple(f"B{number:04d}" for number in range(stocks))
    master = ["con_id,symbol,sec_type", *(f"{FIRST_CON_ID + i},{one},STK" for i, one in enumerate(symbols))]
    (folder / "contracts.csv").write_text("\n".join(master) + "\n", encoding="utf-8")
    days = [FIRST + timedelta(days=i) for i in range((LAST - FIRST).days + 1)]
    trading = [day for day in days if day.weekday() < 5 and day != HOLIDAY]
    for number, symbol in enumerate(symbols):
        closes = [f"{day},{20 + (number * 7 + i * 3) % 50 / 25:.2f}" for i, day in enumerate(trading)]
        (folder / f"{symbol}.csv").write_text("\n".join(["date,close", *closes]) + "\n", encoding="utf-8")
    return symbols

"""What may be asked of historical data, and the broker's refusals.

Decides which durations, bar sizes and series are valid and served, with the codes and texts of a real
gateway. Leaves making bars to history.py.

How far back one question may reach is IBKR's "Max Duration Per Bar Size" (TWS API documentation, "Market Data:
Historical"): 86400 S, 365 D, 52 W, 12 M or 68 Y at every size, but for 1 secs: 2000 S, and beyond that 162
"invalid step: 1", as a gateway was seen to answer (github.com/wrighter/ib-scripts/issues/1). The narrower table of
step sizes in the documentation before it (interactivebrokers.github.io/tws-api/historical_limitations.html: 1 D of
1 min, 1 W of 3 mins, 1 M of 30 mins ...) is advice: its own note says that for bars of a minute and more it was
lifted, and gateways answer 5 D of 1 min (github.com/erdewit/ib_insync/issues/268).

A pair of currencies has no trades: 162 "No historical market data for EUR/CASH@FXSUBPIP Last 1d"
(github.com/ranaroussi/ezibpy/issues/24; "Last 300" for 5 mins: github.com/erdewit/ib_insync/issues/316).

Not served, though valid (162, no data): bars shorter than a minute, because the path has one price a minute,
and the series in NOT_SERVED.
"""

from __future__ import annotations

import re

from ib_trading_simulator.market.contracts import Contract

MINUTES = {"1 min": 1, "2 mins": 2, "3 mins": 3, "5 mins": 5, "10 mins": 10, "15 mins": 15, "20 mins": 20}
MINUTES |= {"30 mins": 30, "1 hour": 60, "2 hours": 120, "3 hours": 180, "4 hours": 240, "8 hours": 480}
SECONDS = {"1 secs": 1, "5 secs": 5, "10 secs": 10, "15 secs": 15, "30 secs": 30}
DAYS = {"1 day": "D", "1W": "W", "1 week": "W", "1M": "M", "1 month": "M"}
# The most that one question may cover, by the duration's unit, and what the refusal calls it.
_LONGEST = (("D", 365, "365 days"), ("W", 52, "52 weeks"), ("M", 12, "12 months"))
_LONGEST_YEARS, _LONGEST_OF_ONE_SECOND = 68, 2000
# What a real gateway knows and this one serves, with the word its messages use for it.
SERIES = {"TRADES": "Trades", "ADJUSTED_LAST": "Trades", "MIDPOINT": "MidPoint", "BID": "Bid", "ASK": "Ask"}
NOT_SERVED = (
    "BID_ASK",
    "HISTORICAL_VOLATILITY",
    "OPTION_IMPLIED_VOLATILITY",
    "FEE_RATE",
    "AGGTRADES",
    "SCHEDULE",
)


class HistoryError(Exception):
    """A refusal with the broker's own code and text."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"{code} {text}")
        self.code = code
        self.text = text


def parse_duration(text: str) -> tuple[int, str]:
    """`30 D` as (30, "D"). Raises HistoryError 321."""
    found = re.fullmatch(r"(\d+) ([SDWMY])", text)
    if found is None:
        raise invalid(
            f"Historical data query duration {text!r} is invalid. Format is integer{{SPACE}}unit (S|D|W|M|Y)."
        )
    amount, unit = int(found[1]), found[2]
    if amount < 1 or (unit == "S" and amount < 30):
        raise invalid("Historical data requested duration is invalid.")
    if unit == "S" and amount > 86400:
        raise invalid("Historical data request for greater than 86400 seconds rejected.")
    if unit == "Y" and amount > _LONGEST_YEARS:
        raise invalid("Historical data requested duration is invalid.")
    for letter, most, name in _LONGEST:
        if unit == letter and amount > most:
            raise invalid(f"Historical data requests for durations longer than {name} must be made in years.")
    return amount, unit


def check_bar_size(text: str) -> None:
    """Raises HistoryError 321 unless `text` is a bar size of the real gateway, served here or not."""
    if text not in MINUTES and text not in DAYS and text not in SECONDS:
        legal = ", ".join((*SECONDS, *MINUTES, "1 day", "1W", "1M"))
        raise invalid(f"Historical data bar size setting is invalid. Legal ones are: {legal}")


def check_step(amount: int, unit: str, bar_size: str) -> None:
    """Raises HistoryError 162 for more bars of a second than one question may ask for."""
    if bar_size == "1 secs" and (unit != "S" or amount > _LONGEST_OF_ONE_SECOND):
        raise no_data("invalid step: 1")


def check_series(contract: Contract, what: str, bar_size: str) -> None:
    """Raises HistoryError: 321 for a series that does not exist, 162 for one this contract does not have."""
    if what not in SERIES and what not in NOT_SERVED:
        raise invalid("What to show field is missing or incorrect.")
    if what not in SERIES or not _has(contract, what):
        venue = "FXSUBPIP" if contract.is_cash else contract.exchange
        name = f"{contract.symbol}/{contract.sec_type}@{venue}"
        series = SERIES.get(what, what).replace("Trades", "Last")
        raise no_data(f"No historical market data for {name} {series} {_step(bar_size)}")


def _step(bar_size: str) -> str:
    """A bar size as the broker's history service calls it: seconds, and days, weeks and months by a letter."""
    if bar_size in DAYS:
        return f"1{DAYS[bar_size].lower()}"
    return str(SECONDS.get(bar_size) or 60 * MINUTES[bar_size])


def _has(contract: Contract, what: str) -> bool:
    """An index has a level only, a currency pair has quotes only."""
    trades = SERIES[what] == "Trades"
    return not trades if contract.is_cash else trades or contract.tradable


def invalid(cause: str) -> HistoryError:
    # The letters differ between builds of the gateway; clients must not depend on them.
    return HistoryError(321, f"Error validating request.-'bK' : cause - {cause}")


def no_data(trouble: str) -> HistoryError:
    return HistoryError(162, f"Historical Market Data Service error message:{trouble}")

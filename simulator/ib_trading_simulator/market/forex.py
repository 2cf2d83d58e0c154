"""Currency pairs: the contracts and a construction of their prices. Nothing here is recorded.

Decides which pairs exist, how they trade at IDEALPRO and FXCONV, and what a day's close is:
    close = the pair's reference (rates.py, constants of early 2019) x (1 +- 0.5 %), drawn by (seed, pair, day),
on the tick. How a day runs to its close is days.py and path.py, as for a stock. An account's ExchangeRate is the
middle of the very quote that its orders trade at.

A pair is cash: a purchase of EUR.USD adds euros and takes dollars, and leaves no position. (A real gateway
also shows a "virtual position" of the pair, an aid to the eye that is no holding; this one does not.)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import overload

from ib_trading_simulator.market import rates
from ib_trading_simulator.market.contracts import FXCONV, Contract
from ib_trading_simulator.market.days import to_ticks
from ib_trading_simulator.market.draws import uniforms
from ib_trading_simulator.market.records import Record
from ib_trading_simulator.market.sessions import FIRST_DAY, LAST_DAY, calendar

CALENDAR = "IDEALPRO"

# As a real gateway lists them for a pair on IDEALPRO: no MOC, no OPG.
_ORDER_TYPES = (
    "ACTIVETIM AD ADDONT ADJUST ALERT ALGO ALLOC AVGCOST BASKET CASHQTY COND CONDORDER DAY DEACT DEACTDIS "
    "DEACTEOD GAT GTC GTD GTT HID IOC LIT LMT MIT MKT NONALGO OCA REL RELPCTOFS SCALE SCALERST STP STPLMT "
    "TRAIL TRAILLIT TRAILLMT TRAILMIT WHATIF"
)

# Real conIds but for the last two, which are made up.
PAIRS = {
    "EUR.USD": 12087792,
    "GBP.USD": 12087797,
    "AUD.USD": 14433401,
    "USD.CHF": 12087820,
    "USD.JPY": 15016059,
    "USD.CAD": 15016062,
    "USD.HKD": 990000201,
    "USD.SEK": 990000202,
}

# Half of the range in which closes lie around the reference.
_SWING = 0.005


def contract_of(pair: str) -> Contract:
    symbol, _, currency = pair.partition(".")
    return Contract(
        con_id=PAIRS[pair],
        symbol=symbol,
        sec_type="CASH",
        exchange=CALENDAR,
        primary_exchange="",
        currency=currency,
        local_symbol=pair,
        trading_class=pair,
        min_tick=Decimal("0.005") if currency == "JPY" else Decimal("0.00005"),
        order_types=tuple(_ORDER_TYPES.split()),
        valid_exchanges=(CALENDAR, FXCONV),
        market_rule_ids=(59, 59) if currency == "JPY" else (239, 239),
        long_name=f"{symbol} in {currency}",
        time_zone_id="US/Eastern",
        calendar=CALENDAR,
        market_name=pair,
        agg_group=4,
        suggested_size_increment=Decimal(1),
    )


def record_of(contract: Contract, seed: int) -> Record:
    """The constructed days of a pair; a close is made when it is first asked for."""
    return Record(trading_days(), {"close": Closes(contract, seed)})


def pair_of(currency: str) -> tuple[str, bool]:
    """The pair of a currency with the dollar, and whether the dollar is what it is priced in."""
    direct = f"{currency}.USD"
    return (direct, True) if direct in PAIRS else (f"USD.{currency}", False)


class Closes(Sequence[str]):
    """Closes day by day, spelled like a record's."""

    def __init__(self, contract: Contract, seed: int) -> None:
        self._contract = contract
        self._key = f"{seed}/{contract.con_id}"
        self._reference = rates.rate(contract.symbol, contract.currency)
        self._close = lru_cache(maxsize=None)(self._construct)

    def __len__(self) -> int:
        return len(trading_days())

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        if isinstance(index, slice):
            return [self._close(n) for n in range(*index.indices(len(self)))]
        return self._close(index)

    def __iter__(self) -> Iterator[str]:
        return (self._close(n) for n in range(len(self)))

    def _construct(self, index: int) -> str:
        (drawn,) = uniforms(f"{self._key}/{trading_days()[index]}/close", 1)
        price = self._reference * Decimal(1 + _SWING * (2 * drawn - 1))
        tick = self._contract.min_tick
        return str(to_ticks(price, tick) * tick)


@lru_cache(maxsize=1)
def trading_days() -> tuple[date, ...]:
    """Every trade date of the pairs that the calendars cover."""
    trading = calendar(CALENDAR)
    days = (FIRST_DAY + timedelta(days=n) for n in range(1, (LAST_DAY - FIRST_DAY).days + 1))
    return tuple(day for day in days if trading.trades_on(day))

"""Decides which market's calendar an instrument follows, from what its contract details say of it.

The broker's names of exchanges are those of its page "Delayed Market Data Timing" (ibkr.info) and of its exchange
listings; a contract's `primaryExchange` is one of them. Of an exchange that is not here nothing is known but the
weekdays of its own clock.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ib_trading.core.instruments import Instrument
from ib_trading.core.timetable import FOREX, ROUND_THE_CLOCK, WEEKDAYS

_STOCKS = {
    # ISLAND is NASDAQ by its former name; BEX, CHX, PSX, NYSENAT, the EDGEs and LTSE trade what the others list.
    "XNYS": "NYSE NASDAQ ISLAND ARCA AMEX BATS IEX PINK CBOE BEX BYX CHX DRCTEDGE EDGEA LTSE MEMX NYSENAT PEARL PSX",
    "XTSE": "TSE VENTURE",
    "XMEX": "MEXI",
    "XLON": "LSE LSEETF LSEIOB1",
    # The floor in Frankfurt trades longer than Xetra, on the same days.
    "XETR": "IBIS IBIS2 FWB FWB2",
    "XSWX": "EBS SWX VIRTX",
    "XPAR": "SBF",
    "XAMS": "AEB",
    "XBRU": "ENEXT.BE",
    "XLIS": "BVL",
    "XMIL": "BVME BVME.ETF",
    "XMAD": "BM",
    "XSTO": "SFB",
    "XCSE": "CPH KFX",
    "XHEL": "HEX",
    "XOSL": "OSE",
    "XWBO": "VSE",
    "XWAR": "WSE",
    "XTKS": "TSEJ TSE.JPN",
    "XHKG": "SEHK",
    "XKRX": "KSE KOSDAQ",
    "XASX": "ASX",
}
_FUTURES = {
    # Since 2022 contract details say CME and CBOT for what was GLOBEX and ECBOT.
    "CMES": "CME GLOBEX CBOT ECBOT NYMEX COMEX",
    "XCBF": "CFE",
    "XEUR": "EUREX DTB",
    "IEPA": "NYBOT ICEUS IPE ICEEU",
}
# An index is listed where its derivatives are, and computed while its shares trade.
_INDICES = {
    "XNYS": "CME GLOBEX CBOT ECBOT",
    "XETR": "EUREX DTB",
    "XHKG": "HKFE",
    "XTKS": "OSE.JPN",
    "XPAR": "MONEP",
    "XAMS": "FTA",
}


def _by_exchange(*tables: Mapping[str, str]) -> dict[str, str]:
    def pairs() -> Iterator[tuple[str, str]]:
        for table in tables:
            for market, exchanges in table.items():
                for exchange in exchanges.split():
                    yield exchange, market

    return dict(pairs())


_MARKETS = {
    "FUT": _by_exchange(_FUTURES),
    "CONTFUT": _by_exchange(_FUTURES),
    "IND": _by_exchange(_STOCKS, _INDICES),
}
_OF_STOCKS = _by_exchange(_STOCKS)


def market_of(instrument: Instrument) -> str:
    """The code of the calendar: a name of the table's, FOREX, or `24/7` or `24/5` with the contract's own zone."""
    if instrument.is_forex:
        return FOREX
    if instrument.sec_type == "CRYPTO":
        return f"{ROUND_THE_CLOCK} {instrument.time_zone}"
    listed = instrument.primary_exchange or instrument.exchange
    market = _MARKETS.get(instrument.sec_type, _OF_STOCKS).get(listed)
    return market or f"{WEEKDAYS} {instrument.time_zone}"

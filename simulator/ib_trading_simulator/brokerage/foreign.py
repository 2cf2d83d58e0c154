"""Positions that an account has besides what the market serves: someone else's, of which nothing is quoted.

Which fields each kind has in positions, portfolio rows and details is the broker's (its client's decoder,
`processPositionDataMsg`, `processPortfolioValueMsg`, `processContractDataMsg`, `processBondContractDataMsg`); contract
ids and symbols of the pair, the Treasury bond and the option are those of recorded downloads. Quantities and values are
constructed.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Foreign:
    """`value` is what the broker says the position is worth, in `currency`; `ledger` the account value that counts it
    ("" where none does)."""

    con_id: int
    sec_type: str
    symbol: str
    local_symbol: str
    quantity: Decimal
    average_cost: Decimal
    value: Decimal
    ledger: str
    exchange: str = "SMART"
    currency: str = "USD"
    multiplier: str = ""
    last_trade_date: str = ""
    strike: Decimal = Decimal(0)
    right: str = ""
    min_tick: str = "0.01"
    cusip: str = ""
    coupon: str = ""

    @property
    def trading_class(self) -> str:
        return self.symbol

    @property
    def counts_as_gross(self) -> bool:
        """GrossPositionValue is of stocks and equity options
        (https://interactivebrokers.github.io/tws-api/account_summary.html)."""
        return self.ledger in {"StockMarketValue", "OptionMarketValue"}


def _amounts(quantity: str, average_cost: str, value: str) -> tuple[Decimal, Decimal, Decimal]:
    return Decimal(quantity), Decimal(average_cost), Decimal(value)


KINDS: tuple[Foreign, ...] = (
    # A right after a spin-off: held, listed nowhere.
    Foreign(990900001, "STK", "XYZ RT", "XYZ RT", *_amounts("100", "0", "12.5"), "StockMarketValue", "VALUE"),
    # What a dividend was reinvested in.
    Foreign(990900002, "STK", "BRK B", "BRK B", *_amounts("0.37", "201.5", "74.9"), "StockMarketValue"),
    Foreign(
        728937835,
        "OPT",
        "QQQ",
        "QQQ   270115P00500000",
        *_amounts("-3", "2100.63", "-6210"),
        "OptionMarketValue",
        multiplier="100",
        last_trade_date="20270115",
        strike=Decimal(500),
        right="P",
    ),
    Foreign(
        990900003,
        "FUT",
        "ES",
        "ESU9",
        *_amounts("1", "139502.1", "139250"),
        "",
        "CME",
        multiplier="50",
        last_trade_date="20190920",
        min_tick="0.25",
    ),
    Foreign(
        15960357,
        "BOND",
        "US-T",
        "912810TL8",
        *_amounts("5", "99.5", "4980.5"),
        "TBondValue",
        min_tick="0.015625",
        cusip="912810TL8",
        coupon="3.375",
    ),
    Foreign(
        990900004,
        "FUND",
        "VWELX",
        "VWELX",
        *_amounts("20.512", "38.2", "790.1"),
        "MutualFundValue",
        "FUNDSERV",
    ),
    Foreign(
        990900005, "CRYPTO", "BTC", "BTC.USD", *_amounts("0.05", "8500", "412.3"), "Cryptocurrency", "PAXOS"
    ),
    Foreign(990900006, "CFD", "IBUS500", "IBUS500", *_amounts("2", "2750.1", "5490"), ""),
    Foreign(
        12087792,
        "CASH",
        "EUR",
        "EUR.USD",
        *_amounts("20000", "1.1", "22400"),
        "",
        "IDEALPRO",
        min_tick="0.00005",
    ),
)
"""One of each kind, none of which is quoted."""

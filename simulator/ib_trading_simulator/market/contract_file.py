"""Reads contracts.csv, the instrument master of a market.

Decides which columns it may have, what they default to by security type, and how a mistake is reported.
Leaves the meaning of a contract to contracts.py.

Header: `con_id,symbol,sec_type` are required; any other field of contracts.Contract may be a column, in any
order, lists separated by spaces. An empty cell means the default. Rows of futures and options are refused,
they are not built; so are those of currency pairs, which every market has (forex.py).
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from dataclasses import fields
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from ib_trading_simulator.market.contracts import Contract, ContractBook
from ib_trading_simulator.market.sessions import CalendarError, calendar

REQUIRED = ("con_id", "symbol", "sec_type")

# As a real gateway lists them for a US stock on SMART at server version 176. "ALGO" covers Adaptive.
STOCK_ORDER_TYPES = (
    "ACTIVETIM AD ADDONT ADJUST ALERT ALGO ALLOC AON AVGCOST BASKET BENCHPX CASHQTY COND CONDORDER "
    "DARKONLY DARKPOLL DAY DEACT DEACTDIS DEACTEOD DIS DUR GAT GTC GTD GTT HID IBKRATS ICE IMB IOC LIT "
    "LMT LOC MIDPX MIT MKT MOC MTL NGCOMB NODARK NONALGO OCA OPG OPGREROUT PEGBENCH PEGMID POSTATS "
    "POSTONLY PREOPGRTH PRICECHK REL REL2MID RELPCTOFS RPI RTH SCALE SCALEODD SCALERST SIZECHK SNAPMID "
    "SNAPMKT SNAPREL STP STPLMT SWEEP TRAIL TRAILLIT TRAILLMT TRAILMIT WHATIF"
)
STOCK_EXCHANGES = (
    "SMART AMEX NYSE CBOE PHLX ISE CHX ARCA NASDAQ BEX BATS EDGEA BYX IEX EDGX PEARL NYSENAT LTSE MEMX PSX"
)

DEFAULTS: Mapping[str, Mapping[str, str]] = {
    "STK": {
        "exchange": "SMART",
        "primary_exchange": "NYSE",
        "currency": "USD",
        "min_tick": "0.01",
        "order_types": STOCK_ORDER_TYPES,
        "valid_exchanges": STOCK_EXCHANGES,
        "market_rule_ids": " ".join("26" for _ in STOCK_EXCHANGES.split()),
        "time_zone_id": "US/Eastern",
        "calendar": "XNYS",
        "stock_type": "COMMON",
    },
    "IND": {
        "exchange": "CBOE",
        "currency": "USD",
        "min_tick": "0.01",
        "time_zone_id": "US/Eastern",
        "calendar": "XNYS-RTH",
    },
}


class MarketFileError(ValueError):
    """A file of market data that cannot be used; the text names file, line and remedy."""

    def __init__(self, path: Path, line: int, trouble: str) -> None:
        super().__init__(f"{path}:{line}: {trouble}")
        self.path = path
        self.line = line


def read_contracts(path: Path) -> ContractBook:
    """Raises MarketFileError on the first row that is not a usable contract."""
    if not path.is_file():
        raise MarketFileError(
            path, 0, "no such file; a market folder needs one, see data/README.md in the simulator's package"
        )
    contracts: dict[int, Contract] = {}
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        _check_header(path, tuple(reader.fieldnames or ()))
        for row in reader:
            contract = _contract(path, reader.line_num, row)
            if contract.con_id in contracts:
                taken = contracts[contract.con_id].symbol
                raise MarketFileError(
                    path, reader.line_num, f"con_id {contract.con_id} is {taken}'s; choose another"
                )
            contracts[contract.con_id] = contract
    if not contracts:
        raise MarketFileError(path, 1, "holds no contract; add a row below the header")
    return ContractBook(contracts.values())


def _check_header(path: Path, header: tuple[str, ...]) -> None:
    for name in REQUIRED:
        if name not in header:
            raise MarketFileError(
                path, 1, f"column {name} is missing; the header needs at least {','.join(REQUIRED)}"
            )
    for name in header:
        if name not in _PARSERS:
            raise MarketFileError(path, 1, f"unknown column {name!r}; known are {', '.join(_PARSERS)}")


def _contract(path: Path, line: int, row: Mapping[str | None, Any]) -> Contract:
    if None in row or None in row.values():
        raise MarketFileError(
            path, line, "has more or fewer cells than the header; quote a cell that holds a comma"
        )
    given = {str(name): str(text).strip() for name, text in row.items() if str(text).strip()}
    for name in REQUIRED:
        if name not in given:
            raise MarketFileError(path, line, f"{name} is empty; every contract needs one")
    sec_type, symbol = given["sec_type"], given["symbol"]
    if sec_type not in DEFAULTS:
        raise MarketFileError(
            path, line, f"security type {sec_type} is not built; use {' or '.join(DEFAULTS)}"
        )
    own = {"local_symbol": symbol, "trading_class": symbol, "market_name": symbol, "long_name": symbol}
    texts = {**_EMPTY, **DEFAULTS[sec_type], **own, **given}
    texts["valid_exchanges"] = texts["valid_exchanges"] or texts["exchange"]
    values: dict[str, Any] = {}
    for name, text in texts.items():
        try:
            values[name] = _PARSERS[name](text)
        except (ValueError, InvalidOperation):
            raise MarketFileError(path, line, f"{name} {text!r} is not a number") from None
    contract = Contract(**values)
    _check(path, line, contract)
    return contract


def _check(path: Path, line: int, contract: Contract) -> None:
    if contract.con_id <= 0:
        raise MarketFileError(path, line, f"con_id {contract.con_id} must be positive")
    if not (contract.min_tick.is_finite() and contract.min_tick > 0):
        raise MarketFileError(path, line, f"min_tick {contract.min_tick} must be positive")
    try:
        calendar(contract.calendar)
    except CalendarError as error:
        raise MarketFileError(path, line, str(error)) from None


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(word) for word in text.split())


_BY_TYPE: Mapping[str, Callable[[str], object]] = {
    "int": int,
    "str": str,
    "Decimal": Decimal,
    "tuple[str, ...]": _words,
    "tuple[int, ...]": _numbers,
}
_PARSERS = {field.name: _BY_TYPE[str(field.type)] for field in fields(Contract)}
# Fields without a default of their own that a security type may leave empty.
_EMPTY = {"primary_exchange": "", "order_types": "", "valid_exchanges": "", "market_rule_ids": ""}

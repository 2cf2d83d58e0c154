"""The markets that come with the simulator, and what each is made of.

Decides which folders of data/ belong to a market, and that every market has the currency pairs. Leaves reading
a folder to records.py and funds.py.

"world" has everything that can be traded. Its parts are unpacked when something of them is first asked for, but for
the US stocks, whose days the others share.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ib_trading_simulator.market import forex
from ib_trading_simulator.market.contract_file import read_contracts
from ib_trading_simulator.market.contracts import ContractBook
from ib_trading_simulator.market.funds import read_funds
from ib_trading_simulator.market.records import Record, read_built_in

DATA = Path(__file__).parents[1] / "data"
BUILT_IN = ("us-stocks", "us-indices", "world")
SPX = 416904

Loaded = tuple[ContractBook, Mapping[int, Record]]


def built_in(name: str) -> Loaded:
    """The contracts and records of one of BUILT_IN, without the currency pairs."""
    return _world() if name == "world" else _recorded(DATA / name)


def _recorded(folder: Path) -> Loaded:
    book = read_contracts(folder / "contracts.csv")
    return book, read_built_in(folder / "days.csv.gz", book)


def _world() -> Loaded:
    stocks, records = _recorded(DATA / "us-stocks")
    funds = read_contracts(DATA / "us-etfs" / "contracts.csv")
    more = read_funds(DATA / "us-etfs", funds, records[SPX])
    return ContractBook([*stocks.all(), *funds.all()]), {**records, **more}


def with_forex(book: ContractBook, records: Mapping[int, Record], seed: int) -> Loaded:
    """The same and the currency pairs, but for those whose conId is used for something else."""
    made = map(forex.contract_of, forex.PAIRS)
    pairs = {pair.con_id: pair for pair in made if book.by_id(pair.con_id) is None}
    constructed = {con_id: forex.record_of(pair, seed) for con_id, pair in pairs.items()}
    return ContractBook([*book.all(), *pairs.values()]), {**records, **constructed}

"""Which contracts a client's description means, and how a file of contracts is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from ib_trading_simulator.market.contract_file import MarketFileError, read_contracts
from ib_trading_simulator.market.contracts import ContractBook, ContractQuery
from ib_trading_simulator.market.market import DATA


@pytest.fixture(scope="module")
def book() -> ContractBook:
    return read_contracts(DATA / "us-stocks" / "contracts.csv")


def test_a_stock_is_found_by_symbol_type_exchange_and_currency(book: ContractBook) -> None:
    """The description that ib_insync's Stock("AAPL", "SMART", "USD") sends."""
    (apple,) = book.find(ContractQuery(symbol="AAPL", sec_type="STK", exchange="SMART", currency="USD"))
    assert (apple.con_id, apple.exchange, apple.primary_exchange) == (265598, "SMART", "NASDAQ")


def test_a_con_id_alone_is_enough(book: ContractBook) -> None:
    (apple,) = book.find(ContractQuery(con_id=265598))
    assert apple.symbol == "AAPL"


def test_a_contract_is_answered_on_the_exchange_that_was_asked_for(book: ContractBook) -> None:
    (apple,) = book.find(ContractQuery(symbol="AAPL", sec_type="STK", exchange="ISLAND"))
    assert apple.exchange == "NASDAQ"


@pytest.mark.parametrize(
    "query",
    [
        ContractQuery(symbol="NOPE", sec_type="STK"),
        ContractQuery(symbol="AAPL", sec_type="OPT"),
        ContractQuery(symbol="AAPL", sec_type="STK", currency="EUR"),
        ContractQuery(symbol="AAPL", sec_type="STK", exchange="LSE"),
        ContractQuery(symbol="AAPL", sec_type="STK", primary_exchange="NYSE"),
        ContractQuery(symbol="AAPL", sec_type="STK", last_trade_date="202003"),
        ContractQuery(con_id=265598, symbol="MSFT"),
        ContractQuery(con_id=1),
        ContractQuery(symbol="AAPL"),
        ContractQuery(sec_type="STK"),
    ],
)
def test_a_description_that_fits_nothing_finds_nothing(book: ContractBook, query: ContractQuery) -> None:
    assert book.find(query) == ()


def test_there_are_twenty_stocks_and_an_index_that_nobody_can_trade(book: ContractBook) -> None:
    stocks = [contract for contract in book.all() if contract.sec_type == "STK"]
    assert len(stocks) == 20
    assert all(contract.tradable and contract.takes_algos for contract in stocks)
    assert all(len(c.market_rule_ids) == len(c.valid_exchanges) for c in stocks)
    (index,) = book.find(ContractQuery(symbol="SPX", sec_type="IND", exchange="CBOE"))
    assert not index.tradable and not index.takes_algos


@pytest.mark.parametrize(
    ("text", "line", "trouble"),
    [
        ("symbol,sec_type\nA,STK\n", 1, "column con_id is missing"),
        ("con_id,symbol,sec_type,colour\n1,A,STK,red\n", 1, "unknown column 'colour'"),
        ("con_id,symbol,sec_type\n1,A,STK\n1,B,STK\n", 3, "con_id 1 is A's"),
        ("con_id,symbol,sec_type\none,A,STK\n", 2, "con_id 'one' is not a number"),
        ("con_id,symbol,sec_type\n1,,STK\n", 2, "symbol is empty"),
        ("con_id,symbol,sec_type\n1,EUR,CASH\n", 2, "security type CASH is not built"),
        ("con_id,symbol,sec_type,min_tick\n1,A,STK,0\n", 2, "min_tick 0 must be positive"),
        ("con_id,symbol,sec_type,calendar\n1,A,STK,XPAR\n", 2, 'unknown calendar "XPAR"'),
        ("con_id,symbol,sec_type\n1,A,STK,9\n", 2, "more or fewer cells"),
        ("con_id,symbol,sec_type\n", 1, "holds no contract"),
    ],
)
def test_a_bad_file_of_contracts_is_refused_with_its_line(
    tmp_path: Path, text: str, line: int, trouble: str
) -> None:
    path = tmp_path / "contracts.csv"
    path.write_text(text)
    with pytest.raises(MarketFileError) as refusal:
        read_contracts(path)
    assert str(refusal.value).startswith(f"{path}:{line}: ")
    assert trouble in str(refusal.value)

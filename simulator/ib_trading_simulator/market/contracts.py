"""The instrument master: which contracts exist, and which of them a client's description means.

Decides how a partial description (symbol, security type, exchange ...) selects contracts. Leaves reading a
file of contracts to contract_file.py, prices to market.py, trading hours to sessions.py and the layout of
contractDetails to the wire.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

# Where currencies are converted rather than traded: market orders only, of any size, to the cent.
FXCONV = "FXCONV"


@dataclass(frozen=True, slots=True)
class Contract:
    """One row of the instrument master; fields are named after contractDetails on the wire.

    `calendar` is a key of sessions.py. Empty strings, `strike` 0 and `under_con_id` 0 mean "does not apply",
    as on the wire. `last_trade_date` is YYYYMMDD.

    Prices, `min_tick` among them, are as they are quoted: in pence in London, where `price_magnifier` is 100 and
    `currency` GBP.
    """

    con_id: int
    symbol: str
    sec_type: str
    exchange: str
    primary_exchange: str
    currency: str
    local_symbol: str
    trading_class: str
    min_tick: Decimal
    order_types: tuple[str, ...]
    valid_exchanges: tuple[str, ...]
    market_rule_ids: tuple[int, ...]
    long_name: str
    time_zone_id: str
    calendar: str
    stock_type: str = ""
    industry: str = ""
    category: str = ""
    subcategory: str = ""
    multiplier: str = ""
    price_magnifier: int = 1
    last_trade_date: str = ""
    strike: Decimal = Decimal(0)
    right: str = ""
    market_name: str = ""
    contract_month: str = ""
    real_expiration_date: str = ""
    under_con_id: int = 0
    under_symbol: str = ""
    under_sec_type: str = ""
    agg_group: int = 1
    min_size: Decimal = Decimal(1)
    size_increment: Decimal = Decimal(1)
    suggested_size_increment: Decimal = Decimal(100)

    @property
    def tradable(self) -> bool:
        """Whether it has a bid and an ask: an index has only a level, and takes no order."""
        return self.sec_type != "IND"

    @property
    def is_cash(self) -> bool:
        """Whether it is a currency pair: trading it exchanges cash and leaves no position."""
        return self.sec_type == "CASH"

    @property
    def name(self) -> str:
        """What people call it: AAPL, EUR.USD."""
        return self.local_symbol if self.is_cash else self.symbol

    def money(self, price: Decimal) -> Decimal:
        """What one unit costs at a quoted price, in its currency."""
        return price / self.price_magnifier if self.price_magnifier != 1 else price

    @property
    def displayed_unit(self) -> int:
        """Of how many units a displayed share stands: the market in currencies is 10,000 times as deep."""
        return 10_000 if self.is_cash else 1

    @property
    def takes_algos(self) -> bool:
        """Whether Adaptive and the broker's other algorithms are accepted.

        A real gateway does not list Adaptive by name: the order type "ALGO" stands for all of them.
        """
        return "ALGO" in self.order_types


@dataclass(frozen=True, slots=True)
class ContractQuery:
    """What a client said about a contract; an empty field matches everything."""

    con_id: int = 0
    symbol: str = ""
    sec_type: str = ""
    exchange: str = ""
    primary_exchange: str = ""
    currency: str = ""
    local_symbol: str = ""
    trading_class: str = ""
    last_trade_date: str = ""
    strike: Decimal = Decimal(0)
    right: str = ""
    multiplier: str = ""
    include_expired: bool = False


# Compared literally when the query names them.
_LITERAL_FIELDS = ("symbol", "currency", "local_symbol", "trading_class", "strike", "right", "multiplier")
# The real gateway renamed this venue; clients still send either name.
_EXCHANGE_ALIASES = {"ISLAND": "NASDAQ"}


class ContractBook:
    """All contracts of one market, in the order of their con_id."""

    def __init__(self, contracts: Iterable[Contract]) -> None:
        self._all = tuple(sorted(contracts, key=lambda contract: contract.con_id))
        self._by_id = {contract.con_id: contract for contract in self._all}
        # Under its symbol and its local symbol.
        self._by_symbol: dict[str, tuple[Contract, ...]] = {}
        for contract in self._all:
            for name in {contract.symbol, contract.local_symbol}:
                self._by_symbol[name] = (*self._by_symbol.get(name, ()), contract)
        if len(self._by_id) != len(self._all):
            raise ValueError("two contracts share one con_id")

    def find(self, query: ContractQuery) -> tuple[Contract, ...]:
        """What reqContractDetails would answer; () is error 200.

        A con_id alone is enough. Without one, security type and a symbol of some kind are needed (a real
        gateway answers 321 to a missing security type; here the answer is empty and the wire chooses the
        code). A contract is answered on the exchange that was asked for, if that is one of its valid
        exchanges. `last_trade_date` may be a month (YYYYMM). `include_expired` is for the wire, which knows
        today's date: the book holds every contract.
        """
        if query.con_id:
            known = self._by_id.get(query.con_id)
            candidates = (known,) if known else ()
        elif query.sec_type and (query.symbol or query.local_symbol):
            candidates = self._by_symbol.get(query.symbol or query.local_symbol, ())
        else:
            return ()
        return tuple(_on_exchange(c, query.exchange) for c in candidates if _matches(c, query))

    def by_id(self, con_id: int) -> Contract | None:
        return self._by_id.get(con_id)

    def all(self) -> tuple[Contract, ...]:
        return self._all


def _matches(contract: Contract, query: ContractQuery) -> bool:
    for field in _LITERAL_FIELDS:
        wanted = getattr(query, field)
        if wanted and wanted != getattr(contract, field):
            return False
    if query.sec_type and query.sec_type != contract.sec_type:
        return False
    if query.primary_exchange and _venue(query.primary_exchange) != contract.primary_exchange:
        return False
    if query.exchange and _venue(query.exchange) not in (contract.exchange, *contract.valid_exchanges):
        return False
    return contract.last_trade_date.startswith(query.last_trade_date)


def _venue(exchange: str) -> str:
    return _EXCHANGE_ALIASES.get(exchange, exchange)


def _on_exchange(contract: Contract, exchange: str) -> Contract:
    if not exchange or _venue(exchange) == contract.exchange:
        return contract
    if exchange == FXCONV:
        cent = Decimal("0.01")
        return replace(
            contract, exchange=FXCONV, order_types=("DAY", "MKT"), min_size=cent, size_increment=cent
        )
    return replace(contract, exchange=_venue(exchange))

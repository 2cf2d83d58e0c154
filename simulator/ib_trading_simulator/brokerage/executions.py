"""One execution, and which executions a question about them selects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Execution:
    """`bid` and `ask` are what the market showed at `at`, so that a test can judge the price.

    A manual trade has order id and client id 0. `realized` is None where a fill closed nothing.
    """

    exec_id: str
    at: datetime
    account: str
    con_id: int
    client_id: int
    order_id: int
    perm_id: int
    side: str
    shares: Decimal
    price: Decimal
    cumulative: Decimal
    average_price: Decimal
    order_ref: str
    commission: Decimal
    currency: str
    realized: Decimal | None
    bid: Decimal | None
    ask: Decimal | None
    # The broker closed a position on its own account.
    liquidation: bool = False
    # The id of the execution that this one replaces.
    corrects: str = ""
    # Where the order was sent, if not where the contract usually trades.
    exchange: str = ""

    @property
    def sign(self) -> int:
        return 1 if self.side == "BOT" else -1


def executions_in_force(executions: Sequence[Execution], account: str, con_id: int) -> Iterator[Execution]:
    """An account's executions of a contract in the order in which they happened, each as last corrected."""
    latest = {execution.exec_id.rpartition(".")[0]: execution for execution in executions}
    first = (execution for execution in executions if not execution.corrects)
    for execution in first:
        if (execution.account, execution.con_id) == (account, con_id):
            yield latest[execution.exec_id.rpartition(".")[0]]


@dataclass(frozen=True, slots=True)
class ExecutionFilter:
    """An empty field, and client id 0, select everything; `since` is inclusive."""

    client_id: int = 0
    account: str = ""
    since: datetime | None = None
    symbol: str = ""
    sec_type: str = ""
    exchange: str = ""
    side: str = ""

    def selects(self, execution: Execution, symbol: str, sec_type: str, exchange: str) -> bool:
        """`symbol`, `sec_type` and `exchange` are those of the execution's contract. BUY means BOT, SELL
        means SLD.
        """
        side = {"BUY": "BOT", "SELL": "SLD", "SSHORT": "SLD"}.get(self.side.upper(), self.side.upper())
        return (
            self.client_id in {0, execution.client_id}
            and self.account in {"", execution.account}
            and (self.since is None or execution.at >= self.since)
            and self.symbol.upper() in {"", symbol}
            and self.sec_type.upper() in {"", sec_type}
            and self.exchange.upper() in {"", exchange}
            and side in {"", execution.side}
        )

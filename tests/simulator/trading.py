"""A broker in a session of 2019, what it says, and tickets for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal

from ib_trading_simulator.brokerage.account import Holdings
from ib_trading_simulator.brokerage.accounts import Accounts
from ib_trading_simulator.brokerage.broker import Broker
from ib_trading_simulator.brokerage.executions import Execution
from ib_trading_simulator.brokerage.orders import Order, Ticket
from ib_trading_simulator.market.market import Market

OPEN = datetime(2019, 1, 2, 14, 30, tzinfo=UTC)
CLOSE = datetime(2019, 1, 2, 21, 0, tzinfo=UTC)
AAPL = 265598
CLIENT = 1


@dataclass
class Ear:
    """Writes down what the broker says, in order."""

    heard: list[str] = field(default_factory=list)
    executions: list[Execution] = field(default_factory=list)

    def order_changed(self, order: Order, *, final: bool = False) -> None:
        self.heard.append(f"order {order.status}" + (" with commission" if final else ""))

    def status_changed(self, order: Order) -> None:
        self.heard.append(f"status {order.status}")

    def executed(self, execution: Execution) -> None:
        self.heard.append("execution")
        self.executions.append(execution)

    def commission_reported(self, execution: Execution) -> None:
        self.heard.append("commission")

    def noticed(self, order: Order, code: int, text: str) -> None:
        self.heard.append(f"notice {code}")

    def holdings_changed(self, account: str, con_id: int) -> None:
        self.heard.append("holdings")

    def quotes_moved(self, con_ids: Iterable[int]) -> None:
        self.heard.append("quotes")


def broker_at(now: datetime, cash: str = "1000000") -> tuple[Broker, Ear]:
    market = Market.load("us-stocks")
    ear = Ear()
    broker = Broker(market, now, Accounts(market, "USD", {"DU1": Holdings({"USD": Decimal(cash)})}))
    broker.listener = ear
    return broker, ear


def ticket(action: str = "BUY", quantity: int = 100, limit: str | None = None, **more: object) -> Ticket:
    return replace(
        Ticket(
            con_id=AAPL,
            account="DU1",
            action=action,
            quantity=Decimal(quantity),
            order_type="LMT" if limit else "MKT",
            limit=Decimal(limit) if limit else None,
            tif="DAY",
        ),
        **more,
    )

"""The gateway between connected clients and the broker: who is connected, and who hears what.

Decides admission (client ids), what a client is sent when it arrives, and the routing of the broker's news.
The answer to each request is in answers/, the sockets are wire/'s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any

from ib_trading_simulator.brokerage.account_profile import AccountProfile
from ib_trading_simulator.brokerage.broker import Broker
from ib_trading_simulator.brokerage.executions import Execution
from ib_trading_simulator.brokerage.foreign import Foreign
from ib_trading_simulator.brokerage.orders import Order
from ib_trading_simulator.gateway.account_feed import AccountFeed
from ib_trading_simulator.gateway.client import NO_ID, Client
from ib_trading_simulator.gateway.market_feed import MarketFeed
from ib_trading_simulator.gateway.misbehaviour import Later, Misbehaviour
from ib_trading_simulator.gateway.reports import Reports
from ib_trading_simulator.market.history_pacing import HistoryPacing, Scope
from ib_trading_simulator.messages import outgoing
from ib_trading_simulator.misbehaving.faults import Fault

_FARMS = (
    (2104, "Market data farm connection is OK:usfarm"),
    (2106, "HMDS data farm connection is OK:ushmds"),
    (2158, "Sec-def data farm connection is OK:secdefil"),
)


class ClientIdInUse(Exception):
    """Another connection has that client id."""


class Gateway:
    """Everything that clients of one simulator share."""

    def __init__(
        self,
        broker: Broker,
        later: Later,
        *,
        read_only: bool = False,
        history: Scope = Scope.OFF,
        history_latency: timedelta = timedelta(0),
        profile: AccountProfile | None = None,
    ) -> None:
        self.broker = broker
        self.read_only = read_only
        self.clients: dict[int, Client] = {}
        self.reports = Reports(broker.contract, broker.accounts.charged_in)
        self.account_feed = AccountFeed(broker, profile or AccountProfile())
        self.history_pacing = HistoryPacing(history)
        self.history_latency = history_latency
        self.misbehaviour = Misbehaviour(broker, later)
        self.market_feed = MarketFeed(broker, self.misbehaviour)
        broker.listener = self
        # (account, conId) of the positions that changed and were not told of yet, in order.
        self._traded: dict[tuple[str, int], None] = {}

    def foreign(self, con_id: int) -> Foreign | None:
        """Of what the account holds besides."""
        return next((one for one in self.account_feed.profile.foreign if one.con_id == con_id), None)

    def misbehave(self, said: Mapping[str, Any]) -> Fault:
        """Takes one more fault. Raises FaultError, Refusal."""
        fault = self.misbehaviour.add(said)
        for client in self.clients.values():
            client.sending = self.misbehaviour.sending
        return fault

    def behave(self) -> None:
        """Forgets all faults."""
        self.misbehaviour.clear()

    def admit(
        self,
        client_id: int,
        version: int,
        write: Callable[[bytes], None],
        hang_up: Callable[[bool], None],
    ) -> Client:
        """Registers a client and sends what a client that has just connected is sent.

        Its own live orders come first, before it knows that it is connected: a real gateway does that, too.
        Raises ClientIdInUse.
        """
        if client_id in self.clients:
            raise ClientIdInUse
        client = self.clients[client_id] = Client(client_id, version, write, hang_up=hang_up)
        if self.misbehaviour.faults.all:
            client.sending = self.misbehaviour.sending
        live = self.broker.orders.live(client_id)
        for order in live:
            self.reports.open_order(client, order)
        if live:
            client.send(outgoing.OPEN_ORDER_END)
        client.send(outgoing.MANAGED_ACCOUNTS, accountsList=",".join(self.broker.accounts.names))
        self.send_next_id(client)
        for code, text in _FARMS:
            client.error(NO_ID, code, text)
        return client

    def leave(self, client: Client) -> None:
        """Its subscriptions end; its orders stay."""
        self.market_feed.disconnected(client)
        self.history_pacing.left(client.client_id)
        self.clients.pop(client.client_id, None)

    def tell_of_trades(self) -> bool:
        """Sends the positions that trades changed since the last call; whether there were any."""
        traded, self._traded = self._traded, {}
        for account, con_id in traded:
            self.account_feed.holdings_changed(self.clients.values(), account, con_id)
        return bool(traded)

    def send_next_id(self, client: Client) -> None:
        client.send(outgoing.NEXT_VALID_ID, orderId=self.broker.orders.highest_id(client.client_id) + 1)

    # Listener of the broker

    def order_changed(self, order: Order, *, final: bool = False) -> None:
        if client := self._owner(order.client_id, order.order_id):
            self.reports.open_order(client, order, with_commission=final)

    def status_changed(self, order: Order) -> None:
        if client := self._owner(order.client_id, order.order_id):
            self.reports.order_status(client, order)

    def executed(self, execution: Execution) -> None:
        if client := self._owner(execution.client_id, execution.order_id):
            self.reports.execution(client, execution)
        self.misbehaviour.executed(execution)

    def commission_reported(self, execution: Execution) -> None:
        if client := self._owner(execution.client_id, execution.order_id):
            self.reports.commission(client, execution)

    def noticed(self, order: Order, code: int, text: str) -> None:
        if client := self._owner(order.client_id, order.order_id):
            client.error(order.order_id, code, text)

    def holdings_changed(self, account: str, con_id: int) -> None:
        self._traded[account, con_id] = None

    def quotes_moved(self, con_ids: Iterable[int]) -> None:
        self.market_feed.moved(con_ids)

    def _owner(self, client_id: int, order_id: int) -> Client | None:
        """Who hears of an order: its client; of one made by hand, client 0 if it asked for those."""
        client = self.clients.get(client_id)
        if order_id == 0 and client and not client.binds_manual_orders:
            return None
        return client

"""Account values and positions, as answers and as updates to whoever subscribed.

Decides which lines each kind of subscription has and sends only those that changed; valuation.py has the
figures. A real gateway repeats them every three minutes and after each trade. So does this one while its
clock flows; a clock that is advanced by hand has them sent at the end of each advance.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal

from ib_trading_simulator.brokerage import valuation
from ib_trading_simulator.brokerage.account_profile import LEDGER_KEYS, AccountProfile, Lines
from ib_trading_simulator.brokerage.broker import Broker
from ib_trading_simulator.brokerage.foreign import Foreign
from ib_trading_simulator.brokerage.valuation import PositionValue, Valuation
from ib_trading_simulator.gateway.client import Client, Multi, ProfitSubscription, Summary
from ib_trading_simulator.gateway.reports import contract_fields
from ib_trading_simulator.messages import outgoing

EVERY = timedelta(minutes=3)

# What reqAccountUpdatesMulti sends when it is asked for ledger and net liquidation only.
_LEDGER_KEYS = LEDGER_KEYS | {"NetLiquidation"}


class AccountFeed:
    """Feeds the clients it is given; `clients` is called for those connected at that moment."""

    def __init__(self, broker: Broker, profile: AccountProfile) -> None:
        self._broker = broker
        self.profile = profile
        self._last = datetime.min.replace(tzinfo=broker.now.tzinfo)

    # Answers

    def positions(self, client: Client) -> None:
        """Every open position of every account, then the end."""
        for account, holdings in self._broker.accounts.holdings.items():
            for position in holdings.positions.values():
                if position.quantity:
                    self._position(client, account, position.con_id)
            for one in self.profile.foreign:
                self._foreign_position(client, account, one)
        client.send(outgoing.POSITION_END)

    def subscribe(self, client: Client, account: str) -> None:
        """The whole account, then the end; changes follow."""
        client.account = account
        client.account_lines = {}
        self._values(client, self._lines(account))
        for held in self._valuation(account).positions:
            if held.position.quantity:
                self._portfolio(client, account, held)
        for one in self.profile.foreign:
            self._foreign_row(client, account, one)
        self._time(client)
        client.send(outgoing.ACCOUNT_DOWNLOAD_END, account=account)

    def summarize(self, client: Client, request_id: int, tags: tuple[str, ...]) -> None:
        client.summaries[request_id] = Summary(tags)
        self._summary(client, request_id, client.summaries[request_id])
        client.send(outgoing.ACCOUNT_SUMMARY_END, reqId=request_id)

    def subscribe_multi(self, client: Client, request_id: int, subscription: Multi) -> None:
        client.multis[request_id] = subscription
        self._multi(client, request_id, subscription)
        client.send(outgoing.ACCOUNT_UPDATE_MULTI_END, reqId=request_id)

    def subscribe_profit(self, client: Client, request_id: int, subscription: ProfitSubscription) -> None:
        client.profits[request_id] = subscription
        self._profit(client, request_id, subscription)

    # Updates

    def holdings_changed(self, clients: Iterable[Client], account: str, con_id: int) -> None:
        """After a trade: the position, and everything that depends on it; currencies are no position."""
        if self._broker.contract(con_id).is_cash:
            return
        for client in clients:
            if client.wants_positions:
                self._position(client, account, con_id)
            if client.account == account:
                held = next(h for h in self._valuation(account).positions if h.contract.con_id == con_id)
                self._portfolio(client, account, held)

    def publish(self, clients: Iterable[Client], *, at_most_every: timedelta = timedelta(0)) -> None:
        """Sends every subscriber the lines that changed since it last heard."""
        if self._broker.now - self._last < at_most_every:
            return
        self._last = self._broker.now
        for client in clients:
            if client.account and self._values(client, self._lines(client.account)):
                for held in self._valuation(client.account).positions:
                    if held.position.quantity:
                        self._portfolio(client, client.account, held)
                self._time(client)
            for request_id, summary in client.summaries.items():
                self._summary(client, request_id, summary)
            for request_id, subscription in client.multis.items():
                self._multi(client, request_id, subscription)
            for request_id, subscribed in client.profits.items():
                self._profit(client, request_id, subscribed)

    # Lines

    def _lines(self, account: str) -> Lines:
        previous = self._broker.accounts.previous_equity(account, self._broker.now)
        valued = self._valuation(account)
        return self.profile.told(valuation.lines(valued, previous), valued.base, valued.rate_of)

    def _valuation(self, account: str) -> Valuation:
        return self._broker.accounts.valuation(account, self._broker.now)

    def _values(self, client: Client, lines: Lines) -> bool:
        """Sends the lines that are news to the client; whether there were any."""
        news = [line for line in lines if client.account_lines.get((line[0], line[2])) != line[1]]
        for key, value, currency in news:
            client.account_lines[key, currency] = value
            client.send(
                outgoing.ACCOUNT_VALUE, key=key, value=value, currency=currency, account=client.account
            )
        return bool(news)

    def _summary(self, client: Client, request_id: int, summary: Summary) -> None:
        for account in self._broker.accounts.names:
            for key, value, currency in _chosen(self._lines(account), summary.tags):
                if summary.lines.get((account, key, currency)) == value:
                    continue
                summary.lines[account, key, currency] = value
                client.send(
                    outgoing.ACCOUNT_SUMMARY,
                    reqId=request_id,
                    account=account,
                    tag=key,
                    value=value,
                    currency=currency,
                )

    def _multi(self, client: Client, request_id: int, subscription: Multi) -> None:
        for key, value, currency in self._lines(subscription.account):
            if subscription.ledger_only and key not in _LEDGER_KEYS:
                continue
            if subscription.lines.get((key, currency)) == value:
                continue
            subscription.lines[key, currency] = value
            client.send(
                outgoing.ACCOUNT_UPDATE_MULTI,
                reqId=request_id,
                account=subscription.account,
                modelCode=subscription.model,
                key=self.profile.spelled(key),
                value=value,
                currency=currency,
            )

    def _profit(self, client: Client, request_id: int, subscription: ProfitSubscription) -> None:
        profit = self._broker.accounts.profit(subscription.account, self._broker.now)
        if profit == subscription.told:
            return
        subscription.told = profit
        client.send(
            outgoing.PNL,
            reqId=request_id,
            dailyPnL=valuation.money(profit.daily),
            unrealizedPnL=valuation.money(profit.unrealized),
            realizedPnL=valuation.money(profit.realized),
        )

    def _position(self, client: Client, account: str, con_id: int) -> None:
        contract = self._broker.contract(con_id)
        position = self._broker.accounts.holdings[account].positions[con_id]
        client.send(
            outgoing.POSITION,
            **contract_fields(contract),
            account=account,
            # The broker names no exchange here: a position is held at none.
            exchange="",
            position=position.quantity,
            avgCost=round(position.average_cost, 8),
        )

    def _foreign_position(self, client: Client, account: str, one: Foreign) -> None:
        client.send(
            outgoing.POSITION,
            **contract_fields(one),
            account=account,
            exchange="",
            position=one.quantity,
            avgCost=one.average_cost,
        )

    def _foreign_row(self, client: Client, account: str, one: Foreign) -> None:
        fields = contract_fields(one)
        fields["right"] = one.right or "0"
        client.send(
            outgoing.PORTFOLIO,
            **fields,
            primaryExchange="",
            position=one.quantity,
            marketPrice=round(one.value / one.quantity / Decimal(one.multiplier or 1), 8),
            marketValue=valuation.money(one.value),
            averageCost=one.average_cost,
            unrealizedPNL=0,
            realizedPNL=0,
            account=account,
        )

    def _portfolio(self, client: Client, account: str, held: PositionValue) -> None:
        fields = contract_fields(held.contract)
        fields["right"] = held.contract.right or "0"
        client.send(
            outgoing.PORTFOLIO,
            **fields,
            primaryExchange=held.contract.primary_exchange,
            position=held.position.quantity,
            marketPrice=held.price,
            marketValue=valuation.money(held.market_value),
            averageCost=round(held.position.average_cost, 8),
            unrealizedPNL=valuation.money(held.unrealized),
            realizedPNL=valuation.money(held.position.realized),
            account=account,
        )

    def _time(self, client: Client) -> None:
        client.send(outgoing.ACCOUNT_TIME, timestamp=f"{self._broker.now:%H:%M}")


def _chosen(lines: Lines, tags: tuple[str, ...]) -> Lines:
    """The lines that summary tags select: plain keys, `$LEDGER` (base currency), `$LEDGER:CUR`,
    `$LEDGER:ALL`.
    """
    ledgers = {tag.partition(":")[2] or "BASE" for tag in tags if tag.startswith("$LEDGER")}
    chosen = []
    for key, value, currency in lines:
        in_ledger = key in _LEDGER_KEYS and key != "NetLiquidation"
        wanted = bool(ledgers & {"ALL", currency}) if in_ledger else key in tags
        if wanted:
            chosen.append((key, value, currency))
    return tuple(chosen)

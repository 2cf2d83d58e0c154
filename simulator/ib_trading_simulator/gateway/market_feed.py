"""Quotes to whoever asked for market data: once (a snapshot), or whenever they change.

Decides which ticks a quote consists of and sends only those that changed; market.py has the quotes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from ib_trading_simulator.brokerage.broker import Broker
from ib_trading_simulator.brokerage.refusal import Refusal
from ib_trading_simulator.gateway.client import Client
from ib_trading_simulator.gateway.misbehaviour import Misbehaviour
from ib_trading_simulator.market.contracts import Contract
from ib_trading_simulator.market.quote import Quote
from ib_trading_simulator.messages import outgoing

# The broker's default allowance of market data lines.
LINES = 100

LIVE, FROZEN, DELAYED, DELAYED_FROZEN = 1, 2, 3, 4

# Tick types (the broker's "Available Tick Types"): price with its size, price alone, size alone.
_BID, _ASK, _LAST, _HIGH, _LOW, _VOLUME, _CLOSE, _OPEN, _LAST_TIME = 1, 2, 4, 6, 7, 8, 9, 14, 45
_BID_SIZE, _ASK_SIZE, _LAST_SIZE = 0, 3, 5

# What a gateway sends for a side that is not there; clients take it for "no price".
_NO_PRICE = Decimal(-1)

Ticks = dict[int, tuple[Decimal, Decimal | None]]


@dataclass(slots=True)
class Line:
    """One subscription: what was last sent on it."""

    client: Client
    request_id: int
    contract: Contract
    sent: Ticks


class MarketFeed:
    """All streaming lines of all clients."""

    def __init__(self, broker: Broker, misbehaviour: Misbehaviour) -> None:
        self._broker = broker
        self._misbehaviour = misbehaviour
        self._lines: dict[tuple[Client, int], Line] = {}
        self._by_contract: dict[int, list[Line]] = {}

    def snapshot(self, client: Client, request_id: int, contract: Contract) -> None:
        line = self._start(client, request_id, contract)
        self._send(line, self._quote(client, contract))
        client.send(outgoing.SNAPSHOT_END, reqId=request_id)

    def subscribe(self, client: Client, request_id: int, contract: Contract) -> None:
        """Raises Refusal when the id is in use or the allowance is."""
        if (client, request_id) in self._lines:
            raise Refusal(322, "Error processing request.-'bR' : cause - Duplicate ticker id")
        if len(self._lines) >= LINES:
            raise Refusal(101, "Max number of tickers has been reached.")
        line = self._start(client, request_id, contract)
        self._lines[client, request_id] = line
        self._by_contract.setdefault(contract.con_id, []).append(line)
        self._broker.schedule.watch(contract.con_id)
        self._send(line, self._quote(client, contract))

    def cancel(self, client: Client, request_id: int) -> None:
        """Raises Refusal for an id that streams nothing."""
        line = self._lines.pop((client, request_id), None)
        if line is None:
            raise Refusal(300, f"Can't find EId with tickerId:{request_id}")
        self._end(line)

    def disconnected(self, client: Client) -> None:
        for key in [key for key in self._lines if key[0] is client]:
            self._end(self._lines.pop(key))

    def moved(self, con_ids: Iterable[int]) -> None:
        """Sends what changed in those contracts' quotes."""
        for con_id in con_ids:
            for line in self._by_contract.get(con_id, ()):
                self._send(line, self._quote(line.client, line.contract))

    def _start(self, client: Client, request_id: int, contract: Contract) -> Line:
        client.send(outgoing.MARKET_DATA_TYPE, reqId=request_id, marketDataType=self._type(client, contract))
        client.send(
            outgoing.TICK_REQUEST_PARAMETERS,
            reqId=request_id,
            minTick=contract.min_tick,
            bboExchange="9c0001" if contract.tradable else "",
        )
        return Line(client, request_id, contract, {})

    def _end(self, line: Line) -> None:
        self._by_contract[line.contract.con_id].remove(line)
        self._broker.schedule.unwatch(line.contract.con_id)

    def _type(self, client: Client, contract: Contract) -> int:
        """Delayed data is offered only where there is no live data; here there always is."""
        if client.market_data_type not in {FROZEN, DELAYED_FROZEN}:
            return LIVE
        return LIVE if self._broker.market.is_open(contract.con_id, self._broker.now) else FROZEN

    def _quote(self, client: Client, contract: Contract) -> Quote:
        if self._type(client, contract) == FROZEN:
            true = self._broker.market.frozen(contract.con_id, self._broker.now)
        else:
            true = self._broker.quote(contract.con_id)
        return self._misbehaviour.quote(contract.name, true)

    def _send(self, line: Line, quote: Quote) -> None:
        ticks = _ticks(quote)
        if line.contract.is_cash:
            # Currencies have quotes but no trades that anybody reports.
            ticks = {tick: value for tick, value in ticks.items() if tick not in {_LAST, _VOLUME}}
        client, request_id = line.client, line.request_id
        for tick, (price, size) in ticks.items():
            before = line.sent.get(tick)
            if before == (price, size):
                continue
            if before and before[0] == price and size is not None:
                kind = {_BID: _BID_SIZE, _ASK: _ASK_SIZE, _LAST: _LAST_SIZE}[tick]
                client.send(outgoing.TICK_SIZE, reqId=request_id, tickType=kind, size=size)
            elif tick == _VOLUME:
                client.send(outgoing.TICK_SIZE, reqId=request_id, tickType=tick, size=price)
            else:
                client.send(outgoing.TICK_PRICE, reqId=request_id, tickType=tick, price=price, size=size)
            if tick == _LAST:
                stamp = str(int(quote.at.timestamp()))
                client.send(outgoing.TICK_STRING, reqId=request_id, tickType=_LAST_TIME, value=stamp)
        line.sent = ticks


def _ticks(quote: Quote) -> Ticks:
    """Tick type to price and size (None: a tick without size); a missing side is -1, other missing prices are
    left out.
    """
    ticks: Ticks = {
        _BID: (_NO_PRICE if quote.bid is None else quote.bid, quote.bid_size),
        _ASK: (_NO_PRICE if quote.ask is None else quote.ask, quote.ask_size),
    }
    if quote.last is not None:
        ticks[_LAST] = (quote.last, quote.last_size)
    ticks[_VOLUME] = (quote.volume, None)
    for tick, price in (
        (_HIGH, quote.high),
        (_LOW, quote.low),
        (_CLOSE, quote.previous_close),
        (_OPEN, quote.open),
    ):
        if price is not None:
            ticks[tick] = (price, None)
    return ticks

"""The baseline: the same orders with ib_insync and nothing else, in a loop.

It journals nothing, checks nothing and is not safe to repeat: what the service adds is what the ratio shows. It makes
the handshake only, without the subscriptions of the library's own connect: those would have the gateway tell the
account's values after every fill, which the service does not ask for either. And it looks at each quote once before,
as the service does: the simulator makes up a stock's day when it is first looked at.
"""

from __future__ import annotations

from collections.abc import Sequence

from bench.bare_client import CLIENT_ID, run
from bench.service_run import BenchOrder
from ib_trading_simulator.launch import HOST, Launched

ANSWER_SECONDS = 20
_NOT_YET = {"", "PendingSubmit", "ApiPending"}


def place_bare(simulator: Launched, orders: Sequence[BenchOrder]) -> None:
    """Connects, places `orders` in a loop, and waits until each is acknowledged. TimeoutError if one is not."""
    run(_place(simulator, orders), ANSWER_SECONDS)


async def _place(simulator: Launched, orders: Sequence[BenchOrder]) -> None:
    from ib_insync import IB, Contract, MarketOrder, TagValue

    ib = IB()
    ib.wrapper.clientId = CLIENT_ID
    await ib.client.connectAsync(HOST, simulator.port, CLIENT_ID, ANSWER_SECONDS)
    try:
        contracts = [Contract(conId=wanted.con_id, exchange="SMART") for wanted in orders]
        await ib.reqTickersAsync(*contracts)
        trades = []
        for wanted, contract in zip(orders, contracts, strict=True):
            order = MarketOrder(wanted.action, float(wanted.quantity), tif="DAY", account=simulator.account)
            if wanted.adaptive_priority:
                order.algoStrategy = "Adaptive"
                order.algoParams = [TagValue("adaptivePriority", wanted.adaptive_priority)]
            trades.append(ib.placeOrder(contract, order))
        while any(trade.orderStatus.status in _NOT_YET for trade in trades):
            await ib.updateEvent
    finally:
        ib.disconnect()

"""Which function answers which request, and what a client is told where it is refused.

A function is called with the gateway, the client and the request, and raises order_rules.Refusal for an error.
"""

from __future__ import annotations

from collections.abc import Callable

from ib_trading_simulator.answers import accounts, contracts, history, market_data, orders, session
from ib_trading_simulator.brokerage.refusal import Refusal
from ib_trading_simulator.gateway.client import Client
from ib_trading_simulator.gateway.gateway import Gateway
from ib_trading_simulator.gateway.request import Request
from ib_trading_simulator.messages.wire import UnreadableField

Answer = Callable[[Gateway, Client, Request], None]

ANSWERS: dict[str, Answer] = {
    **session.ANSWERS,
    **contracts.ANSWERS,
    **market_data.ANSWERS,
    **history.ANSWERS,
    **orders.ANSWERS,
    **accounts.ANSWERS,
}


def answer(gateway: Gateway, client: Client, request: Request) -> None:
    """Answers a request as the faults will have it, with the broker's error where it is refused."""
    try:
        gateway.misbehaviour.answering(
            client, request, lambda: ANSWERS[request.name](gateway, client, request)
        )
    except Refusal as refusal:
        client.error(request.request_id, refusal.code, refusal.text)
    except UnreadableField as error:
        client.error(request.request_id, 320, f"Error reading request. {error}.")

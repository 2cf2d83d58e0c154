"""What the gateway answers to each request; one file a subject, one function a request.

A function is called with the gateway, the client and the request, and raises order_rules.Refusal for an
error.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ib_trading_simulator.answers import accounts, contracts, history, market_data, orders, session

if TYPE_CHECKING:
    from ib_trading_simulator.client import Client
    from ib_trading_simulator.gateway import Gateway
    from ib_trading_simulator.request import Request

Answer = Callable[["Gateway", "Client", "Request"], None]

ANSWERS: dict[str, Answer] = {
    **session.ANSWERS,
    **contracts.ANSWERS,
    **market_data.ANSWERS,
    **history.ANSWERS,
    **orders.ANSWERS,
    **accounts.ANSWERS,
}

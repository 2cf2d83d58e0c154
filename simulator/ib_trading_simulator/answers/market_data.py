"""Answers to requests for quotes."""

from __future__ import annotations

from ib_trading_simulator.brokerage.refusal import Refusal, invalid
from ib_trading_simulator.gateway.client import Client
from ib_trading_simulator.gateway.gateway import Gateway
from ib_trading_simulator.gateway.request import Request


def data_type(gateway: Gateway, client: Client, request: Request) -> None:
    wanted = request.integer("marketDataType")
    if wanted not in {1, 2, 3, 4}:
        raise invalid(f"Invalid market data type {wanted}")
    client.market_data_type = wanted


def quotes(gateway: Gateway, client: Client, request: Request) -> None:
    """Generic ticks are accepted for a stream and bring nothing: the simulator has no figures for them."""
    if gateway.foreign(request.integer("conId")):
        # https://interactivebrokers.github.io/tws-api/message_codes.html, and many public logs.
        raise Refusal(354, "Requested market data is not subscribed.")
    contract = request.contract(gateway.broker.market.book)
    if request.flag("regulatorySnapshot"):
        raise Refusal(10170, "No permissions for regulatory snapshot.")
    if not request.flag("snapshot"):
        gateway.market_feed.subscribe(client, request.request_id, contract)
        return
    if request.text("genericTickList"):
        raise Refusal(
            321,
            "Error validating request.-'bR' : cause - Snapshot market data subscription is not applicable to "
            "generic ticks",
        )
    gateway.market_feed.snapshot(client, request.request_id, contract)


def cancel(gateway: Gateway, client: Client, request: Request) -> None:
    gateway.market_feed.cancel(client, request.request_id)


ANSWERS = {"reqMarketDataType": data_type, "reqMktData": quotes, "cancelMktData": cancel}

"""Answers about the connection itself: ids, time, accounts, log level."""

from __future__ import annotations

from ib_trading_simulator.brokerage.refusal import invalid
from ib_trading_simulator.gateway.client import Client
from ib_trading_simulator.gateway.gateway import Gateway
from ib_trading_simulator.gateway.request import Request
from ib_trading_simulator.messages import outgoing


def ids(gateway: Gateway, client: Client, request: Request) -> None:
    gateway.send_next_id(client)


def current_time(gateway: Gateway, client: Client, request: Request) -> None:
    client.send(outgoing.CURRENT_TIME, time=int(gateway.broker.now.timestamp()))


def managed_accounts(gateway: Gateway, client: Client, request: Request) -> None:
    client.send(outgoing.MANAGED_ACCOUNTS, accountsList=",".join(gateway.broker.accounts.names))


def log_level(gateway: Gateway, client: Client, request: Request) -> None:
    """A gateway changes what it logs and answers nothing; this one always keeps every message."""


def start_again(gateway: Gateway, client: Client, request: Request) -> None:
    raise invalid("the API was started already")


ANSWERS = {
    "reqIds": ids,
    "reqCurrentTime": current_time,
    "reqManagedAccts": managed_accounts,
    "setServerLogLevel": log_level,
    "startApi": start_again,
}

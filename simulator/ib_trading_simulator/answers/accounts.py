"""Answers about accounts: positions, values, summaries, and the subscriptions to them."""

from __future__ import annotations

from ib_trading_simulator.brokerage.refusal import Refusal, invalid
from ib_trading_simulator.gateway.client import Client, Multi, ProfitSubscription
from ib_trading_simulator.gateway.gateway import Gateway
from ib_trading_simulator.gateway.request import Request

# How many account summaries a client may subscribe to at once.
SUMMARIES = 2


def positions(gateway: Gateway, client: Client, request: Request) -> None:
    client.wants_positions = True
    gateway.account_feed.positions(client)


def cancel_positions(gateway: Gateway, client: Client, request: Request) -> None:
    client.wants_positions = False


def updates(gateway: Gateway, client: Client, request: Request) -> None:
    """Subscribes to one account in place of any other, or ends the subscription."""
    if not request.flag("subscribe"):
        client.account = ""
        return
    gateway.account_feed.subscribe(client, _account(gateway, request.text("acctCode")))


def updates_multi(gateway: Gateway, client: Client, request: Request) -> None:
    account = _account(gateway, request.text("account"))
    subscription = Multi(account, request.text("modelCode"), request.flag("ledgerAndNLV"))
    if subscription.model:
        raise invalid("the simulator has not built models")
    gateway.account_feed.subscribe_multi(client, request.request_id, subscription)


def cancel_updates_multi(gateway: Gateway, client: Client, request: Request) -> None:
    client.multis.pop(request.request_id, None)


def profit(gateway: Gateway, client: Client, request: Request) -> None:
    account = _account(gateway, request.text("account"))
    if request.text("modelCode"):
        raise invalid("the simulator has not built models")
    gateway.account_feed.subscribe_profit(client, request.request_id, ProfitSubscription(account))


def cancel_profit(gateway: Gateway, client: Client, request: Request) -> None:
    client.profits.pop(request.request_id, None)


def summary(gateway: Gateway, client: Client, request: Request) -> None:
    if request.text("groupName") != "All":
        raise invalid("the simulator has not built account groups; the group is All")
    if request.request_id not in client.summaries and len(client.summaries) >= SUMMARIES:
        raise Refusal(
            322,
            "Error processing request.-'b0' : cause - Maximum number of account summary requests exceeded, "
            "desubscribe from existing requests first",
        )
    tags = tuple(tag.strip() for tag in request.text("tags").split(",") if tag.strip())
    if not tags:
        raise invalid("no account summary tags were given")
    gateway.account_feed.summarize(client, request.request_id, tags)


def cancel_summary(gateway: Gateway, client: Client, request: Request) -> None:
    client.summaries.pop(request.request_id, None)


def _account(gateway: Gateway, named: str) -> str:
    accounts = gateway.broker.accounts.names
    if not named and len(accounts) == 1:
        return accounts[0]
    if not named:
        raise invalid("The account code is required for this operation.")
    if named not in accounts:
        raise invalid(f"Invalid account code '{named}'.")
    return named


ANSWERS = {
    "reqPositions": positions,
    "cancelPositions": cancel_positions,
    "reqAccountUpdates": updates,
    "reqAccountUpdatesMulti": updates_multi,
    "cancelAccountUpdatesMulti": cancel_updates_multi,
    "reqPnL": profit,
    "cancelPnL": cancel_profit,
    "reqAccountSummary": summary,
    "cancelAccountSummary": cancel_summary,
}

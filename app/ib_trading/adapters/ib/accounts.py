"""Account, positions, orders and executions as the broker tells them when it is asked.

Decides which messages make up an answer and in which sequence they are asked for. Every answer has an end that has
to come: unknown is never empty.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from decimal import Decimal

from ib_trading.adapters.ib import translate
from ib_trading.adapters.ib.connection import Connection, broker_fault
from ib_trading.adapters.ib.library import library
from ib_trading.adapters.ib.order_tracker import ShownOrder, Status
from ib_trading.adapters.ib.replies import COMPLETED_ORDERS, OPEN_ORDERS, PORTFOLIO, POSITIONS
from ib_trading.core.account import AccountState, BrokerPosition, OrderReport
from ib_trading.core.attribution import Execution
from ib_trading.core.instruments import Instrument
from ib_trading.core.order import DecidedOrder
from ib_trading.core.refusals import QuestionRefused, Unanswered
from ib_trading.core.snapshot import Margin


async def account_state(connection: Connection, account: str) -> AccountState:
    """One download of every account value; the subscription that comes with it is cancelled at once."""
    client, used = connection.client, []

    def send(req_id: int) -> None:
        used.append(req_id)
        client.reqAccountUpdatesMulti(req_id, account, "", False)

    try:
        lines = await connection.ask(f"the values of account {account}", send)
    except QuestionRefused as refused:
        raise broker_fault(f"the values of account {account}", refused) from None
    connection.tell(lambda: client.cancelAccountUpdatesMulti(used[0]))
    return translate.account_state(account, lines)


async def daily_profit(connection: Connection, account: str) -> Decimal | None:
    """The first figure that the subscription tells, which is then cancelled.

    The gateway updates it about once a second, and until it has worked one out it may send the largest double in its
    place (https://interactivebrokers.github.io/tws-api/pnl.html). None where that, an error or silence is all there
    is: whoever limits losses has to refuse then, and the way out of a position must not wait for it.
    """
    client, used = connection.client, []

    def send(req_id: int) -> None:
        used.append(req_id)
        client.reqPnL(req_id, account, "")

    try:
        (profit,) = await connection.ask(
            f"the daily profit of account {account}", send, seconds=connection.deadlines.profit
        )
    except QuestionRefused:
        return None
    except Unanswered:
        # A lost connection is a fault of everything; this one answer missing is not.
        connection.check()
        profit = None
    connection.tell(lambda: client.cancelPnL(used[0]))
    return profit


async def positions(connection: Connection, account: str) -> tuple[BrokerPosition, ...]:
    """The last word on each contract, which may come twice: the question subscribes to changes."""
    parts = await connection.ask_unnumbered(POSITIONS, connection.client.reqPositions)
    latest = {
        contract.conId: translate.position(contract, size, average_cost)
        for owner, contract, size, average_cost in parts
        if owner == account
    }
    return tuple(position for position in latest.values() if position.quantity)


async def portfolio(connection: Connection, account: str) -> dict[int, Decimal]:
    """What the broker says each position is worth, in its own currency; without those of which it says nothing. The
    subscription that comes with it is ended at once."""
    client = connection.client
    parts = await connection.ask_unnumbered(PORTFOLIO, lambda: client.reqAccountUpdates(True, account))
    connection.tell(lambda: client.reqAccountUpdates(False, account))
    values = {contract.conId: translate.amount(value) for owner, contract, value in parts if owner == account}
    return {con_id: value for con_id, value in values.items() if value is not None}


async def order_reports(connection: Connection, account: str) -> tuple[OrderReport, ...]:
    """Open orders are asked for before completed ones: an order that ends in between is in both answers, not in
    neither, and the completed one counts."""
    open_parts = await connection.ask_unnumbered(OPEN_ORDERS, connection.client.reqAllOpenOrders)
    completed = await connection.ask_unnumbered(
        COMPLETED_ORDERS, lambda: connection.client.reqCompletedOrders(False)
    )
    shown = {_identity(part): part for part in open_parts if isinstance(part, ShownOrder)}
    # An orderStatus comes with each openOrder and has the quantities.
    statuses: dict[int, Status] = dict(part for part in open_parts if not isinstance(part, ShownOrder))
    reports = {key: order.report(statuses.get(order.perm_id, order.status)) for key, order in shown.items()}
    for order in completed:
        earlier = reports.get(_identity(order))
        report = order.report(order.status)
        reports[_identity(order)] = replace(report, order_id=earlier.order_id) if earlier else report
    owners = {_identity(order): order.account for order in (*shown.values(), *completed)}
    return tuple(report for key, report in reports.items() if owners[key] == account)


def _identity(order: ShownOrder) -> Hashable:
    """The permId; an order that has none yet is told apart by its client and that client's number for it."""
    return order.perm_id or (order.client_id, order.order_id)


async def executions(connection: Connection, account: str) -> tuple[Execution, ...]:
    """All clients' fills of the broker's day; commissions that have not come within their deadline are None."""
    everything = library().ExecutionFilter(acctCode=account)
    try:
        told: list[Execution] = await connection.ask(
            "executions", lambda req_id: connection.client.reqExecutions(req_id, everything)
        )
    except QuestionRefused as refused:
        raise broker_fault("executions", refused) from None
    ours = {one.exec_id: one for one in told if one.account == account}
    await connection.orders.until_commissions(ours, connection.deadlines.commissions)
    return tuple(connection.orders.with_commission(one) for one in ours.values())


async def what_if(
    connection: Connection, order: DecidedOrder, account: str, instrument: Instrument
) -> Margin | None:
    """The margins of an order that is not placed. The library would wait for ever for an answer without them; a
    refusal and silence both mean that nobody knows."""
    client = connection.client
    contract, draft = translate.ib_contract(instrument), translate.ib_order(order, account)
    draft.whatIf = True
    what = f"the margin of {order.action} {order.quantity:f} {order.local_symbol}"
    try:
        (state,) = await connection.ask(what, lambda req_id: client.placeOrder(req_id, contract, draft))
    except QuestionRefused:
        return None
    except Unanswered:
        connection.check()  # A lost connection is a fault, and not the lack of one answer.
        return None
    figures = (state.initMarginBefore, state.initMarginAfter, state.equityWithLoanAfter)
    before, after, equity = map(translate.amount, figures)
    if before is None or after is None or equity is None:
        return None
    return Margin(before, after, equity)

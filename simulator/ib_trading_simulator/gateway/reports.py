"""Orders, executions and commissions as the gateway reports them.

Decides which client hears of what and how a report is filled in; the broker decides when, messages/ the
layout.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal

from ib_trading_simulator.brokerage.accounts import Preview
from ib_trading_simulator.brokerage.executions import Execution
from ib_trading_simulator.brokerage.foreign import Foreign
from ib_trading_simulator.brokerage.orders import Order, Status, Ticket
from ib_trading_simulator.gateway.client import Client
from ib_trading_simulator.market.contracts import Contract
from ib_trading_simulator.messages import outgoing
from ib_trading_simulator.messages.wire import UNSET_DOUBLE, Value, time_text

_PRICE_PLACES = Decimal("0.00000001")

Fields = dict[str, "Value | tuple[Mapping[str, Value], ...]"]


def contract_fields(contract: Contract | Foreign) -> Fields:
    """A contract as it stands in orders, executions and positions; exchange and primary exchange are left
    out.
    """
    return {
        "conId": contract.con_id,
        "symbol": contract.symbol,
        "secType": contract.sec_type,
        "lastTradeDateOrContractMonth": contract.last_trade_date,
        "strike": contract.strike,
        "right": contract.right,
        "multiplier": contract.multiplier,
        "currency": contract.currency,
        "localSymbol": contract.local_symbol,
        "tradingClass": contract.trading_class,
    }


class Reports:
    """Writes reports to clients.

    `contract_of` knows every contract that was ever traded, `charged_in` the currency of its commissions.
    """

    def __init__(self, contract_of: Callable[[int], Contract], charged_in: Callable[[Contract], str]) -> None:
        self._contract_of = contract_of
        self._charged_in = charged_in

    def open_order(self, client: Client, order: Order, *, with_commission: bool = False) -> None:
        """openOrder and orderStatus."""
        fields = self._order_fields(order)
        fields |= {"orderId": order.order_id, "clientId": order.client_id, "status": order.status}
        if with_commission:
            currency = self._charged_in(self._contract_of(order.ticket.con_id))
            fields |= {"commission": order.commission, "commissionCurrency": currency}
        client.send(outgoing.OPEN_ORDER, **fields)
        self.order_status(client, order)

    def order_status(self, client: Client, order: Order) -> None:
        client.send(
            outgoing.ORDER_STATUS,
            orderId=order.order_id,
            status=order.status,
            filled=order.filled,
            remaining=order.remaining,
            avgFillPrice=_price(order.average_price),
            permId=order.perm_id,
            lastFillPrice=order.last_price,
            clientId=order.client_id,
            # Recorded of every stop that has not triggered, in a session and outside one (see _stop_fields).
            whyHeld="trigger" if order.waits else "",
        )

    def completed_order(self, client: Client, order: Order) -> None:
        """Without order id and client id; the total quantity is what remained, 0 of a filled order, as on a
        real gateway."""
        contract = self._contract_of(order.ticket.con_id)
        fields = self._order_fields(order)
        done_at = order.done_at or order.placed_at
        fields |= {
            "status": order.status,
            "totalQuantity": order.remaining,
            "filledQuantity": order.filled,
            "completedTime": time_text(done_at, contract.time_zone_id, client.version),
            "completedStatus": _completed_status(order),
        }
        client.send(outgoing.COMPLETED_ORDER, **fields)

    def what_if(self, client: Client, order_id: int, ticket: Ticket, preview: Preview, at: datetime) -> None:
        """One openOrder that names the margins before, after and between, and the commission."""
        # No order has been made of it.
        fields = self._order_fields(Order(client.client_id, order_id, 0, ticket, at, stop=ticket.stop))
        fields |= {
            "orderId": order_id,
            "clientId": client.client_id,
            "whatIf": True,
            "status": Status.PRE_SUBMITTED,
            "initMarginBefore": _money(preview.before.initial),
            "maintMarginBefore": _money(preview.before.maintenance),
            "equityWithLoanBefore": _money(preview.equity_before),
            "initMarginChange": _money(preview.after.initial - preview.before.initial),
            "maintMarginChange": _money(preview.after.maintenance - preview.before.maintenance),
            "equityWithLoanChange": _money(preview.equity_after - preview.equity_before),
            "initMarginAfter": _money(preview.after.initial),
            "maintMarginAfter": _money(preview.after.maintenance),
            "equityWithLoanAfter": _money(preview.equity_after),
            "commission": preview.commission,
            "commissionCurrency": self._charged_in(self._contract_of(ticket.con_id)),
        }
        client.send(outgoing.OPEN_ORDER, **fields)

    def execution(self, client: Client, execution: Execution, request_id: int = -1) -> None:
        """execDetails; request id -1 is a live one."""
        contract = self._contract_of(execution.con_id)
        venue = execution.exchange or contract.primary_exchange or contract.exchange
        client.send(
            outgoing.EXECUTION,
            **contract_fields(contract),
            reqId=request_id,
            orderId=execution.order_id,
            contractExchange=venue,
            execId=execution.exec_id,
            time=time_text(execution.at, contract.time_zone_id, client.version),
            acctNumber=execution.account,
            exchange=venue,
            side=execution.side,
            shares=execution.shares,
            price=execution.price,
            permId=execution.perm_id,
            clientId=execution.client_id,
            liquidation=int(execution.liquidation),
            cumQty=execution.cumulative,
            avgPrice=_price(execution.average_price),
            orderRef=execution.order_ref,
            # Taking the other side of a quote removes liquidity: 2.
            lastLiquidity=2,
        )

    def commission(self, client: Client, execution: Execution) -> None:
        realized = UNSET_DOUBLE if execution.realized is None else _price(execution.realized)
        client.send(
            outgoing.COMMISSION_REPORT,
            execId=execution.exec_id,
            commission=execution.commission,
            currency=execution.currency,
            realizedPNL=realized,
        )

    def _order_fields(self, order: Order) -> Fields:
        ticket = order.ticket
        contract = self._contract_of(ticket.con_id)
        return {
            **contract_fields(contract),
            **dict(ticket.echo),
            "exchange": ticket.exchange or contract.exchange,
            "action": ticket.action,
            "totalQuantity": ticket.quantity,
            "orderType": ticket.order_type,
            "lmtPrice": order.limit,
            **_stop_fields(order),
            "tif": ticket.tif,
            "account": ticket.account,
            "orderRef": ticket.order_ref,
            "permId": order.perm_id,
            "goodAfterTime": f"{ticket.good_after:%Y%m%d-%H:%M:%S}" if ticket.good_after else "",
            "algoStrategy": ticket.algo,
            "algoParams": tuple({"tag": tag, "value": value} for tag, value in ticket.algo_params),
        }


def _stop_fields(order: Order) -> Fields:
    """Where openOrder shows a stop.

    Recorded of a resting STP at 84.87: auxPrice and trailStopPrice 84.87, lmtPrice 0.0, trailingPercent unset,
    PreSubmitted, whyHeld "trigger" (a paper account, Gateway 10.43, August 2026; alike in a log of March 2021). Of a
    trailing order auxPrice is the amount. Where its stop has gone is told when somebody asks: no log shows a gateway
    saying it by itself, and clients report trailStopPrice as lagging (issue 102 of ib-api-reloaded/ib_async).
    """
    ticket = order.ticket
    if not ticket.kind.waits:
        return {}
    return {
        "auxPrice": ticket.trail_amount if ticket.kind.trails else order.stop,
        "trailStopPrice": order.stop,
        # The same once more, which is the one that clients keep (ibapi's decodeStopPriceAndLmtPriceOffset).
        "adjustedTrailStopPrice": order.stop,
        "trailingPercent": ticket.trail_percent,
        **({} if ticket.limit_offset is None else {"lmtPriceOffset": ticket.limit_offset}),
    }


def _completed_status(order: Order) -> str:
    match order.status:
        case Status.FILLED:
            return f"Filled Size: {order.filled}"
        case Status.INACTIVE:
            return f"Rejected by System: {order.reason}"
        case _:
            return "Cancelled by Trader"


def _price(amount: Decimal) -> Decimal:
    return amount.quantize(_PRICE_PLACES)


def _money(amount: Decimal) -> str:
    return f"{amount:.2f}"

"""The library's objects as the core's values, and the broker's words as the core's states: pure tables.

Decides what an order's state is, and in which currency an account is told. Asks nothing and remembers nothing. Contract
details are contracts.py's, quotes and bars market_data.py's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from ib_trading.adapters.ib.error_codes import Ending
from ib_trading.adapters.ib.library import library
from ib_trading.adapters.ib.wire_fields import amount
from ib_trading.core.account import AccountState, BrokerPosition
from ib_trading.core.attribution import Execution
from ib_trading.core.cash_lines import BASE, RATE, cash_lines
from ib_trading.core.instruments import Instrument
from ib_trading.core.order import DecidedOrder
from ib_trading.core.order_kind import Side
from ib_trading.core.order_state import OrderState
from ib_trading.core.refusals import BrokerFault

if TYPE_CHECKING:
    from ib_insync import Contract
    from ib_insync import Execution as IbExecution

LIVE_STATUSES = frozenset({"PreSubmitted", "Submitted", "PendingCancel"})
"""PreSubmitted is live too: held by the broker for the opening, for its time, or for shares to be located."""
CANCELLED_STATUSES = frozenset({"Cancelled", "ApiCancelled"})
UNHEARD_STATUSES = frozenset({"", "ApiPending", "PendingSubmit"})

LEDGER = "$LEDGER-"
"""How per-currency tags may begin in a download since release 10.47 of May 2026, for new users without being asked for.
In summaries `$LEDGER` has named them since build 956 (https://interactivebrokers.github.io/tws-api/account_summary.html).
With it or without, it is the same line."""


class AccountValue(NamedTuple):
    """One line of an account download."""

    account: str
    tag: str
    value: str
    currency: str


def quantity(value: object) -> Decimal:
    """A size that the message must have; BrokerFault if it has none."""
    number = amount(value)
    if number is None:
        raise BrokerFault(f"the broker sent {value!r} where a quantity belongs")
    return number


def order_state(
    status: str, ordered: Decimal, filled: Decimal, ending: Ending | None, *, acknowledged: bool
) -> OrderState:
    """The state that the broker's latest status, its fills and its messages add up to.

    Fills count more than any word: a cancellation may lose the race. `acknowledged` says that the broker has shown
    the order as ours, with a permId and a status beyond PendingSubmit, or a fill of it.
    """
    if status == "Filled" or 0 < ordered <= filled:
        return OrderState.FILLED
    refused = ending in {Ending.REFUSED, Ending.PRESUMED} and not acknowledged
    rejected = ending is Ending.REJECTED
    if refused or rejected or ending is Ending.CANCELLED or status in CANCELLED_STATUSES:
        if filled:
            return OrderState.PARTLY_FILLED
        return OrderState.REJECTED if refused or rejected else OrderState.CANCELLED
    if not acknowledged:
        return OrderState.SENDING
    if status == "Inactive":
        return OrderState.INACTIVE
    return OrderState.WORKING if status in LIVE_STATUSES else OrderState.ACKNOWLEDGED


def execution(contract: Contract, told: IbExecution) -> Execution:
    """A fill without its commission, which comes in a message of its own. BrokerFault for a side that is none."""
    signed = side(Side.executed, told.side, f"execution {told.execId}").sign * quantity(told.shares)
    return Execution(
        exec_id=told.execId,
        order_ref=told.orderRef,
        perm_id=told.permId,
        account=told.acctNumber,
        con_id=contract.conId,
        quantity=signed,
        price=quantity(told.price),
        at=told.time,
    )


def side(meant: Callable[[str], Side], word: str, what: str) -> Side:
    """What the broker's `word` in `what` means; BrokerFault where that is no side."""
    try:
        return meant(word)
    except ValueError as error:
        raise BrokerFault(f"{what} has {error}") from None


def base_exec_id(exec_id: str) -> str:
    """What an execution and its corrections share: `0001f4e8.67a1.01.02` corrects `0001f4e8.67a1.01.01`."""
    return exec_id.rpartition(".")[0] or exec_id


def position(contract: Contract, size: object, average_cost: object) -> BrokerPosition:
    return BrokerPosition(
        con_id=contract.conId,
        local_symbol=contract.localSymbol,
        quantity=quantity(size),
        average_cost=amount(average_cost) or Decimal(0),
        currency=contract.currency,
        sec_type=contract.secType,
    )


def account_state(account: str, lines: Iterable[AccountValue]) -> AccountState:
    """The account from its download; BrokerFault without a NetLiquidation, whose currency is the base currency."""
    figures = {
        (line.tag.removeprefix(LEDGER), line.currency): figure
        for line in lines
        if line.account == account and (figure := amount(line.value)) is not None
    }
    base = next((currency for tag, currency in figures if tag == "NetLiquidation" and currency), None)
    if base is None:
        raise BrokerFault(
            f"the broker sent no NetLiquidation for account {account}; nothing can be sized without it"
        )
    own_currency = {tag: figure for (tag, currency), figure in figures.items() if currency == base}
    summed_up = {tag: figure for (tag, currency), figure in figures.items() if currency == BASE}
    lines_of_cash = cash_lines(figures)
    return AccountState(
        account=account,
        base_currency=base,
        net_liquidation=figures["NetLiquidation", base],
        cash=lines_of_cash.cash,
        cash_doubts=lines_of_cash.doubts,
        rates={
            currency: rate for (tag, currency), rate in figures.items() if tag == RATE and currency != BASE
        },
        # Under the base currency a ledger tag counts that currency's part only; the sum of all goes before.
        values=own_currency | summed_up,
    )


def ib_contract(instrument: Instrument) -> Any:
    """The contract of an order or a question: the id identifies it, the exchange says where."""
    return library().Contract(
        conId=instrument.con_id,
        symbol=instrument.symbol,
        secType=instrument.sec_type,
        exchange=instrument.exchange,
        currency=instrument.currency,
    )


def ib_order(order: DecidedOrder, account: str, order_ref: str = "") -> Any:
    """The order as it leaves for `account`; a draft has no orderRef. ValueError for prices that are not its type's."""
    order.check_prices()
    adaptive = {}
    if order.adaptive_priority is not None:
        priority = library().TagValue("adaptivePriority", order.adaptive_priority)
        adaptive = {"algoStrategy": "Adaptive", "algoParams": [priority]}
    starts = {} if order.good_after is None else {"goodAfterTime": good_after_time(order.good_after)}
    return library().Order(
        action=order.action.value,
        # Figures as text, which the library sends as it is: "100" and never "1E+2".
        totalQuantity=format(order.quantity, "f"),
        orderType=order.order_type.value,
        tif=order.tif.value,
        account=account,
        orderRef=order_ref,
        outsideRth=order.outside_rth,
        **_prices(order),
        **starts,
        **adaptive,
    )


def _prices(order: DecidedOrder) -> dict[str, str]:
    """A stop stands in the auxiliary price, but where it trails: there that would be by how much, as an amount, and
    excludes the percentage (https://interactivebrokers.github.io/tws-api/basic_orders.html, "Trailing Stop")."""
    told = {
        "lmtPrice": order.limit_price,
        "trailStopPrice" if order.order_type.trails else "auxPrice": order.stop_price,
        "trailingPercent": order.trailing_percent,
        "lmtPriceOffset": order.limit_offset,
    }
    return {name: format(price, "f") for name, price in told.items() if price is not None}


def good_after_time(at: datetime) -> str:
    """20240603-19:45:00, which the gateway reads as UTC; with a blank for the dash it would be its own zone (error
    code 391, or another hour)."""
    return f"{at.astimezone(UTC):%Y%m%d-%H:%M:%S}"

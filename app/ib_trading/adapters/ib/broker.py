"""The broker port on a connected session: each method a blocking call that does its work on the connection's loop.

Decides nothing but that: what is asked, and what an answer means, is in accounts.py, contracts.py, market_data.py and
history.py, what becomes of orders in order_tracker.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from ib_trading.adapters.ib import accounts, contracts, history, market_data, translate
from ib_trading.adapters.ib.connection import Connection
from ib_trading.adapters.ib.contracts import KnownContracts
from ib_trading.adapters.ib.error_codes import Ending
from ib_trading.adapters.ib.history_pace import HistoryPace
from ib_trading.adapters.ib.loop_thread import LoopThread
from ib_trading.adapters.ib.order_record import TrackedOrder
from ib_trading.core.account import AccountState, BrokerPosition, OrderReport
from ib_trading.core.attribution import Execution
from ib_trading.core.collection import BarQuestion
from ib_trading.core.history import Bar
from ib_trading.core.instruments import ContractSpec, Instrument
from ib_trading.core.market import Quote
from ib_trading.core.order import DecidedOrder, Order
from ib_trading.core.order_state import OrderState
from ib_trading.core.refusals import BrokerFault
from ib_trading.core.snapshot import Margin


class IbBroker:
    """One user's session; several may share the connection."""

    def __init__(
        self, thread: LoopThread, connection: Connection, known: KnownContracts, history_pace: HistoryPace
    ) -> None:
        self._thread = thread
        self._connection = connection
        self._known = known
        self._history_pace = history_pace
        self._unsent: BrokerFault | None = None

    # What the broker knows

    def current_time(self) -> datetime:
        return self._thread.run(contracts.current_time(self._connection))

    def managed_accounts(self) -> tuple[str, ...]:
        return self._connection.managed_accounts()

    def account(self, account: str) -> AccountState:
        return self._thread.run(accounts.account_state(self._connection, account))

    def portfolio(self, account: str) -> Mapping[int, Decimal]:
        return self._thread.run(accounts.portfolio(self._connection, account))

    def daily_profit(self, account: str) -> Decimal | None:
        return self._thread.run(accounts.daily_profit(self._connection, account))

    def positions(self, account: str) -> tuple[BrokerPosition, ...]:
        return self._thread.run(accounts.positions(self._connection, account))

    def instruments(self, specs: Iterable[ContractSpec]) -> Mapping[ContractSpec, Instrument]:
        return self._thread.run(contracts.by_spec(self._connection, self._known, specs))

    def instruments_by_id(self, con_ids: Iterable[int]) -> Mapping[int, Instrument]:
        return self._thread.run(contracts.by_id(self._connection, self._known, con_ids))

    def quotes(self, instruments: Iterable[Instrument], *, expendable: bool = False) -> Mapping[int, Quote]:
        return self._thread.run(market_data.quotes(self._connection, instruments, expendable=expendable))

    def bars(
        self, questions: Sequence[BarQuestion], at: datetime, *, seconds: float | None = None
    ) -> tuple[tuple[Bar, ...] | BrokerFault, ...]:
        return self._thread.run(
            history.bars(self._connection, self._history_pace, questions, at, seconds=seconds)
        )

    def order_reports(self, account: str) -> tuple[OrderReport, ...]:
        return self._thread.run(accounts.order_reports(self._connection, account))

    def executions(self, account: str) -> tuple[Execution, ...]:
        return self._thread.run(accounts.executions(self._connection, account))

    # Orders

    def next_order_ids(self, count: int) -> tuple[int, ...]:
        async def taken() -> tuple[int, ...]:
            return self._connection.next_order_ids(count)

        return self._thread.run(taken())

    def allow_messages(self, count: int) -> None:
        self._thread.run(self._connection.pace.allow(count))

    def place(self, order: Order, order_id: int, account: str, instrument: Instrument) -> None:
        """Hands the order to the loop and returns: orders leave in the sequence in which they were placed.

        Waiting for each to leave would cost more than sending it. An order that could not leave is told by
        BrokerFault from the next call of `place`, `follow` or `fills`, before anything more is sent.
        """
        contract = translate.ib_contract(instrument)
        ib_order = translate.ib_order(order, account, order.order_ref)
        self._check_sent()
        self._thread.hand_over(self._send, order, order_id, contract, ib_order)

    def _send(self, order: Order, order_id: int, contract: Any, ib_order: Any) -> None:
        # Runs on the loop. After a failure nothing more leaves, even if it was handed over before anyone knew.
        if self._unsent is not None:
            return
        try:
            self._connection.place(order, order_id, contract, ib_order)
        except BrokerFault as fault:
            self._unsent = fault
        except ConnectionError as error:
            self._unsent = BrokerFault(f"order {order.order_ref} could not be sent: {error}")

    def _check_sent(self) -> None:
        if self._unsent is not None:
            raise BrokerFault(self._unsent.detail)

    def cancel(self, order_refs: Sequence[str], *, seconds: float) -> Mapping[str, OrderReport]:
        return self._thread.run(self._cancelled(order_refs, seconds))

    async def _cancelled(self, order_refs: Sequence[str], seconds: float) -> Mapping[str, OrderReport]:
        self._check_sent()
        orders = self._connection.orders
        numbers = orders.order_ids(order_refs)
        for ref, order_id in numbers.items():
            if orders.reports([ref])[ref].state.final:
                continue
            await self._connection.pace.allow(1)
            self._connection.check()
            self._connection.tell(lambda number=order_id: self._connection.client.cancelOrder(number))
        await orders.until(order_refs, lambda order: order.state.final, seconds)
        self._connection.check()
        return orders.reports(order_refs)

    def what_if(self, order: DecidedOrder, account: str, instrument: Instrument) -> Margin | None:
        return self._thread.run(accounts.what_if(self._connection, order, account, instrument))

    def follow(
        self, order_refs: Sequence[str], *, until_final: bool, seconds: float
    ) -> Mapping[str, OrderReport]:
        return self._thread.run(self._followed(order_refs, until_final, seconds))

    async def _followed(
        self, order_refs: Sequence[str], until_final: bool, seconds: float
    ) -> Mapping[str, OrderReport]:
        self._check_sent()
        orders = self._connection.orders
        await orders.until(order_refs, _settled if until_final else _acknowledged, seconds)
        self._connection.check()
        explanation = min(self._connection.deadlines.explanation, seconds)
        await orders.until(orders.known(order_refs), _explained, explanation)
        await orders.until(orders.known(order_refs), _certain, min(self._connection.deadlines.shown, seconds))
        return orders.reports(order_refs)

    def fills(self, order_refs: Sequence[str], *, seconds: float) -> tuple[Execution, ...]:
        return self._thread.run(self._filled(order_refs, seconds))

    async def _filled(self, order_refs: Sequence[str], seconds: float) -> tuple[Execution, ...]:
        self._check_sent()
        orders = self._connection.orders
        await orders.until(orders.known(order_refs), lambda order: order.fills_complete, seconds)
        self._connection.check()
        return orders.executions_of(order_refs)


def _acknowledged(order: TrackedOrder) -> bool:
    return order.state is not OrderState.SENDING


def _settled(order: TrackedOrder) -> bool:
    state = order.state
    return state.final or state in {OrderState.INACTIVE, OrderState.UNKNOWN}


def _explained(order: TrackedOrder) -> bool:
    """An Inactive order's reason, which may make it a rejected one, comes after the status."""
    return order.state is not OrderState.INACTIVE or bool(order.messages)


def _certain(order: TrackedOrder) -> bool:
    """What an error refuses whose code nobody knows, the broker may yet show."""
    return order.ending is not Ending.PRESUMED or order.perm_id != 0

"""What has been heard of each order in this session, from the broker's raw messages alone.

Decides which message is about which order, and who waits for it. The library keeps a state of its own for each
order, changes it on error codes it does not know and on its own cancellations, and leaves some for ever undecided:
nothing of it is used. An order is ours by its orderRef, then by its permId; a status carries no orderRef, so it
counts once the order behind its permId is known.

Lives on the connection's loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from ib_trading.adapters.ib import error_codes
from ib_trading.adapters.ib.error_codes import Ending
from ib_trading.adapters.ib.order_record import ShownOrder, Status, TrackedOrder
from ib_trading.core.account import OrderReport
from ib_trading.core.attribution import Execution
from ib_trading.core.order import Order
from ib_trading.core.refusals import BrokerFault


@dataclass(slots=True, eq=False)
class _Waiter:
    """Someone who waits until none of `open` (orderRefs, or execIds) is left."""

    open: set[str]
    met: Callable[[TrackedOrder], bool] | None
    done: asyncio.Future[None]

    def strike(self, name: str) -> None:
        self.open.discard(name)
        if not self.open and not self.done.done():
            self.done.set_result(None)


class OrderTracker:
    """The session's orders by orderRef, and everyone who waits to hear of them."""

    def __init__(self, client_id: int) -> None:
        self._client_id = client_id
        self._by_ref: dict[str, TrackedOrder] = {}
        self._ref_of_order_id: dict[int, str] = {}
        self._ref_of_perm_id: dict[int, str] = {}
        self._statuses: dict[int, Status] = {}
        self._executions: dict[str, Execution] = {}
        self._commissions: dict[str, tuple[Decimal | None, str]] = {}
        self._waiters: list[_Waiter] = []
        self._lost: BrokerFault | None = None

    def sending(self, order: Order, order_id: int) -> None:
        """The order is about to leave under that number; whatever comes back from now on is about it."""
        known = self._by_ref.get(order.order_ref)
        if known is None:
            self._by_ref[order.order_ref] = TrackedOrder(order, order_id)
        else:
            # What ended an earlier sending says nothing about this one.
            known.sent, known.number, known.ending = order, order_id, None
        self._ref_of_order_id[order_id] = order.order_ref

    def known(self, refs: Iterable[str]) -> tuple[str, ...]:
        """Those of which there is anything to tell."""
        return tuple(ref for ref in refs if ref in self._by_ref)

    def order_ids(self, refs: Iterable[str]) -> dict[str, int]:
        """Under which number the broker knows each of them as this client's. BrokerFault for one that it does not."""
        numbers: dict[str, int] = {}
        for ref in refs:
            known = self._by_ref.get(ref)
            number = known.order_id(self._client_id) if known else None
            if number is None:
                raise BrokerFault(
                    f"order {ref} is not this client's to cancel: the broker shows no order id of it for client"
                    f" {self._client_id}"
                )
            numbers[ref] = number
        return numbers

    def reports(self, refs: Iterable[str]) -> dict[str, OrderReport]:
        return {ref: self._by_ref[ref].report() for ref in self.known(refs)}

    def executions_of(self, refs: Iterable[str]) -> tuple[Execution, ...]:
        return tuple(one for ref in self.known(refs) for one in self._by_ref[ref].executions.values())

    def with_commission(self, execution: Execution) -> Execution:
        if execution.exec_id not in self._commissions:
            return execution
        commission, currency = self._commissions[execution.exec_id]
        return replace(execution, commission=commission, commission_currency=currency)

    # What the broker says

    def shown(self, order: ShownOrder) -> None:
        """openOrder, completedOrder. Orders without an orderRef of ours are not followed."""
        ref = order.order_ref
        known = self._by_ref.get(ref)
        if known is None:
            if not ref or order.client_id not in {self._client_id, 0}:
                return
            known = self._by_ref[ref] = TrackedOrder(None)
        if order.perm_id and known.perm_id not in {0, order.perm_id}:
            known.other_perm_ids.add(order.perm_id)
            known.messages.append(f"the broker has a second order with this orderRef: permId {order.perm_id}")
            self._changed(ref, known)
            return
        known.shown = order
        if order.order_id and order.client_id == self._client_id:
            self._ref_of_order_id[order.order_id] = ref
        if order.perm_id:
            self._ref_of_perm_id[order.perm_id] = ref
            earlier = self._statuses.pop(order.perm_id, None)
            if earlier is not None:
                known.hear_status(earlier)
        known.hear_status(order.status)
        self._changed(ref, known)

    def status(self, perm_id: int, status: Status) -> None:
        """orderStatus. Kept aside while nobody knows whose permId it is."""
        if perm_id == 0:
            return
        ref = self._ref_of_perm_id.get(perm_id)
        if ref is None:
            self._statuses[perm_id] = status
            return
        known = self._by_ref[ref]
        known.hear_status(status)
        self._changed(ref, known)

    def executed(self, execution: Execution) -> None:
        """execDetails, live or as an answer; the same one twice is one."""
        execution = self.with_commission(execution)
        self._executions[execution.exec_id] = execution
        ref = execution.order_ref if execution.order_ref in self._by_ref else None
        ref = ref or self._ref_of_perm_id.get(execution.perm_id)
        if ref is None:
            return
        known = self._by_ref[ref]
        known.executions[execution.exec_id] = execution
        if execution.perm_id:
            self._ref_of_perm_id.setdefault(execution.perm_id, ref)
        self._changed(ref, known)

    def commission(self, exec_id: str, commission: Decimal | None, currency: str) -> None:
        """commissionReport, which names its execution only."""
        self._commissions[exec_id] = (commission, currency)
        for waiter in self._waiters:
            if waiter.met is None:
                waiter.strike(exec_id)
        execution = self._executions.get(exec_id)
        if execution is not None:
            self.executed(execution)

    def message(self, order_id: int, code: int, text: str) -> bool:
        """An error or warning; False if it is about no order of this session."""
        ref = self._ref_of_order_id.get(order_id)
        if ref is None:
            return False
        known = self._by_ref[ref]
        known.messages.append(f"{code} {text}")
        if known.number is None or known.number == order_id:
            ending = error_codes.ending(code)
            # What is certain is not taken back by a guess.
            if ending is not None and (ending is not Ending.PRESUMED or known.ending is None):
                known.ending = ending
        self._changed(ref, known)
        return True

    def lost(self, error: BrokerFault) -> None:
        """Nothing more will be heard: everyone who waits, and who begins to, gets `error`."""
        self._lost = error
        for waiter in self._waiters:
            if not waiter.done.done():
                waiter.done.set_exception(error)

    # Who waits

    async def until(self, refs: Iterable[str], met: Callable[[TrackedOrder], bool], seconds: float) -> None:
        """Returns once `met` holds for each of `refs`, or when the seconds are over."""
        await self._wait(
            {ref for ref in refs if ref not in self._by_ref or not met(self._by_ref[ref])}, met, seconds
        )

    async def until_commissions(self, exec_ids: Iterable[str], seconds: float) -> None:
        """Returns once each of these executions has its commission report, or when the seconds are over."""
        await self._wait({exec_id for exec_id in exec_ids if exec_id not in self._commissions}, None, seconds)

    async def _wait(
        self, names: set[str], met: Callable[[TrackedOrder], bool] | None, seconds: float
    ) -> None:
        if not names:
            return
        if self._lost is not None:
            raise BrokerFault(self._lost.detail)
        waiter = _Waiter(names, met, asyncio.get_running_loop().create_future())
        self._waiters.append(waiter)
        try:
            async with asyncio.timeout(seconds):
                await waiter.done
        except TimeoutError:
            return
        finally:
            self._waiters.remove(waiter)

    def _changed(self, ref: str, order: TrackedOrder) -> None:
        for waiter in self._waiters:
            if waiter.met is not None and ref in waiter.open and waiter.met(order):
                waiter.strike(ref)

"""A brokerage account in memory: what it shows of orders, fills and positions is right by construction.

For the ledger's properties, where thousands of accounts are lived through; everything else asks the simulator.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal

from ib_trading.core.account import BrokerPosition, OrderReport
from ib_trading.core.attribution import Execution, latest
from ib_trading.core.instruments import Instrument
from ib_trading.core.order_kind import Side
from ib_trading.core.order_state import OrderState
from ib_trading.core.refusals import ContractsUnknown
from tests.core.builders import AAA, BBB, NOW

INSTRUMENTS = {1: AAA, 2: BBB}


@dataclass(slots=True)
class ModelAccount:
    """BrokerRecords. `told` are the executions of the day, corrections beside what they correct,
    as a broker shows them."""

    reports: dict[str, OrderReport] = field(default_factory=dict)
    told: list[Execution] = field(default_factory=list)
    before_today: dict[int, Decimal] = field(default_factory=dict)
    numbers: int = 0
    days: int = 0
    """How many days have ended."""
    truth: dict[str, Decimal] = field(default_factory=dict)
    """orderRef → what a DAY order had filled when its day ended; the broker does not tell it any more."""

    def current_time(self) -> datetime:
        return NOW + timedelta(days=self.days)

    def positions(self, account: str) -> tuple[BrokerPosition, ...]:
        return tuple(
            BrokerPosition(con_id, INSTRUMENTS[con_id].local_symbol, quantity, Decimal(100), "USD")
            for con_id, quantity in self.quantities().items()
        )

    def order_reports(self, account: str) -> tuple[OrderReport, ...]:
        return tuple(self.reports.values())

    def executions(self, account: str) -> tuple[Execution, ...]:
        return tuple(self.told)

    def instruments_by_id(self, con_ids: Iterable[int]) -> Mapping[int, Instrument]:
        asked = tuple(con_ids)
        if gone := [con_id for con_id in asked if con_id not in INSTRUMENTS]:
            raise ContractsUnknown(gone)
        return {con_id: INSTRUMENTS[con_id] for con_id in asked}

    def quantities(self) -> dict[int, Decimal]:
        held = dict(self.before_today)
        for execution in latest(self.told):
            held[execution.con_id] = held.get(execution.con_id, Decimal(0)) + execution.quantity
        return {con_id: quantity for con_id, quantity in held.items() if quantity}

    # What happens

    def accept(self, order_ref: str, con_id: int, quantity: Decimal) -> None:
        """An order begins to work; `quantity` signed."""
        self.numbers += 1
        side = Side.of(quantity)
        self.reports[order_ref] = OrderReport(
            order_ref,
            self.numbers,
            self.numbers,
            con_id,
            INSTRUMENTS[con_id].local_symbol,
            side,
            abs(quantity),
            "MKT",
            OrderState.WORKING,
            Decimal(0),
            None,
        )

    def fill(self, order_ref: str, part: int, commission: Decimal | None) -> None:
        """A working order fills by `part` tenths of what is left of it, by a share at least."""
        report = self.reports[order_ref]
        if report.state is not OrderState.WORKING:
            return
        size = max(Decimal(1), (report.quantity - report.filled) * part // 10)
        filled = report.filled + size
        sign = 1 if report.action == "BUY" else -1
        self._trade(order_ref, report.perm_id, report.con_id, sign * size, commission)
        state = OrderState.FILLED if filled == report.quantity else OrderState.WORKING
        self.reports[order_ref] = replace(report, state=state, filled=filled)

    def end(self, order_ref: str, state: OrderState) -> None:
        report = self.reports[order_ref]
        if report.state is OrderState.WORKING:
            ended = OrderState.PARTLY_FILLED if report.filled else state
            self.reports[order_ref] = replace(report, state=ended)

    def trade_by_hand(self, con_id: int, quantity: Decimal) -> None:
        self.numbers += 1
        self._trade("", self.numbers, con_id, quantity, None)

    def correct(self, number: int, quantity: int, commission: Decimal) -> None:
        """The execution with that number gets another size, on its own side of the market; its order's count too."""
        standing = latest(self.told)
        if not standing:
            return
        wrong = standing[number % len(standing)]
        size = min(Decimal(quantity), abs(wrong.quantity))
        root, _, revision = wrong.exec_id.rpartition(".")
        right = size if wrong.quantity > 0 else -size
        corrected = f"{root}.{int(revision) + 1:02}"
        self.told.append(replace(wrong, exec_id=corrected, quantity=right, commission=commission))
        report = self.reports.get(wrong.order_ref)
        if report is not None:
            less = abs(wrong.quantity) - size
            state = OrderState.PARTLY_FILLED if report.state is OrderState.FILLED and less else report.state
            self.reports[wrong.order_ref] = replace(report, filled=report.filled - less, state=state)

    def tell_commissions(self, commission: Decimal) -> None:
        self.told = [
            replace(one, commission=commission, commission_currency="USD") if one.commission is None else one
            for one in self.told
        ]

    def next_day(self) -> None:
        """Orders end with their day; ended ones and executions are not told any more."""
        self.days += 1
        self.before_today = self.quantities()
        self.told = []
        self.truth |= {ref: report.filled for ref, report in self.reports.items()}
        self.reports = {}

    def _trade(
        self, order_ref: str, perm_id: int, con_id: int, quantity: Decimal, commission: Decimal | None
    ) -> None:
        self.numbers += 1
        self.told.append(
            Execution(
                f"e{self.numbers:06}.01",
                order_ref,
                perm_id,
                "DU1",
                con_id,
                quantity,
                Decimal(100),
                NOW,
                commission,
                "USD" if commission else "",
            )
        )

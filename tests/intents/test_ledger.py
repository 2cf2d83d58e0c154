"""The ledger's invariant: strategies + unassigned + fills not yet applied = broker, whatever happens in between.

On the embedded store and the real settling, with an account in memory in the broker's place.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from ib_trading.adapters.local.sqlite_database import SqliteDatabase
from ib_trading.adapters.local.sqlite_positions import SqlitePositions
from ib_trading.composition import build_services
from ib_trading.core.attribution import unapplied
from ib_trading.core.canonical import canonical_json
from ib_trading.core.former_names import after, booking_now, parts_now
from ib_trading.core.journal import RunState
from ib_trading.core.netting import InternalCross
from ib_trading.core.order import Order
from ib_trading.core.order_kind import OrderType, Side, TimeInForce
from ib_trading.core.order_state import OrderState
from ib_trading.core.positions import total, with_changes
from ib_trading.core.reconciliation import differences
from ib_trading.core.totals import with_bookings
from ib_trading.intents.settle import settle_earlier
from tests.contracts.samples import a_run
from tests.intents.account_model import INSTRUMENTS, ModelAccount
from tests.service import closed_port
from tests.service import settings as service_settings

names = st.sampled_from(["alpha", "beta", "gamma"])
parts = st.dictionaries(names, st.integers(1, 40).map(Decimal), min_size=1)
contracts = st.sampled_from(sorted(INSTRUMENTS))
signs = st.sampled_from([1, -1])
fees = st.one_of(st.none(), st.just(Decimal("1.07")))


class Ledger(RuleBasedStateMachine):
    """Orders, fills, ends, trades by hand, corrections, crosses, settlings and new names, in any sequence."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.services = build_services(service_settings(Path(self.folder.name), closed_port()))
        self.positions = SqlitePositions(SqliteDatabase(Path(self.folder.name) / "stores" / "paper.sqlite"))
        self.account = ModelAccount()
        self.refs: list[str] = []
        # Something to fill and something to correct from the start: most sequences then reach what is rare.
        self.allocate(1, {"alpha": Decimal(6), "beta": Decimal(4)}, 1, 2, True)
        self.account.fill(self.refs[0], 5, None)

    def teardown(self) -> None:
        self.folder.cleanup()

    @rule(
        con_id=contracts,
        source=parts,
        sign=signs,
        crossed=st.integers(0, 5),
        arrives=st.integers(0, 3).map(bool),
    )
    def allocate(
        self, con_id: int, source: dict[str, Decimal], sign: int, crossed: int, arrives: bool
    ) -> None:
        """A run that marked its order as sending and died; its bytes had left or not."""
        number = len(self.refs)
        signed = dict(self._now({name: sign * part for name, part in source.items()}))
        quantity = sum(signed.values(), Decimal(0))
        swapped = self._now({"alpha": Decimal(crossed), "beta": -Decimal(crossed)})
        cross = InternalCross(con_id, Decimal(100), swapped)
        run = a_run(f"run-{number}")
        self.services.claims.claim(run, None)
        plan = canonical_json({"internalCrosses": [cross] if crossed else [], "orders": []})
        order = Order(
            order_ref=f"ib-p{number:016}",
            run_id=run.run_id,
            con_id=con_id,
            local_symbol=INSTRUMENTS[con_id].local_symbol,
            action=Side.BUY if sign > 0 else Side.SELL,
            quantity=abs(quantity),
            order_type=OrderType.MARKET,
            tif=TimeInForce.DAY,
            adaptive_priority=None,
            increment=Decimal(1),
            source=signed,
            state=OrderState.SENDING,
        )
        sent = replace(run, state=RunState.SUBMITTING, business_at=self.account.current_time(), plan=plan)
        with self.services.leased("test") as ledger:
            ledger.record_plan(sent, [order])
        if arrives:
            self.refs.append(order.order_ref)
            self.account.accept(order.order_ref, con_id, quantity)
        else:
            self.refs.append("")

    @rule(number=st.integers(0, 30), part=st.integers(1, 10), commission=fees)
    def fill(self, number: int, part: int, commission: Decimal | None) -> None:
        if ref := self._ref(number):
            self.account.fill(ref, part, commission)

    @rule(number=st.integers(0, 30), state=st.sampled_from([OrderState.CANCELLED, OrderState.REJECTED]))
    def end(self, number: int, state: OrderState) -> None:
        if ref := self._ref(number):
            self.account.end(ref, state)

    @rule(con_id=contracts, quantity=st.integers(1, 50), sign=signs)
    def trade_by_hand(self, con_id: int, quantity: int, sign: int) -> None:
        self.account.trade_by_hand(con_id, Decimal(sign * quantity))

    @precondition(lambda self: self.account.told)
    @rule(number=st.integers(0, 30), quantity=st.integers(0, 9))
    def correct(self, number: int, quantity: int) -> None:
        self.account.correct(number, quantity, Decimal("0.93"))

    @rule()
    def commissions_come(self) -> None:
        self.account.tell_commissions(Decimal("1.07"))

    @rule(who=names, name=st.one_of(names, st.sampled_from(["delta", "epsilon"])))
    def rename(self, who: str, name: str) -> None:
        """To a name of its own, to that of another strategy, or back to one that it had."""
        former = self.positions.former_names()
        old = former.get(who, who)
        if old == name or former.get(name, old) != old:
            return
        with self.services.leased("test") as ledger:
            ledger.record_renames({old: name})
            assert ledger.former_names() == after(former, {old: name})

    @rule()
    def settle(self) -> None:
        with self.services.leased("test") as ledger:
            settle_earlier(self.services, ledger, self.account, "DU1", "")
            again = settle_earlier(self.services, ledger, self.account, "DU1", "")
        assert again.bookings == (), "what is booked is not booked again"
        holdings = self.services.ledger.holdings()
        assert differences(holdings, self.account.quantities(), INSTRUMENTS) == ()
        self._ended_with_what_they_filled()

    @precondition(lambda self: self.account.told)
    @rule()
    def day_ends_after_settling(self) -> None:
        self.settle()
        self.account.next_day()

    @invariant()
    def the_ledger_and_what_is_not_applied_are_the_broker_s(self) -> None:
        ledger = total(self.services.ledger.holdings())
        pending = unapplied(self.account.told, self.positions.bookings())
        summed = total({"ledger": ledger, "pending": pending})
        assert summed == self.account.quantities()

    @invariant()
    def the_totals_are_what_all_bookings_come_to(self) -> None:
        """Corrections, executions taken back and late commissions among them, in the sequence in which they come."""
        former = self.positions.former_names()
        bookings = [booking_now(booking, former) for booking in self.positions.bookings()]
        assert self.positions.totals() == with_bookings({}, bookings)

    @invariant()
    def a_name_has_what_was_booked_under_it_and_its_former_ones(self) -> None:
        former, held = self.positions.former_names(), {}
        for booking in self.positions.bookings():
            shares = booking_now(booking, former).shares
            held = with_changes(held, [(name, booking.con_id, share) for name, share in shares.items()])
        assert self.positions.holdings() == {
            name: quantities for name, quantities in held.items() if quantities
        }

    @invariant()
    def nobody_has_anything_under_a_former_name(self) -> None:
        ledger = self.services.ledger
        named = {name for order in ledger.unsettled_orders() for name in order.source}
        named |= {name for one in self.positions.totals().values() for name in one}
        assert named.isdisjoint(ledger.former_names())

    def _ended_with_what_they_filled(self) -> None:
        """Of a DAY order that the broker shows no more nothing is made up: it has what it filled, or is unknown."""
        for ref, filled in self.account.truth.items():
            order = self.services.ledger.order(ref)
            assert order is not None
            if order.state is not OrderState.UNKNOWN:
                assert order.state.final
                assert self.services.ledger.booked_of(ref) == filled

    def _now(self, parts: Mapping[str, Decimal]) -> Mapping[str, Decimal]:
        return parts_now(parts, self.positions.former_names())

    def _ref(self, number: int) -> str:
        known = [ref for ref in self.refs if ref in self.account.reports]
        return known[number % len(known)] if known else ""


def test_what_the_broker_tells_later_of_an_order_of_the_former_name_is_the_new_names() -> None:
    ledger = Ledger()
    try:
        ledger.settle()
        ledger.rename("alpha", "delta")
        ledger.correct(0, 3)
        ledger.commissions_come()
        ledger.fill(0, 2, None)
        ledger.settle()
        ledger.nobody_has_anything_under_a_former_name()
        assert ledger.positions.holdings() == {"delta": ledger.account.quantities()}
    finally:
        ledger.teardown()


TestLedger = Ledger.TestCase
TestLedger.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)

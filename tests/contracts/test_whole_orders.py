"""What every JournalStore owes an order: it keeps it whole, and reads what an earlier version wrote down in part."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from ib_trading.core.canonical import canonical_json
from ib_trading.core.journal import Run, RunState
from ib_trading.core.order import DecidedOrder, Order
from ib_trading.core.order_kind import OrderType, Side, TimeInForce
from ib_trading.core.order_state import OrderState
from tests.contracts.places import StorePlace, Stores
from tests.contracts.samples import NOON, a_lease, a_run, after, an_order

KINDS: tuple[dict[str, Any], ...] = (
    {"adaptive_priority": "Patient"},
    {"order_type": OrderType.LIMIT, "limit_price": Decimal("2.50"), "outside_rth": True},
    {"order_type": OrderType.MARKET_ON_CLOSE, "action": Side.SELL},
    {"order_type": OrderType.STOP, "stop_price": Decimal("1E+2"), "tif": TimeInForce.GTC},
    {"order_type": OrderType.STOP_LIMIT, "stop_price": Decimal(98), "limit_price": Decimal("97.55")},
    {
        "order_type": OrderType.TRAIL_LIMIT,
        "stop_price": Decimal("98.50"),
        "trailing_percent": Decimal("1.5"),
        "limit_offset": Decimal("0.45"),
        "good_after": after(3600.5),
        "good_after_at_exchange": "2019-01-02 08:00:00 America/New_York",
    },
)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: str(kind.get("order_type", "MKT")))
def test_an_order_comes_back_with_all_that_was_decided_of_it(stores: Stores, kind: dict[str, Any]) -> None:
    order = an_order("ib-pabc", "run-1", leg="2", **kind).became(OrderState.PLANNED, NOON)
    _saved(stores, _planned([order]), [order])
    found = stores.journal.order("ib-pabc")
    assert found == order
    assert repr(found) == repr(order)


def test_a_run_of_an_earlier_version_has_its_orders_whole_from_its_plan(place: StorePlace) -> None:
    """They had neither type nor prices in the journal. It may have been gone back to, and have written stops as well.
    Lives, figures and the sequence are as they were, and what has ended is whole too."""
    orders = [
        an_order(f"ib-p{number}", "run-1", con_id=number, **kind)
        .became(OrderState.PLANNED, NOON)
        .became(OrderState.SENDING, after(1), order_id=number)
        for number, kind in enumerate(KINDS)
    ]
    orders[1] = orders[1].became(
        OrderState.FILLED, after(2), filled=Decimal(3), average_price=Decimal("2.50")
    )
    with place.opened() as stores:
        _saved(stores, _planned(orders), orders)
    place.forget_what_orders_were()
    with place.opened() as stores:
        assert stores.journal.orders("run-1") == tuple(orders)
        assert stores.journal.order("ib-p1") == orders[1]
        assert stores.journal.unsettled_orders() == tuple(orders)
        changed = orders[0].became(OrderState.WORKING, after(3))
        stores.journal.save_orders([changed], a_lease(stores.trading_lease, "later"))
        assert stores.journal.orders_named(["ib-p0"]) == (changed,)


def test_of_an_earlier_order_that_no_plan_tells_of_no_day_is_the_last(place: StorePlace) -> None:
    order = an_order("ib-pabc", "run-1")
    with place.opened() as stores:
        _saved(stores, _planned([]), [order])
    place.forget_what_orders_were()
    with place.opened() as stores:
        found = stores.journal.order("ib-pabc")
    assert found == replace(order, tif=TimeInForce.GTC)


def _planned(orders: list[Order]) -> Run:
    """The run that planned them; a plan holds what was decided, and no more."""
    names = DecidedOrder.__dataclass_fields__
    decided = [DecidedOrder(**{name: getattr(order, name) for name in names}) for order in orders]
    return replace(a_run("run-1"), state=RunState.SUBMITTING, plan=canonical_json({"orders": decided}))


def _saved(stores: Stores, run: Run, orders: list[Order]) -> None:
    stores.journal.claim(run, None)
    lease = a_lease(stores.trading_lease)
    stores.journal.save_plan(run, orders, lease)
    stores.trading_lease.release(lease)

"""Decides which orders at the broker are *strays*: ours by their orderRef, alive, and open in no journal of ours.

The journal was lost or restored from an older copy, or the broker told a cancellation that it never did. While only the
journal was asked for live orders, the next allocation sent the same 5,191 shares a second time beside the first.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from ib_trading.core.account import OrderReport
from ib_trading.core.canonical import plain
from ib_trading.core.mode import TradingMode
from ib_trading.core.order import Order, names_an_order_of
from ib_trading.core.order_state import OrderState


def strays(
    mode: TradingMode,
    reports: Iterable[OrderReport],
    held_open: Collection[str],
    known: Mapping[str, Order],
) -> tuple[OrderReport, ...]:
    """Those of `reports` that are strays. `held_open` are the orderRefs that the journal holds open, which are judged
    by their reports anyway; `known` is orderRef → the journal's order, of those that it knows at all.

    A rejected order rests as Inactive in the broker's records (201), and is no stray.
    """
    return tuple(
        report
        for report in reports
        if _may_trade(report)
        and names_an_order_of(mode, report.order_ref)
        and report.order_ref not in held_open
        and not _rests_rejected(report, known.get(report.order_ref))
    )


def stray_reason(report: OrderReport) -> str:
    """Why a stray locks its contract."""
    return (
        f"order {report.order_ref} ({report.action} {plain(report.quantity)}) is {report.state.value} at the broker,"
        " and the journal does not hold it open"
    )


def _may_trade(report: OrderReport) -> bool:
    return not report.state.final and report.filled < report.quantity


def _rests_rejected(report: OrderReport, order: Order | None) -> bool:
    rejected = order is not None and order.state is OrderState.REJECTED
    return rejected and report.state is OrderState.INACTIVE

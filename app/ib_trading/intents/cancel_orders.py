"""Cancels orders at the broker, and takes nothing but its word and its records for an end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ib_trading.core.account import OrderReport
from ib_trading.core.refusals import BrokerFault
from ib_trading.intents.leased_ledger import LeasedLedger
from ib_trading.ports.broker import Broker

CANCEL_SECONDS = 20.0
"""How long the broker may take to say what became of orders that are cancelled so that something can follow: closing,
or a repair. Shorter than a lease."""

INACTIVE_CANCEL_SECONDS = 10.0
"""How long a run that is done otherwise waits for the same word on its inactive orders. Nothing follows: those of which
the broker says nothing stay inactive, and lock their instruments."""

_REMEDY = "no repair was applied: cancel these orders at the broker (in TWS), or call again"


def cancelled(
    broker: Broker, order_refs: Sequence[str], ledger: LeasedLedger, seconds: float
) -> Mapping[str, OrderReport]:
    """What the broker says within `seconds` became of the orders that it is asked to cancel. The ledger is renewed
    before and after."""
    ledger.renew()
    reports = broker.cancel(order_refs, seconds=seconds)
    ledger.renew()
    return reports


def cancel_and_confirm(broker: Broker, account: str, order_refs: Sequence[str], ledger: LeasedLedger) -> None:
    """Cancels these orders. BrokerFault for those of which the broker does not say within CANCEL_SECONDS that they
    ended, or which it goes on to show as alive: a cancellation was once told (202) and not done."""
    try:
        told = cancelled(broker, order_refs, ledger, CANCEL_SECONDS)
    except BrokerFault as fault:
        raise BrokerFault(f"{fault.detail}; {_REMEDY}") from fault
    shown = {report.order_ref for report in broker.order_reports(account) if not report.state.final}
    alive = [ref for ref in order_refs if ref not in told or not told[ref].state.final or ref in shown]
    if alive:
        raise BrokerFault(
            f"the broker has not confirmed within {CANCEL_SECONDS:g} s that {', '.join(alive)} ended; {_REMEDY}"
        )

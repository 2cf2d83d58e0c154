"""The broker: a source of sessions, and what can be asked and ordered within one.

Every method is an ordinary blocking call with a deadline of its own. A question that was not answered raises
BrokerFault: unknown is never empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from ib_trading.core.account import AccountState, BrokerPosition, OrderReport
from ib_trading.core.attribution import Execution
from ib_trading.core.collection import BarQuestion
from ib_trading.core.history import Bar
from ib_trading.core.instruments import ContractSpec, Instrument
from ib_trading.core.market import Quote
from ib_trading.core.order import DecidedOrder, Order
from ib_trading.core.refusals import BrokerFault
from ib_trading.core.snapshot import Margin


class Broker(Protocol):
    """One session with the gateway."""

    def current_time(self) -> datetime:
        """The broker's clock, in UTC, to the second."""
        ...

    def managed_accounts(self) -> tuple[str, ...]:
        """Every account that the login reaches."""
        ...

    def account(self, account: str) -> AccountState: ...

    def daily_profit(self, account: str) -> Decimal | None:
        """What positions and trades have earned since the gateway's daily reset of profit and loss, in base currency;
        deposits and withdrawals are no part of it. None if the broker does not tell: it refuses, stays silent, or says
        that it has no value."""
        ...

    def portfolio(self, account: str) -> Mapping[int, Decimal]:
        """What the broker itself says that each position is worth, by contract id, in the contract's currency."""
        ...

    def positions(self, account: str) -> tuple[BrokerPosition, ...]:
        """All positions that are not zero. Never empty for want of an answer."""
        ...

    def instruments(self, specs: Iterable[ContractSpec]) -> Mapping[ContractSpec, Instrument]:
        """Each spec resolved to exactly one contract; RequestError naming those with none or several."""
        ...

    def instruments_by_id(self, con_ids: Iterable[int]) -> Mapping[int, Instrument]:
        """The contracts behind positions, which carry no exchange; ContractsUnknown for those that are no more."""
        ...

    def quotes(self, instruments: Iterable[Instrument], *, expendable: bool = False) -> Mapping[int, Quote]:
        """A snapshot per contract id; one that the broker does not price is left out. Where a quote is `expendable`, so
        is one that it refuses otherwise or does not end."""
        ...

    def bars(
        self, questions: Sequence[BarQuestion], at: datetime, *, seconds: float | None = None
    ) -> tuple[tuple[Bar, ...] | BrokerFault, ...]:
        """Completed and forming bars of regular hours for each question, oldest first; () where the broker says that
        there are none. They are asked at once as far as the broker's pacing limits allow; a question that is refused
        or not answered, within `seconds` if they are given, has its fault in its place, and stops no other. An answer
        without bars that was given while a data farm was away is a fault too. `at` is business time: an adjusted series
        always reaches to now."""
        ...

    def order_reports(self, account: str) -> tuple[OrderReport, ...]:
        """Every order the broker knows of: all clients' open ones and those completed on its current day."""
        ...

    def executions(self, account: str) -> tuple[Execution, ...]:
        """Every fill of the broker's current day, all clients', commissions where they are known."""
        ...

    def next_order_ids(self, count: int) -> tuple[int, ...]:
        """Ids above every one seen in this session or told by the broker as next."""
        ...

    def allow_messages(self, count: int) -> None:
        """Waits until `count` messages may leave at once without the library queueing them (45 a second)."""
        ...

    def place(self, order: Order, order_id: int, account: str, instrument: Instrument) -> None:
        """Sends one order now, for `account`, under a number that is good for this session only; `instrument` is its
        contract. What becomes of it, `follow` tells."""
        ...

    def cancel(self, order_refs: Sequence[str], *, seconds: float) -> Mapping[str, OrderReport]:
        """Asks the broker to cancel these live orders of ours and returns what it has said of each, once all are final
        or the seconds are over. A fill may win the race. BrokerFault for one that this client cannot cancel."""
        ...

    def what_if(self, order: DecidedOrder, account: str, instrument: Instrument) -> Margin | None:
        """What the order would do to the account's margin, asked without placing it; None if the broker refuses it,
        stays silent or tells no margins."""
        ...

    def follow(
        self, order_refs: Sequence[str], *, until_final: bool, seconds: float
    ) -> Mapping[str, OrderReport]:
        """What has been heard of orders placed in this session, once all are acknowledged (or, with `until_final`,
        final or inactive) or the seconds are over, whichever is first."""
        ...

    def fills(self, order_refs: Sequence[str], *, seconds: float) -> tuple[Execution, ...]:
        """Executions heard of in this session for these orders, once each has its commission or the seconds are
        over."""
        ...


@dataclass(frozen=True, slots=True)
class GatewayStatus:
    """How the last attempt to connect went: `ok` and `at` are None while there was none. `at` is real time, in UTC.

    Of a gateway that the service runs itself, `state` is what it does, and `starts` how often this process started it.
    """

    ok: bool | None
    at: datetime | None
    detail: str
    state: str | None = None
    starts: int = 0


class BrokerSource(Protocol):
    """Where sessions come from. Concurrent users share one connection."""

    def status(self) -> GatewayStatus:
        """What is known without asking anybody."""
        ...

    def session(self) -> AbstractContextManager[Broker]:
        """A connected session; GatewayNotReady if there is none within the time the settings give."""
        ...

    def begin(self) -> None:
        """The service has started: so does a gateway that is always on. Waits for nothing."""
        ...

    def close(self) -> None:
        """The service ends: gives out no session any more, and ends what there is within a few seconds."""
        ...

"""All accounts of a broker over time: what they hold, what they are worth, what they held when the day began.

Decides how a trade changes an account and what an order would do to it; the arithmetic is account.py,
valuation.py and margin.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from simulator import broker_day, commission, margin
from simulator.account import NOTHING, Holdings, Position, book
from simulator.contracts import Contract
from simulator.executions import Execution, executions_in_force
from simulator.market import Market, MarketError
from simulator.matching import Fill
from simulator.orders import Ticket
from simulator.valuation import Valuation, mark, value


@dataclass(frozen=True, slots=True)
class Preview:
    """What an order would do to its account: the answer to a what-if, and the ground for refusing an order."""

    before: margin.Margin
    after: margin.Margin
    equity_before: Decimal
    equity_after: Decimal
    commission: Decimal


class Accounts:
    """By account number: holdings now, and at the beginning of the last broker day that changed them."""

    def __init__(self, market: Market, base_currency: str, holdings: dict[str, Holdings]) -> None:
        self._market = market
        self.base_currency = base_currency
        self.holdings = holdings
        self.openings: dict[str, tuple[datetime, Holdings]] = {}

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.holdings)

    def contract(self, con_id: int) -> Contract:
        contract = self._market.book.by_id(con_id)
        if contract is None:
            raise MarketError(f"no contract with conId {con_id}")
        return contract

    def book(self, ticket: Ticket, fill: Fill, charged: Decimal, now: datetime) -> Decimal | None:
        """Books a fill with its commission; gives the profit it realised, None where it closed nothing."""
        account = ticket.account
        today = broker_day.start(now)
        if self._opening_day(account) != today:
            self.openings[account] = (today, self.holdings[account])
        booking = book(
            self.holdings[account],
            con_id=ticket.con_id,
            currency=self.contract(ticket.con_id).currency,
            quantity=fill.quantity * ticket.sign,
            price=fill.price,
            commission=charged,
        )
        self.holdings[account] = booking.holdings
        return booking.realized

    def rebook(
        self, executions: Sequence[Execution], earlier: Execution, corrected: Execution
    ) -> Decimal | None:
        """Books a contract's executions anew with one of them replaced; gives what the new one realised.

        `executions` are all before the correction. Cash changes by the difference alone.
        """
        account, con_id = corrected.account, corrected.con_id
        contract = self.contract(con_id)
        holdings, realized = Holdings(), None
        for execution in executions_in_force(executions, account, con_id):
            entry = corrected if execution.exec_id == earlier.exec_id else execution
            if not entry.shares:
                continue
            booking = book(
                holdings,
                con_id=con_id,
                currency=contract.currency,
                quantity=entry.shares * entry.sign,
                price=entry.price,
                commission=entry.commission,
            )
            holdings = booking.holdings
            if entry is corrected:
                realized = booking.realized
        now = self.holdings[account]
        more = corrected.sign * (earlier.shares * earlier.price - corrected.shares * corrected.price)
        cash = now.cash | {contract.currency: now.cash.get(contract.currency, NOTHING) + more}
        position = holdings.positions.get(con_id, Position(con_id))
        self.holdings[account] = Holdings(cash, now.positions | {con_id: position})
        return realized

    def valuation(self, account: str, now: datetime) -> Valuation:
        return self._value(account, self.holdings[account], now)

    def previous_equity(self, account: str, now: datetime) -> Decimal:
        """Net liquidation when the broker's day began: yesterday's closing prices, yesterday's holdings."""
        today = broker_day.start(now)
        unchanged = self._opening_day(account) != today
        opening = self.holdings[account] if unchanged else self.openings[account][1]
        return self._value(account, opening, today).net_liquidation

    def preview(self, ticket: Ticket, now: datetime) -> Preview:
        """The account if the order filled whole, now: at its limit, else at the side it would trade at."""
        quote = self._market.quote(ticket.con_id, now)
        side = quote.ask if ticket.sign > 0 else quote.bid
        price = ticket.limit or side or mark(quote)
        charged = commission.of_order(ticket.quantity, ticket.quantity * price)
        holdings = book(
            self.holdings[ticket.account],
            con_id=ticket.con_id,
            currency=self.contract(ticket.con_id).currency,
            quantity=ticket.quantity * ticket.sign,
            price=price,
            commission=charged,
        ).holdings
        before, after = self.valuation(ticket.account, now), self._value(ticket.account, holdings, now)
        return Preview(before.margin, after.margin, before.net_liquidation, after.net_liquidation, charged)

    def _opening_day(self, account: str) -> datetime | None:
        return self.openings[account][0] if account in self.openings else None

    def _value(self, account: str, holdings: Holdings, at: datetime) -> Valuation:
        return value(
            account,
            self.base_currency,
            holdings,
            self.contract,
            lambda con_id: mark(self._market.quote(con_id, at)),
        )

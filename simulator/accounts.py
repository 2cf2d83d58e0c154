"""All accounts of a broker over time: what they hold, what they are worth, what they held when the day began.

Decides how a trade changes an account and what an order would do to it; the arithmetic is account.py,
valuation.py and margin.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from simulator import broker_day, commission, margin
from simulator.account import Holdings, book
from simulator.contracts import Contract
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

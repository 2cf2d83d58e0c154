"""All accounts of a broker over time: what they hold, what they are worth, what they held when the day began.

Decides how a trade changes an account and what an order would do to it; the arithmetic is account.py,
valuation.py and margin.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from ib_trading_simulator.brokerage import broker_day, commission, margin
from ib_trading_simulator.brokerage.account import NOTHING, Booking, Holdings, Position, book, exchange
from ib_trading_simulator.brokerage.executions import Execution, executions_in_force
from ib_trading_simulator.brokerage.matching import Fill
from ib_trading_simulator.brokerage.orders import Ticket
from ib_trading_simulator.brokerage.profit import Profit, profit_of_day
from ib_trading_simulator.brokerage.valuation import Valuation, mark, value
from ib_trading_simulator.market import forex, rates
from ib_trading_simulator.market.contracts import Contract
from ib_trading_simulator.market.market import Market, MarketError

_STEP = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Preview:
    """What an order would do to its account: the answer to a what-if, and the ground for refusing an order."""

    before: margin.Margin
    after: margin.Margin
    equity_before: Decimal
    equity_after: Decimal
    commission: Decimal


@dataclass(frozen=True, slots=True)
class Opening:
    """What an account held when a broker's day began, and what was paid in since, in base currency at the rates of
    those moments; withdrawals are negative.
    """

    day: datetime
    holdings: Holdings
    transferred: Decimal = NOTHING


class Accounts:
    """By account number: holdings now, and how the last broker day that changed them began."""

    def __init__(self, market: Market, base_currency: str, holdings: dict[str, Holdings]) -> None:
        self._market = market
        self.base_currency = base_currency
        self.holdings = holdings
        self.openings: dict[str, Opening] = {}

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
        self.openings[account] = self._opening(account, now)
        quantity = fill.quantity * ticket.sign
        booking = self._booked(
            self.holdings[account], self.contract(ticket.con_id), quantity, fill.price, charged
        )
        self.holdings[account] = booking.holdings
        return booking.realized

    def transfer(self, account: str, currency: str, amount: Decimal, now: datetime) -> None:
        """Pays cash in; a withdrawal is negative. No trade and no profit."""
        opening, held = self._opening(account, now), self.holdings[account]
        paid = amount * self._rate(currency, now)
        self.openings[account] = replace(opening, transferred=opening.transferred + paid)
        cash = held.cash | {currency: held.cash.get(currency, NOTHING) + amount}
        self.holdings[account] = Holdings(cash, held.positions)

    def charge(self, contract: Contract, quantity: Decimal, value: Decimal, now: datetime) -> Decimal:
        """The whole commission of an order that traded so many at prices that come to `value`."""
        if not contract.is_cash:
            return commission.of_order(quantity, contract.money(value), contract.currency)
        in_usd = commission.of_forex(value * self._usd(contract.currency, now))
        return (in_usd / self._usd(self.base_currency, now)).quantize(_STEP)

    def charged_in(self, contract: Contract) -> str:
        """The currency of a commission: the account's own for currencies."""
        return self.base_currency if contract.is_cash else contract.currency

    def _booked(
        self, holdings: Holdings, contract: Contract, quantity: Decimal, price: Decimal, charged: Decimal
    ) -> Booking:
        if contract.is_cash:
            return exchange(
                holdings,
                bought=contract.symbol,
                paid=contract.currency,
                quantity=quantity,
                price=price,
                commission=charged,
                charged_in=self.base_currency,
            )
        return book(
            holdings,
            con_id=contract.con_id,
            currency=contract.currency,
            quantity=quantity,
            price=contract.money(price),
            commission=charged,
        )

    def rebook(
        self, executions: Sequence[Execution], earlier: Execution, corrected: Execution
    ) -> Decimal | None:
        """Books a contract's executions anew with one of them replaced; gives what the new one realised.

        `executions` are all before the correction. Cash changes by the difference alone.
        """
        account, con_id = corrected.account, corrected.con_id
        contract = self.contract(con_id)
        if contract.is_cash:
            now = self.holdings[account]
            for entry, sign in ((earlier, -earlier.sign), (corrected, corrected.sign)):
                now = self._booked(now, contract, sign * entry.shares, entry.price, NOTHING).holdings
            self.holdings[account] = now
            return None
        holdings, realized = Holdings(), None
        for execution in executions_in_force(executions, account, con_id):
            entry = corrected if execution.exec_id == earlier.exec_id else execution
            if not entry.shares:
                continue
            booking = self._booked(
                holdings, contract, entry.shares * entry.sign, entry.price, entry.commission
            )
            holdings = booking.holdings
            if entry is corrected:
                realized = booking.realized
        now = self.holdings[account]
        more = corrected.sign * contract.money(
            earlier.shares * earlier.price - corrected.shares * corrected.price
        )
        cash = now.cash | {contract.currency: now.cash.get(contract.currency, NOTHING) + more}
        position = holdings.positions.get(con_id, Position(con_id))
        self.holdings[account] = Holdings(cash, now.positions | {con_id: position})
        return realized

    def valuation(self, account: str, now: datetime) -> Valuation:
        return self._value(account, self.holdings[account], now)

    def previous_equity(self, account: str, now: datetime) -> Decimal:
        """Net liquidation when the broker's day began: yesterday's closing prices, yesterday's holdings."""
        return self._value_at_opening(account, self._opening(account, now)).net_liquidation

    def profit(self, account: str, now: datetime) -> Profit:
        """What the account has earned since the broker's day began."""
        opening = self._opening(account, now)
        at_opening = self._value_at_opening(account, opening)
        return profit_of_day(self.valuation(account, now), at_opening, opening.transferred)

    def preview(self, ticket: Ticket, now: datetime) -> Preview:
        """The account if the order filled whole, now: at its limit, else at the side it would trade at."""
        quote = self._market.quote(ticket.con_id, now)
        side = quote.ask if ticket.sign > 0 else quote.bid
        price = ticket.limit or side or mark(quote)
        contract = self.contract(ticket.con_id)
        charged = self.charge(contract, ticket.quantity, ticket.quantity * price, now)
        held = self.holdings[ticket.account]
        holdings = self._booked(held, contract, ticket.quantity * ticket.sign, price, charged).holdings
        before, after = self.valuation(ticket.account, now), self._value(ticket.account, holdings, now)
        return Preview(before.margin, after.margin, before.net_liquidation, after.net_liquidation, charged)

    def _opening(self, account: str, now: datetime) -> Opening:
        """How the day of `now` began; as long as nothing has changed on it, with what is held now."""
        today, known = broker_day.start(now), self.openings.get(account)
        return known if known and known.day == today else Opening(today, self.holdings[account])

    def _value_at_opening(self, account: str, opening: Opening) -> Valuation:
        return self._value(account, opening.holdings, opening.day)

    def _value(self, account: str, holdings: Holdings, at: datetime) -> Valuation:
        return value(
            account,
            self.base_currency,
            holdings,
            self.contract,
            lambda con_id: mark(self._market.quote(con_id, at)),
            lambda currency: self._rate(currency, at),
        )

    def _rate(self, currency: str, at: datetime) -> Decimal:
        """Units of the base currency for one."""
        return rates.rate(currency, self.base_currency, lambda one: self._usd(one, at))

    def _usd(self, currency: str, at: datetime) -> Decimal:
        """USD for one unit: the middle of its pair's quote, the reference where the market has no such pair."""
        pair, direct = forex.pair_of(currency)
        if pair not in forex.PAIRS or self._market.book.by_id(forex.PAIRS[pair]) is None:
            return rates.in_usd(currency)
        price = mark(self._market.quote(forex.PAIRS[pair], at))
        return price if direct else 1 / price

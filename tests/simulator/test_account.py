"""What fills do to an account: cash, cost, profit, and the values made of them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_trading_simulator.brokerage import commission, margin
from ib_trading_simulator.brokerage.account import Holdings, Position, book
from ib_trading_simulator.market import rates

MONEY = Decimal("1e-9")


@dataclass(frozen=True)
class Trade:
    quantity: Decimal
    price: Decimal
    commission: Decimal


QUANTITY = st.integers(-500, 500).filter(bool).map(Decimal)
PRICE = st.decimals("0.01", "900", places=2)
TRADES = st.lists(st.builds(Trade, QUANTITY, PRICE, st.decimals("0", "5", places=3)), max_size=20)


def after(trades: list[Trade], cash: str = "100000") -> Holdings:
    holdings = Holdings({"USD": Decimal(cash)})
    for trade in trades:
        holdings = book(
            holdings,
            con_id=1,
            currency="USD",
            quantity=trade.quantity,
            price=trade.price,
            commission=trade.commission,
        ).holdings
    return holdings


@given(TRADES)
def test_cash_is_what_was_paid_and_received_and_nothing_else(trades: list[Trade]) -> None:
    spent = sum((t.quantity * t.price + t.commission for t in trades), Decimal(0))
    assert after(trades).cash["USD"] == 100000 - spent


@given(TRADES)
def test_the_position_is_the_sum_of_the_trades(trades: list[Trade]) -> None:
    position = after(trades).positions.get(1, Position(1))
    assert position.quantity == sum(t.quantity for t in trades)


@given(TRADES, PRICE)
def test_realised_and_unrealised_profit_together_are_the_change_in_worth(
    trades: list[Trade], price: Decimal
) -> None:
    holdings = after(trades)
    position = holdings.positions.get(1, Position(1))
    worth = holdings.cash["USD"] + position.quantity * price
    profit = position.realized + position.quantity * price - position.cost
    assert abs(worth - 100000 - profit) < MONEY


@given(TRADES)
def test_a_flat_position_has_no_cost(trades: list[Trade]) -> None:
    flat = (
        [*trades, Trade(-total, Decimal(10), Decimal(1))]
        if (total := sum(t.quantity for t in trades))
        else trades
    )
    position = after(flat).positions.get(1, Position(1))
    assert (position.quantity, position.cost, position.average_cost) == (0, 0, 0)


def test_the_average_cost_includes_the_commission_as_the_broker_reports_it() -> None:
    position = after([Trade(Decimal(100), Decimal(10), Decimal(1))]).positions[1]
    assert position.average_cost == Decimal("10.01")


def test_a_sale_through_zero_realises_what_it_closes_and_opens_the_rest() -> None:
    position = after(
        [Trade(Decimal(100), Decimal(10), Decimal(0)), Trade(Decimal(-150), Decimal(12), Decimal(3))]
    )
    short = position.positions[1]
    assert short.realized == 200 - 2  # two thirds of the commission belong to the part that closed
    assert (short.quantity, short.cost) == (-50, -600 + 1)


def test_a_fill_that_opens_realises_nothing() -> None:
    booking = book(
        Holdings(), con_id=1, currency="USD", quantity=Decimal(1), price=Decimal(10), commission=Decimal(1)
    )
    assert booking.realized is None


class TestCommission:
    """Fixed pricing: 0.005 a share, at least 1.00 an order, at most 1 % of its value."""

    @pytest.mark.parametrize(
        ("shares", "price", "charged"),
        [
            ("100", "50", "1.00"),
            ("1000", "50", "5.00"),
            ("10", "0.25", "0.025"),
            ("1000", "0.25", "2.50"),
            ("0", "1", "0"),
        ],
    )
    def test_examples(self, shares: str, price: str, charged: str) -> None:
        """The broker's own examples and the corner where the maximum lies below the minimum."""
        assert commission.of_order(Decimal(shares), Decimal(shares) * Decimal(price)) == Decimal(charged)

    @given(st.lists(st.tuples(st.integers(1, 900).map(Decimal), PRICE), min_size=1, max_size=10))
    def test_one_more_fill_never_gives_commission_back(self, fills: list[tuple[Decimal, Decimal]]) -> None:
        shares = value = charged = Decimal(0)
        for quantity, price in fills:
            shares, value = shares + quantity, value + quantity * price
            before, charged = charged, commission.of_order(shares, value)
            assert charged >= before

    def test_currencies_cost_a_fifth_of_a_basis_point_and_two_dollars_at_least(self) -> None:
        assert commission.of_forex(Decimal(50_000)) == Decimal("2.00")
        assert commission.of_forex(Decimal(1_000_000)) == Decimal(20)


class TestMargin:
    """Regulation T."""

    def test_currencies_bought_with_others_need_a_fortieth_of_what_is_owed(self) -> None:
        owed = margin.of_cash({"USD": Decimal(-1000), "EUR": Decimal(400), "CHF": Decimal(-200)}, "USD")
        # 200 owed in francs, 400 of the dollars for euros; the other 600 dollars are a loan for something else.
        assert owed.initial == owed.maintenance == 15

    def test_a_short_position_needs_more_maintenance_than_a_long_one(self) -> None:
        long, short = margin.of_position(Decimal(1000)), margin.of_position(Decimal(-1000))
        assert (long.initial, long.maintenance) == (500, 250)
        assert (short.initial, short.maintenance) == (500, 300)

    def test_an_order_that_lowers_the_requirement_is_accepted_whatever_the_equity(self) -> None:
        high, low = margin.of_position(Decimal(1000)), margin.of_position(Decimal(500))
        assert margin.accepts(Decimal(-1), high, low)
        assert not margin.accepts(Decimal(499), low, high)
        assert margin.accepts(Decimal(500), low, high)


def test_a_currency_is_worth_one_of_itself_and_rates_invert() -> None:
    for currency in rates.CURRENCIES:
        assert rates.rate(currency, currency) == 1
        there, back = rates.rate(currency, "CHF"), rates.rate("CHF", currency)
        assert abs(there * back - 1) < Decimal("1e-4")

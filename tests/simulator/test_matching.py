"""What an order trades against a quote."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from ib_trading_simulator.brokerage.matching import Fill, fills
from ib_trading_simulator.market.quote import Quote

NOW = datetime(2019, 1, 2, 15, 0, tzinfo=UTC)
CENTS = st.integers(1, 100_000).map(lambda cents: Decimal(cents) / 100)
SIZES = st.integers(1, 2000).map(Decimal)
ACTIONS = st.sampled_from(["BUY", "SELL"])


def quote_of(bid: Decimal, spread: Decimal, bid_size: Decimal, ask_size: Decimal) -> Quote:
    return Quote(
        at=NOW,
        bid=bid,
        ask=bid + spread,
        bid_size=bid_size,
        ask_size=ask_size,
        last=bid,
        last_size=Decimal(100),
        open=bid,
        high=bid,
        low=bid,
        previous_close=bid,
        volume=Decimal(0),
    )


QUOTES = st.builds(quote_of, CENTS, CENTS, SIZES, SIZES)
HUNDRED = quote_of(Decimal(100), Decimal("0.02"), Decimal(300), Decimal(400))


@given(action=ACTIONS, quantity=SIZES, quote=QUOTES)
def test_a_market_order_fills_whole_at_its_side_in_pieces_no_larger_than_displayed(
    action: str, quantity: Decimal, quote: Quote
) -> None:
    traded = tuple(fills(action, quantity, None, quote))
    price, displayed = (quote.ask, quote.ask_size) if action == "BUY" else (quote.bid, quote.bid_size)
    assert sum(fill.quantity for fill in traded) == quantity
    assert {fill.price for fill in traded} == {price}
    assert all(0 < fill.quantity <= displayed for fill in traded)


@given(action=ACTIONS, quantity=SIZES, limit=CENTS, quote=QUOTES)
def test_a_limit_order_never_trades_beyond_its_limit(
    action: str, quantity: Decimal, limit: Decimal, quote: Quote
) -> None:
    traded = tuple(fills(action, quantity, limit, quote))
    assert all(fill.price <= limit if action == "BUY" else fill.price >= limit for fill in traded)
    assert quote.ask is not None
    assert quote.bid is not None
    met = quote.ask <= limit if action == "BUY" else quote.bid >= limit
    assert bool(traded) is met


def test_a_limit_better_than_the_quote_trades_at_the_quote() -> None:
    assert tuple(fills("BUY", Decimal(100), Decimal(105), HUNDRED)) == (
        Fill(Decimal(100), Decimal("100.02")),
    )


def test_an_order_larger_than_the_display_fills_in_several_pieces() -> None:
    pieces = [fill.quantity for fill in fills("BUY", Decimal(1000), None, HUNDRED)]
    assert pieces == [400, 400, 200]


def test_nothing_trades_where_there_is_no_other_side() -> None:
    closed = replace(HUNDRED, bid=None, ask=None, bid_size=Decimal(0), ask_size=Decimal(0))
    assert not tuple(fills("BUY", Decimal(1), None, closed))
    assert not tuple(fills("SELL", Decimal(1), Decimal(1), closed))

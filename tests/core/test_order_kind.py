"""What each side, type and time in force means, held against what gateways and the library themselves write."""

from __future__ import annotations

from decimal import Decimal

import pytest

from ib_trading.core.order_kind import PRICES, OrderType, Side, TimeInForce
from ib_trading_simulator.brokerage.order_kind import KINDS, TIMES_IN_FORCE, Auction
from ib_trading_simulator.market.contract_file import STOCK_ORDER_TYPES

RECORDED = frozenset(STOCK_ORDER_TYPES.split())
"""The `orderTypes` that a real gateway told of a US stock."""


def test_contract_details_spell_every_type_and_time_as_a_gateway_does() -> None:
    assert {one.in_contract_details for one in OrderType} | set(TimeInForce) <= RECORDED


def test_two_types_are_spelt_otherwise_in_an_order() -> None:
    assert {one: one.in_contract_details for one in OrderType if one not in RECORDED} == {
        "STP LMT": "STPLMT",
        "TRAIL LIMIT": "TRAILLMT",
    }


@pytest.mark.parametrize(
    ("kind", "facts"),
    [
        (OrderType.MARKET, ""),
        (OrderType.LIMIT, "has_limit waits"),
        (OrderType.MARKET_ON_CLOSE, "at_close outlives_request"),
        (OrderType.STOP, "has_stop waits outlives_request"),
        (OrderType.STOP_LIMIT, "has_limit has_stop waits outlives_request"),
        (OrderType.TRAIL, "has_stop trails waits outlives_request"),
        (OrderType.TRAIL_LIMIT, "has_limit has_stop trails waits outlives_request"),
    ],
)
def test_what_an_order_of_a_type_does(kind: OrderType, facts: str) -> None:
    """A limit waits, but a run waits for it; a stop is there for later."""
    names = ("has_limit", "has_stop", "trails", "waits", "at_close", "outlives_request")
    assert {name for name in names if getattr(kind, name)} == set(facts.split())


def test_the_opening_auction_takes_market_and_limit_orders_alone() -> None:
    assert {kind for kind in OrderType if TimeInForce.OPG in kind.times_in_force} == {
        OrderType.MARKET,
        OrderType.LIMIT,
    }


def test_every_price_belongs_to_some_type() -> None:
    assert {name for kind in OrderType for name in kind.prices} == set(PRICES)


@pytest.mark.parametrize(
    ("word", "side"), [("BUY", Side.BUY), ("SELL", Side.SELL), ("SSHORT", Side.SELL), ("SLONG", Side.SELL)]
)
def test_the_side_of_an_order_is_told(word: str, side: Side) -> None:
    """A short sale by hand is a sale."""
    assert Side.ordered(word) is side


@pytest.mark.parametrize("word", ["", "buy", "BOT"])
def test_a_word_that_means_no_side_is_refused(word: str) -> None:
    with pytest.raises(ValueError, match="neither BUY nor SELL"):
        Side.ordered(word)


def test_the_simulated_gateway_knows_the_same_kinds_by_a_table_of_its_own() -> None:
    """Written from other sources by somebody else: what the two disagree about, one of them has wrong."""
    assert {kind.value for kind in OrderType} == set(KINDS)
    for kind in OrderType:
        theirs = KINDS[kind.value]
        assert theirs.listed == kind.in_contract_details
        assert theirs.times_in_force == kind.times_in_force
        assert (theirs.needs_limit, theirs.waits, theirs.trails) == (
            kind.has_limit,
            kind.has_stop,
            kind.trails,
        )
        assert (theirs.auction is Auction.CLOSE) == kind.at_close
        assert theirs.algorithmic == kind.takes_adaptive


def test_the_simulated_gateway_knows_the_same_times_in_force() -> None:
    assert {tif.value for tif in TimeInForce} == set(TIMES_IN_FORCE)
    for tif in TimeInForce:
        theirs = TIMES_IN_FORCE[tif.value]
        assert (theirs.expires, theirs.auction is Auction.OPEN) == (tif.ends_with_day, tif.at_open)


@pytest.mark.parametrize(("word", "side"), [("BOT", Side.BUY), ("SLD", Side.SELL)])
def test_the_side_of_an_execution_is_told_in_words_of_its_own(word: str, side: Side) -> None:
    assert Side.executed(word) is side


@pytest.mark.parametrize("word", ["", "BUY", "SELL", "bot"])
def test_a_word_that_means_no_side_of_an_execution_is_refused(word: str) -> None:
    with pytest.raises(ValueError, match="neither BOT nor SLD"):
        Side.executed(word)


@pytest.mark.parametrize(("quantity", "side"), [("0.5", Side.BUY), ("1", Side.BUY), ("-0.5", Side.SELL)])
def test_what_is_added_is_bought_and_what_goes_is_sold_in_parts_of_a_contract_too(
    quantity: str, side: Side
) -> None:
    assert Side.of(Decimal(quantity)) is side
    assert side.sign * abs(Decimal(quantity)) == Decimal(quantity)


def test_sides_and_times_in_force_have_the_broker_s_words() -> None:
    assert [side.value for side in Side] == ["BUY", "SELL"]
    assert [tif.value for tif in TimeInForce] == ["DAY", "GTC", "OPG"]


@pytest.mark.parametrize(
    ("tif", "facts"),
    [
        (TimeInForce.DAY, "ends_with_day takes_adaptive"),
        (TimeInForce.GTC, "outlives_request"),
        (TimeInForce.OPG, "at_open outlives_request"),
    ],
)
def test_how_long_an_order_works_and_what_follows_from_it(tif: TimeInForce, facts: str) -> None:
    names = ("ends_with_day", "at_open", "outlives_request", "takes_adaptive")
    assert {name for name in names if getattr(tif, name)} == set(facts.split())


def test_the_algo_takes_market_and_limit_orders_alone() -> None:
    assert {kind for kind in OrderType if kind.takes_adaptive} == {OrderType.MARKET, OrderType.LIMIT}

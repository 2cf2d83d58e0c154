"""Whose a past is when its strategy has another name: that of the name it goes by now, and of one strategy only."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_trading.core.attribution import Booking
from ib_trading.core.former_names import after, booking_now, holdings_now, order_now, parts_now, renames_due
from ib_trading.core.refusals import ConfigurationFault
from ib_trading.core.totals import totals_now, with_bookings
from ib_trading.schema.exposure import Exposure, StrategyInstance
from ib_trading.schema.trading_config import TradingConfig
from tests.contracts.samples import an_order
from tests.core.builders import NOW, config


def named(**strategies: list[str]) -> TradingConfig:
    """A configuration with these strategies, each with the names that it had before."""
    instances = {
        name: StrategyInstance(share=Decimal(0), renamed_from=tuple(former))
        for name, former in strategies.items()
    }
    return config(exposure=Exposure(overall=Decimal(1), strategies=instances))


class TestWhatIsDue:
    def test_a_past_goes_to_the_new_name(self) -> None:
        assert renames_due(named(macd=["spymacdvixy"], trend=[]), {}) == {"spymacdvixy": "macd"}

    def test_what_is_done_is_not_done_again(self) -> None:
        assert renames_due(named(macd=["spymacdvixy"]), {"spymacdvixy": "macd"}) == {}

    def test_two_pasts_may_become_one(self) -> None:
        assert renames_due(named(macd=["fast", "slow"]), {}) == {"fast": "macd", "slow": "macd"}

    def test_a_list_that_grew_with_each_name_moves_the_last_one(self) -> None:
        assert renames_due(named(third=["first", "second"]), {"first": "second"}) == {"second": "third"}

    def test_a_name_may_come_back(self) -> None:
        assert renames_due(named(trend=["drift"]), {"trend": "drift"}) == {"drift": "trend"}

    def test_a_past_that_has_gone_to_a_third_name_is_not_taken_from_it(self) -> None:
        with pytest.raises(
            ConfigurationFault, match=r"macd\.renamedFrom: old has become other .* name that instead"
        ):
            renames_due(named(macd=["old"], other=[]), {"old": "other"})

    def test_a_former_name_is_given_to_nobody_else(self) -> None:
        """Its old orders' corrections would be booked for the one, and its new orders' fills for the other."""
        with pytest.raises(
            ConfigurationFault, match=r"trend is a former name of drift .* give this strategy an"
        ):
            renames_due(named(trend=[], drift=[]), {"trend": "drift"})
        with pytest.raises(ConfigurationFault, match=r"trend is a former name of drift"):
            renames_due(named(trend=["macd"]), {"trend": "drift"})


words = st.sampled_from("abcdef")
figures = st.decimals(-1000, 1000, places=3)
bookings = st.lists(
    st.builds(
        Booking,
        booking_id=st.uuids().map(str),
        order_ref=st.just("ib-pabc"),
        con_id=st.sampled_from([1, 2]),
        price=figures,
        at=st.just(NOW),
        shares=st.dictionaries(words, figures),
        commissions=st.dictionaries(words, figures),
        commission_currency=st.sampled_from(["USD", "CHF"]),
    ),
    max_size=6,
)


@st.composite
def histories(draw: st.DrawFn) -> list[dict[str, str]]:
    """Renames, one deployment after the other, that `renames_due` lets through."""
    former: dict[str, str] = {}
    done = []
    for name in draw(st.lists(words, max_size=6)):
        olds = draw(st.lists(words, max_size=2))
        if name in olds:
            continue
        try:
            due = renames_due(named(**{name: olds}), former)
        except ConfigurationFault:
            continue
        done.append(due)
        former = after(former, due)
    return done


@given(histories())
def test_a_former_name_has_one_owner_who_is_none_himself(done: list[dict[str, str]]) -> None:
    former: dict[str, str] = {}
    for renames in done:
        former = after(former, renames)
        assert set(former).isdisjoint(former.values())
        assert after(former, renames) == former, "done again it changes nothing"
        assert all(former[old] == name for old, name in renames.items())


@given(bookings, histories())
def test_totals_that_move_with_each_rename_are_those_of_the_bookings_read_under_todays_names(
    ledger: list[Booking], done: list[dict[str, str]]
) -> None:
    totals, former = with_bookings({}, ledger), {}
    for renames in done:
        former = after(former, renames)
        totals = totals_now(totals, former)
    assert totals == with_bookings({}, (booking_now(one, former) for one in ledger))


def test_what_two_names_held_is_one_holding_and_nothing_is_listed_at_zero() -> None:
    held = {"a": {1: Decimal(5), 2: Decimal(3)}, "b": {1: Decimal(-5), 2: Decimal(1)}, "c": {1: Decimal(2)}}
    assert holdings_now(held, {"a": "b"}) == {"b": {2: Decimal(4)}, "c": {1: Decimal(2)}}
    assert holdings_now({"a": {1: Decimal(5)}, "b": {1: Decimal(-5)}}, {"a": "b"}) == {}


def test_an_orders_parts_are_those_of_todays_names() -> None:
    order = an_order("ref-1", "run-1", source={"a": Decimal(3), "b": Decimal(2)})
    assert order_now(order, {"a": "macd"}).source == {"macd": Decimal(3), "b": Decimal(2)}
    assert order_now(order, {"a": "b"}).source == {"b": Decimal(5)}
    assert order_now(order, {"z": "y"}) == order


def test_a_part_that_comes_to_zero_keeps_its_name() -> None:
    """A cross between two that have become one: its commission, its place among the totals are still theirs."""
    assert parts_now({"a": Decimal(2), "b": Decimal(-2)}, {"a": "b"}) == {"b": Decimal(0)}

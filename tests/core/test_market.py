"""Which price sizes a position, and which size nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from ib_trading.core.market import Price, PriceSource, Quote, QuoteType, sizing_price, stale_price
from ib_trading.core.refusals import PriceRefused
from tests.core.builders import AFTER_HOURS, NOW, STOCK, config, quote

BEFORE = NOW - timedelta(seconds=30)


def sized(shown: Quote | None, **changes: object) -> Price:
    return sizing_price(STOCK, shown, NOW, config(**changes))


def test_the_mid_of_a_live_two_sided_quote_comes_first() -> None:
    shown = quote("0", bid=Decimal("99.9"), ask=Decimal("100.1"), last=Decimal(90), close=Decimal(80))
    assert sized(shown) == Price(Decimal(100), PriceSource.MID, QuoteType.LIVE, NOW, 0)


def test_a_spread_up_to_the_limit_counts_and_a_wider_one_does_not() -> None:
    """1 % of the mid of 100 is from 99.5 to 100.5."""
    within = quote("0", bid=Decimal("99.5"), ask=Decimal("100.5"), last=Decimal(90), last_at=NOW)
    assert sized(within).source == "mid"
    assert sized(replace(within, ask=Decimal("100.51"))).source == "last"


@pytest.mark.parametrize(
    ("bid", "ask"), [(None, "100"), ("100", None), ("0", "100"), ("-1", "100"), ("101", "100"), (None, None)]
)
def test_without_two_sides_that_make_sense_the_last_trade_counts(bid: str | None, ask: str | None) -> None:
    shown = quote("1", bid=bid and Decimal(bid), ask=ask and Decimal(ask), last=Decimal(90), last_at=BEFORE)
    # However wide a spread is allowed: a side of zero is no side.
    assert sized(shown, max_spread_percent=Decimal(500)) == Price(
        Decimal(90), PriceSource.LAST, QuoteType.LIVE, BEFORE, 30
    )


def test_after_hours_the_close_counts_where_there_is_nothing_better() -> None:
    shown = Quote(AFTER_HOURS, QuoteType.DELAYED_FROZEN, close=Decimal(80))
    assert sizing_price(STOCK, shown, AFTER_HOURS, config()).source == "close"


def test_in_trading_hours_yesterday_s_close_sizes_nothing() -> None:
    with pytest.raises(PriceRefused, match="only yesterday's close"):
        sized(Quote(NOW, QuoteType.LIVE, close=Decimal(80)))


@pytest.mark.parametrize("kind", [QuoteType.FROZEN, QuoteType.DELAYED, QuoteType.DELAYED_FROZEN])
def test_in_trading_hours_only_live_prices_size_and_afterwards_others_do_too(kind: QuoteType) -> None:
    with pytest.raises(PriceRefused, match=f"its prices are {kind.value}"):
        sized(quote("100", kind=kind))
    assert sizing_price(STOCK, quote("100", kind=kind), AFTER_HOURS, config()).kind is kind


def test_a_price_up_to_the_age_limit_counts_and_an_older_one_does_not() -> None:
    old = quote("100", as_of=NOW - timedelta(seconds=60))
    assert sized(old).age_seconds == 60
    with pytest.raises(PriceRefused, match=r"61 s old, more than priceMaxAgeSeconds \(60\)"):
        sized(replace(old, as_of=NOW - timedelta(seconds=61)))


def test_a_last_trade_is_as_old_as_the_trade_however_fresh_the_quote() -> None:
    with pytest.raises(PriceRefused, match="the last price is 3600 s old"):
        sized(quote("1", bid=None, last=Decimal(90), last_at=NOW - timedelta(hours=1)))


def test_after_hours_an_old_price_counts_and_its_age_is_told() -> None:
    price = sizing_price(STOCK, quote("100"), AFTER_HOURS, config())
    assert price.age_seconds == 7 * 3600


def test_a_clock_that_runs_ahead_makes_no_negative_age() -> None:
    assert sized(quote("100", as_of=NOW + timedelta(seconds=2))).age_seconds == 0


@pytest.mark.parametrize(
    "shown", [None, quote("1", bid=None), quote("1", bid=None, last=Decimal(0), close=Decimal(-1))]
)
def test_no_usable_price_is_refused_and_never_read_as_zero(shown: Quote | None) -> None:
    with pytest.raises(PriceRefused, match="AAA"):
        sized(shown)


def test_sides_that_contradict_each_other_have_no_spread() -> None:
    assert quote("1", bid=Decimal(101), ask=Decimal(100)).spread_percent is None
    assert quote("1", bid=Decimal(99), ask=Decimal(101)).spread_percent == 2


def test_a_price_to_look_at_is_never_younger_than_now() -> None:
    ahead = stale_price(quote("100", as_of=NOW + timedelta(seconds=2)), NOW)
    assert ahead is not None and ahead.age_seconds == 0
    assert stale_price(None, NOW) is None


def test_what_kind_of_price_it_is_has_the_words_that_plans_were_written_with() -> None:
    assert [kind.value for kind in QuoteType] == ["live", "frozen", "delayed", "delayed-frozen"]


@pytest.mark.parametrize(("figure", "counts"), [("0", False), ("0.0001", True), ("0.5", True)])
def test_a_price_of_less_than_one_is_a_price_and_nothing_is_none(figure: str, counts: bool) -> None:
    """A penny stock."""
    for shown in (
        Quote(AFTER_HOURS, QuoteType.LIVE, bid=Decimal(figure), ask=Decimal(figure)),
        Quote(AFTER_HOURS, QuoteType.LIVE, last=Decimal(figure)),
        Quote(AFTER_HOURS, QuoteType.LIVE, close=Decimal(figure)),
    ):
        if counts:
            assert sizing_price(STOCK, shown, AFTER_HOURS, config()).price == Decimal(figure)
        else:
            with pytest.raises(PriceRefused, match="no usable"):
                sizing_price(STOCK, shown, AFTER_HOURS, config())


@pytest.mark.parametrize(
    ("changes", "best"),
    [
        ({}, "100"),
        ({"bid": None}, "90"),
        ({"bid": None, "last": None}, "80"),
        ({"bid": None, "last": Decimal(0)}, "80"),
        ({"bid": None, "last": None, "close": None}, None),
    ],
)
def test_a_price_to_look_at_is_the_best_there_is_and_says_that_it_sizes_nothing(
    changes: dict[str, Decimal | None], best: str | None
) -> None:
    shown = quote(
        "0", bid=Decimal(99), ask=Decimal(101), last=Decimal(90), close=Decimal(80), kind=QuoteType.FROZEN
    )
    seen = stale_price(replace(shown, **changes), NOW + timedelta(days=1))
    assert seen == (best and Price(Decimal(best), PriceSource.STALE, QuoteType.FROZEN, NOW, 86400))


def test_where_a_price_came_from_has_the_words_that_plans_were_written_with() -> None:
    assert [source.value for source in PriceSource] == ["mid", "last", "close", "stale"]

"""Trading hours, market rules, quotes and bars as the wire writes them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from ib_trading.adapters.ib.contracts import KnownContracts, instrument_of, market_rule_id, price_steps
from ib_trading.adapters.ib.history import bar_of, duration_of
from ib_trading.adapters.ib.library import library
from ib_trading.adapters.ib.market_data import price, quote_of
from ib_trading.adapters.ib.trading_hours import openings
from ib_trading.adapters.ib.wire_time import zone
from ib_trading.core.instruments import PriceStep, TradingHours
from ib_trading.core.market import QuoteType
from ib_trading.core.refusals import BrokerFault

NOW = datetime(2019, 1, 2, 15, tzinfo=UTC)


def _utc(day: int, hour: int, minute: int = 0, month: int = 1) -> datetime:
    return datetime(2019, month, day, hour, minute, tzinfo=UTC)


def test_hours_are_told_in_utc_and_closed_days_have_none() -> None:
    hours = openings("20190102:0930-20190102:1600;20190103:CLOSED;20190104:0930-20190104:1300", "US/Eastern")
    assert hours == (TradingHours(_utc(2, 14, 30), _utc(2, 21)), TradingHours(_utc(4, 14, 30), _utc(4, 18)))


def test_summer_time_moves_the_opening_in_utc() -> None:
    (july,) = openings("20190702:0930-20190702:1600", "EST (Eastern Standard Time)")
    assert july.open == _utc(2, 13, 30, month=7)


def test_a_day_may_have_several_openings_in_the_older_spelling_too() -> None:
    hours = openings("20190102:0900-1130,1230-1500", "Japan")
    assert [opening.open for opening in hours] == [_utc(2, 0), _utc(2, 3, 30)]


def test_an_opening_may_begin_on_the_day_before() -> None:
    (night,) = openings("20190101:1700-20190102:1600", "US/Central")
    assert night == TradingHours(_utc(1, 23), _utc(2, 22))


def test_an_opening_past_midnight_in_the_older_spelling_closes_on_the_next_day() -> None:
    (night,) = openings("20190101:1700-0200", "UTC")
    assert night.close == _utc(2, 2)


def test_no_text_is_no_opening() -> None:
    assert openings("", "US/Eastern") == ()


def test_a_zone_that_does_not_exist_is_said_so() -> None:
    with pytest.raises(ValueError, match="'Middle/Earth' is no time zone"):
        zone("Middle/Earth")


@pytest.mark.parametrize(
    ("exchange", "time_zone", "opens"),
    [("TSEJ", "Asia/Tokyo", 0), ("LSE", "Europe/London", 8), ("EBS", "Europe/Zurich", 7)],
)
def test_hours_in_a_zone_that_nobody_knows_are_the_market_s(
    exchange: str, time_zone: str, opens: int
) -> None:
    """Nine o'clock on 3 June in Tokyo, London and Zurich."""
    details = library().ContractDetails(
        contract=library().Contract(
            secType="STK", exchange="SMART", primaryExchange=exchange, localSymbol="X"
        ),
        timeZoneId="Middle/Earth",
        liquidHours="20190603:0900-20190603:1500",
    )
    found = instrument_of(KnownContracts(), details)
    assert (found.time_zone, found.liquid_hours[0].open.hour) == (time_zone, opens)


def test_ticks_follow_the_market_rule_of_the_contracts_own_exchange() -> None:
    contract = library().Contract(exchange="NYSE")
    details = library().ContractDetails(
        contract=contract, validExchanges="SMART,AMEX,NYSE", marketRuleIds="26,27,28"
    )
    assert market_rule_id(details) == 28


def test_a_contract_without_market_rules_has_none() -> None:
    details = library().ContractDetails(contract=library().Contract(exchange="SMART"), validExchanges="SMART")
    assert market_rule_id(details) is None


@pytest.mark.parametrize(("magnifier", "step"), [(1, "0.0002"), (100, "0.02"), (0, "0.0002")])
def test_without_a_market_rule_the_step_is_the_smallest_tick_times_the_magnifier(
    magnifier: int, step: str
) -> None:
    """Vodafone's tick is 0.0002 pounds, and its orders are in pence. A magnifier of 0 is one that was not told."""
    details = library().ContractDetails(
        contract=library().Contract(exchange="LSE"), minTick=0.0002, priceMagnifier=magnifier
    )
    assert price_steps(KnownContracts(), details) == (PriceStep(Decimal(0), Decimal(step)),)


def test_a_market_rule_s_steps_and_where_they_begin_are_multiplied_too() -> None:
    known = KnownContracts()
    known.rules[7] = (PriceStep(Decimal(0), Decimal("0.0001")), PriceStep(Decimal(1), Decimal("0.0005")))
    details = library().ContractDetails(
        contract=library().Contract(exchange="LSE"),
        validExchanges="LSE",
        marketRuleIds="7",
        priceMagnifier=100,
    )
    assert price_steps(known, details) == (
        PriceStep(Decimal(0), Decimal("0.01")),
        PriceStep(Decimal(100), Decimal("0.05")),
    )


def test_what_was_learnt_of_contracts_holds_for_the_day_only() -> None:
    known = KnownContracts()
    learnt = known.instruments(date(2019, 1, 2))
    assert known.instruments(date(2019, 1, 2)) is learnt
    assert known.instruments(date(2019, 1, 3)) is not learnt


@pytest.mark.parametrize("missing", [-1.0, 0.0, 1.7976931348623157e308, float("nan")])
def test_a_price_that_is_not_shown_is_none(missing: float) -> None:
    assert price(missing) is None


def test_a_quote_is_the_latest_of_each_tick() -> None:
    ticks = [
        ("kind", 1, None),
        ("price", 1, 38.5),
        ("price", 2, 38.7),
        ("price", 1, 38.6),
        ("price", 9, 37.9),
    ]
    quote = quote_of(ticks, NOW)
    assert (quote.bid, quote.ask, quote.last, quote.close) == (
        Decimal("38.6"),
        Decimal("38.7"),
        None,
        Decimal("37.9"),
    )
    assert (quote.kind, quote.as_of) == (QuoteType.LIVE, NOW)


def test_an_empty_side_leaves_the_quote_without_a_mid() -> None:
    quote = quote_of([("price", 1, -1.0), ("price", 2, 38.7)], NOW)
    assert (quote.bid, quote.mid) == (None, None)


def test_the_time_of_the_last_trade_is_told_where_the_broker_tells_it() -> None:
    assert quote_of([("price", 4, 38.0), ("text", 45, "1546441200")], NOW).last_at == NOW
    assert quote_of([("price", 4, 38.0)], NOW).last_at is None


@pytest.mark.parametrize(
    ("told", "kind"), [(2, QuoteType.FROZEN), (3, QuoteType.DELAYED), (4, QuoteType.DELAYED_FROZEN)]
)
def test_prices_are_as_live_as_the_broker_says(told: int, kind: QuoteType) -> None:
    assert quote_of([("kind", told, None), ("price", 66, 38.5)], NOW).kind is kind


def test_delayed_ticks_are_never_taken_for_live_ones() -> None:
    assert quote_of([("price", 66, 38.5), ("price", 67, 38.6)], NOW).kind is QuoteType.DELAYED


@pytest.mark.parametrize(
    ("days", "always", "stock"),
    [
        (1, "1 D", "1 D"),
        (7, "7 D", "5 D"),
        (9, "9 D", "5 D"),
        (365, "365 D", "260 D"),
        (366, "2 Y", "260 D"),
        (731, "3 Y", "3 Y"),
    ],
)
def test_a_span_of_days_is_asked_for_in_the_brokers_units(days: int, always: str, stock: str) -> None:
    """From a Saturday on: the broker counts days in sessions, of which a stock has at most five a week."""
    first = date(2019, 6, 1)
    last = first + timedelta(days=days - 1)
    assert duration_of(first, last, only_weekdays=False) == always
    assert duration_of(first, last, only_weekdays=True) == stock


def test_a_daily_bar_starts_at_midnight_utc_of_its_day() -> None:
    bar = bar_of(
        library().BarData(date="20190102", open=1.0, high=3.0, low=0.5, close=2.0, volume=-1.0), "1 day"
    )
    assert (bar.start, bar.close, bar.volume) == (_utc(2, 0), Decimal(2), None)


def test_a_bar_with_a_time_is_no_daily_bar() -> None:
    with pytest.raises(BrokerFault, match="no such date"):
        bar_of(library().BarData(date="20190102 09:30:00 US/Eastern"), "1 day")

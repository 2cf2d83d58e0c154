"""Stocks of London, Frankfurt, Zurich, Tokyo and Hong Kong: their hours, breaks, pence and lots."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ib_trading_simulator.brokerage.account import Holdings
from ib_trading_simulator.brokerage.accounts import Accounts
from ib_trading_simulator.brokerage.broker import Broker
from ib_trading_simulator.brokerage.order_rules import examine
from ib_trading_simulator.brokerage.orders import Status
from ib_trading_simulator.brokerage.refusal import Refusal
from ib_trading_simulator.market.contracts import Contract, ContractQuery
from ib_trading_simulator.market.history import bars
from ib_trading_simulator.market.history_request import MINUTES
from ib_trading_simulator.market.market import Market, MarketError
from ib_trading_simulator.market.sessions import (
    FIRST_DAY_ABROAD,
    LAST_DAY,
    MINUTE,
    CalendarError,
    Session,
    calendar,
    hours_text,
)
from tests.simulator.trading import CLIENT, Ear, ticket

WORLD = Market.load("world")
CALENDARS = ("XLON", "XETR", "XSWX", "XTKS", "XHKG")
STOCKS = [contract for contract in WORLD.book.all() if contract.calendar in CALENDARS]
TOKYO = ZoneInfo("Asia/Tokyo")


def stock(symbol: str) -> Contract:
    (found,) = WORLD.book.find(ContractQuery(symbol=symbol, sec_type="STK"))
    return found


VODAFONE, TOYOTA, TENCENT = stock("VOD"), stock("7203"), stock("700")


def session_of(contract: Contract, day: date) -> Session:
    session = WORLD.session_on(contract.con_id, day)
    assert session is not None
    return session


def in_tokyo(hour: int, minute: int = 0, day: date = date(2019, 1, 8)) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=TOKYO).astimezone(UTC)


def broker_at(now: datetime, currency: str) -> tuple[Broker, Ear]:
    ear = Ear()
    accounts = Accounts(WORLD, currency, {"DU1": Holdings({currency: Decimal(100_000_000)})})
    broker = Broker(WORLD, now, accounts)
    broker.listener = ear
    return broker, ear


# Calendars


# The library asks pandas and numpy for what they will not do for ever.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("key", CALENDARS)
def test_the_tables_agree_with_the_calendar_library_on_every_day_from_2012_to_2030(key: str) -> None:
    """Opens, breaks and closes equal exchange_calendars' to the minute, and no day is missing or in excess."""
    exchange_calendars = pytest.importorskip("exchange_calendars")
    schedule = exchange_calendars.get_calendar(key, start=str(FIRST_DAY_ABROAD), end=str(LAST_DAY)).schedule
    expected = {
        day.date(): (
            row["open"].to_pydatetime(),
            row["close"].to_pydatetime(),
            # NaT, not a time, is not equal to itself.
            (row["break_start"].to_pydatetime(), row["break_end"].to_pydatetime())
            if row["break_start"] == row["break_start"]
            else None,
        )
        for day, row in schedule.iterrows()
    }
    span = (LAST_DAY - FIRST_DAY_ABROAD).days + 1
    days = (FIRST_DAY_ABROAD + timedelta(days=n) for n in range(span))
    trading = calendar(key)
    assert {s.day: (s.open, s.close, s.lunch) for day in days if (s := trading.session_on(day))} == expected


def test_a_day_before_the_tables_of_other_markets_is_refused_rather_than_guessed() -> None:
    with pytest.raises(CalendarError, match="covers 2012-01-01 to 2030-12-31"):
        calendar("XTKS").session_on(date(2011, 12, 30))


def test_a_break_makes_two_spans_of_a_day() -> None:
    both = "20190104:0900-20190104:1130;20190104:1230-20190104:1500;20190105:CLOSED"
    assert hours_text("XTKS", "Japan", in_tokyo(8, day=date(2019, 1, 4)), days=2) == (both, both)


def test_a_half_day_in_hong_kong_has_no_break() -> None:
    at = datetime(2018, 12, 24, 1, tzinfo=UTC)
    assert hours_text("XHKG", "Hongkong", at, days=1)[1] == "20181224:0930-20181224:1200"


def test_tokyo_closes_half_an_hour_later_since_november_2024() -> None:
    before, after = (calendar("XTKS").session_on(day) for day in (date(2024, 11, 1), date(2024, 11, 5)))
    assert before and after
    assert (before.minutes, after.minutes) == (300, 330)


# Prices


@pytest.mark.parametrize("contract", STOCKS, ids=lambda contract: contract.symbol)
def test_a_stock_has_a_price_on_every_session_of_its_own_exchange(contract: Contract) -> None:
    days = WORLD.days(contract.con_id)
    trading = calendar(contract.calendar)
    span = [days[0] + timedelta(days=n) for n in range((date(2022, 12, 28) - days[0]).days + 1)]
    assert days == tuple(day for day in span if trading.session_on(day))
    closes = [WORLD.recorded_close(contract.con_id, day) for day in days]
    assert all(close and close % contract.min_tick == 0 for close in closes)
    assert "(CONSTRUCTED)" in contract.long_name


def test_there_is_a_close_in_tokyo_on_a_holiday_of_new_york_and_none_in_golden_week() -> None:
    assert WORLD.recorded_close(TOYOTA.con_id, date(2019, 7, 4))
    assert WORLD.recorded_close(265598, date(2019, 7, 4)) is None
    golden_week = [date(2019, 4, 27) + timedelta(days=n) for n in range(10)]
    assert not any(WORLD.recorded_close(TOYOTA.con_id, day) for day in golden_week)


@given(contract=st.sampled_from(STOCKS), which=st.integers(0, 10**6), second=st.integers(0, 10**6))
@settings(max_examples=200, deadline=None)
def test_there_is_a_bid_and_an_ask_while_the_exchange_trades_and_never_else(
    contract: Contract, which: int, second: int
) -> None:
    days = WORLD.days(contract.con_id)
    session = session_of(contract, days[which % len(days)])
    length = int((session.close - session.open).total_seconds()) + 7200
    at = session.open - timedelta(hours=1) + timedelta(seconds=second % length)
    quote = WORLD.quote(contract.con_id, at)
    at_lunch = session.lunch is not None and session.lunch[0] <= at < session.lunch[1]
    trades = session.open <= at < session.close and not at_lunch
    assert (quote.bid is not None, quote.ask is not None) == (trades, trades)
    assert WORLD.is_open(contract.con_id, at) is trades


def test_the_price_after_a_break_goes_on_from_where_it_stood() -> None:
    morning_ends = WORLD.quote(TOYOTA.con_id, in_tokyo(11, 29))
    at_lunch, again = (WORLD.quote(TOYOTA.con_id, in_tokyo(12, minute)) for minute in (10, 30))
    assert at_lunch.last == again.last
    assert at_lunch.volume == again.volume > morning_ends.volume
    assert again.bid is not None


def test_quotes_move_when_a_break_begins_and_when_it_ends_and_not_within_it() -> None:
    moves = list(WORLD.moves(TOYOTA.con_id, in_tokyo(11, 28), in_tokyo(12, 31)))
    assert moves == [in_tokyo(11, 29), in_tokyo(11, 30), in_tokyo(12, 30), in_tokyo(12, 31)]
    assert len(list(WORLD.moves(TOYOTA.con_id, in_tokyo(8), in_tokyo(16)))) == 302


def test_no_price_can_be_set_in_a_break() -> None:
    with pytest.raises(MarketError, match="7203 does not trade at"):
        Market.load("world").set_price(TOYOTA.con_id, in_tokyo(12), Decimal(6000))


def test_a_price_set_before_a_break_holds_after_it() -> None:
    market = Market.load("world")
    market.set_price(TOYOTA.con_id, in_tokyo(11), Decimal(6000))
    assert market.quote(TOYOTA.con_id, in_tokyo(13)).last == 6000
    assert in_tokyo(11) in set(market.moves(TOYOTA.con_id, in_tokyo(10, 30), in_tokyo(11, 30)))


# Bars


@given(contract=st.sampled_from(STOCKS), which=st.integers(0, 10**6), size=st.sampled_from(sorted(MINUTES)))
@settings(max_examples=60, deadline=None)
def test_bars_of_any_size_add_up_to_the_day(contract: Contract, which: int, size: str) -> None:
    days = WORLD.days(contract.con_id)
    session = session_of(contract, days[which % len(days)])
    asked = {"end": session.close, "duration": "1 D", "use_rth": True, "what": "TRADES"}
    parts = bars(WORLD, contract.con_id, bar_size=size, **asked)
    (day,) = bars(WORLD, contract.con_id, bar_size="1 day", **asked)
    assert (parts[0].start, parts[0].open, parts[-1].close) == (session.open, day.open, day.close)
    assert max(bar.high for bar in parts) == day.high
    assert min(bar.low for bar in parts) == day.low
    assert sum(bar.volume for bar in parts) == day.volume
    assert all(WORLD.is_open(contract.con_id, bar.start) for bar in parts)


def test_hours_in_tokyo_are_the_clock_s_with_a_half_one_before_and_after_the_break() -> None:
    made = bars(
        WORLD,
        TOYOTA.con_id,
        end=in_tokyo(18),
        duration="1 D",
        bar_size="1 hour",
        use_rth=True,
        what="TRADES",
    )
    starts = [f"{bar.start.astimezone(TOKYO):%H:%M}" for bar in made]
    assert starts == ["09:00", "10:00", "11:00", "12:30", "13:00", "14:00"]


def test_a_bar_that_forms_at_lunch_is_the_morning_s() -> None:
    asked = {"duration": "1 D", "bar_size": "1 day", "use_rth": True, "what": "TRADES"}
    (at_lunch,) = bars(WORLD, TOYOTA.con_id, end=in_tokyo(12), **asked)
    (before,) = bars(WORLD, TOYOTA.con_id, end=in_tokyo(11, 30), **asked)
    assert at_lunch == before


# Orders and money


def test_an_order_sent_at_lunch_waits_for_the_afternoon() -> None:
    broker, ear = broker_at(in_tokyo(12), "JPY")
    order = broker.place(CLIENT, 1, ticket(con_id=TOYOTA.con_id, quantity=100))
    assert (order.status, order.held_until) == (Status.PRE_SUBMITTED, in_tokyo(12, 30))
    assert not ear.executions
    broker.catch_up(in_tokyo(12, 30))
    assert [execution.at for execution in ear.executions] == [in_tokyo(12, 30)]


def test_an_order_that_rests_over_lunch_trades_in_the_afternoon_only() -> None:
    """Its limit is what the market asks from the end of the break on, and less than it asked before."""

    def asked(day: date, hour: int, minute: int) -> Decimal:
        ask = WORLD.quote(TOYOTA.con_id, in_tokyo(hour, minute, day)).ask
        assert ask is not None
        return ask

    days = [day for day in WORLD.days(TOYOTA.con_id) if day.year == 2019]
    day = next(day for day in days if asked(day, 11, 29) > asked(day, 12, 30))
    broker, ear = broker_at(in_tokyo(11, 29, day), "JPY")
    broker.place(CLIENT, 1, ticket(con_id=TOYOTA.con_id, quantity=100, limit=str(asked(day, 12, 30))))
    broker.catch_up(in_tokyo(15, 0, day))
    assert [execution.at for execution in ear.executions] == [in_tokyo(12, 30, day)]


def test_pence_are_paid_for_in_pounds() -> None:
    """1000 Vodafone at 150 pence cost 1500 pounds, a commission of 3 included in the average cost, in pounds."""
    at = session_of(VODAFONE, date(2019, 1, 8)).open + 60 * MINUTE
    broker, ear = broker_at(at, "GBP")
    broker.place(CLIENT, 1, ticket(con_id=VODAFONE.con_id, quantity=100))
    (execution,) = ear.executions
    assert execution.price > 100
    assert execution.commission == Decimal(3)
    paid = execution.price
    holdings = broker.accounts.holdings["DU1"]
    assert holdings.cash["GBP"] == Decimal(100_000_000) - paid - 3
    assert holdings.positions[VODAFONE.con_id].average_cost == (paid + 3) / 100
    (held,) = broker.accounts.valuation("DU1", at).positions
    assert abs(held.market_value - paid) < 1
    assert held.market_value == held.price * 100


def test_a_round_trip_in_pence_realises_pounds() -> None:
    at = session_of(VODAFONE, date(2019, 1, 8)).open + 60 * MINUTE
    broker, ear = broker_at(at, "GBP")
    broker.place(CLIENT, 1, ticket(con_id=VODAFONE.con_id, quantity=100))
    broker.place(CLIENT, 2, ticket("SELL", con_id=VODAFONE.con_id, quantity=100))
    bought, sold = ear.executions
    assert sold.realized is not None
    assert sold.realized == sold.price - bought.price - 6
    assert broker.accounts.holdings["DU1"].cash["GBP"] == 100_000_000 + sold.realized


def test_a_margin_of_pence_is_reckoned_in_pounds() -> None:
    at = session_of(VODAFONE, date(2019, 1, 8)).open + 60 * MINUTE
    broker, _ = broker_at(at, "GBP")
    preview = broker.accounts.preview(ticket(con_id=VODAFONE.con_id, quantity=100), at)
    assert 50 < preview.after.initial < 100


@pytest.mark.parametrize("contract", [TOYOTA, TENCENT], ids=lambda contract: contract.symbol)
def test_tokyo_and_hong_kong_trade_in_lots_of_a_hundred(contract: Contract) -> None:
    order = {"action": "BUY", "orderType": "MKT", "tif": "DAY", "totalQuantity": "150"}
    with pytest.raises(Refusal) as refusal:
        examine(order, contract, ("DU1",))
    assert refusal.value.code == 461
    assert examine(order | {"totalQuantity": "200"}, contract, ("DU1",)).ticket.quantity == 200


def test_hong_kong_is_not_reached_by_smart_routing() -> None:
    query = ContractQuery(symbol="700", sec_type="STK", exchange="SMART")
    assert WORLD.book.find(query) == ()
    assert WORLD.book.find(replace(query, exchange="SEHK")) == (TENCENT,)

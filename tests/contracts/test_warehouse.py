"""What every Warehouse owes market history: each bar once, figures exact, series kept apart."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ib_trading.core.bars import BarColumns
from ib_trading.core.coverage import DaySpan
from ib_trading.core.history import Bar, NewestBar, Portion, Series, StoredSeries
from ib_trading.core.market import DailyClose
from ib_trading.core.refusals import RequestError
from ib_trading.ports.warehouse import Warehouse
from ib_trading.schema.tables import BAR_SIZES
from tests.contracts.places import WarehousePlace
from tests.contracts.rivals import race, store_bars
from tests.contracts.samples import DAILY, NOON, a_bar

FOREVER = datetime(2100, 1, 1, tzinfo=UTC)
CON_ID = DAILY.con_id


def closes(warehouse: Warehouse, what_to_show: str = "TRADES") -> list[Decimal]:
    return [close.close for close in warehouse.daily_closes([CON_ID], what_to_show, FOREVER, 100)[CON_ID]]


def store(warehouse: Warehouse, series: Series, bars: Sequence[Bar], at: datetime) -> int:
    """How many were new."""
    [count] = warehouse.store([Portion(series, bars)], at)
    return count


def newest(warehouse: Warehouse) -> NewestBar | None:
    return warehouse.stored([CON_ID], "TRADES", "1 day")[CON_ID].newest


def asked(warehouse: Warehouse, bar_size: str = "1 day") -> tuple[DaySpan, ...]:
    return warehouse.stored([CON_ID], "TRADES", bar_size)[CON_ID].asked


def span(first: int, last: int) -> DaySpan:
    """Days of January 2019."""
    return DaySpan(date(2019, 1, first), date(2019, 1, last))


def test_an_empty_warehouse_knows_nothing(warehouse: Warehouse) -> None:
    assert newest(warehouse) is None
    assert warehouse.daily_closes([1, 2], "TRADES", FOREVER, 5) == {1: (), 2: ()}


def test_new_bars_are_counted(warehouse: Warehouse) -> None:
    assert store(warehouse, DAILY, [a_bar(2), a_bar(3)], NOON) == 2
    assert store(warehouse, DAILY, [a_bar(3), a_bar(4)], NOON) == 1
    assert store(warehouse, DAILY, [], NOON) == 0


def test_a_bar_that_is_there_is_left_as_it_is(warehouse: Warehouse) -> None:
    store(warehouse, DAILY, [a_bar(2, "100")], NOON)
    assert store(warehouse, DAILY, [a_bar(2, "999")], NOON) == 0
    assert closes(warehouse) == [Decimal(100)]


def test_a_bar_that_is_named_twice_in_one_call_is_stored_once(warehouse: Warehouse) -> None:
    assert store(warehouse, DAILY, [a_bar(2), a_bar(2)], NOON) == 1
    assert len(closes(warehouse)) == 1


def test_adjusted_and_raw_history_are_kept_apart(warehouse: Warehouse) -> None:
    store(warehouse, DAILY, [a_bar(2, "100")], NOON)
    store(warehouse, replace(DAILY, what_to_show="ADJUSTED_LAST"), [a_bar(2, "25"), a_bar(3, "26")], NOON)
    assert closes(warehouse) == [Decimal(100)]
    assert closes(warehouse, "ADJUSTED_LAST") == [Decimal(25), Decimal(26)]
    assert newest(warehouse) == NewestBar(datetime(2019, 1, 2, tzinfo=UTC), Decimal(100))


def test_a_series_without_volume_is_stored(warehouse: Warehouse) -> None:
    assert store(warehouse, replace(DAILY, what_to_show="MIDPOINT"), [a_bar(2, volume=None)], NOON) == 1


def test_the_newest_bar_tells_where_to_go_on(warehouse: Warehouse) -> None:
    store(warehouse, DAILY, [a_bar(4, "104"), a_bar(2, "102"), a_bar(3, "103")], NOON)
    assert newest(warehouse) == NewestBar(datetime(2019, 1, 4, tzinfo=UTC), Decimal(104))
    assert warehouse.stored([1], "TRADES", "1 day") == {1: StoredSeries()}


def test_a_start_in_another_zone_is_the_same_bar(warehouse: Warehouse) -> None:
    bar = a_bar(2)
    store(warehouse, DAILY, [bar], NOON)
    tokyo = bar.start.astimezone(timezone(timedelta(hours=9)))
    assert store(warehouse, DAILY, [replace(bar, start=tokyo)], NOON) == 0


def test_the_last_closes_come_oldest_first(warehouse: Warehouse) -> None:
    store(warehouse, DAILY, [a_bar(day, str(100 + day)) for day in (4, 2, 3, 7)], NOON)
    assert warehouse.daily_closes([CON_ID], "TRADES", FOREVER, 2) == {
        CON_ID: (DailyClose(date(2019, 1, 4), Decimal(104)), DailyClose(date(2019, 1, 7), Decimal(107)))
    }


def test_a_bar_that_starts_at_the_limit_is_not_before_it(warehouse: Warehouse) -> None:
    """Today's bar must not size today's orders."""
    store(warehouse, DAILY, [a_bar(2), a_bar(3)], NOON)
    [found] = warehouse.daily_closes([CON_ID], "TRADES", datetime(2019, 1, 3, tzinfo=UTC), 5).values()
    assert [close.day for close in found] == [date(2019, 1, 2)]


def test_each_contract_gets_its_own_closes(warehouse: Warehouse) -> None:
    store(warehouse, DAILY, [a_bar(2, "100")], NOON)
    store(warehouse, replace(DAILY, con_id=1, local_symbol="MSFT"), [a_bar(2, "50"), a_bar(3, "51")], NOON)
    found = warehouse.daily_closes(iter([CON_ID, 1, 2]), "TRADES", FOREVER, 1)
    assert {con_id: [close.close for close in last] for con_id, last in found.items()} == {
        CON_ID: [Decimal(100)],
        1: [Decimal(51)],
        2: [],
    }


def test_a_bar_size_without_a_table_is_refused_with_the_known_ones(warehouse: Warehouse) -> None:
    with pytest.raises(RequestError, match=r"7 mins.*5 mins"):
        store(warehouse, replace(DAILY, bar_size="7 mins"), [a_bar(2)], NOON)
    with pytest.raises(RequestError, match="7 mins"):
        warehouse.stored([CON_ID], "TRADES", "7 mins")
    with pytest.raises(RequestError, match="7 mins"):
        warehouse.bars([CON_ID], "TRADES", "7 mins", before=FOREVER, count=1)


def test_a_figure_that_is_none_is_refused(warehouse: Warehouse) -> None:
    with pytest.raises(ValueError, match="NaN"):
        store(warehouse, DAILY, [a_bar(2), replace(a_bar(3), close=Decimal("NaN"))], NOON)
    assert closes(warehouse) == []


def test_a_start_without_a_zone_is_refused(warehouse: Warehouse) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        store(warehouse, DAILY, [replace(a_bar(2), start=datetime(2019, 1, 2))], NOON)  # noqa: DTZ001


def test_figures_finer_than_a_billionth_are_rounded_half_even(warehouse: Warehouse) -> None:
    store(warehouse, DAILY, [a_bar(2, "1.0000000005"), a_bar(3, "1.0000000015")], NOON)
    assert closes(warehouse) == [Decimal(1), Decimal("1.000000002")]


def test_days_that_were_asked_for_are_remembered_with_and_without_bars(warehouse: Warehouse) -> None:
    """The 1st of January is a holiday: judged by its bars it would be a gap for ever."""
    warehouse.store([Portion(DAILY, [a_bar(2)], (span(1, 2),)), Portion(DAILY, [], (span(5, 6),))], NOON)
    assert asked(warehouse) == (span(1, 2), span(5, 6))
    assert asked(warehouse, "1 hour") == ()


def test_no_day_counts_as_answered_after_a_portion_that_cannot_be_stored(warehouse: Warehouse) -> None:
    """A day that counts as answered is never asked for again: without its bar it would be a hole for ever. What is
    refused for its figures is refused before anything of its call is written."""
    wrong = replace(a_bar(3), close=Decimal("NaN"))
    with pytest.raises(ValueError, match="NaN"):
        warehouse.store([Portion(DAILY, [a_bar(2)], (span(2, 2),)), Portion(DAILY, [wrong])], NOON)
    assert closes(warehouse) == []
    assert asked(warehouse) == ()


def test_a_series_that_is_replaced_keeps_nothing_of_what_was_there(warehouse: Warehouse) -> None:
    """After a dividend every close before it is another one: a mixture of both shows a return that nobody had."""
    warehouse.store(
        [Portion(DAILY, [a_bar(2, "100"), a_bar(3, "101"), a_bar(4, "102")], (span(1, 4),))], NOON
    )
    store(warehouse, replace(DAILY, what_to_show="MIDPOINT"), [a_bar(2, "7")], NOON)
    anew = Portion(DAILY, [a_bar(3, "50"), a_bar(4, "51"), a_bar(5, "52")], (span(3, 5),), replaces=True)
    assert warehouse.store([anew], NOON) == (3,)
    assert closes(warehouse) == [Decimal(50), Decimal(51), Decimal(52)]
    assert asked(warehouse) == (span(3, 5),)
    assert closes(warehouse, "MIDPOINT") == [Decimal(7)]


def test_bars_of_different_sizes_are_kept_apart(warehouse: Warehouse) -> None:
    hourly = replace(DAILY, bar_size="1 hour")
    store(warehouse, hourly, [a_bar(2, "100"), replace(a_bar(2, "101"), start=NOON)], NOON)
    assert closes(warehouse) == []
    stored = warehouse.stored([CON_ID], "TRADES", "1 hour")[CON_ID]
    assert stored.newest == NewestBar(NOON, Decimal(101))


def test_history_is_there_after_a_restart(warehouse_place: WarehousePlace) -> None:
    store(warehouse_place.opened(), DAILY, [a_bar(2, "100")], NOON)
    assert closes(warehouse_place.opened()) == [Decimal(100)]


def test_two_processes_that_store_the_same_bars_store_each_once(warehouse_place: WarehousePlace) -> None:
    batches = [[a_bar(day), a_bar(day + 1)] for day in range(1, 6)]
    one, other = race(
        (store_bars, (warehouse_place, DAILY, batches)), (store_bars, (warehouse_place, DAILY, batches[::-1]))
    )
    assert one + other == 6
    assert len(closes(warehouse_place.opened())) == 6


@pytest.mark.parametrize("bar_size", BAR_SIZES)
def test_the_last_bars_of_every_size_come_oldest_first_with_all_their_figures(
    new_warehouse: Callable[..., WarehousePlace], bar_size: str
) -> None:
    warehouse, series = new_warehouse(bar_size).opened(), replace(DAILY, bar_size=bar_size)
    store(warehouse, series, [a_bar(day, str(100 + day)) for day in (4, 2, 3, 7)], NOON)
    store(warehouse, replace(series, con_id=1), [a_bar(2, "50", volume=None)], NOON)
    found = warehouse.bars(
        iter([CON_ID, 1, 2]), "TRADES", bar_size, before=datetime(2019, 1, 7, tzinfo=UTC), count=2
    )
    days = [datetime(2019, 1, day, tzinfo=UTC).timestamp() for day in (3, 4)]
    assert found[CON_ID] == BarColumns(
        array("q", map(int, days)),
        array("d", [103, 104]),
        array("d", [104, 105]),
        array("d", [102, 103]),
        array("d", [103, 104]),
        array("d", [37_039_700, 37_039_700]),
    )
    assert (len(found[1]), math.isnan(found[1].volume[0]), len(found[2])) == (1, True, 0)


def test_a_bar_within_a_day_starts_at_its_second(warehouse: Warehouse) -> None:
    minute = replace(DAILY, bar_size="1 min")
    at = datetime(2019, 1, 2, 14, 31, tzinfo=UTC)
    store(warehouse, minute, [replace(a_bar(2), start=at)], NOON)
    for before, count in ((at, 0), (at + timedelta(seconds=1), 1)):
        found = warehouse.bars([CON_ID], "TRADES", "1 min", before=before, count=9)[CON_ID]
        assert list(found.start) == [int(at.timestamp())] * count


def test_which_days_have_bars_is_told_from_the_day_on_that_somebody_asks_from(warehouse: Warehouse) -> None:
    hourly = replace(DAILY, bar_size="1 hour")
    store(warehouse, hourly, [replace(a_bar(2), start=NOON), a_bar(2), a_bar(3), a_bar(7)], NOON)
    for since, days in ((None, ()), (date(2019, 1, 3), (3, 7)), (date(2018, 1, 1), (2, 3, 7))):
        found = warehouse.stored([CON_ID], "TRADES", "1 hour", since=since)[CON_ID].days
        assert found == {date(2019, 1, day) for day in days}


def test_days_without_bars_are_kept_beside_those_that_were_asked_for(warehouse: Warehouse) -> None:
    """By series and size, also where no bar comes with them."""
    warehouse.store([Portion(DAILY, [], (span(2, 4),), empty=(span(3, 3),))], NOON)
    warehouse.store([Portion(DAILY, [], empty=(span(3, 3), span(4, 4)))], NOON)
    found = warehouse.stored([CON_ID, 1], "TRADES", "1 day")
    assert found[CON_ID].asked == (span(2, 4),)
    assert found[CON_ID].empty == {span(3, 3): NOON, span(4, 4): NOON}
    assert found[1] == warehouse.stored([1], "TRADES", "1 hour")[1] == StoredSeries()
    assert warehouse.stored([CON_ID], "MIDPOINT", "1 day")[CON_ID].empty == {}


def test_days_without_bars_keep_the_instant_at_which_that_was_last_said(warehouse: Warehouse) -> None:
    """By business time, in whatever order it arrives, also where one call says it twice."""
    said = [NOON + timedelta(days=days) for days in (0, 31, 62)]

    def say(*instants: datetime) -> None:
        told = [Portion(DAILY, [], (span(2, 4),), empty=(span(2, 4),), answered_at=at) for at in instants]
        warehouse.store(told, NOON)

    def last() -> datetime:
        stored = warehouse.stored([CON_ID], "TRADES", "1 day")[CON_ID]
        assert stored.asked_at == {span(2, 4): said[0]}
        return stored.empty[span(2, 4)]

    say(said[0])
    say(said[1])
    assert last() == said[1]
    say(said[0])
    assert last() == said[1]
    say(said[1], said[2], said[1])
    assert last() == said[2]


def test_a_span_of_days_keeps_the_instant_at_which_it_was_first_asked_for(warehouse: Warehouse) -> None:
    """By business time where it is told: what a simulated year says on its second day is said on another day."""
    first, later = NOON - timedelta(days=300), NOON - timedelta(days=299)
    for at in (first, later):
        warehouse.store([Portion(DAILY, [], (span(2, 4),), answered_at=at)], NOON)
    warehouse.store([Portion(DAILY, [], (span(7, 7),))], NOON)
    stored = warehouse.stored([CON_ID], "TRADES", "1 day")[CON_ID]
    assert stored.asked_at == {span(2, 4): first, span(7, 7): NOON}


figures = st.decimals(min_value=Decimal("1e-9"), max_value=Decimal(10) ** 15, places=9)


@settings(max_examples=2, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(figures=st.lists(figures, min_size=100, max_size=200))
def test_every_figure_comes_back_exactly(
    new_warehouse: Callable[..., WarehousePlace], figures: list[Decimal]
) -> None:
    """No figure passes through a binary fraction: nine places and fifteen digits before them survive. Many figures an
    example and few examples: a store that answers over the network takes as long for one figure as for a hundred."""
    warehouse = new_warehouse("1 day").opened()
    days = [datetime(2019, 1, 1, tzinfo=UTC) + timedelta(days=number) for number in range(len(figures))]
    bars = [replace(a_bar(2, str(figure)), start=day) for day, figure in zip(days, figures, strict=True)]
    store(warehouse, DAILY, bars, NOON)
    found = warehouse.daily_closes([CON_ID], "TRADES", FOREVER, len(figures))
    assert [close.close for close in found[CON_ID]] == figures
    columns = warehouse.bars([CON_ID], "TRADES", "1 day", before=FOREVER, count=len(figures))[CON_ID]
    assert list(columns.close) == [float(figure) for figure in figures], "the nearest binary fraction"

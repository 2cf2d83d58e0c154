"""Collects what a trading run is about to read and the warehouse lacks, so that one schedule suffices.

Of a bar that still forms it hands on what came: it is for this run, and stored nowhere.

For `collectSeconds` at most: what has not come by then stays away, and a strategy that lacks it fails by
`onStrategyError`. A dry-run does the same, so that both decide on the same bars: they are facts, and nothing of a run.
Deep history is collect-market-data's to fill.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from itertools import product

from ib_trading.core.collection import Need, days_of, kind_of_price
from ib_trading.core.forming import Told, with_forming
from ib_trading.core.history import Series
from ib_trading.core.refusals import RequestError
from ib_trading.core.snapshot import Forming
from ib_trading.core.strategy import Declaration
from ib_trading.intents import story
from ib_trading.intents.ask_for_bars import Progress, ask_all, begin
from ib_trading.intents.services import Services
from ib_trading.ports.broker import Broker
from ib_trading.schema.trading_config import TradingConfig


def needs_of(strategies: Mapping[str, Declaration]) -> tuple[Need, ...]:
    """What these strategies decide on, each series once, as long as the longest of them wants it."""
    longest: dict[Need, Need] = {}
    for declared in strategies.values():
        for spec, history in product(declared.specs, declared.history):
            show = kind_of_price(spec.sec_type, history.bar_size, adjusted=history.adjusted)
            series = Need(spec, history.bar_size, show, 0)
            known = longest.get(series, series)
            longest[series] = replace(
                known, count=max(known.count, history.bars), forming=known.forming or history.forming
            )
    return tuple(longest.values())


def top_up(services: Services, broker: Broker, needs: Iterable[Need], config: TradingConfig) -> Forming:
    """Series → what the broker told of the bar that forms, of those needs that want it. Says in the log what came and
    what did not. RequestError for instruments that mean no one contract is left to who reads them."""
    wanted = sorted(needs)
    if not wanted or not config.collect_seconds:
        return {}
    until = services.clock.now() + timedelta(seconds=config.collect_seconds)
    at = services.business_time(broker)
    try:
        resolved = broker.instruments(need.spec for need in wanted)
    except RequestError:
        return {}
    series = []
    for need in wanted:
        instrument = resolved[need.spec]
        of_need = Series(instrument.con_id, instrument.local_symbol, need.what_to_show, need.bar_size)
        series.append((instrument, of_need, days_of(need, instrument, at)))
    group = begin(services.warehouse, series, at, forming=True)
    forming = [
        (one, of_need)
        for need, one, (_, of_need, _) in zip(wanted, group, series, strict=True)
        if need.forming
    ]
    for one, of_need in forming:
        one.to_ask = with_forming(one.to_ask, one.instrument, of_need, one.newest, at)
    if any(progress.to_ask for progress in group):
        ask_all(services, broker, group, at, config, until=until)
        story.topped_up(_stored(group), _lacking(group))
    # As whole seconds, as the decision's instant is one.
    told_at = at.replace(microsecond=0)
    return {
        (of_need.con_id, of_need.what_to_show, of_need.bar_size): Told(told_at, one.forming, _why_not(one))
        for one, of_need in forming
    }


def _stored(group: Iterable[Progress]) -> dict[str, int]:
    """Symbol → how many bars came, where some did."""
    return {one.instrument.local_symbol: one.bars for one in group if one.bars}


def _lacking(group: Iterable[Progress]) -> dict[str, str]:
    """Symbol → why something of it did not."""
    return {one.instrument.local_symbol: why for one in group if (why := _why_not(one))}


def _why_not(one: Progress) -> str:
    """Why something of it did not come; empty where all did."""
    return one.error or ("not asked for: collectSeconds were over" if one.to_ask else "")

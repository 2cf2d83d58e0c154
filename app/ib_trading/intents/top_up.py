"""Collects what a trading run is about to read and the warehouse lacks, so that one schedule suffices.

For `collectSeconds` at most: what has not come by then stays away, and a strategy that lacks it fails by
`onStrategyError`. A dry-run does the same, so that both decide on the same bars: they are facts, and nothing of a run.
Deep history is collect-market-data's to fill.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from itertools import product

from ib_trading.core.collection import Need, days_of, kind_of_price
from ib_trading.core.history import Series
from ib_trading.core.refusals import RequestError
from ib_trading.core.strategy import Declaration
from ib_trading.intents import story
from ib_trading.intents.ask_for_bars import Progress, ask_all, begin
from ib_trading.intents.services import Services
from ib_trading.ports.broker import Broker
from ib_trading.schema.trading_config import TradingConfig


def needs_of(strategies: Mapping[str, Declaration]) -> tuple[Need, ...]:
    """What these strategies decide on, each series once, as long as the longest of them wants it."""
    counts: dict[Need, int] = {}
    for declared in strategies.values():
        for spec, history in product(declared.specs, declared.history):
            show = kind_of_price(spec.sec_type, history.bar_size, adjusted=history.adjusted)
            series = Need(spec, history.bar_size, show, 0)
            counts[series] = max(counts.get(series, 0), history.bars)
    return tuple(Need(one.spec, one.bar_size, one.what_to_show, count) for one, count in counts.items())


def top_up(services: Services, broker: Broker, needs: Iterable[Need], config: TradingConfig) -> None:
    """Says in the log what came and what did not. RequestError for instruments that mean no one contract is left to who
    reads them."""
    wanted = sorted(needs)
    if not wanted or not config.collect_seconds:
        return
    until = services.clock.now() + timedelta(seconds=config.collect_seconds)
    at = services.business_time(broker)
    try:
        resolved = broker.instruments(need.spec for need in wanted)
    except RequestError:
        return
    series = []
    for need in wanted:
        instrument = resolved[need.spec]
        of_need = Series(instrument.con_id, instrument.local_symbol, need.what_to_show, need.bar_size)
        series.append((instrument, of_need, days_of(need, instrument, at)))
    group = begin(services.warehouse, series, at, forming=True)
    if any(progress.to_ask for progress in group):
        ask_all(services, broker, group, at, config, until=until)
        story.topped_up(_stored(group), _lacking(group))


def _stored(group: Iterable[Progress]) -> dict[str, int]:
    """Symbol → how many bars came, where some did."""
    return {one.instrument.local_symbol: one.bars for one in group if one.bars}


def _lacking(group: Iterable[Progress]) -> dict[str, str]:
    """Symbol → why something of it did not."""
    late = "not asked for: collectSeconds were over"
    return {one.instrument.local_symbol: one.error or late for one in group if one.error or one.to_ask}

"""Asks every strategy that a run is about, one after the other, and puts what they answer into the snapshot.

Each has its own time and memory (strategySeconds, strategyMegabytes); whatever goes wrong in its code is its failure.
Where asking took long, the market has moved on: it is looked at once more, so that what was decided is sized at prices
of the moment.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ib_trading.core.questions import question
from ib_trading.core.refusals import StrategyFailed
from ib_trading.core.signals import failed_with
from ib_trading.core.snapshot import Snapshot
from ib_trading.core.strategy import Answer, Declaration, Failure, Instance
from ib_trading.intents.chosen_strategies import Chosen
from ib_trading.intents.services import Services
from ib_trading.ports.broker import Broker
from ib_trading.ports.strategies import Strategies

PRICES_AGE_SECONDS = 5
"""How old the quotes may be that size what strategies decided, whatever they are allowed to be."""


def ask_strategies(
    services: Services, broker: Broker, snapshot: Snapshot, chosen: Chosen, keep: Callable[[], None]
) -> Snapshot:
    """`snapshot` with everybody's answer. `keep` is called between them: a lease may have to be renewed."""
    answers: dict[str, Answer | StrategyFailed] = dict(chosen.failed)
    for name, declaration in chosen.declarations.items():
        answers[name] = _asked(services.strategies, snapshot, chosen.instances[name], declaration)
        keep()
    at = services.business_time(broker).replace(microsecond=0)
    if (at - snapshot.at).total_seconds() > PRICES_AGE_SECONDS:
        quotes = broker.quotes(snapshot.instruments.values())
        snapshot = replace(snapshot, at=at, quotes=quotes)
    return replace(snapshot, answers=answers)


def _asked(
    strategies: Strategies, snapshot: Snapshot, instance: Instance, declaration: Declaration
) -> Answer | StrategyFailed:
    config = snapshot.config
    try:
        asked = question(snapshot, instance, declaration)
    except StrategyFailed as failed:
        return failed
    told = strategies.answer(asked, config.strategy_seconds, config.strategy_megabytes)
    return failed_with(instance.name, told) if isinstance(told, Failure) else told

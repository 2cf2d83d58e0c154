"""Which strategies a call is about: those that it names, or all that the configuration gives capital to; and, before a
deployment, whether all of these could be asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ib_trading.core.refusals import ConfigurationFault, RequestError, StrategyFailed
from ib_trading.core.signals import failed_with
from ib_trading.core.strategy import HOST, Declaration, Failure, Instance, Offers
from ib_trading.ports.strategies import Strategies
from ib_trading.schema.strict import FieldError, nearest
from ib_trading.schema.trading_config import SECTION, TradingConfig, instances


@dataclass(frozen=True, slots=True)
class Chosen:
    """Name in the ledger → instance, and of each either what it declares, or why it cannot say so."""

    instances: Mapping[str, Instance]
    declarations: Mapping[str, Declaration]
    failed: Mapping[str, StrategyFailed]


NONE = Chosen({}, {}, {})
"""Nobody is asked."""


def chosen_strategies(strategies: Strategies, asked: tuple[str, ...] | None, config: TradingConfig) -> Chosen:
    """RequestError names those that cannot be asked for, ConfigurationFault those that nobody offers."""
    offers = strategies.offers()
    exposed = _exposed(config)
    _check_configured(exposed, offers)
    if asked is not None:
        _check_asked(asked, exposed, offers)
    chosen = {name: exposed[name] for name in sorted(exposed if asked is None else set(asked))}
    declarations: dict[str, Declaration] = {}
    failed: dict[str, StrategyFailed] = {}
    for name, instance in chosen.items():
        told = (
            strategies.declaration(instance)
            if instance.strategy in offers.names
            else _not_imported(instance, offers)
        )
        if isinstance(told, Failure):
            failed[name] = failed_with(name, told)
        else:
            declarations[name] = told
    return Chosen(chosen, declarations, failed)


def unfit(strategies: Strategies, config: TradingConfig) -> tuple[Failure, ...]:
    """Everything because of which a strategy could not be asked: what could not be imported, whether or not it has
    capital; who has capital and is not there, or has parameters that do not fit. Nothing is asked to decide."""
    offers = strategies.offers()
    found = list(offers.failures.values())
    for one in _exposed(config).values():
        if one.strategy in offers.names:
            told = strategies.declaration(one)
            if isinstance(told, Failure):
                sentence = f"{SECTION}.exposure.strategies.{one.name} {told.sentence}"
                found.append(replace(told, sentence=sentence))
        elif HOST not in offers.failures and not _likely(one, offers):
            found.append(Failure(_not_installed(one, offers)))
    return tuple(found)


def _exposed(config: TradingConfig) -> dict[str, Instance]:
    return {name: Instance(name, one.strategy, one.parameters) for name, one in instances(config).items()}


def _check_configured(exposed: Mapping[str, Instance], offers: Offers) -> None:
    """Where something could not be imported, a missing strategy may be in there: its failure, and nobody else's."""
    strangers = [one for one in exposed.values() if one.strategy not in offers.names]
    if strangers and not offers.failures:
        raise ConfigurationFault("; ".join(_not_installed(one, offers) for one in strangers))


def _not_installed(instance: Instance, offers: Offers) -> str:
    place = f"{SECTION}.exposure.strategies"
    if instance.strategy != instance.name:
        place += f".{instance.name}.strategy"
    return f"{place} names {instance.strategy}, which is not installed; {nearest(instance.strategy, offers.names)}"


def _check_asked(asked: tuple[str, ...], exposed: Mapping[str, Instance], offers: Offers) -> None:
    errors = []
    for index, name in enumerate(asked):
        if name in exposed:
            continue
        message = (
            f"strategy {name!r} has no exposure; set {SECTION}.exposure.strategies"
            if name in offers.names
            else f"unknown strategy {name!r}; {nearest(name, (*exposed, *offers.names))}"
        )
        errors.append(FieldError(f"strategies[{index}]", message))
    if errors:
        raise RequestError("; ".join(map(str, errors)), errors=tuple(errors))


def _not_imported(instance: Instance, offers: Offers) -> Failure:
    """The failure of the source that would offer it by its name, else of all that offer nothing."""
    told = _likely(instance, offers) or list(offers.failures.values())
    sentence = f"is not there: {'; '.join(failure.sentence for failure in told)}"
    return Failure(sentence, traceback="\n".join(filter(None, (failure.traceback for failure in told))))


def _likely(instance: Instance, offers: Offers) -> list[Failure]:
    """Those of sources that would offer its strategy by their names."""
    return [failure for source, failure in offers.failures.items() if _named(source, instance.strategy)]


def _named(source: str, strategy: str) -> bool:
    """A module's path ends with its name, an entry point begins with it."""
    return strategy in {source.rpartition(".")[2], source.partition(" = ")[0]}

"""Decides which strategies there are: those of the modules in ib_trading/strategies, and those that installed packages
offer by an entry point in the group `ib_trading.strategies`.

A module that does not import, two strategies of one name, a class that is none: that source's failure alone.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution, EntryPoint, distributions

from ib_trading import strategies
from ib_trading.authoring.strategy import Strategy
from ib_trading.core.positions import UNASSIGNED
from ib_trading.core.strategy import Failure, Offer, Offers
from ib_trading.host.failures import failure_of

ENTRY_POINT_GROUP = "ib_trading.strategies"
OURS = {
    "ib_trading": "the service's own name",
    "msgspec": "what its host speaks with",
    "numpy": "what bars are shown with",
    "tzdata": "where time zones are",
}
"""Modules that a library would put itself in the place of, if it brought one of that name. The first is ours, the
others are of the dependency group `host`."""


@dataclass(frozen=True, slots=True)
class Source:
    """`load` gives its classes; what it raises is the source's failure."""

    name: str
    load: Callable[[], tuple[object, ...]]


class Refused(ValueError):
    """What is offered is no strategy that could run; the text says why."""


@dataclass(frozen=True, slots=True)
class Found:
    """`kinds` is name → class, of the same strategies as `offers`."""

    offers: Offers
    kinds: Mapping[str, type[Strategy]]


def discover(without: Collection[str], announce: Callable[[str], None]) -> Found:
    """Everything there is, but for the sources `without`. `announce` is told of each before it is imported."""
    kinds: dict[str, type[Strategy]] = {}
    offers: list[Offer] = []
    failures: dict[str, Failure] = {}
    for source in (*_modules(), *_entry_points()):
        if source.name in without:
            continue
        announce(source.name)
        try:
            for kind in source.load():
                checked = _checked(kind, source.name, offers)
                offers.append(Offer(checked.name, source.name, (checked.__doc__ or "").strip()))
                kinds[checked.name] = checked
        except Refused as error:
            failures[source.name] = Failure(str(error))
        except BaseException as error:  # noqa: BLE001  a stranger's module: whatever it raises, and be it an exit
            failures[source.name] = failure_of(error, f"{source.name} could not be imported: it raised")
    return Found(Offers(tuple(offers), failures), kinds)


def _checked(kind: object, source: str, offers: list[Offer]) -> type[Strategy]:
    """The class; Refused if it may not be run under it."""
    if not (isinstance(kind, type) and issubclass(kind, Strategy)):
        raise Refused(f"{source} offers {kind!r}, which is not a Strategy class")
    name = getattr(kind, "name", None)
    if not isinstance(name, str) or not name:
        raise Refused(f'{kind.__name__} in {source} has no name; write name = "..." in it')
    if name == UNASSIGNED:
        raise Refused(
            f"{kind.__name__} in {source} is called {UNASSIGNED}, the ledger's name for what is nobody's"
        )
    other = next((offer.source for offer in offers if offer.strategy == name), None)
    if other is not None:
        raise Refused(f"two strategies are called {name}; rename the one in {source} or the one in {other}")
    return kind


def _modules() -> Iterator[Source]:
    for module in sorted(pkgutil.iter_modules(strategies.__path__), key=lambda found: found.name):
        path = f"{strategies.__name__}.{module.name}"
        yield Source(path, lambda path=path: _defined_in(path))


def _defined_in(path: str) -> tuple[object, ...]:
    """The strategies that a module defines, not those that it imports, nor a base that says no name."""
    module = importlib.import_module(path)
    return tuple(
        kind
        for kind in vars(module).values()
        if inspect.isclass(kind)
        and issubclass(kind, Strategy)
        and kind.__module__ == path
        and isinstance(getattr(kind, "name", None), str)
    )


def _entry_points() -> Iterator[Source]:
    for installed in distributions():
        for point in installed.entry_points:
            if point.group == ENTRY_POINT_GROUP:
                yield Source(f"{point.name} = {point.value}", lambda p=point, d=installed: _loaded(p, d))


def _loaded(point: EntryPoint, installed: Distribution) -> tuple[object, ...]:
    """The class it names; Refused where its distribution would put itself in the place of ours."""
    for module, whose in OURS.items():
        if installed.name != module and _brings(installed, module):
            raise Refused(
                f"{installed.name} brings a module {module}, which is {whose}; rename it in that package"
            )
    return (point.load(),)


def _brings(installed: Distribution, package: str) -> bool:
    """Whether one of its files lies in a top-level package of that name. An editable checkout of ours has none."""
    return any(file.parts[:1] in {(package,), (f"{package}.py",)} for file in installed.files or ())

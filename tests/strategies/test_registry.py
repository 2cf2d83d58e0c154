"""Which strategies there are: the built-in ones, and a package's by entry point."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest

from ib_trading.core.instruments import ContractSpec
from ib_trading.core.refusals import ConfigurationFault
from ib_trading.strategies.registry import load_strategies
from ib_trading.strategies.strategy import Strategy, stocks


class Install(Protocol):
    """Installs a package whose strategy is called `name`; `offered` is the class that its entry point names."""

    def __call__(self, name: str, offered: str = "Guest") -> None: ...


SOURCE = """
from ib_trading.strategies.strategy import Strategy, stocks

class Guest(Strategy):
    name = "{name}"
    instruments = stocks("SPY")

    def weights(self, view):
        return {{}}

class Stranger:
    name = "stranger"
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Puts a package that offers a strategy on the path, as an installer would."""
    installed = tmp_path / "site"

    def package(name: str, offered: str = "Guest") -> None:
        info = installed / "guest_strategies-1.dist-info"
        info.mkdir(parents=True)
        (installed / "guest_strategies.py").write_text(SOURCE.format(name=name))
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: guest-strategies\nVersion: 1\n")
        (info / "entry_points.txt").write_text(
            f"[ib_trading.strategies]\nguest = guest_strategies:{offered}\n"
        )
        monkeypatch.syspath_prepend(installed)

    yield package
    sys.modules.pop("guest_strategies", None)


def test_the_built_in_strategies_are_there() -> None:
    assert {"dummy", "trend"} <= set(load_strategies())


def test_a_package_s_strategy_is_found_by_its_entry_point(install: Install) -> None:
    install("guest")
    guest = load_strategies()["guest"]
    assert (guest.name, guest.instruments) == ("guest", stocks("SPY"))


def test_two_strategies_of_one_name_are_refused(install: Install) -> None:
    install("trend")
    with pytest.raises(
        ConfigurationFault, match="two strategies are called trend; rename the one in guest_strategies"
    ):
        load_strategies()


def test_an_entry_point_that_is_no_strategy_is_refused(install: Install) -> None:
    install("guest", offered="Stranger")
    with pytest.raises(ConfigurationFault, match="guest = guest_strategies:Stranger is not a Strategy class"):
        load_strategies()


def test_no_strategy_may_be_called_what_the_ledger_calls_nobody_s(install: Install) -> None:
    install("unassigned")
    with pytest.raises(ConfigurationFault, match="the ledger's name for what is nobody's"):
        load_strategies()


def test_a_strategy_without_a_rule_cannot_be_made() -> None:
    unfinished: Any = type("Unfinished", (Strategy,), {"name": "unfinished", "instruments": stocks("SPY")})
    with pytest.raises(TypeError, match="abstract method"):
        unfinished()


def test_stocks_are_us_stocks_routed_smart() -> None:
    assert stocks("AAPL", "NESN", currency="CHF")[1] == ContractSpec("NESN", "STK", "SMART", "CHF")

"""Which strategies there are: the modules of the folder, and a package's by entry point; what is wrong with one of them
is said of it, and takes nothing from the others."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest

from ib_trading import strategies
from ib_trading.core.instruments import ContractSpec
from ib_trading.core.strategy import Failure
from ib_trading.host.discovery import Found, discover
from ib_trading.strategies import Strategy, stocks


class Install(Protocol):
    """Installs a package whose strategy is called `name`; `offered` is the class that its entry point names."""

    def __call__(self, name: str, offered: str = "Guest", top: str = "guest_strategies") -> None: ...


SOURCE = """
from ib_trading.strategies import Strategy, stocks

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

    def package(name: str, offered: str = "Guest", top: str = "guest_strategies") -> None:
        info = installed / "guest_strategies-1.dist-info"
        info.mkdir(parents=True)
        (installed / f"{top}.py").write_text(SOURCE.format(name=name))
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: guest-strategies\nVersion: 1\n")
        (info / "RECORD").write_text(f"{top}.py,,\n")
        (info / "entry_points.txt").write_text(f"[ib_trading.strategies]\nguest = {top}:{offered}\n")
        monkeypatch.syspath_prepend(installed)

    yield package
    sys.modules.pop("guest_strategies", None)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A second folder whose modules count as those of ib_trading/strategies."""
    place = tmp_path / "strategies"
    place.mkdir()
    monkeypatch.setattr(strategies, "__path__", [*strategies.__path__, str(place)])
    yield place
    for path in place.glob("*.py"):
        sys.modules.pop(f"ib_trading.strategies.{path.stem}", None)


def found() -> Found:
    return discover((), lambda _: None)


def failure(source: str) -> Failure:
    return found().offers.failures[source]


def test_the_built_in_strategies_are_there() -> None:
    assert {"dummy", "trend"} <= set(found().kinds)
    assert found().offers.failures == {}


def test_a_module_in_the_folder_is_all_that_a_strategy_needs(folder: Path) -> None:
    (folder / "mine.py").write_text(SOURCE.format(name="mine"))
    assert found().kinds["mine"].name == "mine"
    offer = next(offer for offer in found().offers.offers if offer.strategy == "mine")
    assert offer.source == "ib_trading.strategies.mine"


def test_a_strategy_that_a_module_imports_is_not_its_own(folder: Path) -> None:
    (folder / "follower.py").write_text("from ib_trading.strategies.trend import Trend\n")
    assert found().offers.failures == {}


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (
            "import not_there_any_more",
            "could not be imported: it raised ModuleNotFoundError: No module named",
        ),
        ("raise SystemExit('no')", "could not be imported: it raised SystemExit: no"),
        ("def half(:", "could not be imported: it raised SyntaxError"),
        ("raise KeyboardInterrupt", "could not be imported: it raised KeyboardInterrupt"),
    ],
)
def test_a_module_that_does_not_import_is_told_with_its_line_and_takes_nothing_from_the_others(
    folder: Path, source: str, said: str
) -> None:
    (folder / "broken.py").write_text(f"# my strategy\n{source}\n")
    told = failure("ib_trading.strategies.broken")
    assert told.sentence.startswith(f"ib_trading.strategies.broken {said}")
    assert "broken.py" in told.traceback
    assert "line 2" in told.traceback
    assert "/host/" not in told.traceback
    assert "trend" in found().kinds


def test_a_package_s_strategy_is_found_by_its_entry_point(install: Install) -> None:
    install("guest")
    guest = found().kinds["guest"]
    assert (guest.name, guest.instruments) == ("guest", stocks("SPY"))


def test_of_two_strategies_of_one_name_the_second_is_told(install: Install) -> None:
    install("trend")
    told = failure("guest = guest_strategies:Guest").sentence
    assert told == (
        "two strategies are called trend; rename the one in guest = guest_strategies:Guest or the one in"
        " ib_trading.strategies.trend"
    )
    assert found().kinds["trend"].__module__ == "ib_trading.strategies.trend"


def test_an_entry_point_that_is_no_strategy_is_told(install: Install) -> None:
    install("guest", offered="Stranger")
    assert "which is not a Strategy class" in failure("guest = guest_strategies:Stranger").sentence


def test_no_strategy_may_be_called_what_the_ledger_calls_nobody_s(install: Install) -> None:
    install("unassigned")
    assert "the ledger's name for what is nobody's" in failure("guest = guest_strategies:Guest").sentence


def test_a_package_that_brings_a_module_of_our_name_offers_nothing(install: Install) -> None:
    install("guest", top="ib_trading")
    told = failure("guest = ib_trading:Guest").sentence
    assert told.startswith("guest-strategies brings a module ib_trading, which is the service's own name")


@pytest.mark.parametrize("taken", ["msgspec", "numpy", "tzdata"])
def test_a_package_that_brings_a_module_that_the_host_needs_offers_nothing(
    install: Install, taken: str
) -> None:
    """Its own code may have been written for either of the two."""
    install("guest", top=taken)
    told = failure(f"guest = {taken}:Guest").sentence
    assert told.startswith(f"guest-strategies brings a module {taken}, which is ")
    assert told.endswith("; rename it in that package")


def test_a_source_that_the_host_died_of_is_left_out(folder: Path) -> None:
    (folder / "deadly.py").write_text("raise AssertionError('imported')\n")
    left = discover({"ib_trading.strategies.deadly"}, lambda _: None)
    assert left.offers.failures == {}


def test_a_strategy_that_decides_nothing_cannot_be_made() -> None:
    unfinished: Any = type("Unfinished", (Strategy,), {"name": "unfinished", "instruments": stocks("SPY")})
    with pytest.raises(TypeError, match="write its method decide"):
        unfinished()


def test_stocks_are_us_stocks_routed_smart() -> None:
    assert stocks("AAPL", "NESN", currency="CHF")[1] == ContractSpec("NESN", "STK", "SMART", "CHF")

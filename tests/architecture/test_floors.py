"""The simulator's folders import downwards only, and that each law can be broken."""

from __future__ import annotations

import pytest

from tests.architecture import floors
from tests.architecture.tree import ROOT, SIMULATOR, assert_obeyed, modules, text_of

MODULES = [path for path in modules(SIMULATOR) if "/data/" not in path]


def test_every_folder_of_the_simulator_has_a_floor() -> None:
    folders = {path.parent.name for path in (ROOT / SIMULATOR).glob("*/__init__.py")}
    assert folders | {""} == set(floors.MAY_USE)


def test_no_folder_may_use_one_above_it() -> None:
    order = list(floors.MAY_USE)
    for folder, used in floors.MAY_USE.items():
        assert all(order.index(each) < order.index(folder) for each in used), folder


def test_the_simulators_imports_go_down() -> None:
    assert_obeyed(floors.imports_go_down, MODULES)


def test_nothing_is_allowed_that_nobody_does() -> None:
    """A permission that is left over would hide the first step of a new tangle."""
    used: dict[str, set[str]] = {folder: set() for folder in floors.MAY_USE}
    for path in MODULES:
        for _, name in floors.own_imports(path, text_of(path)):
            used[floors.folder_of(path)].add(floors.folder_named(name))
    assert {folder: set(allowed) for folder, allowed in floors.MAY_USE.items()} == {
        folder: wings - {folder} for folder, wings in used.items()
    }


def test_no_modules_of_the_simulator_import_each_other_in_a_circle() -> None:
    assert floors.circle({path: text_of(path) for path in MODULES}) == ()


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("market/quote.py", "from ib_trading_simulator.brokerage.orders import Order"),
        ("brokerage/broker.py", "def late() -> None:\n    from ib_trading_simulator.gateway import client"),
        ("answers/orders.py", "import ib_trading_simulator.wire.connection"),
        ("control/server.py", "from ib_trading_simulator import launch"),
    ],
)
def test_an_import_of_a_higher_floor_is_found(path: str, source: str) -> None:
    (violation,) = floors.imports_go_down(f"{SIMULATOR}/{path}", source)
    assert violation.line == source.count("\n") + 1


def test_a_circle_is_found_whoever_hides_it() -> None:
    sources = {
        f"{SIMULATOR}/gateway/gateway.py": "from ib_trading_simulator.answers import ANSWERS",
        f"{SIMULATOR}/answers/__init__.py": "from ib_trading_simulator.answers import orders",
        f"{SIMULATOR}/answers/orders.py": "if TYPE_CHECKING:\n    import ib_trading_simulator.gateway.gateway",
    }
    assert set(floors.circle(sources)) == {"gateway.gateway", "answers", "answers.orders"}

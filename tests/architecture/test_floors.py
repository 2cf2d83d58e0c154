"""In each house the folders import downwards only, and each law of that can be broken."""

from __future__ import annotations

import pytest

from tests.architecture import floors
from tests.architecture.floors import DELIVERY, GATEWAY_STAND_IN, HOUSES, SERVICE, House
from tests.architecture.tree import APP, ROOT, SIMULATOR, assert_obeyed, modules, text_of

of_each_house = pytest.mark.parametrize("house", HOUSES, ids=[house.package for house in HOUSES])


def rooms(house: House) -> list[str]:
    """Its modules; what makes the simulator's recorded figures is run by hand and stands beside it."""
    return [path for path in modules(house.place) if "/data/" not in path]


@of_each_house
def test_every_folder_has_a_floor(house: House) -> None:
    """One that nobody placed could import whatever it liked."""
    assert {path.parent.name for path in (ROOT / house.place).glob("*/__init__.py")} | {""} == set(
        house.may_use
    )


@of_each_house
def test_no_folder_may_use_one_above_it(house: House) -> None:
    order = list(house.may_use)
    for folder, used in house.may_use.items():
        assert all(order.index(each) < order.index(folder) for each in used), folder


@of_each_house
def test_imports_go_down(house: House) -> None:
    assert_obeyed(floors.imports_go_down(house), rooms(house))


@of_each_house
def test_nothing_is_allowed_that_nobody_does(house: House) -> None:
    """A permission that is left over would hide the first step of a new tangle."""
    used: dict[str, set[str]] = {folder: set() for folder in house.may_use}
    for path in rooms(house):
        for _, name in house.own_imports(path, text_of(path)):
            used[house.folder_of(path)].add(house.folder_named(name))
    assert {folder: set(allowed) for folder, allowed in house.may_use.items()} == {
        folder: found - {folder, ""} for folder, found in used.items()
    }


@of_each_house
def test_no_modules_import_each_other_in_a_circle(house: House) -> None:
    assert floors.circle({path: text_of(path) for path in rooms(house)}) == []


def test_what_has_nothing_to_do_with_google_knows_none_of_its_libraries() -> None:
    assert_obeyed(floors.delivery_without_google, modules("delivery"))


@pytest.mark.parametrize(
    ("house", "path", "source"),
    [
        (SERVICE, "core/plan.py", "from ib_trading.ports.broker import Broker"),
        (SERVICE, "intents/submit.py", "def late():\n    from ib_trading.web import routes"),
        (DELIVERY, "console/progress.py", "from delivery.google.errors import refused"),
        (DELIVERY, "stack/retention.py", "def lazily():\n    import delivery.commands.deploy"),
        (DELIVERY, "registry/journal.py", "from ..service import deployment"),
        (DELIVERY, "pins.py", "from delivery.console import refusal"),
        (GATEWAY_STAND_IN, "market/quote.py", "from ib_trading_simulator.brokerage.orders import Order"),
        (
            GATEWAY_STAND_IN,
            "brokerage/broker.py",
            "def late():\n    from ib_trading_simulator.gateway import client",
        ),
        (GATEWAY_STAND_IN, "answers/orders.py", "import ib_trading_simulator.wire.connection"),
        (GATEWAY_STAND_IN, "control/server.py", "from ib_trading_simulator import launch"),
    ],
)
def test_a_step_up_is_found(house: House, path: str, source: str) -> None:
    (violation,) = floors.imports_go_down(house)(f"{house.place}/{path}", source)
    assert str(violation).startswith(f"{house.place}/{path}:{source.count(chr(10)) + 1}: ")


@pytest.mark.parametrize(
    ("house", "path", "source"),
    [
        (SERVICE, "web/routes.py", "from ib_trading.core.canonical import canonical_json"),
        (DELIVERY, "commands/call.py", "from delivery.service import questions"),
        (DELIVERY, "stack/retention.py", "from ib_trading.schema.strict import nearest"),
        (GATEWAY_STAND_IN, "answers/orders.py", "from ib_trading_simulator.market import clock"),
    ],
)
def test_a_step_down_is_left_alone(house: House, path: str, source: str) -> None:
    assert floors.imports_go_down(house)(f"{house.place}/{path}", source) == []


def test_a_library_of_google_is_found_where_none_may_be() -> None:
    source = "from google.cloud import run_v2"
    (violation,) = floors.delivery_without_google("delivery/image/builder.py", source)
    assert str(violation).startswith("delivery/image/builder.py:1: ")
    assert floors.delivery_without_google("delivery/google/errors.py", source) == []
    assert floors.delivery_without_google("delivery/image/builder.py", "import google_like") == []


@pytest.mark.parametrize(
    "sources",
    [
        {
            "delivery/stack/__init__.py": "",
            "delivery/stack/a.py": "from delivery.stack.b import B",
            "delivery/stack/b.py": "def lazily():\n    from delivery.stack import c",
            "delivery/stack/c.py": "import delivery.stack.a",
        },
        {
            f"{SIMULATOR}/gateway/gateway.py": "from ib_trading_simulator.answers import ANSWERS",
            f"{SIMULATOR}/answers/__init__.py": "from ib_trading_simulator.answers import orders",
            f"{SIMULATOR}/answers/orders.py": "if TYPE_CHECKING:\n    import ib_trading_simulator.gateway.gateway",
        },
        {
            f"{APP}/core/a.py": "from ib_trading.core import b",
            f"{APP}/core/b.py": "from ib_trading.core.a import A",
        },
    ],
)
def test_a_circle_is_found_through_packages_and_within_functions(sources: dict[str, str]) -> None:
    found = floors.circle(sources)
    assert found[0] == found[-1]
    broken = {
        path: "import json" if source == list(sources.values())[-1] else source
        for path, source in sources.items()
    }
    assert floors.circle(broken) == []

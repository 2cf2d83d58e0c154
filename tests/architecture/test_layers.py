"""In each layered package the folders import downwards only, and each law of that can be broken."""

from __future__ import annotations

import pytest

from tests.architecture import layers
from tests.architecture.layers import DELIVERY, GATEWAY_STAND_IN, PACKAGES, SERVICE, LayeredPackage
from tests.architecture.tree import APP, ROOT, SIMULATOR, assert_obeyed, modules, text_of

of_each_package = pytest.mark.parametrize("layered", PACKAGES, ids=[layered.package for layered in PACKAGES])


def modules_of(layered: LayeredPackage) -> list[str]:
    """Its modules; what makes the simulator's recorded figures is run by hand and stands beside it."""
    return [path for path in modules(layered.place) if "/data/" not in path]


@of_each_package
def test_every_folder_has_a_layer(layered: LayeredPackage) -> None:
    """One that nobody placed could import whatever it liked."""
    assert {path.parent.name for path in (ROOT / layered.place).glob("*/__init__.py")} | {""} == set(
        layered.may_use
    )


@of_each_package
def test_no_folder_may_use_one_above_it(layered: LayeredPackage) -> None:
    order = list(layered.may_use)
    for folder, used in layered.may_use.items():
        assert all(order.index(each) < order.index(folder) for each in used), folder


@of_each_package
def test_imports_go_down(layered: LayeredPackage) -> None:
    assert_obeyed(layers.imports_go_down(layered), modules_of(layered))


@of_each_package
def test_nothing_is_allowed_that_nobody_does(layered: LayeredPackage) -> None:
    """A permission that is left over would hide the first step of a new tangle."""
    used: dict[str, set[str]] = {folder: set() for folder in layered.may_use}
    for path in modules_of(layered):
        for _, name in layered.own_imports(path, text_of(path)):
            used[layered.folder_of(path)].add(layered.folder_named(name))
    assert {folder: set(allowed) for folder, allowed in layered.may_use.items()} == {
        folder: found - {folder, ""} for folder, found in used.items()
    }


@of_each_package
def test_no_modules_import_each_other_in_a_circle(layered: LayeredPackage) -> None:
    assert layers.circle({path: text_of(path) for path in modules_of(layered)}) == []


def test_what_has_nothing_to_do_with_google_knows_none_of_its_libraries() -> None:
    assert_obeyed(layers.delivery_without_google, modules("delivery"))


@pytest.mark.parametrize(
    ("layered", "path", "source"),
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
def test_a_step_up_is_found(layered: LayeredPackage, path: str, source: str) -> None:
    (violation,) = layers.imports_go_down(layered)(f"{layered.place}/{path}", source)
    assert str(violation).startswith(f"{layered.place}/{path}:{source.count(chr(10)) + 1}: ")


@pytest.mark.parametrize(
    ("layered", "path", "source"),
    [
        (SERVICE, "web/routes.py", "from ib_trading.core.canonical import canonical_json"),
        (DELIVERY, "commands/call.py", "from delivery.service import questions"),
        (DELIVERY, "stack/retention.py", "from ib_trading.schema.strict import nearest"),
        (GATEWAY_STAND_IN, "answers/orders.py", "from ib_trading_simulator.market import clock"),
    ],
)
def test_a_step_down_is_left_alone(layered: LayeredPackage, path: str, source: str) -> None:
    assert layers.imports_go_down(layered)(f"{layered.place}/{path}", source) == []


def test_a_library_of_google_is_found_where_none_may_be() -> None:
    source = "from google.cloud import run_v2"
    (violation,) = layers.delivery_without_google("delivery/image/builder.py", source)
    assert str(violation).startswith("delivery/image/builder.py:1: ")
    assert layers.delivery_without_google("delivery/google/errors.py", source) == []
    assert layers.delivery_without_google("delivery/image/builder.py", "import google_like") == []


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
    found = layers.circle(sources)
    assert found[0] == found[-1]
    broken = {
        path: "import json" if source == list(sources.values())[-1] else source
        for path, source in sources.items()
    }
    assert layers.circle(broken) == []

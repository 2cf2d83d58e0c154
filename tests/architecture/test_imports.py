"""Who may import whom, and that each law can be broken."""

from __future__ import annotations

import pytest

from tests.architecture import imports as law
from tests.architecture.tree import APP, CORE, SCHEMA, Rule, assert_obeyed, modules, text_of


def test_core_imports_only_the_standard_library_schema_and_itself() -> None:
    assert_obeyed(law.core_imports_only_itself, modules(CORE))


def test_the_simulator_runs_on_the_standard_library_alone() -> None:
    assert_obeyed(law.simulator_stands_alone, [path for path in modules("simulator") if "/data/" not in path])


def test_schema_knows_only_the_standard_library_and_msgspec() -> None:
    assert_obeyed(law.schema_stands_alone, modules(SCHEMA))


def test_app_infra_delivery_and_simulator_never_import_each_other() -> None:
    assert_obeyed(law.packages_keep_apart, modules(*law.MAY_IMPORT))


def test_a_vendors_library_is_known_to_its_adapter_only() -> None:
    assert_obeyed(law.libraries_stay_in_their_adapter, modules(APP))


def test_one_module_of_delivery_makes_googles_clients() -> None:
    making = [path for path in modules("delivery") if law.makes_google_clients(path, text_of(path))]
    assert making == ["delivery/google/clients.py"], (
        f"Google's clients are the business of delivery/google/clients.py, not of {making}"
    )


def test_only_the_composition_imports_adapters() -> None:
    assert_obeyed(law.only_composition_imports_adapters, modules(APP))


@pytest.mark.parametrize(
    ("rule", "path", "source"),
    [
        (law.core_imports_only_itself, "app/ib_trading/core/plan.py", "import flask"),
        (
            law.core_imports_only_itself,
            "app/ib_trading/core/plan.py",
            "from ib_trading.ports.broker import Broker",
        ),
        (law.core_imports_only_itself, "app/ib_trading/core/plan.py", "from ..errors import Refusal"),
        (law.core_imports_only_itself, "app/ib_trading/core/plan.py", "def lazily():\n    import ib_insync"),
        (law.simulator_stands_alone, "simulator/ib_trading_simulator/market/market.py", "import msgspec"),
        (
            law.simulator_stands_alone,
            "simulator/ib_trading_simulator/market/market.py",
            "from ib_trading.schema.intents import INTENTS",
        ),
        (law.schema_stands_alone, "app/ib_trading/schema/tables.py", "from ib_trading.core import plan"),
        (law.schema_stands_alone, "app/ib_trading/schema/trading_config.py", "import yaml"),
        (
            law.schema_stands_alone,
            "app/ib_trading/schema/trading_config.py",
            "from ib_trading.schema.stack_yaml import read_config",
        ),
        (law.packages_keep_apart, "app/ib_trading/logs.py", "from infra.names import names"),
        (law.packages_keep_apart, "app/ib_trading/logs.py", "import ib_trading_simulator"),
        (law.packages_keep_apart, "app/ib_trading/logs.py", "from schema.intents import INTENTS"),
        (law.packages_keep_apart, "infra/program.py", "from ib_trading.core import plan"),
        (law.packages_keep_apart, "infra/program.py", "from ib_trading import settings"),
        (law.packages_keep_apart, "delivery/commands/promote.py", "import infra.names"),
        (law.packages_keep_apart, "noxfile.py", "import ib_trading.schema"),
        (law.libraries_stay_in_their_adapter, "app/ib_trading/web/routes.py", "import ib_insync as ibi"),
        (
            law.libraries_stay_in_their_adapter,
            "app/ib_trading/adapters/ib/broker.py",
            "from google.cloud import bigquery",
        ),
        (
            law.libraries_stay_in_their_adapter,
            "app/ib_trading/logs.py",
            "importlib.import_module('google.auth')",
        ),
        (
            law.only_composition_imports_adapters,
            "app/ib_trading/main.py",
            "from ib_trading.adapters.local import sqlite",
        ),
        (law.only_composition_imports_adapters, "app/ib_trading/main.py", "from ib_trading import adapters"),
        (
            law.only_composition_imports_adapters,
            "app/ib_trading/adapters/ib/broker.py",
            "import ib_trading.adapters.local.clock",
        ),
    ],
)
def test_a_forbidden_import_is_found(rule: Rule, path: str, source: str) -> None:
    (violation,) = rule(path, source)
    assert str(violation).startswith(f"{path}:{source.count(chr(10)) + 1}: ")


@pytest.mark.parametrize(
    ("rule", "path", "source"),
    [
        (
            law.core_imports_only_itself,
            "app/ib_trading/core/plan.py",
            "from datetime import datetime\nfrom .money import Money",
        ),
        (
            law.simulator_stands_alone,
            "simulator/ib_trading_simulator/market/market.py",
            "import csv\nfrom ib_trading_simulator.market import days",
        ),
        (
            law.schema_stands_alone,
            "app/ib_trading/schema/stack_yaml.py",
            "import yaml\nfrom yaml.constructor import Loader",
        ),
        (
            law.packages_keep_apart,
            "app/ib_trading/logs.py",
            "import schema_of_others\nfrom ib_trading.schema.intents import INTENTS",
        ),
        (law.libraries_stay_in_their_adapter, "app/ib_trading/adapters/ib/session.py", "import ib_insync"),
        (
            law.only_composition_imports_adapters,
            "app/ib_trading/composition.py",
            "from ib_trading.adapters.ib import broker",
        ),
        (
            law.only_composition_imports_adapters,
            "app/ib_trading/adapters/ib/broker.py",
            "from ib_trading.adapters.ib import clock",
        ),
    ],
)
def test_an_allowed_import_is_left_alone(rule: Rule, path: str, source: str) -> None:
    assert rule(path, source) == []

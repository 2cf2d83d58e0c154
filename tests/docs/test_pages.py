"""The pages on intents and settings say what the code does: no more, no less, and the same defaults."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import NODEFAULT

from ib_trading.core.canonical import plain
from ib_trading.core.order_kind import OrderType
from ib_trading.core.strategy import ENVIRONMENT_SEEN
from ib_trading.schema.exposure import StrategyInstance
from ib_trading.schema.good_after_time import good_after_time
from ib_trading.schema.intents import INTENTS
from ib_trading.schema.schedules import Schedule
from ib_trading.schema.trading_config import TradingConfig
from ib_trading.settings import read_settings
from infra.settings import Settings
from tests.service import ServiceUnderTest, closed_port

DOCS = Path(__file__).parents[2] / "docs"
SECTION = re.compile(
    r"^## `(?P<method>[A-Z]+) (?P<path>\S+)`$(?P<text>.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL
)
ROW = re.compile(r"^\| `(?P<name>[^`]+)` \| (?P<cells>.*) \|$", re.MULTILINE)

Operations = dict[tuple[str, str], Any]


@pytest.fixture
def document(tmp_path: Path) -> Any:
    return ServiceUnderTest.over(tmp_path, closed_port()).get("/openapi.json").body


@pytest.fixture
def operations(document: Any) -> Operations:
    """(METHOD, path) → operation, from the service's own document."""
    return {
        (method.upper(), path): operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def sections() -> dict[tuple[str, str], str]:
    text = (DOCS / "intents.md").read_text()
    return {(found["method"], found["path"]): found["text"] for found in SECTION.finditer(text)}


def rows(heading: str) -> dict[str, list[str]]:
    """First cell → the others, of the tables between this heading (or line) and the next heading."""
    text = (DOCS / "settings.md").read_text().partition(f"{heading}\n")[2]
    text = text.partition("\n## ")[0].partition("\nEach of ")[0]
    return {row["name"]: row["cells"].split(" | ") for row in ROW.finditer(text)}


def test_every_path_has_its_section_and_no_section_is_about_nothing(operations: Operations) -> None:
    assert set(sections()) == set(operations)
    assert {(intent.method, f"/{intent.name}") for intent in INTENTS} <= set(sections())


def test_every_section_lists_the_statuses_that_the_service_declares(operations: Operations) -> None:
    for place, text in sections().items():
        [line] = re.findall(r"^- Statuses: (.*)$", text, re.MULTILINE)
        assert line.split(", ") == sorted(operations[place]["responses"]), place


def test_every_section_lists_the_keys_that_the_request_takes(operations: Operations, document: Any) -> None:
    for place, text in sections().items():
        [line] = re.findall(r"^- Keys: (.*)$", text, re.MULTILINE)
        assert sorted(re.findall(r"`(\w+)`", line)) == sorted(_keys(operations[place], document)), place


def test_the_table_of_orders_is_what_the_service_takes(document: Any) -> None:
    """Each row from the enums, and its own keys as the document bars the others."""
    text = (DOCS / "intents.md").read_text()
    shown = {
        row["name"]: row["cells"].split(" | ") for row in ROW.finditer(text) if row["name"] in set(OrderType)
    }
    variants = document["components"]["schemas"]["OrderPropertiesRequest"]["anyOf"]
    assert shown == {
        str(kind): [
            ", ".join(f"`{key}`" for key in sorted(_own_keys(kind, variants))) or "–",
            ", ".join(sorted(kind.times_in_force)),
            *("yes" if fact else "no" for fact in (kind.takes_adaptive, kind.waits, kind.outlives_request)),
        ]
        for kind in OrderType
    }


def _own_keys(kind: OrderType, variants: list[Any]) -> set[str]:
    """The offsets that some way of placing an order of this type takes."""
    offsets = {"limitOffsetBps", "stopOffsetBps", "trailingOffsetBps"}
    taken = [one["properties"] for one in variants if one["properties"]["orderType"]["enum"] == [kind]]
    return {key for key in offsets if any(one.get(key) != {"type": "null"} for one in taken)}


def _keys(operation: Any, document: Any) -> Iterator[str]:
    yield from (p["name"] for p in operation.get("parameters", ()) if p["in"] != "header")
    if "requestBody" in operation:
        name = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        yield from document["components"]["schemas"][name]["properties"]


def test_every_form_of_a_good_after_time_is_there_with_an_example_that_is_taken() -> None:
    """The document says of 2024 what the code says: every example is the same instant, on the day that it was."""
    text = (DOCS / "intents.md").read_text().partition("| form |")[2].partition("\n\n")[0]
    examples = [re.findall(r"`([^`]+)`", row.split(" | ")[1]) for row in text.splitlines()[2:]]
    assert len(examples) == 3 and all(examples)
    now = datetime(2024, 6, 3, 12, tzinfo=UTC)
    assert {good_after_time(example, now) for form in examples for example in form} == {
        datetime(2024, 6, 3, 19, 45, tzinfo=UTC)
    }


def test_every_intent_says_what_it_reads_decides_writes_and_refuses() -> None:
    for intent in INTENTS:
        text = sections()[intent.method, f"/{intent.name}"]
        assert re.findall(r"^- (Reads|Decides|Writes|Refuses): \S", text, re.MULTILINE) == [
            "Reads",
            "Decides",
            "Writes",
            "Refuses",
        ], intent.name


def test_every_error_is_a_problem_document_in_openapi_too(operations: Operations) -> None:
    for place, operation in operations.items():
        for status, response in operation["responses"].items():
            if int(status) >= 400 and place != ("GET", "/ready"):
                assert list(response["content"]) == ["application/problem+json"], (place, status)


class Asked(Mapping[str, str]):
    """An empty environment that remembers what it was asked for."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.names.add(name)
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def test_every_environment_variable_is_there_with_its_default() -> None:
    environment = Asked()
    settings = read_settings(environment)
    told = rows("## Environment")
    assert set(told) == environment.names
    gateway = settings.gateway
    assert gateway is not None
    defaults = {
        "TRADING_MODE": settings.mode.value,
        "BACKEND": settings.backend,
        "PORT": str(settings.port),
        "LOCAL_DATA_DIR": str(settings.local_data_dir),
        "IB_GATEWAY": f"{gateway.host}:{gateway.port}",
        "CLOCK": settings.clock,
        "GATEWAY_LIFETIME": "always" if settings.own_gateway.always else "request",
        "GATEWAY_PORT": str(settings.own_gateway.port),
        "IBC_PATH": str(settings.own_gateway.ibc_path),
        "TWS_PATH": str(settings.own_gateway.tws_path),
        "LOG_COMPONENTS": settings.own_gateway.log_components,
    }
    for name, default in defaults.items():
        assert told[name][0].startswith(f"`{default}`"), name
    unset = {
        "PROJECT_ID",
        "SECOND_FACTOR_DEVICE",
        "K_SERVICE",
        "TRADING_ACCOUNT",
        "FIRESTORE_DATABASE",
        "BIGQUERY_DATASET",
        "SECRET_NAME",
        "FIRESTORE_EMULATOR_HOST",
        "BIGQUERY_EMULATOR_HOST",
        "SECRET_MANAGER_EMULATOR_HOST",
        "PATH",
        "HOME",
        "DISPLAY",
        *ENVIRONMENT_SEEN,
    }
    assert {name for name in told if told[name][0] == "none"} == unset
    assert set(told) == unset | set(defaults) | {"TRADING_CONFIG", "GATEWAY_FOLDER", "STRATEGY_PYTHON"}


def keys(kind: type[Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Dotted key and default, as the page spells it, of everything that `kind` takes."""
    for field in msgspec.structs.fields(kind):
        if isinstance(field.type, type) and issubclass(field.type, msgspec.Struct):
            yield from keys(field.type, f"{prefix}{field.encode_name}.")
        else:
            made = field.default if field.default_factory is NODEFAULT else field.default_factory()
            yield f"{prefix}{field.encode_name}", _spelled(made)


def _spelled(default: object) -> str:
    match default:
        case _ if default is NODEFAULT:
            return "required"
        case None:
            return "`null`"
        case bool():
            return f"`{str(default).lower()}`"
        case tuple():
            return "`[]`"
        case dict():
            return "`{}`"
        case str():
            return f"`{default}`" if default else '`""`'
        case int():
            return f"`{default}`"
        case Decimal():
            return f"`{plain(default)}`"
    raise TypeError(f"{default!r}: say here how the page spells it")


def test_every_configuration_key_is_there_with_its_unit_and_default() -> None:
    told = rows("## Trading configuration")
    assert {name: cells[1] for name, cells in told.items()} == dict(keys(TradingConfig))
    assert all(cells[0].strip() for cells in told.values())


def test_every_key_of_a_strategy_is_there_with_its_default() -> None:
    text = rows("Each of `exposure.strategies`:")
    assert {name: cells[0] for name, cells in text.items()} == dict(keys(StrategyInstance))


def test_every_key_of_a_schedule_is_there_with_its_default() -> None:
    text = rows("Each of `schedules`:")
    assert {name: cells[0] for name, cells in text.items()} == dict(keys(Schedule))


def test_every_key_of_the_infrastructure_is_there_with_its_default() -> None:
    text = rows("## Infrastructure")
    assert {name: cells[0] for name, cells in text.items()} == dict(keys(Settings)) | {"labels": "`{}`"}

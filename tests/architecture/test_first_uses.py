"""What two threads may use for the first time at once, and that each law can be broken."""

from __future__ import annotations

import pytest

from tests.architecture.first_uses import first_calls_take_turns, types_are_made_ready
from tests.architecture.tree import APP, PRODUCT, assert_obeyed, modules


def test_every_type_that_is_parsed_or_described_is_made_ready_first() -> None:
    assert_obeyed(types_are_made_ready, modules(*PRODUCT))


def test_what_the_service_makes_at_a_first_call_is_made_once() -> None:
    assert_obeyed(first_calls_take_turns, modules(APP))


@pytest.mark.parametrize(
    "source",
    [
        "import msgspec\nmsgspec.convert({}, Run)",
        "import msgspec\nmsgspec.convert({}, type=Run)",
        "from msgspec import convert as read\nread({}, Run)",
        "import msgspec\nmsgspec.json.decode(text, type=Run)",
        "from msgspec import json\nRUN = json.Decoder(Run)",
        "from msgspec import json\nRUN = json.Decoder(list[Run])",
        "import msgspec.msgpack as m\nm.Decoder(type=Run)",
        "from msgspec import inspect\ninspect.type_info(Run)",
        "from msgspec import inspect\nknown = cache(inspect.type_info)",
        "import msgspec\nmap(msgspec.convert, rows)",
        "import msgspec\nmsgspec.json.schema(Run)",
        "import msgspec\nfrom ib_trading.other import ready\nmsgspec.convert({}, ready(Run))",
    ],
)
def test_a_type_that_is_used_as_it_comes_is_found(source: str) -> None:
    (violation,) = types_are_made_ready("app/ib_trading/adapters/local/rows.py", source)
    assert violation.line == source.count("\n") + 1


@pytest.mark.parametrize(
    "source",
    [
        "import msgspec\nmsgspec.json.decode(text)",
        "import msgspec\nmsgspec.to_builtins(run)",
        "import msgspec\nfrom ib_trading.schema.known_types import ready\nmsgspec.convert({}, ready(Run))",
        "import msgspec\nfrom ib_trading.schema.known_types import ready\nRUN = ready(Run)\nmsgspec.convert({}, RUN)",
        "from msgspec import json\nfrom ib_trading.schema.known_types import ready\nX = json.Decoder(ready(list[X]))",
        "from ib_trading.schema.strict import parse\nparse({}, Run)",
    ],
)
def test_a_type_that_is_ready_is_left_alone(source: str) -> None:
    assert types_are_made_ready("app/ib_trading/adapters/local/rows.py", source) == []


@pytest.mark.parametrize(
    "source",
    [
        "from functools import cached_property",
        "from functools import cache",
        "class A:\n    def client(self) -> C:\n        if self._c is None:\n            self._c = C()",
    ],
)
def test_what_two_first_calls_would_make_twice_is_found(source: str) -> None:
    assert len(first_calls_take_turns("app/ib_trading/adapters/google/clients.py", source)) == 1


def test_what_is_made_under_a_lock_is_left_alone() -> None:
    making = "        with self._turn:\n            if self._c is None:\n                self._c = C()"
    source = f"class A:\n    def c(self) -> C:\n{making}"
    assert first_calls_take_turns("app/ib_trading/adapters/google/clients.py", source) == []

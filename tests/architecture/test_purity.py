"""What core and the rest of the product may touch, and that each law can be broken."""

from __future__ import annotations

import pytest

from tests.architecture.purity import core_is_pure, only_settings_read_the_environment
from tests.architecture.tree import APP, CORE, assert_obeyed, modules


def test_core_reads_no_clock_draws_no_lots_opens_no_file_and_writes_no_log() -> None:
    assert_obeyed(core_is_pure, modules(CORE))


def test_only_the_settings_read_the_environment() -> None:
    assert_obeyed(only_settings_read_the_environment, modules(APP, "infra"))


@pytest.mark.parametrize(
    "source",
    [
        "from datetime import UTC, datetime\n\ndef age() -> datetime:\n    return datetime.now(UTC)",
        "import datetime as dt\nTODAY = dt.date.today()",
        "from dataclasses import field\nmade_at = field(default_factory=datetime.utcnow)",
        "import random",
        "from time import monotonic",
        "import logging",
        "import structlog",
        "import urllib.request",
        "def read(path): return open(path)",
        "from pathlib import Path",
    ],
)
def test_a_look_at_the_world_is_found_in_core(source: str) -> None:
    assert core_is_pure("app/ib_trading/core/plan.py", source)


@pytest.mark.parametrize(
    "source",
    ["import os\nMODE = os.environ['TRADING_MODE']", "import os\nos.getenv('X')", "from os import environ"],
)
def test_a_read_of_the_environment_is_found(source: str) -> None:
    (violation,) = only_settings_read_the_environment("app/ib_trading/logs.py", source)
    assert "app/ib_trading/settings.py" in str(violation)


def test_the_settings_themselves_may_read_it() -> None:
    assert (
        only_settings_read_the_environment("app/ib_trading/settings.py", "import os\nos.environ['X']") == []
    )

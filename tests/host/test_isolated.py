"""One service under gunicorn, whose strategies do the worst, each in its own way: the others trade, and who looks is
told which failed, why and where. Over HTTP, with the file that a deployment would have."""

from __future__ import annotations

import json
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from ib_trading_simulator.launch import Launched
from tests.host.test_firewall import package
from tests.positions import broker_positions_by_symbol
from tests.served import serving
from tests.service import START

KIND = """
import ctypes
from ib_trading.strategies import Strategy, stocks

class Kind(Strategy):
    name = "{name}"
    instruments = stocks("{symbol}")

    def decide(self, view):
        print("{name} looks at {symbol}")
        {deed}
        return dict.fromkeys(self.instruments, 0.5)
"""
DEEDS = {
    "steady": ("KO", "pass"),
    "calm": ("JNJ", "pass"),
    "exits": ("PG", "raise SystemExit('no signal today')"),
    "segfaults": ("PG", "ctypes.string_at(0)"),
    "loops": ("PG", "\n        while True: pass"),
    "hoards": ("PG", "bytearray(4 << 30)"),
}
BROKEN = "broken = broken:Kind could not be imported: it ended its process by SIGSEGV"
SENTENCES = {
    "exits": "strategy exits raised SystemExit: no signal today",
    "segfaults": "strategy segfaults ended its process by SIGSEGV (strategyMegabytes is 512)",
    "loops": "strategy loops took longer than strategySeconds (2) and was stopped",
    "hoards": "strategy hoards raised MemoryError (strategyMegabytes is 512)",
    "broken": f"strategy broken is not there: {BROKEN}",
}
STACK_FILE = f"""\
config:
  ib-trading:trading:
    exposure:
      overall: "0.9"
      strategies: {{{", ".join(f'{name}: "0.1"' for name in (*DEEDS, "broken"))}}}
    onStrategyError: isolate
    strategySeconds: "2"
    strategyMegabytes: 512
"""


@pytest.fixture
def service(tmp_path: Path, simulator: Launched) -> Generator[str]:
    site = tmp_path / "site"
    for name, (symbol, deed) in DEEDS.items():
        package(site, name, KIND.format(name=name, symbol=symbol, deed=deed), {name: "Kind"})
    package(site, "broken", "import ctypes\nctypes.string_at(0)\n", {"broken": "Kind"})
    with serving(tmp_path, simulator.port, stack_file=STACK_FILE, PYTHONPATH=str(site)) as address:
        yield address


@pytest.fixture
def simulator() -> Generator[Launched]:
    with Launched.start("--clock", "virtual", "--start", START, "--cash", "USD=1000000") as running:
        yield running


def asked(method: str, address: str) -> tuple[int, Any]:
    body = b"{}" if method == "POST" else None
    request = Request(address, body, {"Content-Type": "application/json"}, method=method)
    try:
        with urlopen(request, timeout=120) as answer:
            return answer.status, json.load(answer)
    except HTTPError as refused:
        return refused.code, json.load(refused)


def strategies_ready(address: str) -> dict[str, str]:
    """Once they are imported."""
    for _ in range(600):
        _, told = asked("GET", f"{address}/ready")
        [found] = (one for one in told["dependencies"] if one["name"] == "strategies")
        if found["state"] != "starting":
            return found
        time.sleep(0.1)
    raise AssertionError("the strategies are not imported")


def logged(folder: Path, event: str) -> list[dict[str, Any]]:
    lines = (folder / "service.log").read_text().splitlines()
    told = [json.loads(line) for line in lines if line.startswith("{")]
    return [line for line in told if line["message"] == event]


def test_of_seven_strategies_five_fail_each_in_its_own_way_and_two_trade(
    tmp_path: Path, simulator: Launched, service: str
) -> None:
    ready = strategies_ready(service)
    assert ready["state"] == "degraded"
    assert BROKEN in ready["detail"]
    assert "broken is configured and not there" in ready["detail"]
    status, answer = asked("POST", f"{service}/allocation")
    assert status == 200, answer
    assert {order["localSymbol"]: order["status"] for order in answer["orders"]} == {
        "KO": "filled",
        "JNJ": "filled",
    }
    assert broker_positions_by_symbol(simulator).keys() == {"KO", "JNJ"}
    assert [f"{sentence}; it stays at its holdings" for _, sentence in sorted(SENTENCES.items())] == sorted(
        answer["warnings"]
    )
    told = {line["strategy"]: line for line in logged(tmp_path, "strategy_failed")}
    assert {name: line["detail"] for name, line in told.items()} == SENTENCES
    assert not any(line["refused"] for line in told.values())
    for name in ("exits", "segfaults", "loops", "hoards"):
        assert told[name]["printed"] == f"{name} looks at PG\n"
    for name in ("exits", "hoards"):
        assert f"{name}.py" in told[name]["trace"]
    printed = {line["strategy"]: line["printed"] for line in logged(tmp_path, "strategy_printed")}
    assert printed == {"calm": "calm looks at JNJ\n", "steady": "steady looks at KO\n"}
    [missing] = logged(tmp_path, "strategy_not_imported")
    assert missing["source"] == "broken = broken:Kind"

"""The running service against its own /openapi.json: thousands of requests nobody thought of, right ones and wrong
ones, with the simulator behind it. Every check that schemathesis has is on.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from ib_trading_simulator.launch import Launched
from tests.served import serving
from tests.service import START

ROOT = Path(__file__).parents[2]

CONFIGURATION = """\
continue-on-failure = true
hooks = "tests.api.unspeakable"

# A well-formed request is done, or refused for the market's or the account's reasons: the same request under way (409),
# a limit or a key used for something else (422), the kill switch (423). Nothing else is taken for an answer but what
# unspeakable.py lists.
[checks.positive_data_acceptance]
expected-statuses = [200]

[[operations]]
include-path-regex = "^/(allocation|close-all|cash-balancer|trade-reconciliation)$"
[operations.checks.positive_data_acceptance]
expected-statuses = [200, 409, 422, 423]

# A run that nobody knows.
[[operations]]
include-path = "/runs/{runId}"
[operations.checks.positive_data_acceptance]
expected-statuses = [200, 404]

# One order that there is: the others are 404.
[[operations]]
include-path = "/explain/{orderRef}"
[operations.parameters]
"path.orderRef" = "ORDER_REF"
[operations.checks.positive_data_acceptance]
expected-statuses = [200, 404]
"""
SLOWEST_SECONDS = 300
"""Twenty-one years of twenty instruments are 100,000 bars, one request's: nine seconds of a core, and on a machine with
a load of 20 two minutes."""


def one_order_of(address: str) -> str:
    """Collects what the strategies need, trades once and gives one order's reference."""
    answer: Any = {}
    for path, body in (("collect-market-data", b""), ("allocation", b'{"strategies": ["dummy"]}')):
        asked = Request(f"{address}/{path}", body, {"Content-Type": "application/json"})
        with urlopen(asked, timeout=SLOWEST_SECONDS) as response:
            answer = json.load(response)
    return answer["orders"][0]["orderRef"]


@pytest.mark.once
@pytest.mark.long
@pytest.mark.timeout(1800)
def test_the_service_keeps_what_its_openapi_document_promises(tmp_path: Path) -> None:
    with (
        Launched.start("--clock", "virtual", "--start", START, "--cash", "USD=1000000") as gateway,
        serving(tmp_path, gateway.port) as address,
    ):
        configuration = CONFIGURATION.replace("ORDER_REF", one_order_of(address))
        (tmp_path / "schemathesis.toml").write_text(configuration)
        command = [sys.executable, "-m", "schemathesis.cli", "--config-file", "schemathesis.toml"]
        command += ["run", f"{address}/openapi.json", "--checks", "all", "--seed", "1", "--no-color"]
        command += ["--max-examples", "25", "--max-response-time", str(SLOWEST_SECONDS)]
        command += ["--request-timeout", str(SLOWEST_SECONDS)]
        found = filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(found)}
        told = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        log = (tmp_path / "service.log").read_text()
    assert told.returncode == 0, told.stdout[-20000:] + told.stderr[-2000:]
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    answered = {(line["intent"], line["status"]) for line in lines if "status" in line}
    # It did get through to what trades and what reads, not only to refusals.
    assert {("allocation", 200), ("allocation", 400), ("trading-enabled", 200), ("runs", 200)} <= answered
    assert {("summary", 200), ("collect-market-data", 200)} <= answered
    assert any(intent.startswith("explain/") and status == 200 for intent, status in answered)

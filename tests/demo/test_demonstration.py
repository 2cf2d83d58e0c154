"""The demonstration from end to end, judged by what it wrote down of the simulator's own record."""

from __future__ import annotations

import gzip
import http.client
import json
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from demo.evidence import exact_json
from demo.exchanges import read_json
from tests.demo.processes import ROOT, accepts, read_until, running_demo

pytestmark = pytest.mark.timeout(600)


@dataclass(frozen=True, slots=True)
class Performance:
    """One run with --keep and --json, ended by Ctrl-C; `alive` is what the service answered while it was kept."""

    code: int
    out: str
    err: str
    evidence: dict[str, Any]
    page: str
    alive: int
    ports: tuple[int, ...]

    def body(self, name: str) -> Any:
        return next(step for step in self.evidence["steps"] if step["name"] == name)["response"]["body"]

    @property
    def allocations(self) -> list[Any]:
        return [self.body("allocation"), self.body("allocation a month later")]


@pytest.fixture(scope="module")
def performance(tmp_path_factory: pytest.TempPathFactory) -> Performance:
    folder = tmp_path_factory.mktemp("demo")
    with running_demo(folder, "--keep", "--json", folder / "e.json") as demo:
        out = "".join(read_until(demo, "Ctrl-C ends both."))
        ports = tuple(int(port) for port in re.findall(r"127\.0\.0\.1:(\d+)", out))
        connection = http.client.HTTPConnection("127.0.0.1", ports[1], timeout=60)
        connection.request("GET", "/health")
        alive = connection.getresponse().status
        connection.close()
        demo.send_signal(signal.SIGINT)
        rest, err = demo.communicate(timeout=60)
    evidence = read_json((folder / "e.json").read_text(encoding="utf-8"))
    page = (folder / "page.html").read_text(encoding="utf-8")
    return Performance(demo.returncode, out + rest.decode(), err.decode(), evidence, page, alive, ports)


def test_it_ends_well_and_every_check_passed(performance: Performance) -> None:
    """Exit code 0, nothing on stderr, and a list of checks that is not empty."""
    assert (performance.code, performance.err) == (0, "")
    checks = performance.evidence["checks"]
    assert len(checks) >= 6
    assert [each for each in checks if not each["passed"]] == []


def test_ten_orders_filled_at_the_bid_or_ask_of_their_instant(performance: Performance) -> None:
    """By the simulator's record."""
    control = performance.evidence["control"]
    assert sum(order["status"] == "Filled" for order in control["orders"]) >= 10
    for execution in control["executions"]:
        assert execution["price"] == execution["ask" if execution["side"] == "BOT" else "bid"], execution


def test_holdings_equal_the_simulators_own_positions(performance: Performance) -> None:
    """Summed over the strategies; nothing is unassigned."""
    held: dict[str, Decimal] = {}
    for strategy, holdings in performance.body("summary after allocation a month later")["holdings"].items():
        assert strategy != "unassigned" or not holdings
        for symbol, quantity in holdings.items():
            held[symbol] = held.get(symbol, Decimal(0)) + quantity
    control = performance.evidence["control"]
    positions = control["accounts"]["DU1234567"]["positions"]
    assert held == {position["symbol"]: Decimal(position["quantity"]) for position in positions}


def test_the_day_before_the_last_closed_as_recorded(performance: Performance) -> None:
    """Read from the file with nothing but gzip: what the simulator calls the previous close is the recorded figure."""
    packed = ROOT / "simulator/ib_trading_simulator/data" / "us-stocks" / "days.csv.gz"
    header, *lines = gzip.decompress(packed.read_bytes()).decode().splitlines()
    column = header.split(",").index("2019-06-28")
    recorded = {line.split(",", 1)[0]: line.split(",")[column] for line in lines}
    quotes = performance.evidence["control"]["quotes"]
    assert len(quotes) >= 10
    for symbol, quote in quotes.items():
        assert Decimal(quote["previousClose"]) == Decimal(recorded[symbol])


def test_dry_run_and_run_have_the_same_plan(performance: Performance) -> None:
    """Compared as text."""
    for name in ("allocation", "allocation a month later"):
        dry_run, run = performance.body(f"{name}, dry-run"), performance.body(name)
        assert exact_json(dry_run["plan"]) == exact_json(run["plan"])
        assert dry_run["orders"] == [] and run["orders"]


def test_the_repeated_request_got_the_stored_answer(performance: Performance) -> None:
    """Same key, same body: same run id, and the header that says so."""
    step = next(step for step in performance.evidence["steps"] if step["name"] == "allocation repeated")
    first = next(step for step in performance.evidence["steps"] if step["name"] == "allocation")
    assert step["request"]["headers"]["Idempotency-Key"] == first["request"]["headers"]["Idempotency-Key"]
    assert step["response"]["headers"]["idempotency-replayed"] == "true"
    assert step["response"]["body"] == first["response"]["body"]


def test_trend_alone_on_the_unchanged_market_planned_no_order(performance: Performance) -> None:
    """Although it holds positions and wants them."""
    answer = performance.body("allocation of trend, market unchanged")
    assert answer["strategies"] == ["trend"] and any(answer["signals"]["trend"].values())
    assert answer["plan"]["orders"] == [] and answer["orders"] == []


def test_every_order_at_the_simulator_is_in_an_answer_once(performance: Performance) -> None:
    """None was placed twice, and none by anybody else."""
    arrived = [order["orderRef"] for order in performance.evidence["control"]["orders"]]
    answered = [order["orderRef"] for run in performance.allocations for order in run["orders"]]
    assert sorted(arrived) == sorted(answered)
    assert len(set(arrived)) == len(arrived)


def test_it_prints_plain_text_and_the_figure_of_each_phase(performance: Performance) -> None:
    """stdout is no terminal here: no colour, no overwriting, lines that fit."""
    assert "\x1b" not in performance.out and "\r" not in performance.out
    assert max(map(len, performance.out.splitlines())) <= 100 + len(
        "The same with charts: "
    )  # a temporary folder
    for phase in performance.evidence["phases"]:
        assert phase in performance.out
    assert sum(performance.evidence["phases"].values()) < 40


def test_the_page_is_small_and_stands_alone(performance: Performance) -> None:
    """Both charts in both sizes, no reference to anything outside."""
    assert len(performance.page.encode()) < 300_000
    assert performance.page.count("<svg") == 4
    assert not re.search(r"https?:", performance.page)


def test_kept_running_it_can_be_asked_until_ctrl_c(performance: Performance) -> None:
    """And is gone afterwards."""
    assert performance.alive == 200
    assert [port for port in performance.ports if accepts(port)] == []


@pytest.mark.parametrize("options", [("--frobnicate",), ("--json", "no/such/folder/e.json")])
def test_an_option_that_cannot_be_followed_starts_nothing(options: tuple[str, ...]) -> None:
    """Exit code 2 and one sentence, before anything runs."""
    command = [sys.executable, "-m", "demo", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr and json.dumps(done.stderr).count("error:") == 1

"""The control port: what a test sees of the simulator, and does to it."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from ib_trading_simulator.launch import ControlError, Launched, LaunchError
from tests.wire.client import Launch


@pytest.fixture
def simulated() -> tuple[str, ...]:
    """The open of 2 January 2019, where time starts unless it is told otherwise."""
    return ("--cash", "USD=1000000")


def refusal(simulator: Launched, path: str, body: dict[str, Any]) -> ControlError:
    with pytest.raises(ControlError) as refused:
        simulator.ask("POST", path, body)
    return refused.value


def test_the_record_begins_empty_and_says_what_there_is(simulator: Launched) -> None:
    state = simulator.state()
    assert state["time"] == "2019-01-02T14:30:00+00:00"
    assert (state["orders"], state["executions"], state["messages"], state["clients"]) == ([], [], [], [])
    account = state["accounts"][simulator.account]
    assert (account["cash"], account["netLiquidation"], account["positions"]) == (
        {"USD": "1000000"},
        "1000000",
        [],
    )


@pytest.mark.parametrize(
    ("body", "time"),
    [
        ({"by": 90}, "2019-01-02T14:31:30+00:00"),
        ({"by": "1 day"}, "2019-01-03T14:30:00+00:00"),
        ({"to": "2019-01-02T15:00:00Z"}, "2019-01-02T15:00:00+00:00"),
    ],
)
def test_time_is_advanced_by_a_duration_or_to_a_moment(
    simulator: Launched, body: dict[str, Any], time: str
) -> None:
    assert simulator.ask("POST", "/advance", body)["time"] == time


def test_a_trade_by_hand_is_at_the_market_and_in_the_account(simulator: Launched) -> None:
    simulator.trade("AAPL", "BUY", 100)
    state = simulator.state(messages=False)
    (execution,) = state["executions"]
    (position,) = state["accounts"][simulator.account]["positions"]
    assert (execution["price"], execution["ask"], execution["orderId"]) == ("37.91", "37.91", 0)
    assert (position["symbol"], position["quantity"]) == ("AAPL", "100")


def test_a_price_that_is_set_is_quoted_from_then_on(simulator: Launched) -> None:
    quoted = simulator.set_price("AAPL", "50")
    assert float(quoted["bid"]) <= 50 <= float(quoted["ask"])


@pytest.mark.parametrize(
    ("path", "body", "word"),
    [
        ("/advance", {}, "either"),
        ("/advance", {"by": "soon"}, "soon"),
        ("/advance", {"to": "2018-01-01T00:00:00Z"}, "passed"),
        ("/advance", {"by": 1, "speed": 2}, "speed"),
        ("/advance", {"by": 1e300}, "longer"),
        ("/advance", {"by": "700 weeks"}, "2030"),
        ("/advance", {"to": "2200-01-01T00:00:00Z"}, "2200"),
        ("/trade", {"symbol": "NOSUCH", "action": "BUY", "quantity": 1}, "NOSUCH"),
        ("/trade", {"symbol": "AAPL", "action": "HOLD", "quantity": 1}, "HOLD"),
        ("/trade", {"symbol": "AAPL", "action": "BUY", "quantity": -1}, "quantity"),
        ("/price", {"symbol": "AAPL", "price": 0}, "price"),
        ("/cash", {"amount": 0}, "amount"),
        ("/cash", {"amount": 5, "currency": "XYZ"}, "XYZ"),
        ("/cash", {"amount": 5, "account": "DU9"}, "DU9"),
        ("/restart", {"down": "long"}, "down"),
    ],
)
def test_what_is_asked_wrongly_is_400_and_a_sentence(
    simulator: Launched, path: str, body: dict[str, Any], word: str
) -> None:
    refused = refusal(simulator, path, body)
    assert refused.status == 400
    assert word in str(refused)


def test_nothing_trades_by_hand_while_the_market_is_closed_unless_a_price_is_given(
    simulator: Launched,
) -> None:
    simulator.advance(to="2019-01-02T22:00:00Z")
    order = {"symbol": "AAPL", "action": "BUY", "quantity": 1}
    assert "closed" in str(refusal(simulator, "/trade", order))
    assert simulator.ask("POST", "/trade", order | {"price": "36.50"})["averagePrice"] == "36.50"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nothing", 404), ("GET", "/advance", 405), ("POST", "/state", 405)],
)
def test_what_there_is_not_is_said_with_its_status(
    simulator: Launched, method: str, path: str, status: int
) -> None:
    with pytest.raises(ControlError) as refused:
        simulator.ask(method, path)
    assert refused.value.status == status


def test_a_body_that_is_no_json_is_400(simulator: Launched) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", simulator.control_port, timeout=120)
    connection.request("POST", "/advance", "{")
    answer = connection.getresponse()
    assert answer.status == 400
    assert "JSON" in json.loads(answer.read())["error"]
    connection.close()


def test_every_message_is_recorded_as_a_line_of_json(
    launch: Launch, tmp_path: Path, connect: Callable[..., Any]
) -> None:
    simulator = launch("--record", tmp_path / "wire.jsonl")
    connect(simulator, 7).disconnect()
    state = simulator.state()
    simulator.stop()
    lines = [json.loads(line) for line in (tmp_path / "wire.jsonl").read_text().splitlines()]
    assert lines[: len(state["messages"])] == state["messages"]
    names = [line["name"] for line in lines]
    assert names[:4] == ["handshake", "handshake", "startApi", "managedAccounts"]
    assert {line["direction"] for line in lines} == {"in", "out"}
    assert all(a["nanoseconds"] <= b["nanoseconds"] for a, b in pairwise(lines))


def test_a_folder_of_prices_without_its_contracts_is_refused_by_the_files_name(
    launch: Launch, tmp_path: Path
) -> None:
    with pytest.raises(LaunchError, match=r"contracts\.csv"):
        launch("--data", tmp_path)

"""Words and figures of real gateways in the middle of a run: zones, codes, silence, and what has to reach a person."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ib_trading.adapters.ib.session import IbGateway
from ib_trading.core.instruments import ContractSpec
from ib_trading.core.order_state import OrderState
from ib_trading.core.refusals import BrokerFault, GatewayNotReady, RequestError
from ib_trading.schema.log_events import RunEvent
from ib_trading_simulator.launch import Launched
from ib_trading_simulator.messages import outgoing
from ib_trading_simulator.messages.framing import frame
from tests.captured import named, said
from tests.service import START, ServiceUnderTest
from tests.wire.scripted import (
    ACCOUNT,
    NOW,
    ORDER,
    REF,
    Talk,
    commission,
    error,
    execution,
    open_order,
    order_status,
    told,
)

FILL = "e.1.01.01"


def test_a_fill_s_zone_that_nobody_knows_costs_its_time_the_certainty_alone(scripted: Talk) -> None:
    """It made every question a fault for the rest of the broker's day, after orders had filled."""
    filled = (
        open_order("Filled")
        + execution(100, FILL, time="20190102 10:00:00 Middle/Earth")
        + order_status("Filled", 100)
        + commission(FILL)
    )
    _, way = scripted({3: filled})
    with said() as lines, way.session() as broker:
        broker.place(*ORDER)
        report = broker.follow([REF], until_final=True, seconds=5)[REF]
        (fill,) = broker.fills([REF], seconds=5)
    assert (report.state, fill.quantity, f"{fill.at:%H:%M %Z}") == (OrderState.FILLED, 100, "10:00 UTC")
    (line,) = named(lines, RunEvent.UNCERTAIN_TIME)
    assert "Middle/Earth" in line["detail"]


@pytest.mark.parametrize("shares", ["", "9223372036854775807", "-9223372036854775808"])
def test_a_fill_without_a_size_is_a_fault_and_no_share(scripted: Talk, shares: str) -> None:
    def answer(fields: list[str]) -> bytes:
        told_of = execution(100, FILL, request=fields[2]).replace(b"\x00100\x00", f"\0{shares}\0".encode(), 1)
        length = (len(told_of) - 4).to_bytes(4, "big")
        return length + told_of[4:] + told(outgoing.EXECUTIONS_END, reqId=fields[2])

    _, way = scripted({7: answer})
    with way.session() as broker, pytest.raises(BrokerFault, match="where a quantity belongs"):
        broker.executions(ACCOUNT)


@pytest.mark.parametrize("size", ["", "9223372036854775807", "1.7976931348623157E308"])
def test_a_position_without_a_size_is_a_fault_and_not_no_position(scripted: Talk, size: str) -> None:
    fields = [
        "61",
        "3",
        ACCOUNT,
        "265598",
        "AAPL",
        "STK",
        "",
        "0.0",
        "",
        "",
        "",
        "USD",
        "AAPL",
        "NMS",
        size,
        "38.7",
    ]
    one = frame(fields)
    _, way = scripted({61: one + told(outgoing.POSITION_END)})
    with way.session() as broker, pytest.raises(BrokerFault, match="where a quantity belongs"):
        broker.positions(ACCOUNT)


@pytest.mark.parametrize("daily", ["", "9223372036854775807"])
def test_an_empty_profit_is_none_and_not_nothing_lost(scripted: Talk, daily: str) -> None:
    _, way = scripted({92: lambda fields: told(outgoing.PNL, reqId=fields[1], dailyPnL=daily)})
    with way.session() as broker:
        assert broker.daily_profit(ACCOUNT) is None


@pytest.mark.parametrize("pending", ["-1", "", "1.7976931348623157E308"])
def test_a_commission_that_is_not_known_yet_is_no_rebate(scripted: Talk, pending: str) -> None:
    filled = (
        open_order("Filled") + execution(100, FILL) + order_status("Filled", 100) + commission(FILL, pending)
    )
    _, way = scripted({3: filled})
    with way.session() as broker:
        broker.place(*ORDER)
        broker.follow([REF], until_final=True, seconds=5)
        (fill,) = broker.fills([REF], seconds=0.2)
    assert fill.commission is None


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (
            322,
            "Error processing request.-'bN' : cause - Only 15 working orders are allowed on either the buy or sell",
        ),
        (154, "Orders cannot be transmitted for a halted security"),
        (10311, "This order will be directly routed to ISLAND."),
        (10999, "Something that nobody has heard of yet."),
    ],
)
def test_an_error_about_an_order_of_which_nothing_is_shown_refuses_it(
    scripted: Talk, code: int, text: str
) -> None:
    _, way = scripted({3: error(1, code, text)})
    with way.session() as broker:
        broker.place(*ORDER)
        report = broker.follow([REF], until_final=True, seconds=5)[REF]
    assert (report.state, report.messages) == (OrderState.REJECTED, (f"{code} {text}",))


@pytest.mark.parametrize("code", [399, 2109, 10349, 10999])
def test_an_order_that_is_shown_after_a_remark_lives(scripted: Talk, code: int) -> None:
    """Also after a code that nobody knows."""
    shown = open_order("Submitted") + order_status("Submitted")
    _, way = scripted({3: error(1, code, "A word before.") + shown})
    with way.session() as broker:
        broker.place(*ORDER)
        report = broker.follow([REF], until_final=False, seconds=5)[REF]
    assert report.state is OrderState.WORKING


def test_the_order_id_of_another_client_does_not_make_ours_too_large(scripted: Talk) -> None:
    _, way = scripted({49: open_order("Submitted", order_id=2**31 - 1) + NOW})
    with way.session() as broker:
        broker.current_time()
        (number,) = broker.next_order_ids(1)
    assert number < 2**31 - 1


def test_a_version_above_what_was_offered_is_said_so() -> None:
    from tests.wire.scripted import ScriptedGateway

    with ScriptedGateway({}, version=177) as gateway:
        way = IbGateway("127.0.0.1", gateway.port, 101, connect_seconds=2)
        with (
            pytest.raises(
                GatewayNotReady, match="speaks version 177 of its protocol, and was offered none above 176"
            ),
            way.session(),
        ):
            pass


def test_delayed_ticks_after_a_remark_are_an_answer(scripted: Talk) -> None:
    """10091 says that a part of the data needs a subscription, and delayed prices follow."""
    from tests.adapters.samples import AAPL

    def answer(fields: list[str]) -> bytes:
        request = int(fields[2])
        return (
            error(request, 10091, "Part of requested market data requires additional subscription for API.")
            + told(outgoing.MARKET_DATA_TYPE, reqId=request, marketDataType=3)
            + told(outgoing.TICK_PRICE, reqId=request, tickType=66, price="38.5")
            + told(outgoing.SNAPSHOT_END, reqId=request)
        )

    _, way = scripted({49: NOW, 1: answer})
    with way.session() as broker:
        assert broker.quotes([AAPL])[AAPL.con_id].bid == Decimal("38.5")


@pytest.mark.parametrize(
    ("code", "text", "remedy"),
    [
        (10197, "No market data during competing live session", "end the other session"),
        (354, "Requested market data is not subscribed.", "subscribe to its market data"),
        (10089, "Requested market data requires additional subscription for API.", "for the API"),
        (10168, "Requested market data is not subscribed. Delayed market data is not enabled.", "subscribe"),
    ],
)
def test_why_there_is_no_price_reaches_the_person(
    simulator: Launched, service: ServiceUnderTest, code: int, text: str, remedy: str
) -> None:
    simulator.fault(
        {"do": "refuse", "code": code, "text": text}, message="reqMktData", symbol="KO", times="always"
    )
    reply = service.post("/allocation", {"strategies": ["dummy"]})
    detail = reply.body["detail"]
    assert (reply.status, f"KO: the broker gave no quote ({code} {text.rstrip('.')}; " in detail) == (
        422,
        True,
    ), detail
    assert remedy in detail


def wrong_type() -> ContractSpec:
    return ContractSpec("AAPL", sec_type="STOCK")


def test_a_security_type_that_is_none_is_the_request_s_mistake(simulator: Launched) -> None:
    """The broker calls it 321 and not 200; that was a fault of the broker's."""
    way = IbGateway("127.0.0.1", simulator.port, 101)
    with way.session() as broker, pytest.raises(RequestError, match="there is none"):
        broker.instruments([wrong_type()])


class TestReadOnly:
    """A gateway whose API is read-only answers nothing about orders but an error that is about no question."""

    @pytest.fixture
    def simulated(self) -> tuple[str, ...]:
        return ("--start", START, "--read-only")

    @pytest.mark.parametrize("path", ["/allocation", "/close-all", "/cash-balancer", "/trade-reconciliation"])
    def test_it_is_said_at_once_with_what_to_do(self, service: ServiceUnderTest, path: str) -> None:
        """It waited for ten seconds, and said "call again"."""
        begun = time.monotonic()
        reply = service.post(path, {"dryRun": True})
        assert (reply.status, "API is read-only (321" in reply.body["detail"]) == (502, True), reply.text
        assert "Read-Only API off" in reply.body["detail"]
        assert time.monotonic() - begun < 8

    def test_ready_says_it_until_it_is_over(
        self, service: ServiceUnderTest, launch: Callable[..., Launched]
    ) -> None:
        service.post("/allocation", {"dryRun": True})
        ready = service.get("/ready")
        (gateway,) = [one for one in ready.body["dependencies"] if one["name"] == "gateway"]
        assert (ready.status, gateway["state"]) == (503, "down")
        assert "API is read-only" in gateway["detail"]


class TestExecutionsWithoutAnEnd:
    """Recorded on a Sunday: the answer to the question for the day's executions never ends."""

    @pytest.fixture
    def service(self, tmp_path: Path, simulator: Launched) -> ServiceUnderTest:
        simulator.trade("KO", "BUY", 10)
        simulator.fault("omit", message="execDetailsEnd", times="always")
        return ServiceUnderTest.impatient(tmp_path, simulator.port)

    def test_close_all_is_not_stopped_by_it(self, simulator: Launched, service: ServiceUnderTest) -> None:
        with said() as lines:
            reply = service.post("/close-all")
        assert (reply.status, reply.body["consolidatedTrades"]) == (200, {"KO": -10}), reply.text
        assert named(lines, RunEvent.EXECUTIONS_UNANSWERED)
        assert not simulator.state(messages=False)["accounts"][simulator.account]["positions"]

    def test_an_allocation_is(self, service: ServiceUnderTest) -> None:
        """What filled today is not known, and so nor what strategies hold."""
        assert service.post("/allocation").status == 502


def test_a_refusal_in_mid_run_is_that_order_s_and_the_others_trade(
    simulator: Launched, service: ServiceUnderTest
) -> None:
    text = "Error processing request.-'bN' : cause - Only 15 working orders are allowed on either the buy or sell side"
    simulator.fault({"do": "refuse", "code": 322, "text": text}, message="placeOrder", symbol="KO")
    begun = time.monotonic()
    reply = service.post("/allocation", {"strategies": ["dummy"]}, Idempotency_Key="first")
    states = {one["localSymbol"]: one["status"] for one in reply.body["orders"]}
    assert states.pop("KO") == "rejected", json.dumps(states)
    assert set(states.values()) == {"filled"}
    assert "322 Error processing request" in reply.text
    assert time.monotonic() - begun < 30
    again: Any = service.post("/allocation", {"strategies": ["dummy"]}, Idempotency_Key="second")
    assert {one["localSymbol"] for one in again.body["orders"]} == {"KO"}
    assert again.status == 200, again.text

"""Connections: several clients, restarts, limits, and what is no client at all."""

from __future__ import annotations

import http.client
import signal
import socket
import struct
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from ib_insync import LimitOrder, MarketOrder, Stock

from ib_trading_simulator.launch import Launched, LaunchError
from ib_trading_simulator.messages.framing import frame
from tests.elapsed import within
from tests.wire.client import Connect, Launch, Until

TIMEOUT = 120
APPLE = Stock("AAPL", "SMART", "USD", conId=265598)

Dial = Callable[..., "Raw"]


class Raw:
    """A socket that speaks the protocol frame by frame."""

    def __init__(self, simulator: Launched, version: int = 176) -> None:
        self._socket = socket.create_connection(("127.0.0.1", simulator.port), timeout=TIMEOUT)
        offer = f"v100..{version}".encode()
        self.send_bytes(b"API\0" + struct.pack(">I", len(offer)) + offer)

    def send(self, *fields: str) -> None:
        self.send_bytes(frame(fields))

    def send_bytes(self, sent: bytes) -> None:
        self._socket.sendall(sent)

    def receive(self) -> list[str]:
        """The next message; [] when the connection was closed."""
        header = self._exactly(4)
        if len(header) < 4:
            return []
        return self._exactly(struct.unpack(">I", header)[0]).decode().split("\0")[:-1]

    def until(self, number: str) -> list[str]:
        """The next message with that number."""
        while (message := self.receive())[0] != number:
            pass
        return message

    def close(self) -> None:
        self._socket.close()

    def _exactly(self, size: int) -> bytes:
        received = b""
        while len(received) < size and (more := self._socket.recv(size - len(received))):
            received += more
        return received


@pytest.fixture
def simulated() -> tuple[str, ...]:
    """The open of 2 January 2019, where time starts unless it is told otherwise."""
    return ("--cash", "USD=1000000")


@pytest.fixture
def dial() -> Iterator[Dial]:
    """Opens sockets to simulators and hangs up at the end of the test."""
    with ExitStack() as open_sockets:

        def to(simulator: Launched, version: int = 176) -> Raw:
            session = Raw(simulator, version)
            open_sockets.callback(session.close)
            return session

        yield to


@pytest.fixture
def raw(simulator: Launched, dial: Dial) -> Callable[..., Raw]:
    """A started API session, past everything that a new client is sent."""

    def start(client_id: int = 9) -> Raw:
        session = dial(simulator)
        session.receive()
        session.send("71", "2", str(client_id), "")
        while session.until("4")[3] != "2158":
            pass
        return session

    return start


class TestHandshake:
    """How a session begins."""

    @pytest.mark.parametrize(("offered", "agreed"), [(157, 157), (170, 170), (176, 176), (226, 176)])
    def test_the_version_is_the_clients_newest_but_never_above_176(
        self, simulator: Launched, offered: int, agreed: int, dial: Dial
    ) -> None:
        session = dial(simulator, offered)
        version, at = session.receive()
        assert (version, at) == (str(agreed), "20190102 14:30:00 Greenwich Mean Time")

    def test_accounts_come_before_the_next_id_and_the_farms_after(
        self, simulator: Launched, dial: Dial
    ) -> None:
        session = dial(simulator)
        session.receive()
        session.send("71", "2", "9", "")
        messages = [session.receive() for _ in range(5)]
        assert [m[0] for m in messages] == ["15", "9", "4", "4", "4"]
        assert [m[3] for m in messages[2:]] == ["2104", "2106", "2158"]

    def test_a_second_connection_with_the_same_client_id_is_326_and_closed(
        self, simulator: Launched, raw: Callable[..., Raw], dial: Dial
    ) -> None:
        first = raw(9)
        second = dial(simulator)
        second.receive()
        second.send("71", "2", "9", "")
        assert second.receive()[:4] == ["4", "2", "-1", "326"]
        assert second.receive() == []
        first.send("49", "1")
        assert first.receive()[0] == "49"

    def test_own_live_orders_are_pushed_before_the_client_knows_that_it_is_connected(
        self, simulator: Launched, connect: Connect, until: Until, dial: Dial
    ) -> None:
        ib = connect(simulator, 5)
        trade = ib.placeOrder(APPLE, LimitOrder("BUY", 100, 30.0, tif="GTC", orderRef="ib-abc"))
        until(ib, lambda: trade.orderStatus.status == "Submitted")
        ib.disconnect()
        session = dial(simulator)
        session.receive()
        session.send("71", "2", "5", "")
        assert [session.receive()[0] for _ in range(5)] == ["5", "3", "53", "15", "9"]


class TestStrangers:
    """What is not understood harms only its own connection."""

    def test_an_unknown_request_is_answered_with_321(self, raw: Callable[..., Raw]) -> None:
        session = raw()
        session.send("999", "1")
        assert session.receive()[:4] == ["4", "2", "-1", "321"]

    def test_a_request_that_is_not_built_is_refused_by_its_id(self, raw: Callable[..., Raw]) -> None:
        session = raw()
        session.send("94", "41", "DU1234567", "", "265598")
        message = session.receive()
        assert message[:4] == ["4", "2", "41", "321"]
        assert "reqPnLSingle" in message[4]

    def test_a_request_that_ends_too_early_is_320_and_the_session_goes_on(
        self, raw: Callable[..., Raw]
    ) -> None:
        session = raw()
        session.send("3", "1", "265598")
        assert session.receive()[3] == "320"
        session.send("49", "1")
        assert session.receive()[0] == "49"

    @pytest.mark.parametrize("malformed", [b"\xff\xff\xff\xff", struct.pack(">I", 3) + b"abc"])
    def test_a_malformed_frame_closes_that_connection_and_no_other(
        self, simulator: Launched, raw: Callable[..., Raw], malformed: bytes
    ) -> None:
        good, bad = raw(1), raw(2)
        bad.send_bytes(malformed)
        assert bad.receive() == []
        good.send("49", "1")
        assert good.receive()[0] == "49"
        _, complaint = simulator.stop()
        assert "closed a connection" in complaint
        assert "Traceback" not in complaint

    def test_a_browser_is_hung_up_on(self, simulator: Launched) -> None:
        with socket.create_connection(("127.0.0.1", simulator.port), timeout=TIMEOUT) as browser:
            browser.sendall(b"GET / HTTP/1.1\r\n\r\n")
            assert browser.recv(100) == b""


class TestThrottle:
    """Fifty messages a second."""

    def test_the_fifty_first_message_is_error_100_and_the_third_offence_ends_the_session(
        self, raw: Callable[..., Raw]
    ) -> None:
        session = raw()
        session.send_bytes(frame(("49", "1")) * 53)
        numbers = []
        while message := session.receive():
            numbers.append(message[3] if message[0] == "4" else message[0])
        assert numbers == ["49"] * 50 + ["100"] * 3

    def test_the_limiter_can_be_turned_off(self, launch: Launch, until: Until, dial: Dial) -> None:
        simulator = launch("--message-rate", "0")
        session = dial(simulator)
        session.receive()
        session.send("71", "2", "1", "")
        session.send_bytes(frame(("49", "1")) * 200)
        assert [session.until("49")[0] for _ in range(200)] == ["49"] * 200


class TestSeveralClients:
    """Two clients see what two clients of a real gateway see."""

    def test_open_orders_are_ones_own_and_all_open_orders_everybodys(
        self, simulator: Launched, connect: Connect, until: Until
    ) -> None:
        first, second = connect(simulator, 1), connect(simulator, 2)
        trade = first.placeOrder(APPLE, LimitOrder("BUY", 100, 30.0, tif="DAY"))
        until(first, lambda: trade.orderStatus.status == "Submitted")
        assert second.reqOpenOrders() == []
        assert [t.order.clientId for t in second.reqAllOpenOrders()] == [1]

    def test_executions_of_another_client_are_seen_on_connecting(
        self, simulator: Launched, connect: Connect, until: Until
    ) -> None:
        first = connect(simulator, 1)
        trade = first.placeOrder(APPLE, MarketOrder("BUY", 100, tif="DAY", orderRef="ib-abc"))
        until(first, trade.isDone)
        first.disconnect()
        second = connect(simulator, 2)
        (fill,) = second.fills()
        assert (fill.execution.clientId, fill.execution.orderRef) == (1, "ib-abc")
        assert fill.commissionReport.commission == 1.0

    def test_a_fill_is_told_to_its_own_client_only_and_positions_to_all(
        self, simulator: Launched, connect: Connect, until: Until
    ) -> None:
        first, second = connect(simulator, 1), connect(simulator, 2)
        trade = first.placeOrder(APPLE, MarketOrder("BUY", 100, tif="DAY"))
        until(first, trade.isDone)
        until(second, second.positions)
        assert second.fills() == []

    def test_only_client_zero_may_bind_and_then_hears_of_manual_trades(
        self, simulator: Launched, connect: Connect, until: Until
    ) -> None:
        master, other = connect(simulator, 0), connect(simulator, 1)
        heard = []
        other.errorEvent += lambda _id, code, *_: heard.append(code)
        other.reqAutoOpenOrders(True)
        until(other, lambda: heard)
        assert heard == [321]
        simulator.trade("AAPL", "BUY", 10)
        until(master, master.fills)
        assert [f.execution.shares for f in master.fills()] == [10]
        assert other.fills() == []


class TestRestarts:
    """What a client finds when the gateway, or the simulator, comes back."""

    def test_a_restart_closes_sockets_and_forgets_nothing(
        self, simulator: Launched, connect: Connect, until: Until
    ) -> None:
        ib = connect(simulator, 1)
        trade = ib.placeOrder(APPLE, LimitOrder("BUY", 100, 30.0, tif="GTC"))
        until(ib, lambda: trade.orderStatus.status == "Submitted")
        simulator.restart()
        until(ib, lambda: not ib.isConnected())
        again = connect(simulator, 1)
        assert [t.order.permId for t in again.openTrades()] == [trade.order.permId]

    def test_a_state_file_outlives_a_killed_process(
        self, launch: Launch, connect: Connect, tmp_path: Path, until: Until
    ) -> None:
        first = launch("--state", tmp_path / "state.db")
        ib = connect(first, 1)
        filled = ib.placeOrder(APPLE, MarketOrder("BUY", 100, tif="DAY"))
        until(ib, filled.isDone)
        resting = ib.placeOrder(APPLE, LimitOrder("BUY", 100, 30.0, tif="GTC", orderRef="ib-abc"))
        until(ib, lambda: resting.orderStatus.status == "Submitted")
        before = first.state(messages=False)
        first.process.kill()
        first.process.communicate()
        until(ib, lambda: not ib.isConnected())

        second = launch("--state", tmp_path / "state.db")
        after = second.state(messages=False)
        assert {key: after[key] for key in before if key != "clients"} == {
            key: before[key] for key in before if key != "clients"
        }
        again = connect(second, 1)
        (trade,) = again.openTrades()
        assert (trade.order.permId, trade.order.orderRef) == (resting.order.permId, "ib-abc")
        assert again.client.getReqId() > resting.order.orderId

    @pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
    def test_it_ends_at_once_and_without_a_word_when_it_is_told_to(
        self, simulator: Launched, connect: Connect, number: signal.Signals, code: int
    ) -> None:
        connect(simulator, 1).reqMktData(APPLE)
        with within(1):
            assert simulator.stop(number) == (code, "")

    def test_it_ends_at_once_in_the_middle_of_a_long_advance(self, simulator: Launched, dial: Dial) -> None:
        session = dial(simulator)
        session.receive()
        session.send("71", "2", "1", "")
        contract = ("265598", "", "STK", "", "", "", "", "SMART", "", "USD", "", "")
        session.send("1", "11", "1", *contract, "0", "", "0", "0", "")
        with ThreadPoolExecutor() as pool:
            advancing = pool.submit(simulator.advance, by="900 days")
            # The volume of a session that has just opened is 0; another one means that time is passing.
            while (message := session.receive())[0] != "2" or message[4] == "0":
                pass
            assert simulator.stop(signal.SIGINT) == (130, "")
            # Whoever asked is hung up on, or hears that nothing more was due once nobody was connected.
            with suppress(OSError, http.client.HTTPException):
                advancing.result()

    def test_a_port_in_use_is_one_sentence(self, simulator: Launched) -> None:
        with pytest.raises(LaunchError) as refused:
            Launched.start("--port", str(simulator.port))
        assert str(refused.value).startswith(f"simulator: Port {simulator.port} is in use")
        assert "\n" not in str(refused.value)


def test_read_only_refuses_orders_and_answers_the_rest(
    launch: Launch, connect: Connect, until: Until
) -> None:
    simulator = launch("--read-only")
    ib = connect(simulator, 1, read_only=True)
    heard = []
    ib.errorEvent += lambda _id, code, *_: heard.append(code)
    ib.placeOrder(APPLE, MarketOrder("BUY", 100, tif="DAY"))
    until(ib, lambda: heard)
    assert (heard, simulator.state(messages=False)["orders"]) == ([321], [])
    assert ib.reqCurrentTime().year == 2019


def test_any_account_numbers_are_managed(launch: Launch, connect: Connect) -> None:
    simulator = launch("--account", "U1234567", "U7654321")
    assert connect(simulator, 1).managedAccounts() == ["U1234567", "U7654321"]


def test_time_flows_where_it_is_asked_to(launch: Launch, connect: Connect, until: Until) -> None:
    """At ten thousand times the real speed the next minute's quote comes by itself."""
    ib = connect(launch("--clock", "virtual:10000"), 1)
    ticker = ib.reqMktData(APPLE)
    until(ib, lambda: ticker.volume > 0)

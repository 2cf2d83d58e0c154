"""Sessions with a gateway: who connects, who shares, what is left behind, and what is said where there is none."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ib_trading.adapters.ib.session import IbGateway
from ib_trading.core.refusals import BrokerFault, GatewayNotReady
from ib_trading_simulator.launch import Launched
from tests.elapsed import within

CLIENT = 101


@pytest.fixture
def simulated() -> tuple[str, ...]:
    return ("--start", "2019-01-02T15:00:00Z")


def _gateway(simulator: Launched, client_id: int = CLIENT) -> IbGateway:
    return IbGateway("127.0.0.1", simulator.port, client_id)


def _free_port() -> int:
    """A port on which nothing listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def _descriptors() -> int:
    """How many files and descriptors this process has open."""
    return sum(1 for _ in Path("/dev/fd").iterdir())


def test_an_unreachable_gateway_is_not_ready_within_five_seconds_and_says_where() -> None:
    port = _free_port()
    with (
        within(5),
        pytest.raises(GatewayNotReady, match=f"127.0.0.1:{port} .*start it, or correct"),
        IbGateway("127.0.0.1", port, CLIENT).session(),
    ):
        pass


def test_a_gateway_that_accepts_and_says_nothing_is_not_ready_within_five_seconds() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        within(5),
        pytest.raises(GatewayNotReady, match=r"did not finish the handshake within 4\.5 s"),
        IbGateway("127.0.0.1", silent.getsockname()[1], CLIENT).session(),
    ):
        pass


def test_a_gateway_that_is_no_gateway_is_said_to_be_none() -> None:
    """Something else listens on the port, such as a web server."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(64)
                connection.sendall(b"\0\0\0\x04HTTP\0\0\0\x06a\0b\0c\0")
                connection.recv(64)

        answering = threading.Thread(target=answer)
        answering.start()
        with (
            pytest.raises(GatewayNotReady, match="no message of this protocol"),
            IbGateway("127.0.0.1", server.getsockname()[1], CLIENT).session(),
        ):
            pass
        answering.join()


def test_a_client_id_in_use_is_the_reason_and_not_a_time_out(simulator: Launched) -> None:
    with (
        within(4),
        _gateway(simulator).session(),
        pytest.raises(GatewayNotReady, match=f"client id {CLIENT} is still connected"),
        _gateway(simulator).session(),
    ):
        pass


def test_the_account_numbers_of_the_login_come_through(simulator: Launched) -> None:
    with _gateway(simulator).session() as broker:
        assert broker.managed_accounts() == (simulator.account,)


def test_a_live_account_number_comes_through_unchanged() -> None:
    """Paper code must be able to see that it is connected to a live account."""
    with (
        Launched.start("--clock", "virtual", "--account", "U7654321", "U7654322") as simulator,
        _gateway(simulator).session() as broker,
    ):
        assert broker.managed_accounts() == ("U7654321", "U7654322")


def test_two_threads_share_one_connection(simulator: Launched) -> None:
    gateway = _gateway(simulator)
    both_in = threading.Barrier(2)
    clients: list[list[object]] = []

    def use() -> None:
        with gateway.session() as broker:
            both_in.wait()
            broker.current_time()
            clients.append(simulator.state(messages=False)["clients"])
            both_in.wait()

    threads = [threading.Thread(target=use) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(seen) for seen in clients] == [1, 1]


def test_a_connection_that_fails_fails_for_everyone_who_waited_for_it() -> None:
    gateway = IbGateway("127.0.0.1", _free_port(), CLIENT)
    failures: list[str] = []

    def use() -> None:
        try:
            with gateway.session():
                pass
        except GatewayNotReady as error:
            failures.append(error.detail)

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(failures) == 4


def test_nothing_is_left_after_a_session(simulator: Launched) -> None:
    gateway = _gateway(simulator)
    threads, descriptors = threading.active_count(), _descriptors()
    for _ in range(3):
        with gateway.session() as broker:
            assert threading.active_count() == threads + 1
            broker.current_time()
        assert (threading.active_count(), _descriptors()) == (threads, descriptors)
    assert simulator.state(messages=False)["clients"] == []


def test_nothing_is_left_after_a_failed_connection() -> None:
    threads, descriptors = threading.active_count(), _descriptors()
    gateway = IbGateway("127.0.0.1", _free_port(), CLIENT)
    for _ in range(3):
        with pytest.raises(GatewayNotReady), gateway.session():
            pass
    assert (threading.active_count(), _descriptors()) == (threads, descriptors)


def test_the_client_id_is_free_as_soon_as_the_session_is_over(simulator: Launched) -> None:
    # Saying goodbye takes no deadline to run out.
    with within(4):
        for _ in range(5):
            with _gateway(simulator).session() as broker:
                assert broker.managed_accounts()


def test_a_session_ends_cleanly_when_its_user_fails(simulator: Launched) -> None:
    gateway = _gateway(simulator)
    with pytest.raises(ZeroDivisionError), gateway.session():
        raise ZeroDivisionError
    assert simulator.state(messages=False)["clients"] == []


def test_after_a_restart_of_the_gateway_the_next_session_connects_anew(simulator: Launched) -> None:
    gateway = _gateway(simulator)
    with gateway.session() as broker:
        simulator.restart()
        with pytest.raises(BrokerFault):
            broker.current_time()
        # Also while someone still holds the broken one.
        with gateway.session() as fresh:
            assert fresh.managed_accounts() == (simulator.account,)


def test_closing_ends_a_session_under_its_user_and_begins_no_other(simulator: Launched) -> None:
    gateway = _gateway(simulator)
    with gateway.session() as broker:
        gateway.close()
        with pytest.raises(BrokerFault, match="over"):
            broker.current_time()
    with pytest.raises(GatewayNotReady, match="shutting down"), gateway.session():
        pass
    assert simulator.state(messages=False)["clients"] == []


def test_the_last_attempt_is_remembered(simulator: Launched) -> None:
    gateway = _gateway(simulator)
    assert gateway.status().ok is None
    with gateway.session():
        pass
    connected = gateway.status()
    assert (connected.ok, connected.at is not None) == (True, True)
    simulator.stop()
    with pytest.raises(GatewayNotReady), gateway.session():
        pass
    failed = gateway.status()
    assert (failed.ok, "no gateway answers" in failed.detail) == (False, True)


def test_importing_the_adapter_imports_no_client_library_and_starts_no_thread() -> None:
    """A process of its own, because this one has long imported it."""
    program = (
        "import sys, threading; import ib_trading.adapters.ib.session; "
        "assert 'ib_insync' not in sys.modules; assert threading.active_count() == 1"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_the_first_session_of_a_process_may_begin_in_any_thread(simulator: Launched) -> None:
    """The library fails to import in a thread without an event loop on Python 3.11, and warns on later ones."""
    program = (
        "import sys, threading, warnings; warnings.simplefilter('error')\n"
        "from ib_trading.adapters.ib.session import IbGateway\n"
        "def use():\n"
        f"    with IbGateway('127.0.0.1', {simulator.port}, 101).session() as broker:\n"
        "        print(broker.managed_accounts())\n"
        "thread = threading.Thread(target=use); thread.start(); thread.join()\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert (ended.stdout.strip(), ended.stderr) == (f"('{simulator.account}',)", "")

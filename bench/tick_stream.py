"""Ticks as fast as they come to a plain socket: hours of quotes of twenty stocks on a hundred lines, in one advance.

And the same bytes from a bare asyncio server that writes message by message and computes nothing.
"""

from __future__ import annotations

import re
import socket
import threading
import time
from dataclasses import dataclass

from bench.replay import Answers
from bench.round_trips import OPTIONS, replaying
from simulator.framing import FrameReader, frame
from simulator.launch import HOST, Launched

LINES_A_STOCK = 5
HOURS = 4
VERSION = 176
STOCKS = tuple("AAPL AMD BAC BBY CVX GE HD JNJ JPM KO LLY MRK MSFT PEP PFE PG RRC UNH WMT XOM".split())

# The answer to reqCurrentTime, asked for when all is said.
_END = re.compile(rb"49\0001\000\d+\000$")


@dataclass(frozen=True, slots=True)
class Streamed:
    """`seconds` from the advance to the last tick, `frames` what came."""

    seconds: float
    frames: tuple[bytes, ...]


def simulated(resting: int = 0) -> Streamed:
    """`resting` orders lie far from the market while the ticks pass."""
    with Launched.start(*OPTIONS) as simulator, _connected(simulator.port) as client:
        _send(client, *_subscriptions(), *_orders(resting, simulator.account), ("49", "1"))
        _until_end(client)
        advance = threading.Thread(target=_advance, args=(simulator, client))
        began = time.perf_counter()
        advance.start()
        ended, received = _until_end(client)
        advance.join()
        return Streamed(ended - began, _framed(received)[:-1])


def bare(frames: tuple[bytes, ...]) -> float:
    """Seconds for the same frames, from the question to the last of them."""
    # Handshake and startApi are answered by nothing, the third message by everything.
    answers: Answers = [
        [frame((str(VERSION), "20190603 15:00:00 UTC"))],
        [],
        [*frames, frame(("49", "1", "0"))],
    ]
    with replaying(answers) as port, _connected(port) as client:
        began = time.perf_counter()
        _send(client, ("49", "1"))
        ended, _ = _until_end(client)
        return ended - began


def _connected(port: int) -> socket.socket:
    client = socket.create_connection((HOST, port))
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client.sendall(b"API\0" + frame((f"v{VERSION}..{VERSION}",))[:-1].replace(b"\0\0\0\x0a", b"\0\0\0\x09"))
    client.recv(4096)
    _send(client, ("71", "2", "7", ""))
    return client


def _send(client: socket.socket, *messages: tuple[str, ...]) -> None:
    client.sendall(b"".join(map(frame, messages)))


def _subscriptions() -> list[tuple[str, ...]]:
    return [
        ("1", "11", str(1000 * line + number), "0", symbol, "STK", "", "0", "", "", "SMART", "", "USD", "", "", "0",
         "", "0", "0", "")
        for line in range(LINES_A_STOCK)
        for number, symbol in enumerate(STOCKS)
    ]  # fmt: skip


def _orders(count: int, account: str) -> list[tuple[str, ...]]:
    """Purchases at a dollar, as the wire has them; each field stands where placeOrder has it."""
    raise NotImplementedError


def _advance(simulator: Launched, client: socket.socket) -> None:
    simulator.advance(by=HOURS * 3600)
    _send(client, ("49", "1"))


def _until_end(client: socket.socket) -> tuple[float, bytes]:
    """When the last bytes came, and all of them, the answer to reqCurrentTime included."""
    chunks: list[bytes] = []
    tail = b""
    while not _END.search(tail):
        if not (data := client.recv(1 << 20)):
            raise RuntimeError("the server hung up in the middle of its ticks")
        chunks.append(data)
        tail = (tail + data)[-40:]
    return time.perf_counter(), b"".join(chunks)


def _framed(received: bytes) -> tuple[bytes, ...]:
    """The frames again, each with its length before it."""
    return tuple(len(payload).to_bytes(4) + payload for payload in FrameReader().feed(received))

"""Ticks as fast as they come to a plain socket: hours of quotes of twenty stocks on a hundred lines, in one advance.

And the same bytes from a bare asyncio server that writes message by message and computes nothing.
"""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

from bench.replay import Answers
from bench.round_trips import OPTIONS, replaying
from ib_trading_simulator.launch import HOST, Launched
from ib_trading_simulator.messages import incoming
from ib_trading_simulator.messages.framing import PREFIX, FrameReader, frame

CLIENT_ID = "7"
LINES_A_STOCK = 5
HOURS = 4
VERSION = 176
STOCKS = tuple("AAPL AMD BAC BBY CVX GE HD JNJ JPM KO LLY MRK MSFT PEP PFE PG RRC UNH WMT XOM".split())

Fields = Mapping[str, str]

_STOCK = {"secType": "STK", "exchange": "SMART", "currency": "USD"}
_REQ_MKT_DATA, _PLACE_ORDER = incoming.TABLES[1], incoming.TABLES[3]
_ASK_TIME = frame(("49", "1"))
# Its answer, asked for when all is said.
_END = re.compile(rb"49\x001\x00\d{10}\x00$")


@dataclass(frozen=True, slots=True)
class Streamed:
    """`seconds` from the advance to the last tick, `frames` what came."""

    seconds: float
    frames: tuple[bytes, ...]


# Far from the market: purchases at a dollar, which none of the stocks falls to; and what only waits, of which a part
# trails the price.
LIMITS: tuple[Fields, ...] = ({"orderType": "LMT", "lmtPrice": "1.00"},)
STOPS: tuple[Fields, ...] = (
    {"orderType": "STP", "auxPrice": "1000"},
    {"orderType": "STP LMT", "auxPrice": "1000", "lmtPrice": "1000"},
    {"orderType": "TRAIL", "trailingPercent": "90"},
    {"orderType": "TRAIL", "auxPrice": "100"},
)


def simulated(resting: int = 0, kinds: tuple[Fields, ...] = LIMITS) -> Streamed:
    """`resting` orders of these kinds lie far from the market while the ticks pass."""
    with Launched.start(*OPTIONS) as simulator, _connected(simulator.port) as client:
        client.sendall(_subscriptions() + _orders(resting, kinds) + _ASK_TIME)
        _until_end(client)
        advance = threading.Thread(target=_advance, args=(simulator, client))
        began = time.perf_counter()
        advance.start()
        ended, received = _until_end(client)
        advance.join()
        states = {order["status"] for order in simulator.state(messages=False)["orders"]}
        if not states <= {"Submitted", "PreSubmitted"}:
            raise RuntimeError("the orders that should rest do not")
        return Streamed(ended - began, _framed(received)[:-1])


def bare(frames: tuple[bytes, ...]) -> float:
    """Seconds for the same frames, from the question to the last of them."""
    # Handshake and startApi are answered by nothing, the third message by everything.
    answers: Answers = [
        [frame((str(VERSION), "20190603 15:00:00 UTC"))],
        [],
        [*frames, frame(("49", "1", "1559574000"))],
    ]
    with replaying(answers) as port, _connected(port) as client:
        began = time.perf_counter()
        client.sendall(_ASK_TIME)
        ended, _ = _until_end(client)
        return ended - began


def _connected(port: int) -> socket.socket:
    client = socket.create_connection((HOST, port))
    offer = f"v{VERSION}..{VERSION}".encode("ascii")
    client.sendall(PREFIX + len(offer).to_bytes(4) + offer)
    client.recv(4096)
    client.sendall(frame(("71", "2", CLIENT_ID, "")))
    return client


def _subscriptions() -> bytes:
    return b"".join(
        _REQ_MKT_DATA.encode(
            VERSION,
            {
                "version": 11,
                "reqId": 100 * line + number,
                "symbol": symbol,
                "deltaNeutralContract": 0,
                "snapshot": 0,
            }
            | _STOCK,
        )
        for line in range(LINES_A_STOCK)
        for number, symbol in enumerate(STOCKS)
    )


def _orders(count: int, kinds: tuple[Fields, ...]) -> bytes:
    """Purchases, spread over the stocks and then over the kinds."""
    return b"".join(
        _PLACE_ORDER.encode(
            VERSION,
            {
                **_STOCK,
                "orderId": number + 1,
                "symbol": STOCKS[number % len(STOCKS)],
                "action": "BUY",
                "totalQuantity": 1,
                **kinds[number // len(STOCKS) % len(kinds)],
                "tif": "GTC",
                "transmit": 1,
                "deltaNeutralContract": 0,
            },
        )
        for number in range(count)
    )


def _advance(simulator: Launched, client: socket.socket) -> None:
    simulator.advance(by=HOURS * 3600)
    client.sendall(_ASK_TIME)


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

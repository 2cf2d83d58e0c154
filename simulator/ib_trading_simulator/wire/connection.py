"""One socket of a client: the handshake, then frame by frame to requests, and answers back in batches.

Decides how a connection begins and why it ends. What a request means is left to answers/; nothing here waits.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import datetime

from ib_trading_simulator.answers.dispatch import answer
from ib_trading_simulator.gateway.client import NO_ID, Client
from ib_trading_simulator.gateway.gateway import ClientIdInUse, Gateway
from ib_trading_simulator.gateway.request import Request
from ib_trading_simulator.messages import incoming, outgoing
from ib_trading_simulator.messages.framing import FrameReader, MalformedFrame, PrefixReader, fields_of, frame
from ib_trading_simulator.messages.reading import IncompleteMessage
from ib_trading_simulator.wire.message_log import UNKNOWN_CLIENT, MessageLog
from ib_trading_simulator.wire.throttle import Throttle

OLDEST_VERSION = 157
NEWEST_VERSION = 176

# A client that leaves this many bytes unread is gone in all but name; the real gateway drops it, too.
LARGEST_BACKLOG = 64 << 20

_START_API = 71

_log = logging.getLogger(__name__)


class Connection(asyncio.Protocol):
    """`requested` is called before a request and gives the time, `answered` after a batch, `ended` at the
    end.
    """

    def __init__(
        self,
        gateway: Gateway,
        log: MessageLog,
        throttle: Throttle,
        requested: Callable[[], datetime],
        answered: Callable[[], None],
        ended: Callable[[Connection], None],
    ) -> None:
        self._gateway = gateway
        self._log = log
        self._throttle = throttle
        self._requested = requested
        self._answered = answered
        self._ended = ended
        self._prefix: PrefixReader | None = PrefixReader()
        self._frames = FrameReader()
        self._version = 0
        self._client: Client | None = None
        self._unsent: list[bytes] = []
        self._transport: asyncio.Transport | None = None

    # The socket

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        try:
            self._read(data)
        except MalformedFrame as error:
            self._close(f"closed a connection: {error}")
        self._answered()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 (asyncio names it)
        if self._client:
            self._gateway.leave(self._client)
            self._client = None
        self._transport = None
        self._ended(self)

    @property
    def _closing(self) -> bool:
        return self._transport is None or self._transport.is_closing()

    def say(self, sent: bytes) -> None:
        """Writes a frame that is no answer."""
        self._write(sent)

    def flush(self) -> None:
        """Hands everything written so far to the socket, in one piece."""
        if not self._unsent or self._closing:
            self._unsent.clear()
            return
        assert self._transport is not None
        self._transport.write(b"".join(self._unsent))
        self._unsent.clear()
        if self._transport.get_write_buffer_size() > LARGEST_BACKLOG:
            _log.warning("dropped client %s: it does not read what it is sent", self._client_id)
            self._transport.abort()

    def close(self) -> None:
        """Ends the connection after what was written to it."""
        self.flush()
        if self._transport is not None:
            self._transport.close()

    def _hang_up(self, answered: bool) -> None:
        """Ends the connection in the middle of its work, with or without what was just written."""
        if not answered:
            self._unsent.clear()
        self.close()

    def _close(self, why: str) -> None:
        _log.warning("%s", why)
        self.close()

    @property
    def _client_id(self) -> int:
        return self._client.client_id if self._client else UNKNOWN_CLIENT

    def _write(self, sent: bytes) -> None:
        self._log.sent(self._client_id, sent)
        self._unsent.append(sent)

    # What arrives

    def _read(self, data: bytes) -> None:
        if self._prefix:
            rest = self._prefix.feed(data)
            if rest is None:
                return
            self._prefix, data = None, rest
        for payload in self._frames.feed(data):
            if self._closing:
                return
            self._log.received(self._client_id, payload)
            if not self._version:
                self._greet(payload)
            elif self._client is None:
                self._start(payload)
            elif self._throttle.admits(time.monotonic()):
                self._request(self._client, payload)
            else:
                self._refuse_rate(self._client)

    def _greet(self, payload: bytes) -> None:
        """`v157..176` with options after a space; without a trailing NUL, unlike everything that follows."""
        offer = payload.rstrip(b"\0").decode("ascii", "backslashreplace").partition(" ")[0]
        lowest, _, highest = offer.removeprefix("v").partition("..")
        if not offer.startswith("v") or not lowest.isdigit() or (highest and not highest.isdigit()):
            raise MalformedFrame(f"a connection offers the versions {offer!r}")
        version = min(int(highest or lowest), NEWEST_VERSION)
        if version < OLDEST_VERSION:
            raise MalformedFrame(
                f"a client speaks at most version {version}; {OLDEST_VERSION} is the oldest here"
            )
        self._version = version
        now = self._requested()
        self._write(frame((str(version), f"{now:%Y%m%d %H:%M:%S} Greenwich Mean Time")))

    def _start(self, payload: bytes) -> None:
        fields = fields_of(payload)
        if fields[0] != str(_START_API) or len(fields) < 3 or not fields[2].lstrip("-").isdigit():
            raise MalformedFrame(f"a client begins with message {fields[0]!r}, not with startApi")
        client_id = int(fields[2])
        self._requested()
        try:
            self._client = self._gateway.admit(client_id, self._version, self._write, self._hang_up)
        except ClientIdInUse:
            text = "Unable to connect as the client id is already in use. Retry with a unique client id."
            values = {"id": NO_ID, "errorCode": 326, "errorString": text}
            self._write(outgoing.ERROR.encode(self._version, values))
            self.close()

    def _request(self, client: Client, payload: bytes) -> None:
        fields = fields_of(payload)
        if not fields[0].isdigit():
            raise MalformedFrame(f"a message begins with {fields[0]!r}, not with its number")
        number = int(fields[0])
        table = incoming.TABLES.get(number)
        if table is None:
            self._refuse_unknown(client, number, fields[1:])
            return
        try:
            request = Request(table.name, table.decode(fields[1:], self._version))
        except (IncompleteMessage, ValueError) as error:
            client.error(NO_ID, 320, f"Error reading request. Unable to parse data. {error}")
            return
        self._requested()
        answer(self._gateway, client, request)

    def _refuse_unknown(self, client: Client, number: int, fields: tuple[str, ...]) -> None:
        known = incoming.NOT_BUILT.get(number)
        if known is None:
            client.error(
                NO_ID, 321, f"Error validating request.-'bW' : cause - no request has the number {number}"
            )
            return
        name, position = known
        spelled = fields[position] if position is not None and position < len(fields) else ""
        request_id = int(spelled) if spelled.lstrip("-").isdigit() else NO_ID
        text = f"Error validating request.-'bW' : cause - the simulator has not built {name}"
        client.error(request_id, 321, text)

    def _refuse_rate(self, client: Client) -> None:
        client.error(NO_ID, 100, self._throttle.text)
        if self._throttle.exhausted:
            self._close(f"closed the connection of client {client.client_id}: too many messages, three times")

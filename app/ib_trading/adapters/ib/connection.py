"""One connection to the gateway, on its loop: the handshake, questions with deadlines, orders on their way.

Decides how a failed connection is explained, that an unanswered question is a fault, and that nothing is asked while
the gateway has lost the broker. The library's own connect sequence is not used: it asks for everything at once and,
where an answer does not come, goes on as if there were none.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from ib_trading.adapters.ib import error_codes
from ib_trading.adapters.ib.deadlines import Deadlines
from ib_trading.adapters.ib.library import library
from ib_trading.adapters.ib.order_tracker import OrderTracker
from ib_trading.adapters.ib.pacing import Pace
from ib_trading.adapters.ib.replies import Replies, StrictDecoder
from ib_trading.core.order import Order
from ib_trading.core.pacing import OPEN_AT_ONCE
from ib_trading.core.refusals import BrokerFault, GatewayNotReady, QuestionRefused, Unanswered

LARGEST_ID = 2**31 - 1 - 1_000_000
"""An order id is a signed 32-bit integer; what another client has taken from here on leaves too few to go on from."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the gateway listens, and as which API client we come."""

    host: str
    port: int
    client_id: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class Connection:
    """Opened once, closed once. `client` is the library's sending side."""

    def __init__(self, endpoint: Endpoint, deadlines: Deadlines) -> None:
        self.endpoint = endpoint
        self.deadlines = deadlines
        self.orders = OrderTracker(endpoint.client_id)
        self.replies = Replies(self.orders, self._id_taken)
        self.pace = Pace()
        self.history_lines = asyncio.Semaphore(OPEN_AT_ONCE)
        self.client: Any = library().Client(self.replies)
        self.client.decoder = StrictDecoder(self.client.decoder, self.replies)
        # By order id: the message that took the order there.
        self._on_their_way: dict[int, int] = {}
        self._one_at_a_time: dict[Hashable, asyncio.Lock] = {}
        # A failure to split the handshake's bytes into messages, which the library would log and then wait on.
        self.client.conn.hasData.error_event.connect(self._on_unreadable_bytes)

    @property
    def faulty(self) -> bool:
        """Whether nothing more can be asked here: lost, restarting, or not understood."""
        return self.replies.fault is not None

    # Opening and closing

    async def open(self, seconds: float) -> None:
        """GatewayNotReady, with the reason that the gateway gave if it gave one."""
        host, port, client_id = self.endpoint.host, self.endpoint.port, self.endpoint.client_id
        handshake = asyncio.ensure_future(self.client.connectAsync(host, port, client_id, 0))
        try:
            async with asyncio.timeout(seconds):
                await asyncio.wait({handshake, self.replies.closed}, return_when=asyncio.FIRST_COMPLETED)
        except TimeoutError:
            raise GatewayNotReady(
                self._not_ready(f"did not finish the handshake within {seconds:g} s")
            ) from None
        finally:
            if not handshake.done():
                handshake.cancel()
            await asyncio.gather(handshake, return_exceptions=True)
        if handshake.cancelled():
            raise GatewayNotReady(self._not_ready("closed the connection during the handshake"))
        if isinstance(error := handshake.exception(), Exception):
            raise GatewayNotReady(self._unreachable(error)) from error
        offered, told = self.client.MaxClientVersion, self.client.serverVersion()
        if told > offered:
            self.client.disconnect()
            raise GatewayNotReady(
                self._not_ready(
                    f"speaks version {told} of its protocol, and was offered none above {offered}: nothing that it says"
                    " can be read"
                ),
                retry_after=None,
            )
        self.pace.answered(self.pace.sent())  # startApi, which the gateway counts too.

    def _not_ready(self, what: str) -> str:
        said = "; ".join(f"{code} {text}" for code, text in self.replies.said)
        if any(code == error_codes.CLIENT_ID_TAKEN for code, _ in self.replies.said):
            return (
                f"client id {self.endpoint.client_id} is still connected to the gateway at {self.endpoint}: wait until"
                " that session is over, or restart the gateway"
            )
        remedy = (
            "it may be logging in, wait for a second factor, or not allow API connections from this address"
        )
        return f"the gateway at {self.endpoint} {what}" + (f" ({said})" if said else "") + f": {remedy}"

    def _unreachable(self, error: Exception) -> str:
        return (
            f"no gateway answers at {self.endpoint} ({error}): start it, or correct host and port of its API in the"
            " settings"
        )

    async def close(self) -> None:
        """Says goodbye and lets the gateway close its side first, so that the client id is free afterwards."""
        transport = self.client.conn.transport
        if transport is not None and transport.can_write_eof():
            transport.write_eof()
            await asyncio.wait({self.replies.closed}, timeout=self.deadlines.close)
        self.client.disconnect()
        if self.client.conn.transport is not None:
            await asyncio.wait({self.replies.closed}, timeout=self.deadlines.close)

    def _on_unreadable_bytes(self, _event: object, error: Exception) -> None:
        self.replies.said.append((0, f"sent what is no message of this protocol: {error}"))
        self.client.conn.disconnect()

    def _id_taken(self, order_id: int) -> None:
        """The gateway has named that order id. Another client may have used the largest there is; ours go on."""
        if order_id < LARGEST_ID:
            self.client.updateReqId(order_id + 1)
        if order_id in self._on_their_way:
            self.pace.answered(self._on_their_way.pop(order_id))

    # Questions

    async def ask(
        self, what: str, send: Callable[[int], object], *, seconds: float | None = None
    ) -> list[Any]:
        """The parts of the answer to a question with a number of its own, which `send` gets.

        QuestionRefused where the broker answers with an error, Unanswered where it does not answer (`what` names the
        question in the sentence).
        """
        self.check()
        await self.pace.allow(1)
        req_id = self.client.getReqId()
        return await self._answer(req_id, what, lambda: send(req_id), seconds or self.deadlines.answer)

    async def ask_unnumbered(
        self, what: str, send: Callable[[], object], *, seconds: float | None = None
    ) -> list[Any]:
        """The same for a question that the wire does not number: one of its kind at a time.

        Its answer could still come and be taken for that to the next one of its kind: a late end without parts reads
        as "no positions". So silence makes the whole connection unusable, and the next session opens a new one.
        """
        lock = self._one_at_a_time.setdefault(what, asyncio.Lock())
        async with lock:
            self.check()
            await self.pace.allow(1)
            try:
                return await self._answer(what, what, send, seconds or self.deadlines.answer)
            except Unanswered as silence:
                self.replies.fail(
                    BrokerFault(f"{silence.detail}; it may yet, so this connection is given up: call again")
                )
                self.check()
                raise

    async def _answer(
        self, key: Hashable, what: str, send: Callable[[], object], seconds: float
    ) -> list[Any]:
        question = self.replies.open(key)
        number = self.pace.sent()
        try:
            send()
            async with asyncio.timeout(seconds):
                await question.ended
            self.pace.answered(number)
        except QuestionRefused:
            self.pace.answered(number)
            raise
        except TimeoutError:
            raise Unanswered(
                f"the gateway at {self.endpoint} did not answer the question for {what} within {seconds:g} s"
            ) from None
        except ConnectionError as error:
            raise BrokerFault(f"the question for {what} could not be sent: {error}") from error
        finally:
            self.replies.questions.pop(key, None)
        self.check()
        return question.parts

    def check(self) -> None:
        """BrokerFault while the gateway cannot know: the connection is lost, or its own to the broker is."""
        if self.replies.fault is not None:
            raise BrokerFault(self.replies.fault.detail)
        if self.replies.offline is not None:
            raise BrokerFault(f"the gateway has lost its connection to the broker ({self.replies.offline})")

    def tell(self, send: Callable[[], object]) -> None:
        """Sends what has no answer: a cancellation of a subscription, a setting."""
        self.pace.sent()
        send()

    # Orders

    def place(self, order: Order, order_id: int, contract: Any, ib_order: Any) -> None:
        """Sends one order, past the library's own bookkeeping: that asserts things after the bytes have left."""
        self.check()
        self.orders.sending(order, order_id)
        self._on_their_way[order_id] = self.pace.sent()
        self.client.placeOrder(order_id, contract, ib_order)

    def next_order_ids(self, count: int) -> tuple[int, ...]:
        self.check()
        return tuple(self.client.getReqId() for _ in range(count))

    def managed_accounts(self) -> tuple[str, ...]:
        self.check()
        return tuple(self.client.getAccounts())


def broker_fault(what: str, refused: Exception) -> BrokerFault:
    """For errors that no caller expects as an answer."""
    return BrokerFault(f"the broker refused the question for {what}: {refused}")

"""The running simulator: its sockets, the passing of its time, and the order of "done, kept, told".

Decides when time is caught up with, when state is made durable and when bytes leave. Everything runs on one
asyncio loop; nothing but /advance over a long time ever gives way in the middle of a piece of work.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from ib_trading_simulator.brokerage.account_profile import AccountProfile
from ib_trading_simulator.brokerage.broker import Broker
from ib_trading_simulator.brokerage.store import Store
from ib_trading_simulator.control.clock import Clock
from ib_trading_simulator.gateway.account_feed import EVERY
from ib_trading_simulator.gateway.gateway import Gateway
from ib_trading_simulator.market.history_pacing import Scope
from ib_trading_simulator.messages.framing import frame
from ib_trading_simulator.wire.connection import Connection
from ib_trading_simulator.wire.message_log import MessageLog
from ib_trading_simulator.wire.throttle import ALLOWED, Throttle

LOOPBACK = "127.0.0.1"

# Real seconds from a trade to the account values that follow from it: a burst of orders is valued once.
VALUES_AFTER = 0.05

# After so many steps of a long advance the loop may look at sockets and signals.
_STEPS_AT_ONCE = 32

# How far ahead the flowing clock looks for the next thing that is due, in simulated time.
_LOOK_AHEAD = timedelta(days=1)


class Simulator:
    """`store` keeps the state if there is one; `message_rate` 0 turns the limiter off."""

    def __init__(
        self,
        broker: Broker,
        clock: Clock,
        *,
        store: Store | None = None,
        log: MessageLog | None = None,
        read_only: bool = False,
        message_rate: int = ALLOWED,
        history: Scope = Scope.OFF,
        history_latency: timedelta = timedelta(0),
        profile: AccountProfile | None = None,
    ) -> None:
        self.broker = broker
        self.clock = clock
        self.log = log or MessageLog()
        self.gateway = Gateway(
            broker,
            self._later,
            read_only=read_only,
            history=history,
            history_latency=history_latency,
            profile=profile,
        )
        self._store = store
        self._message_rate = message_rate
        self._connections: set[Connection] = set()
        self._listening: asyncio.Server | None = None
        self._port = 0
        self._advancing = asyncio.Lock()
        self._something_changed = asyncio.Event()
        self._flow: asyncio.Task[None] | None = None
        self._valuing: asyncio.TimerHandle | None = None

    async def start(self, port: int) -> int:
        """Listens; gives the port. Raises OSError where the port cannot be had."""
        self._port = port
        await self._listen()
        self._keep()
        if self.clock.speed:
            self._flow = asyncio.get_running_loop().create_task(self._flowing())
        return self._port

    async def stop(self) -> None:
        """Closes every socket; what was said is durable already."""
        if self._flow:
            self._flow.cancel()
        if self._valuing:
            self._valuing.cancel()
        self._hang_up()
        await self._stop_listening()
        self._keep()

    async def restart(self, down: float = 0) -> None:
        """What a client sees of a gateway's restart: a last empty message, a closed socket, a port that comes
        back.

        `down` is in real seconds.
        """
        for connection in self._connections:
            connection.say(frame(("",)))
        self._hang_up()
        await self._stop_listening()
        await asyncio.sleep(down)
        await self._listen()

    # Time

    async def advance(self, to: datetime) -> None:
        """Goes on to a moment; on return everything due by then is done, kept and handed to the sockets.

        Raises ValueError for a moment that has passed.
        """
        async with self._advancing:
            self.catch_up()
            if to < self.broker.now:
                raise ValueError(f"{to.isoformat()} has passed: it is {self.broker.now.isoformat()}")
            steps = 0
            while self.broker.step(to):
                steps += 1
                if steps % _STEPS_AT_ONCE == 0:
                    self.settle()
                    await asyncio.sleep(0)
            self.clock.set(to)
            self.gateway.account_feed.publish(self.gateway.clients.values())
            self.settle()

    def catch_up(self) -> datetime:
        """The present moment, with everything done that is due by then."""
        if not self._advancing.locked() or not self.clock.speed:
            self.broker.catch_up(self.clock.now() if self.clock.speed else self.broker.now)
        return self.broker.now

    def settle(self) -> None:
        """Makes what happened durable, then tells it."""
        self.broker.run_due_calls()
        self._keep()
        self._flush()
        # An order's answer does not wait for the account to be valued.
        if self.gateway.tell_of_trades() and self._valuing is None:
            self._valuing = asyncio.get_running_loop().call_later(VALUES_AFTER, self._publish_values)
        self._flush()
        self._something_changed.set()

    def _publish_values(self) -> None:
        """The account values after one trade, or after a burst of them."""
        self._valuing = None
        self.gateway.account_feed.publish(self.gateway.clients.values())
        self._flush()

    def _later(self, seconds: float, action: Callable[[], None]) -> None:
        """Does something in real seconds, whatever the clock says; if the simulator ends before, never."""

        def act() -> None:
            action()
            self.settle()

        asyncio.get_running_loop().call_later(seconds, act)

    def _flush(self) -> None:
        for connection in tuple(self._connections):
            connection.flush()

    async def _flowing(self) -> None:
        """Wakes whenever something is due, or when what is due may have changed."""
        while True:
            self._something_changed.clear()
            now = self.clock.now()
            due = self.broker.schedule.next_due(self.broker.now, now + _LOOK_AHEAD)
            publish = now + EVERY if self.gateway.clients else None
            wait = min((self.clock.real_seconds_until(m) or 0 for m in (due, publish) if m), default=None)
            try:
                await asyncio.wait_for(self._something_changed.wait(), wait)
            except TimeoutError:
                self.catch_up()
                self.gateway.account_feed.publish(self.gateway.clients.values(), at_most_every=EVERY)
                self.settle()

    def _keep(self) -> None:
        if self._store:
            self._store.keep(self.broker)

    # Sockets

    async def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        self._listening = await loop.create_server(self._accept, LOOPBACK, self._port)
        self._port = self._listening.sockets[0].getsockname()[1]

    async def _stop_listening(self) -> None:
        if self._listening:
            self._listening.close()
            self._listening = None

    def _accept(self) -> Connection:
        connection = Connection(
            self.gateway,
            self.log,
            Throttle(self._message_rate),
            requested=self.catch_up,
            answered=self.settle,
            ended=self._ended,
        )
        self._connections.add(connection)
        return connection

    def _ended(self, connection: Connection) -> None:
        self._connections.discard(connection)

    def _hang_up(self) -> None:
        for connection in tuple(self._connections):
            connection.close()

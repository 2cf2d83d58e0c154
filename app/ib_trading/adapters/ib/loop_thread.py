"""An asyncio loop in a thread of its own, for as long as one connection lives.

Decides how work gets there and comes back: in the sequence in which it was handed over.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from ib_trading.core.refusals import BrokerFault

T = TypeVar("T")


class LoopThread:
    """Runs until `end`. A daemon, so that a loop nobody ended does not keep the program alive."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        # The library looks its loop up by thread.
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
            self._loop.run_until_complete(self._give_up())
        finally:
            asyncio.set_event_loop(None)
            self._loop.close()

    async def _give_up(self) -> None:
        """Cancels what is under way and lets it clean up; a socket closes one turn of the loop after that."""
        under_way = asyncio.all_tasks() - {asyncio.current_task()}
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        await asyncio.sleep(0)

    def submit(self, work: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
        """BrokerFault where the loop has ended already."""
        try:
            return asyncio.run_coroutine_threadsafe(work, self._loop)
        except RuntimeError:
            work.close()
            raise BrokerFault("the session with the gateway is over") from None

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Waits for the outcome; `work` has its own deadlines."""
        try:
            return self.submit(work).result()
        except concurrent.futures.CancelledError:
            raise BrokerFault("the session with the gateway was closed while a question was open") from None

    def hand_over(self, call: Callable[..., object], *arguments: object) -> None:
        """Runs `call` there after everything handed over before, without waiting for it."""
        try:
            self._loop.call_soon_threadsafe(call, *arguments)
        except RuntimeError:
            raise BrokerFault("the session with the gateway is over") from None

    @property
    def ended(self) -> bool:
        return not self._thread.is_alive()

    def end(self) -> None:
        """Cancels what is under way and returns when the thread is gone. May be called again."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

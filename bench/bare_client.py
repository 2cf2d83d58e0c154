"""ib_insync and nothing else, as the baselines use it: a coroutine on an event loop of its own, in this process."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

CLIENT_ID = 7


def run(work: Coroutine[Any, Any, T], seconds: float) -> T:
    """What `work` comes to. It imports ib_insync itself, which wants an event loop to be set. TimeoutError after
    `seconds`."""
    asyncio.set_event_loop(loop := asyncio.new_event_loop())
    try:
        return loop.run_until_complete(asyncio.wait_for(work, seconds))
    finally:
        loop.close()
        asyncio.set_event_loop(None)

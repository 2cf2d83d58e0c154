"""The one place where the client library is named: a switch to its successor, ib_async, is a change of NAME
(docs/decisions/0019-ib-async.md; `./nox -s ib-async` runs the adapter's tests with it).

Decides when it is imported (late, and under an event loop: at import it binds the thread's loop, and without one it
fails on Python 3.11 and warns on later ones) and that it writes no log lines of its own. What those lines would say
reaches the caller as an exception (connection.py, replies.py) or a message on an order (order_tracker.py). The imports
under TYPE_CHECKING elsewhere are for the type checker only.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import sys
from types import ModuleType

NAME = "ib_insync"


def library() -> ModuleType:
    """The library, from any thread, with a loop or without."""
    if NAME not in sys.modules:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            asyncio.run(_imported())
    # Whoever imported it first: what it says is told by the adapter, where it matters.
    logging.getLogger(NAME).setLevel(logging.CRITICAL + 1)
    return importlib.import_module(NAME)


async def _imported() -> None:
    importlib.import_module(NAME)

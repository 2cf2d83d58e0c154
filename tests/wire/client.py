"""What tests do with an ib_insync client, and the types of the fixtures of conftest.py that connect one to a simulator.
Loads the library only with what needs it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ib_trading_simulator.launch import Launched

if TYPE_CHECKING:
    from ib_insync import IB, Contract, Trade

Launch = Callable[..., Launched]
Connect = Callable[..., "IB"]
Until = Callable[["IB", Callable[[], object]], None]
Done = Callable[["IB", "Trade"], "Trade"]


def apple(ib: IB) -> Contract:
    from ib_insync import Stock

    (contract,) = ib.qualifyContracts(Stock("AAPL", "SMART", "USD"))
    return contract


def errors_of(ib: IB) -> list[tuple[int, int]]:
    """(request id, code) of every error from now on."""
    heard: list[tuple[int, int]] = []
    ib.errorEvent += lambda request_id, code, *_: heard.append((request_id, code))
    return heard


def codes_of(ib: IB) -> list[int]:
    """The code of every error from now on."""
    heard: list[int] = []
    ib.errorEvent += lambda _, code, *__: heard.append(code)
    return heard

"""What two processes do to one store at the same time, and how they are started together."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from typing import Any

from ib_trading.core.attribution import Booking
from ib_trading.core.history import Bar, Portion, Series
from ib_trading.core.lease import Lease
from ib_trading.core.totals import Totals
from tests.contracts.places import StorePlace, WarehousePlace
from tests.contracts.samples import NOON, a_run
from tests.spawned import finding_the_tests

_TIMEOUT = 240.0


def race(*calls: tuple[Callable[..., Any], tuple[object, ...]]) -> list[Any]:
    """The answers of `calls`, (function, arguments) each, run in processes of their own that start as one."""
    spawning = multiprocessing.get_context("spawn")
    line = spawning.Barrier(len(calls))
    pipes, runners = [], []
    for function, arguments in calls:
        ours, theirs = spawning.Pipe(duplex=False)
        runner = spawning.Process(target=_run, args=(line, theirs, function, arguments))
        with finding_the_tests():
            runner.start()
        theirs.close()
        pipes.append(ours)
        runners.append(runner)
    try:
        return [pipe.recv() for pipe in pipes if pipe.poll(_TIMEOUT)]
    finally:
        for runner, pipe in zip(runners, pipes, strict=True):
            runner.join(_TIMEOUT)
            pipe.close()


def claim_all(place: StorePlace, keys: Sequence[str], process: str) -> dict[str, str]:
    """Key → id of the run that has it, as this process was told."""
    owners = {}
    with place.opened() as stores:
        for key in keys:
            run = a_run(f"{process} {key}", key)
            owners[key] = (stores.journal.claim(run, None) or run).run_id
    return owners


def take_leases(place: StorePlace, holder: str, times: int) -> list[int]:
    """The fences of leases that were taken, found to be the newest, and given back."""
    fences: list[int] = []
    with place.opened() as stores:
        while len(fences) < times:
            now = datetime.now(UTC)
            lease = stores.trading_lease.acquire(holder, now, now + timedelta(seconds=30))
            if lease is not None:
                stores.trading_lease.check(lease)
                fences.append(lease.fence)
                stores.trading_lease.release(lease)
    return fences


def apply_one_by_one(place: StorePlace, bookings: Sequence[Booking], lease: Lease) -> int:
    """How many of `bookings` this process booked."""
    with place.opened() as stores:
        return sum(stores.positions.apply([booking], lease) for booking in bookings)


def read_totals(place: StorePlace) -> Totals:
    with place.opened() as stores:
        return stores.positions.totals()


def store_bars(place: WarehousePlace, series: Series, batches: Sequence[Sequence[Bar]]) -> int:
    """How many bars this process wrote."""
    warehouse = place.opened()
    return sum(sum(warehouse.store([Portion(series, bars)], NOON)) for bars in batches)


def _run(
    line: Barrier, answers: Connection, function: Callable[..., Any], arguments: tuple[object, ...]
) -> None:
    line.wait(_TIMEOUT)
    answers.send(function(*arguments))
    answers.close()

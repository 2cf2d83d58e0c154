"""A program: has many threads use something for the first time at once, in many processes, and prints how each ended.

`python -m tests.crash.first_use ENTRY FOLDER PROCESSES`. Each process is a copy of this one, made by fork before
anything of ENTRY was used: as fresh as a started one, for a fiftieth of its cost.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from ib_trading.adapters.ib.library import library
from ib_trading.adapters.ib.session import IbGateway
from ib_trading.composition import create
from ib_trading.core.attribution import Booking
from ib_trading.intents.good_after import good_after
from ib_trading.logs import log_as_json
from ib_trading.schema.intents import INTENTS
from ib_trading.schema.known_types import described
from ib_trading.schema.strict import parse
from ib_trading.schema.trading_config import TradingConfig, read_trading_config
from tests.service import ServiceUnderTest, closed_port

THREADS = 24
SWITCH_SECONDS = 1e-6
"""How long a thread runs before another one may: a thousandth of what is usual, so that they meet everywhere."""

SECTION = {
    "exposure": {"overall": "0.9", "strategies": {"dummy": "0.2", "trend": "0.6"}},
    "limits": {"maxOrdersPerRun": 50},
    "schedules": [
        {"intent": "allocation", "cron": "30 15 * * 1-5", "timeZone": "America/New_York", "body": {}},
        {
            "intent": "schedule-check",
            "cron": "0 20 * * 1-5",
            "timeZone": "Europe/Berlin",
            "body": {"hours": 9},
        },
    ],
}

Use = Callable[[], object]


def configuration(_: Path) -> list[Use]:
    return [lambda: read_trading_config(SECTION, "Pulumi.paper.yaml")]


def types_of_requests(_: Path) -> list[Use]:
    """Each alone and as a part of the configuration, in another sequence in each thread."""
    bodies = [intent.body for intent in INTENTS if intent.body]
    exposure = {"overall": "0.9", "strategies": {"trend": {"share": "0.6"}}}
    return [
        *(lambda body=body: parse({}, body) for body in bodies),
        lambda: parse(SECTION | {"exposure": exposure}, TradingConfig),
        lambda: described(TradingConfig),
    ]


def libraries(folder: Path) -> list[Use]:
    """What is imported inside functions, because it takes long and not everybody needs it."""
    services = ServiceUnderTest.over(folder, closed_port()).services
    now = datetime(2019, 6, 3, 15, tzinfo=UTC)
    return [
        lambda: library().Contract(conId=1),
        lambda: good_after("2030-06-03T16:00:00Z", now),
        services.config.read,
        lambda: services.warehouse.stored([1], "TRADES", "1 day"),
    ]


def application(folder: Path) -> list[Use]:
    """Every endpoint of the real application, on stores that are not there yet and a gateway that is not up."""
    for use in libraries(folder):
        use()
    services = ServiceUnderTest.over(folder, closed_port()).services
    absent = IbGateway("127.0.0.1", closed_port(), services.mode.client_id, connect_seconds=0.1)
    flask = create(replace(services, gateway=absent))
    known = {200, 400, 404, 409, 422, 503}

    def call(method: str, path: str, body: object) -> None:
        answer = flask.test_client().open(path, method=method, json=body)
        assert answer.status_code in known, (method, path, answer.status_code, answer.get_data())

    trading = {"dryRun": True}
    timed = {"orderProperties": {"goodAfterTime": "2030-06-03T16:00:00Z"}}
    calls: list[tuple[str, str, object]] = [
        ("POST", "/allocation", trading | timed),
        ("POST", "/cash-balancer", trading),
        ("POST", "/close-all", trading | {"strategies": ["dummy"]}),
        ("POST", "/collect-market-data", {"instruments": ["SPY"], "since": "2019-01-02"}),
        ("POST", "/schedule-check", {"hours": 20}),
        ("POST", "/trade-reconciliation", trading),
        ("PUT", "/trading-enabled", {"enabled": True, "reason": "Monday"}),
        ("GET", "/runs?limit=5", None),
        ("GET", "/runs/nobody", None),
        ("GET", "/explain/nobody", None),
        ("GET", "/openapi.json", None),
        ("GET", "/metrics", None),
        ("GET", "/ready", None),
    ]
    return [lambda asked=asked: call(*asked) for asked in calls]


def openapi_and_requests(folder: Path) -> list[Use]:
    """The document takes every type apart while requests of the same types come in."""
    every = application(folder)
    return [every[10], every[0], every[10], every[3]]


def stores(folder: Path) -> list[Use]:
    """Conversions of what is stored, and files that each thread finds missing."""
    from ib_trading.adapters.local.sqlite_spelling import of_row, to_row

    services = ServiceUnderTest.over(folder, closed_port()).services
    at = datetime(2019, 6, 3, 15, tzinfo=UTC)
    share = {"dummy": Decimal("2.50")}
    booked = Booking("e1", "ref", 1, Decimal("3.10"), at, share, {"dummy": Decimal(1)}, "USD")

    def convert() -> None:
        assert of_row(Booking, to_row(booked).values()) == booked

    return [
        convert,
        lambda: services.ledger.runs(3),
        services.switch.trading_switch,
        lambda: services.warehouse.stored([1], "TRADES", "1 day"),
        services.config.read,
    ]


ENTRIES: dict[str, Callable[[Path], list[Use]]] = {
    made.__name__: made
    for made in (configuration, types_of_requests, application, openapi_and_requests, stores, libraries)
}


def at_once(uses: Iterable[Use]) -> int:
    """In THREADS threads, which all begin at the same moment, each with another one of `uses`; 0 if none failed."""
    sys.setswitchinterval(SWITCH_SECONDS)
    line, ended_well = threading.Barrier(THREADS), []

    def run(use: Use) -> None:
        line.wait()
        use()
        ended_well.append(use)

    threads = [threading.Thread(target=run, args=(use,)) for use in islice(cycle(uses), THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return int(len(ended_well) < THREADS)


def in_a_process(work: Callable[[], int]) -> int:
    """`work`'s status in a copy of this process, or the number of the signal that ended it, below zero."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            status = work()
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main(entry: str, folder: str, processes: str) -> None:
    log_as_json(sys.stderr)
    codes: list[Any] = []
    for number in range(int(processes)):
        uses = ENTRIES[entry](Path(folder) / str(number))
        codes.append(in_a_process(lambda uses=uses: at_once(uses)))
    sys.stdout.write(json.dumps(codes))


if __name__ == "__main__":
    main(*sys.argv[1:])

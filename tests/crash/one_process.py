"""A process of the service that makes calls of its own and prints the answers: `python -m tests.crash.one_process`.

Reads one JSON document on stdin: {"folder", "port", "stackFile", "point", "minutes", "project", "calls": [[path, body,
key], …]}.
All calls start at once, each in a thread; each answer is one line on stdout.
"""

from __future__ import annotations

import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from ib_trading.composition import create
from ib_trading.logs import log_as_json
from tests.crash.counting import with_counter
from tests.crash.processes import on_firestore
from tests.crash.stopping import later, stopping
from tests.service import ServiceUnderTest


def main() -> None:
    log_as_json(sys.stderr)
    told = json.load(sys.stdin)
    made = ServiceUnderTest.over(Path(told["folder"]), told["port"], stack_file=told["stackFile"])
    stores = on_firestore(made.services, told["project"]) if told["project"] else None
    # A process that is to die at a point is watched in the embedded stores only.
    services = later(stores or stopping(made.services, made.folder, told["point"]), told["minutes"])
    services = replace(services, strategies=with_counter())
    application = create(services)
    line = threading.Barrier(len(told["calls"]))
    printing = threading.Lock()

    def call(path: str, body: object, key: str) -> None:
        service = ServiceUnderTest(services, application.test_client(), made.folder)
        line.wait()
        reply = service.post(path, body, Idempotency_Key=key)
        with printing:
            print(
                json.dumps(
                    {
                        "key": key,
                        "status": reply.status,
                        "body": reply.body,
                        "replayed": "Idempotency-Replayed" in reply.headers,
                    }
                ),
                flush=True,
            )

    with ThreadPoolExecutor(len(told["calls"])) as threads:
        for done in [threads.submit(call, *one) for one in told["calls"]]:
            done.result()


if __name__ == "__main__":
    main()

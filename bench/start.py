"""How long the service takes from its first instruction to its first answer, with Google's backend, beside a bare Flask
application under gunicorn that imports the same three clients.

Neither talks to Google: /health touches nothing. The two take turns, so that what the machine does besides falls on
both.
"""

from __future__ import annotations

import http.client
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.measured import Measured, milliseconds

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 7
BOUND = 1.5
TIMEOUT_SECONDS = 60.0
PAUSE_SECONDS = 0.005
SERVICE = {
    "BACKEND": "google",
    "PROJECT_ID": "bench",
    "FIRESTORE_DATABASE": "paper",
    "BIGQUERY_DATASET": "historical_data",
    "IB_GATEWAY": "127.0.0.1:4002",
}
# What the service has in the image, where the session has made it.
GUNICORN = (os.environ.get("SERVICE_PYTHON", sys.executable), "-m", "gunicorn")


def measure(rounds: int | None = None) -> Measured:
    service, bare = [], []
    # The first of each fills the machine's file cache, and does not count.
    for number in range((rounds or ROUNDS) + 1):
        port = _free_port()
        bare_seconds = _seconds_to_health(_bare(port), port, {})
        port = _free_port()
        service_seconds = _seconds_to_health(_service(), port, SERVICE | {"PORT": str(port)})
        if number:
            bare.append(bare_seconds)
            service.append(service_seconds)
    ratio = statistics.median(service) / statistics.median(bare)
    rows = [
        ("", "first answer", "ratio"),
        ("service with `BACKEND=google`", milliseconds(service), f"{ratio:.2f}"),
        ("bare Flask with the three clients", milliseconds(bare), "1"),
    ]
    about = f"From the start of the process to the first answered `/health`, medians of {len(service)}."
    figures = {"service": service, "bare": bare, "ratio": round(ratio, 4)}
    return Measured("start", about, rows, figures, {"ratio to the bare application": (ratio, BOUND)})


def _service() -> tuple[str, ...]:
    return (*GUNICORN, "-c", "images/application/gunicorn.conf.py", "ib_trading.main:app")


def _bare(port: int) -> tuple[str, ...]:
    return (
        *GUNICORN,
        *("--bind", f"127.0.0.1:{port}", "--worker-class", "gthread", "--threads", "8"),
        *("--log-level", "warning", "bench.bare_app:app"),
    )


def _seconds_to_health(command: Sequence[str], port: int, settings: Mapping[str, str]) -> float:
    """RuntimeError if the process ends or does not answer."""
    began = time.perf_counter()
    with subprocess.Popen(command, cwd=ROOT, env=os.environ | settings, stdout=subprocess.DEVNULL) as process:
        try:
            while not _healthy(port):
                if process.poll() is not None or time.perf_counter() - began > TIMEOUT_SECONDS:
                    raise RuntimeError(f"{command[-1]} did not answer; it ended with {process.returncode}")
                # Nobody says when a port opens: it is tried until it does.
                time.sleep(PAUSE_SECONDS)
            return time.perf_counter() - began
        finally:
            process.terminate()


def _healthy(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except ConnectionError:
        return False
    finally:
        connection.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]

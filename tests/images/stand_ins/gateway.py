"""Stands in for IBC and the gateway that it logs in: reads config.ini as IBC does, says what IBC says, and opens the
simulator's API port.

The simulator is mounted at /srv/tests when the container runs; it is no part of the image.
"""

import datetime
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

HOME = Path("/srv/tests")
# What outlives the container, as the broker does.
KEPT = Path("/srv/stores")
# A Monday in trading hours.
START = "2019-06-03T15:00:00Z"
PORTS = {"live": "4001", "paper": "4002"}
# The broker gives the accounts of paper trading a number of their own kind.
ACCOUNTS = {"live": "U1234567", "paper": "DU1234567"}


def main(arguments: list[str]) -> int:
    position = arguments.index("ibcalpha.ibc.IbcGateway")
    file, mode = arguments[position + 1 : position + 3]
    settings = dict(line.split("=", 1) for line in Path(file).read_text().splitlines() if "=" in line)
    note("started")
    print("End IBC Settings", flush=True)
    if not answers(os.environ.get("DISPLAY", "")):
        say("Can't connect to X11 window server")
        return 1
    if not (settings.get("IbLoginId") and settings.get("IbPassword")):
        say("no credentials in the configuration file")
        return 1
    say("Login attempt: 1")
    port = settings.get("OverrideTwsApiPort") or PORTS[mode]
    gateway = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "simulator",
            "--port",
            port,
            "--account",
            ACCOUNTS[mode],
            "--start",
            START,
            "--state",
            KEPT / "account.sqlite",
        ],
        env={**os.environ, "PYTHONPATH": str(HOME)},
        stdout=subprocess.PIPE,
    )
    assert gateway.stdout is not None
    # It says so when its port is open, and nothing after.
    gateway.stdout.readline()
    signal.signal(signal.SIGTERM, lambda *_: gateway.terminate())
    note("logged in")
    say("Login has completed")
    code = gateway.wait()
    note("logged out")
    return code


def answers(display: str) -> bool:
    """Whether an X server listens there, as the first window of the gateway would find out."""
    with socket.socket(socket.AF_UNIX) as window:
        return window.connect_ex(f"/tmp/.X11-unix/X{display.removeprefix(':')}") == 0


def note(event: str) -> None:
    """For the test: what the broker would know, and when (seconds of this machine's steady clock)."""
    with (KEPT / "sessions").open("a") as sessions:
        sessions.write(f"{event}\t{time.monotonic()}\n")


def say(line: str) -> None:
    print(f"{datetime.datetime.now():%Y-%m-%d %H:%M:%S:000} IBC: {line}", flush=True)  # noqa: DTZ005 - IBC's own


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

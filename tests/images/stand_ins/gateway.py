"""Stands in for IBC and the gateway that it logs in: reads config.ini as IBC does, and opens the simulator's API port.

The simulator is mounted at /mnt/tests when the container runs; it is no part of the image.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

HOME = Path("/mnt/tests")
PORTS = {"live": "4001", "paper": "4002"}


def main(arguments: list[str]) -> int:
    position = arguments.index("ibcalpha.ibc.IbcGateway")
    file, mode = arguments[position + 1 : position + 3]
    settings = dict(line.split("=", 1) for line in Path(file).read_text().splitlines() if "=" in line)
    if not os.environ.get("DISPLAY"):
        say("IBC: Can't connect to X11 window server")
        return 1
    if not (settings.get("IbLoginId") and settings.get("IbPassword")):
        say("IBC: no credentials in the configuration file")
        return 1
    say("IBC: Login attempt: 1")
    port = settings.get("OverrideTwsApiPort") or PORTS[mode]
    gateway = subprocess.Popen(
        [sys.executable, "-m", "simulator", "--port", port],
        env={**os.environ, "PYTHONPATH": str(HOME)},
        stdout=subprocess.DEVNULL,
    )
    signal.signal(signal.SIGTERM, lambda *_: gateway.terminate())
    say("IBC: Login has completed")
    code = gateway.wait()
    say("IBC: Logged out")
    return code


def say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""`python -m emulators [--stack FILE] [COMMAND …]`: starts Google's services here, and runs COMMAND with the variables
by which it finds them; without COMMAND prints these and waits for Ctrl-C.

Exit codes: COMMAND's own; 0 after Ctrl-C or SIGTERM; 2 where something is not installed, with a sentence for each.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from emulators.deployment import Emulated, deploy, emulated_services, spelled_for_a_shell
from ib_trading.schema.trading_config import TradingConfigError


def main(arguments: Sequence[str]) -> int:
    # What is started is ended on the way out, whoever asks for the end.
    signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGINT))
    given = _parser().parse_args(arguments)
    try:
        with emulated_services() as emulated:
            for missing in emulated.absent:
                print(missing, file=sys.stderr)
            if emulated.absent and not given.any:
                return 2
            if given.stack is not None:
                deploy(emulated, given.stack)
            return _run(given.command, emulated) if given.command else _wait(emulated, given.json)
    except TradingConfigError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m emulators", description=__doc__, allow_abbrev=False)
    parser.add_argument("--stack", type=Path, metavar="FILE", help="deploy this stack file's configuration")
    parser.add_argument("--any", action="store_true", help="do with those that are installed")
    parser.add_argument("--json", action="store_true", help="print the variables as one line of JSON")
    parser.add_argument("command", nargs=argparse.REMAINDER, metavar="COMMAND")
    return parser


def _run(command: Sequence[str], emulated: Emulated) -> int:
    with subprocess.Popen(command, env=os.environ | emulated.environment) as process:
        try:
            return process.wait()
        except KeyboardInterrupt:
            # Ctrl-C reached it too, a SIGTERM did not.
            process.terminate()
            raise


def _wait(emulated: Emulated, as_json: bool) -> int:
    told = json.dumps(emulated.environment) if as_json else spelled_for_a_shell(emulated.environment)
    print(told, flush=True)
    while True:
        signal.pause()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""`python -m workbench.configured FILE`: whether the strategies of this checkout fit what FILE configures.

Its trading section comes as JSON on standard input. The strategies are imported and asked in the very process that the
service asks them in. Everything that does not fit goes to standard output, and the exit code is 1 then. The deployment
runs it, as a program, so that nobody's strategy is imported into what may change the cloud. STRATEGY_PYTHON means what
it means to the service; STRATEGY_CHECK=off asks nobody: a version is deployed that is not this checkout's.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import structlog

from ib_trading.adapters.local.strategy_host import StrategyHost
from ib_trading.core.strategy import Failure
from ib_trading.host.process import FRAMES
from ib_trading.intents.chosen_strategies import unfit
from ib_trading.schema.trading_config import SECTION, TradingConfigError, read_trading_config
from ib_trading.settings import strategy_environment

SWITCH = "STRATEGY_CHECK"


def main(source: str, section: str, environment: Mapping[str, str]) -> int:
    if environment.get(SWITCH) == "off":
        return 0
    # What the host logs of a source, it also tells.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    python = Path(environment.get("STRATEGY_PYTHON") or sys.executable)
    # Nobody is shown a bar, so nothing need be ready for frames of them.
    host = StrategyHost(python, strategy_environment(environment), without=(FRAMES,))
    try:
        found = unfit(host, read_trading_config(json.loads(section), source))
    except TradingConfigError as error:
        found = (Failure(str(error)),)
    finally:
        host.close()
    for failure in found:
        sys.stdout.write(f"{_told(failure, source)}\n")
    return 1 if found else 0


def _told(failure: Failure, source: str) -> str:
    """What is the file's names it; the author's lines follow."""
    of_the_file = f"{source}: " if failure.sentence.startswith(SECTION) else ""
    return f"{of_the_file}{failure.sentence}\n{failure.traceback}".rstrip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.stdin.read(), os.environ))

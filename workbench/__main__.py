"""`python -m workbench new|check|show NAME`.

Exit codes: 0 when it is done and nothing is wrong, 1 when something is, 2 for wrong options.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from rich.console import Console

from ib_trading_simulator.market.contract_file import MarketFileError
from ib_trading_simulator.market.market import MarketError
from workbench.check import checked
from workbench.command_line import Options, read_options
from workbench.new import NotWritten, begin
from workbench.recorded import NotRecorded
from workbench.report import say_checked, say_failure, say_shown
from workbench.show import shown
from workbench.trial import Failed, NotOffered

LOG_WIDTH = 160
ROOT = Path(__file__).parents[1]


def main() -> int:
    options = read_options(sys.argv[1:])
    console = Console(highlight=False, width=None if sys.stdout.isatty() else LOG_WIDTH)
    try:
        return _done(console, options)
    except NotOffered as error:
        say_failure(console, str(error), error.failure)
    except Failed as error:
        say_failure(console, f"on {error.at:%Y-%m-%d} {options.wanted.strategy} {error}", error.failure)
    except (NotRecorded, NotWritten, MarketError, MarketFileError) as error:
        say_failure(console, str(error), None)
    return 1


def _done(console: Console, options: Options) -> int:
    wanted = options.wanted
    match options.command:
        case "new":
            strategy, test = begin(wanted.strategy, ROOT)
            console.print(f"wrote {strategy} and {test}; then: ./nox -s strategy -- check {wanted.strategy}")
            return 0
        case "show":
            say_shown(console, shown(wanted.strategy, wanted.parameters, os.environ))
            return 0
    found = checked(wanted, os.environ)
    say_checked(console, found)
    return 0 if found.is_good else 1


if __name__ == "__main__":
    sys.exit(main())

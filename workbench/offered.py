"""Says which strategies an image offers: run inside it by the service's Python, with this text on standard input.

Prints JSON: `offers`, the names, sorted, and `failures`, a sentence for each source that could not be imported there.
They are imported by the service's own host, as when it starts.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from pathlib import Path

HOME = "/app"
"""Where the image has the service; where there is none, the one that is installed is asked."""


def main() -> dict[str, object]:
    sys.path.append(HOME)
    import structlog

    from ib_trading.adapters.local.strategy_host import StrategyHost
    from ib_trading.settings import strategy_environment

    # What the host logs of a source, it also tells.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    python = Path(os.environ.get("STRATEGY_PYTHON") or sys.executable)
    host = StrategyHost(python, strategy_environment(os.environ))
    try:
        offers = host.offers()
    finally:
        host.close()
    return {
        "offers": offers.names,
        "failures": [failure.sentence for failure in offers.failures.values()],
    }


if __name__ == "__main__":
    json.dump(main(), sys.stdout)

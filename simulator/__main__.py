"""`python -m simulator` from the root of a clone, with any supported Python: runs the package beside this file, which
need not be installed.

There is no __init__.py here, so that this folder takes the name `simulator` from no installed package.
"""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    from ib_trading_simulator.__main__ import main

    sys.exit(main(sys.argv[1:]))

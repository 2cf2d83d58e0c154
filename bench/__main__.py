"""`python -m bench NAME [options]`: the list of measurements, and which one runs.

Exit codes: 0 when the measurement is within its bound, 1 when it is not, 2 for a name or an option that is not known.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from bench import orders

MEASUREMENTS: dict[str, Callable[[Sequence[str]], int]] = {"orders": orders.measure}


def main(arguments: Sequence[str]) -> int:
    name = arguments[0] if arguments else ""
    if name in MEASUREMENTS:
        return MEASUREMENTS[name](arguments[1:])
    asked = f"there is no measurement {name!r}" if name else "say which measurement"
    print(f"bench: {asked}; known: {', '.join(MEASUREMENTS)}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""`python -m bench NAME … [options]`: the list of measurements, and which of them run.

    python -m bench orders ingest core host simulator start preview container [--rounds N] [--json FILE] [--no-document]

Prints, and writes the figures into docs/performance.md. Exit codes: 0 when every measurement is within its bounds, 1
when one is not, 2 for a name or an option that is not known.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from bench import container, core, host, ingest, orders, preview, simulator, start
from bench.measured import DOCUMENT, Measured, write_document, write_figures
from ib_trading.logs import log_as_json

MEASUREMENTS: dict[str, Callable[[int | None], Measured]] = {
    "orders": orders.measure,
    "ingest": ingest.measure,
    "core": core.measure,
    "host": host.measure,
    "simulator": simulator.measure,
    "start": start.measure,
    "preview": preview.measure,
    "container": container.measure,
}


def main(arguments: Sequence[str]) -> int:
    given = _read(arguments)
    if isinstance(given, str):
        print(f"bench: {given}; known: {', '.join(MEASUREMENTS)}", file=sys.stderr)
        return 2
    measured = []
    for name in dict.fromkeys(given.names):
        measured.append(MEASUREMENTS[name](given.rounds))
        print(measured[-1].for_terminal(), end="\n\n", flush=True)
    if given.json:
        write_figures(given.json, measured)
    if not given.no_document:
        write_document(DOCUMENT, measured)
    return 0 if all(one.within for one in measured) else 1


def _read(arguments: Sequence[str]) -> argparse.Namespace | str:
    """The options, or what is wrong with the names."""
    parser = argparse.ArgumentParser(prog="./nox -s bench --", description="Measures the project, as ratios.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(MEASUREMENTS))
    parser.add_argument("--rounds", type=int, metavar="N", help="instead of each measurement's own number")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    parser.add_argument("--no-document", action="store_true", help="leave docs/performance.md as it is")
    given = parser.parse_args(arguments)
    if given.rounds is not None and given.rounds < 1:
        parser.error("--rounds has to be at least 1")
    unknown = [name for name in given.names if name not in MEASUREMENTS]
    if unknown:
        return f"there is no measurement {unknown[0]!r}"
    return given if given.names else "say which measurement"


if __name__ == "__main__":
    # A deployment writes its lines, which takes its time; nobody reads these.
    with Path(os.devnull).open("w", encoding="utf-8") as unread:
        log_as_json(unread)
        sys.exit(main(sys.argv[1:]))

"""The command line of the demonstration."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

DEFAULT_PAGE = Path(".local/demo/report.html")
"""Below the repository, where git ignores it."""


@dataclass(frozen=True, slots=True)
class Options:
    """`page` None is the default place, `keep` leaves simulator and service running until Ctrl-C, `google` puts the
    stores into emulators of Google's services."""

    json: Path | None
    page: Path | None
    keep: bool
    google: bool


def read_options(arguments: Sequence[str]) -> Options:
    """Exits with code 2 and one sentence for what cannot be followed."""
    parser = argparse.ArgumentParser(
        prog="./nox -s demo --",
        description="Trades a simulated month on recorded prices, and shows what happened.",
        allow_abbrev=False,
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every request and response there")
    parser.add_argument("--page", type=Path, metavar="FILE", help=f"the HTML page (default: {DEFAULT_PAGE})")
    parser.add_argument("--keep", action="store_true", help="leave it running afterwards, until Ctrl-C")
    parser.add_argument(
        "--backend",
        choices=("local", "google"),
        default="local",
        help="where the stores are: SQLite and DuckDB (the default), or emulators of Firestore and BigQuery",
    )
    given = parser.parse_args(arguments)
    for file in (given.json, given.page):
        if file is not None and not file.resolve().parent.is_dir():
            parser.error(f"there is no folder {file.resolve().parent}")
    return Options(given.json, given.page, given.keep, given.backend == "google")

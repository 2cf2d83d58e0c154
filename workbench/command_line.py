"""The command line of the workbench."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time

from workbench.check import Wanted


@dataclass(frozen=True, slots=True)
class Options:
    """`command` is new, check or show."""

    command: str
    wanted: Wanted


def read_options(arguments: Sequence[str]) -> Options:
    """Exits with code 2 and one sentence for what cannot be followed."""
    parser = argparse.ArgumentParser(
        prog="./nox -s strategy --", description="Begins, shows and tries a strategy.", allow_abbrev=False
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="new|check|show")
    new = commands.add_parser("new", help="write a strategy and its test, to begin with")
    check = commands.add_parser("check", help="ask it on recorded days, and say what is wrong with it")
    show = commands.add_parser("show", help="say what it declares, and its parameters")
    for command in (new, check, show):
        command.add_argument("name", metavar="NAME")
    for command in (check, show):
        command.add_argument("parameters", nargs="*", type=_parameter, metavar="PARAMETER=VALUE")
    check.add_argument("--days", type=_days, default=60, help="how many days of the record (default: 60)")
    check.add_argument(
        "--at", type=_time, default=time(15), metavar="HH:MM", help="by the exchange's clock (default: 15:00)"
    )
    check.add_argument(
        "--market", default="world", help="a market of the simulator's, or a folder of your prices"
    )
    given = parser.parse_args(arguments)
    if given.command != "check":
        return Options(given.command, Wanted(given.name, dict(getattr(given, "parameters", ()))))
    wanted = Wanted(given.name, dict(given.parameters), given.days, given.at, given.market)
    return Options(given.command, wanted)


def _parameter(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not (name and sign):
        raise argparse.ArgumentTypeError(f"{text!r} is no parameter; write e.g. fast=8")
    return name, value


def _days(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 1000:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of days from 1 to 1000")
    return int(text)


def _time(text: str) -> time:
    try:
        return time.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no time of day; write e.g. 15:30") from None

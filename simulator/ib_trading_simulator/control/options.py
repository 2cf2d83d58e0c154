"""The command line: its options, their meaning, and one sentence for each way to get them wrong."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import NoReturn

from ib_trading_simulator.brokerage.account_profile import PROFILES
from ib_trading_simulator.control.clock import UnreadableTime, moment_of
from ib_trading_simulator.market.history_pacing import Scope
from ib_trading_simulator.market.rates import CURRENCIES
from ib_trading_simulator.wire.throttle import ALLOWED

DEFAULT_PORT = 4002
DEFAULT_ACCOUNT = "DU1234567"


class WrongOption(Exception):
    """An option that cannot be followed; the text is one sentence."""


@dataclass(frozen=True, slots=True)
class Options:
    """`speed` is simulated seconds a real second; 0 is a clock that stands still. `market` is a name or a
    folder.
    """

    port: int
    control_port: int
    market: str | Path
    accounts: tuple[str, ...]
    cash: dict[str, Decimal]
    base_currency: str
    start: datetime | None
    speed: float
    seed: int
    record: Path | None
    read_only: bool
    state: Path | None
    message_rate: int
    history: Scope
    history_latency: timedelta
    scenario: Path | None
    profile: str
    ledger_prefix: bool
    others: bool


class _Parser(argparse.ArgumentParser):
    """argparse prints usage and exits; here a mistake is an exception with one sentence."""

    def error(self, message: str) -> NoReturn:
        raise WrongOption(f"{message[0].upper()}{message[1:].rstrip('.')}; see --help.")


def read(arguments: Sequence[str]) -> Options:
    """Raises WrongOption."""
    given = _parser().parse_args(arguments)
    named = given.account or [DEFAULT_ACCOUNT]
    accounts = tuple(name for names in named for name in names.split(",") if name)
    if not accounts or len(set(accounts)) != len(accounts):
        raise WrongOption("--account needs account numbers, each once, such as DU1234567 or DU1,DU2.")
    return Options(
        port=_port("--port", given.port),
        control_port=_port("--control-port", given.control_port),
        market=given.data or given.market,
        accounts=accounts,
        cash=_cash(given.cash),
        base_currency=_currency("--base-currency", given.base_currency),
        start=_start(given.start),
        speed=_speed(given.clock),
        seed=given.seed,
        record=given.record,
        read_only=given.read_only,
        state=given.state,
        message_rate=given.message_rate,
        history=Scope(given.history_pacing),
        history_latency=_latency(given.history_latency),
        scenario=given.scenario,
        profile=given.profile,
        ledger_prefix=given.ledger_prefix,
        others=given.others,
    )


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="ib-trading-simulator",
        description="A stand-in for IB Gateway. The first line on stdout is JSON: port, controlPort, account.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--port", type=int, default=DEFAULT_PORT, help="the API's port; 0 picks one (default: %(default)s)")
    add("--control-port", type=int, default=0, help="the control port; 0, the default, picks one")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--data", type=Path, metavar="DIR", help="your own prices: a folder of CSV files")
    where.add_argument(
        "--market", default="world", metavar="NAME", help="built-in prices (default: %(default)s)"
    )
    add("--account", action="extend", nargs="+", metavar="ACCOUNT", help=f"(default: {DEFAULT_ACCOUNT})")
    add(
        "--cash", default="USD=100000", metavar="USD=100000,CHF=5000", help="each account's cash at the start"
    )
    add("--base-currency", default="USD", metavar="USD")
    add("--start", metavar="ISO", help="the time to start at; with --clock real it flows from there")
    add(
        "--clock",
        default="real",
        metavar="real|virtual[:SPEED]",
        help="virtual stands still until it is advanced",
    )
    add("--scenario", type=Path, metavar="FILE", help="misbehave from the start: faults, TOML or JSON")
    _add_kind_of_account(parser)
    add("--seed", type=int, default=0, help="of everything the simulator makes up (default: 0)")
    add("--record", type=Path, metavar="FILE", help="write every message there, as JSON lines")
    add(
        "--read-only",
        action="store_true",
        help="refuse whatever has to do with orders, as the gateway's setting",
    )
    add(
        "--state", type=Path, metavar="FILE", help="keep orders, holdings and time there, and go on from them"
    )
    add(
        "--message-rate",
        type=int,
        default=ALLOWED,
        metavar="N",
        help="messages a second; 0 is no limit (%(default)s)",
    )
    add(
        "--history-pacing",
        choices=[str(scope) for scope in Scope],
        default=str(Scope.OFF),
        help="refuse bars asked for too often: of 30 seconds or less (on), of any size (all); %(default)s",
    )
    add(
        "--history-latency",
        type=float,
        default=0.0,
        metavar="SECONDS",
        help="how long an answer with bars takes, by the simulator's clock (default: 0)",
    )
    return parser


def _add_kind_of_account(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "--profile",
        choices=list(PROFILES),
        default="us-margin",
        help="as what kind of account it is told (%(default)s)",
    )
    add(
        "--ledger-prefix",
        action="store_true",
        help="per-currency keys as $LEDGER-KEY, as of release 10.47 on",
    )
    add("--others", action="store_true", help="someone else's positions besides, one of each kind, unquoted")


def _latency(seconds: float) -> timedelta:
    if not 0 <= seconds <= 3600:
        raise WrongOption(f"--history-latency is {seconds:g}; it is 0 to 3600 seconds.")
    return timedelta(seconds=seconds)


def _port(option: str, port: int) -> int:
    if not 0 <= port <= 65535:
        raise WrongOption(f"{option} is {port}; a port is 0 to 65535.")
    return port


def _cash(spelled: str) -> dict[str, Decimal]:
    cash: dict[str, Decimal] = {}
    for part in spelled.split(","):
        currency, separator, amount = part.strip().partition("=")
        try:
            cash[_currency("--cash", currency)] = Decimal(amount)
        except InvalidOperation:
            separator = ""
        if not separator or not cash[currency].is_finite():
            raise WrongOption(f"--cash has {part!r}; it is written USD=100000,CHF=5000.")
    return cash


def _currency(option: str, currency: str) -> str:
    if currency not in CURRENCIES:
        raise WrongOption(f"{option} has {currency!r}; there are rates for {', '.join(CURRENCIES)}.")
    return currency


def _start(spelled: str | None) -> datetime | None:
    try:
        return moment_of(spelled) if spelled else None
    except UnreadableTime as error:
        raise WrongOption(f"--start: {error}.") from None


def _speed(clock: str) -> float:
    kind, _, spelled = clock.partition(":")
    if clock == "real":
        return 1.0
    if clock == "virtual":
        return 0.0
    try:
        speed = float(spelled) if kind == "virtual" else 0.0
    except ValueError:
        speed = 0.0
    if not 0 < speed <= 1e6:
        raise WrongOption(
            f"--clock is {clock!r}; it is real, virtual, or virtual:60 for sixty times as fast."
        )
    return speed

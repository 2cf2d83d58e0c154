"""`ib-trading-simulator`: reads the options, puts the parts together, runs until it is told to end.

Exit codes: 0 after SIGTERM, 130 after Ctrl-C, 2 with one sentence on stderr for options that cannot be
followed.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import signal
import sys
from collections.abc import Generator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TextIO

from ib_trading_simulator.brokerage.account import Holdings
from ib_trading_simulator.brokerage.account_profile import PROFILES, AccountProfile
from ib_trading_simulator.brokerage.accounts import Accounts
from ib_trading_simulator.brokerage.broker import Broker
from ib_trading_simulator.brokerage.foreign import KINDS
from ib_trading_simulator.brokerage.refusal import Refusal
from ib_trading_simulator.brokerage.store import Store, StoreError
from ib_trading_simulator.control.clock import Clock
from ib_trading_simulator.control.control import Control
from ib_trading_simulator.control.options import Options, WrongOption, read
from ib_trading_simulator.control.server import Simulator
from ib_trading_simulator.market.contract_file import MarketFileError
from ib_trading_simulator.market.market import Market, MarketError
from ib_trading_simulator.misbehaving.faults import FaultError
from ib_trading_simulator.misbehaving.scenario import ScenarioError, read_scenario
from ib_trading_simulator.wire.message_log import MessageLog

# Where a market's record allows it, time starts on this day; the built-in stocks were recorded until 2022.
_DEFAULT_DAY = date(2019, 1, 2)

_EXIT_WRONG_OPTION = 2
_EXIT_INTERRUPTED = 130


def main(arguments: Sequence[str]) -> int:
    logging.basicConfig(stream=sys.stderr, format="simulator: %(message)s")
    try:
        options = read(arguments)
        with _record(options) as record, _store(options) as store:
            return asyncio.run(_run(options, record, store))
    except (WrongOption, MarketError, MarketFileError, ScenarioError, StoreError) as error:
        print(f"simulator: {error}", file=sys.stderr)
        return _EXIT_WRONG_OPTION


async def _run(options: Options, record: TextIO | None, store: Store | None) -> int:
    # Ctrl-C may come at any moment, also while prices are read: from here on it is a number in a future.
    ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    for number, code in ((signal.SIGINT, _EXIT_INTERRUPTED), (signal.SIGTERM, 0)):
        asyncio.get_running_loop().add_signal_handler(number, _end, ended, code)
    simulator = _simulator(options, record, store)
    control = Control(simulator)
    try:
        ports = await _listen(simulator, control, options)
        print(json.dumps(ports), flush=True)
        return await ended
    finally:
        await control.stop()
        await simulator.stop()


def _end(ended: asyncio.Future[int], code: int) -> None:
    if not ended.done():
        ended.set_result(code)


async def _listen(simulator: Simulator, control: Control, options: Options) -> dict[str, object]:
    try:
        port = await simulator.start(options.port)
    except OSError:
        raise WrongOption(
            f"Port {options.port} is in use: give another --port, or 0 to have one picked."
        ) from None
    try:
        control_port = await control.start(options.control_port)
    except OSError:
        raise WrongOption(
            f"Port {options.control_port} is in use: give another --control-port, or 0."
        ) from None
    return {"port": port, "controlPort": control_port, "account": simulator.broker.accounts.names[0]}


def _simulator(options: Options, record: TextIO | None, store: Store | None) -> Simulator:
    market = Market.load(options.market, options.seed)
    kept = store.now() if store else None
    start = kept or options.start or _default_start(market)
    holdings = {account: Holdings(dict(options.cash)) for account in options.accounts}
    broker = Broker(market, start, Accounts(market, options.base_currency, holdings))
    if store:
        store.restore(broker)
    simulator = Simulator(
        broker,
        Clock(start, options.speed),
        store=store,
        log=MessageLog(record),
        read_only=options.read_only,
        message_rate=options.message_rate,
        history=options.history,
        history_latency=options.history_latency,
        profile=AccountProfile(
            PROFILES[options.profile], options.ledger_prefix, KINDS if options.others else ()
        ),
    )
    if options.scenario:
        _misbehave(simulator, options.scenario)
    return simulator


def _misbehave(simulator: Simulator, path: Path) -> None:
    """Raises ScenarioError."""
    for number, said in enumerate(read_scenario(path).faults, start=1):
        try:
            simulator.gateway.misbehave(said)
        except FaultError as error:
            raise ScenarioError(f"{path}, fault {number}: {error}") from None
        except Refusal as refusal:
            raise ScenarioError(f"{path}, fault {number}: {refusal.text}") from None


def _default_start(market: Market) -> datetime:
    """The open of the first session from the default day on, or of the record's last day if it ends before."""
    # Currencies are constructed for all days there are: what was recorded decides.
    con_id = next(contract.con_id for contract in market.book.all() if not contract.is_cash)
    day = market.last_day(con_id)
    if day > _DEFAULT_DAY:
        session = market.next_session(con_id, datetime.combine(_DEFAULT_DAY, datetime.min.time(), UTC))
    else:
        session = market.session_on(con_id, day)
    if session is None:
        raise WrongOption("The market has no session to start in: give --start.")
    return session.open


@contextlib.contextmanager
def _record(options: Options) -> Generator[TextIO | None]:
    if options.record is None:
        yield None
        return
    try:
        file = options.record.open("w", encoding="utf-8")
    except OSError as error:
        raise WrongOption(f"--record cannot be written: {error.strerror}: {options.record}.") from None
    with file:
        yield file


@contextlib.contextmanager
def _store(options: Options) -> Generator[Store | None]:
    if options.state is None:
        yield None
        return
    store = Store(options.state)
    try:
        yield store
    finally:
        store.close()


def program() -> int:
    """The installed command; the exit code."""
    return main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(program())

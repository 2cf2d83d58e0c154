"""Reads everything a decision rests on, once, into a frozen Snapshot. Decides nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal

from ib_trading.core.account import AccountState
from ib_trading.core.attribution import remaining
from ib_trading.core.average_price import average_prices
from ib_trading.core.broker_day import broker_day
from ib_trading.core.instruments import ContractSpec, Instrument
from ib_trading.core.last_worth import RUNS, Worth, last_worth
from ib_trading.core.locks import locks
from ib_trading.core.mode import TradingMode, choose_account
from ib_trading.core.others import Others, others
from ib_trading.core.positions import UNASSIGNED, Holdings
from ib_trading.core.snapshot import Forming, Snapshot
from ib_trading.core.strategy import Declaration
from ib_trading.intents import story
from ib_trading.intents.compare import Comparison
from ib_trading.intents.known_instruments import known_instruments
from ib_trading.intents.ledger import Ledger
from ib_trading.intents.read_bars import read_bars
from ib_trading.intents.read_closes import daily_closes
from ib_trading.intents.read_rates import read_rates
from ib_trading.intents.services import Services
from ib_trading.ports.broker import Broker
from ib_trading.schema.trading_config import TradingConfig


def account_to_trade(services: Services, broker: Broker, config: TradingConfig) -> str:
    """The account, or AccountRefused if the login does not fit the mode."""
    return choose_account(services.mode, broker.managed_accounts(), config.account)


def read_account(services: Services, broker: Broker, config: TradingConfig, compared: Comparison) -> Snapshot:
    """The state of account and ledger where no strategy is asked: every instrument that anybody holds."""
    return read_snapshot(services, broker, config, compared, {}, held_by_all=True)


def read_to_close(
    services: Services,
    broker: Broker,
    config: TradingConfig,
    compared: Comparison,
    strategies: Iterable[str] | None,
    *,
    with_closes: bool,
) -> Snapshot:
    """The same for who only closes what `strategies` hold, or, with None, all that the broker shows: what that does not
    need is not read, or may be missing.

    One contract whose quote was refused, or an analytics warehouse that was down, trapped every position.
    """
    return read_snapshot(
        services,
        broker,
        config,
        compared,
        {},
        held_by_all=True,
        only_to_close=True,
        all_positions=strategies is None,
        with_closes=with_closes,
    )


def read_snapshot(
    services: Services,
    broker: Broker,
    config: TradingConfig,
    compared: Comparison,
    strategies: Mapping[str, Declaration],
    *,
    held_by_all: bool = False,
    only_to_close: bool = False,
    all_positions: bool = False,
    with_closes: bool = True,
    forming: Forming | None = None,
) -> Snapshot:
    """The state of account and market for `strategies`, around ledger and positions as they were `compared`; `forming`
    is what was collected before.

    `held_by_all`: with the instruments of every strategy's holdings, not only of those asked for; `all_positions`: with
    those of whatever else the broker shows. What is neither is left alone (core/others.py). `only_to_close`: nothing is
    valued, so that no rates are asked for and a quote may be missing.
    """
    account = account_to_trade(services, broker, config)
    at = services.business_time(broker).replace(microsecond=0)
    state = broker.account(account)
    holdings = compared.holdings
    held = _held(holdings, holdings.keys() - {UNASSIGNED} if held_by_all else strategies)
    # Shares of others stand in the broker's own figures; their forex does not, and is at stake all the same.
    held |= _held(holdings, holdings) & compared.forex
    if all_positions:
        held |= set(compared.positions)
    working = working_orders(compared.ledger)
    ordered = _held(working, working)
    named, instruments = _instruments(broker, strategies, held=held | ordered)
    story.calendars_compared(instruments.values())
    looked_at = {*instruments, *held, *ordered}
    positions = {con_id: quantity for con_id, quantity in compared.positions.items() if con_id in looked_at}
    holdings = _not_gone(holdings, {*instruments, *compared.positions})
    quotes = broker.quotes(instruments.values(), expendable=only_to_close)
    valued = set() if only_to_close else {one.currency for one in instruments.values()}
    history_days = max((declared.history_days for declared in strategies.values()), default=0)
    bars = read_bars(services.warehouse, strategies, named, instruments, at)
    return Snapshot(
        mode=services.mode,
        at=at,
        managed_accounts=broker.managed_accounts(),
        account=account,
        base_currency=state.base_currency,
        net_liquidation=state.net_liquidation,
        switch=services.switch.trading_switch(),
        config=config,
        wanted={
            name: {spec: named[spec] for spec in declared.instruments}
            for name, declared in strategies.items()
        },
        inputs={
            name: {spec: named[spec] for spec in declared.inputs} for name, declared in strategies.items()
        },
        instruments=instruments,
        quotes=quotes,
        fx=read_rates(broker, config, state, valued, at),
        closes=daily_closes(services.warehouse, instruments, at, history_days or 1) if with_closes else {},
        memories=compared.ledger.memories() if strategies else {},
        bars=bars.columns,
        no_bars=bars.none,
        forming=forming or {},
        average_prices=_average_prices(compared, strategies),
        positions=positions,
        holdings=holdings,
        working=working,
        seed=_seed(services.mode, broker_day(at)),
        others=_left_alone(compared, looked_at, state),
        last_worth=_last_worth(compared.ledger, state, config, at) if strategies else None,
        daily_profit=_daily_profit(broker, account, config) if strategies else None,
        cash=state.cash if only_to_close else state.told_cash(),
        cash_doubts=state.cash_doubts,
        locks=locks(compared.differences, compared.orders, compared.strays),
    )


def _left_alone(compared: Comparison, looked_at: set[int], state: AccountState) -> Others:
    left = {con_id: name for con_id, name in compared.names.items() if con_id not in looked_at}
    held = frozenset(_held(compared.holdings, compared.holdings.keys() - {UNASSIGNED}))
    return others(left, held, state.values, state.net_liquidation)


def _last_worth(ledger: Ledger, state: AccountState, config: TradingConfig, at: datetime) -> Worth | None:
    """Read only where a limit rests on it."""
    if config.limits.max_daily_loss_percent is None:
        return None
    return last_worth(ledger.runs(RUNS), state.account, state.base_currency, at)


def _daily_profit(broker: Broker, account: str, config: TradingConfig) -> Decimal | None:
    """Asked only where a limit rests on it: it is a subscription, and may take seconds to be told."""
    return None if config.limits.max_daily_loss_percent is None else broker.daily_profit(account)


def _average_prices(compared: Comparison, strategies: Iterable[str]) -> dict[str, dict[int, Decimal]]:
    """Of what these hold. Read are all bookings of those contracts, and none where nothing is held."""
    holdings = {name: compared.holdings[name] for name in strategies if name in compared.holdings}
    held = sorted(_held(holdings, holdings) - {one.con_id for one in compared.differences})
    return average_prices(compared.ledger.bookings_in(held) if held else (), holdings)


def _held(holdings: Mapping[str, Mapping[int, Decimal]], names: Iterable[str]) -> set[int]:
    return {con_id for name in names for con_id in holdings.get(name, {})}


def _instruments(
    broker: Broker, strategies: Mapping[str, Declaration], held: set[int]
) -> tuple[dict[ContractSpec, int], dict[int, Instrument]]:
    """Contract id of each that a strategy names, and every instrument named, held or ordered."""
    specs = sorted({spec for declared in strategies.values() for spec in declared.specs})
    resolved = broker.instruments(specs)
    named = {instrument.con_id: instrument for instrument in resolved.values()}
    others = known_instruments(broker, sorted(held - set(named)))
    return {spec: resolved[spec].con_id for spec in specs}, named | dict(others)


def _not_gone(holdings: Holdings, there: set[int]) -> dict[str, dict[int, Decimal]]:
    """Without what the ledger holds of contracts that the broker neither shows a position in nor knows: delisted, or
    expired. Nothing can be traded of it; it is a difference, whose repair trade-reconciliation proposes."""
    return {
        name: {con_id: quantity for con_id, quantity in held.items() if con_id in there}
        for name, held in holdings.items()
    }


def working_orders(
    ledger: Ledger, *, leaving_out: Callable[[str], bool] = lambda _: False
) -> dict[str, dict[int, Decimal]]:
    """Strategy → contract id → what orders that are not final may still bring it, but for those `leaving_out` names
    by their orderRef."""
    working: dict[str, dict[int, Decimal]] = {}
    for order in ledger.unsettled_orders():
        if order.state.final or leaving_out(order.order_ref):
            continue
        if order.is_conversion:
            # Nobody's, but another one must not leave while it works.
            left = working.setdefault(UNASSIGNED, {})
            left[order.con_id] = left.get(order.con_id, Decimal(0)) + order.quantity - order.filled
            continue
        booked = ledger.booked_quantity(order.order_ref)
        for strategy, quantity in remaining(order.source, booked, order.increment).items():
            of_strategy = working.setdefault(strategy, {})
            of_strategy[order.con_id] = of_strategy.get(order.con_id, Decimal(0)) + quantity
    return working


def _seed(mode: TradingMode, day: date) -> int:
    """The broker day's chance: the same for a dry-run and the run after it, another one tomorrow."""
    return int.from_bytes(hashlib.sha256(f"{mode.value}/{day.isoformat()}".encode()).digest()[:4], "big")

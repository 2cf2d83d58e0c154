"""Decides what a trading run will do: the frozen plan, a pure function of snapshot and request.

It holds no run id, orderRef, order id or timing, so that a dry-run and a run on the same snapshot are the same
bytes. Everything that explains it is in it: prices with their sources, signals, targets, crosses, each limit asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from ib_trading.core.canonical import ABSENT_WHEN_NONE, camel, canonical_json
from ib_trading.core.closed_day import nothing_trades
from ib_trading.core.fx import FxRate
from ib_trading.core.instruments import Instrument
from ib_trading.core.limits import Proposal, Verdict, judge
from ib_trading.core.locks import Lock
from ib_trading.core.market import Price
from ib_trading.core.netting import InternalCross, net
from ib_trading.core.order import DecidedOrder
from ib_trading.core.order_for_trade import planned_order
from ib_trading.core.order_properties import OrderProperties
from ib_trading.core.refusals import StrategyFailed
from ib_trading.core.retired import retired
from ib_trading.core.signals import Signals, read_signals
from ib_trading.core.sizing import capital, size
from ib_trading.core.snapshot import Snapshot
from ib_trading.core.strategy import Answer
from ib_trading.core.trade_cost import worthwhile

BySymbol = Mapping[str, Mapping[str, Decimal]]
"""Strategy → local symbol → figure."""
ById = Mapping[str, Mapping[int, Decimal]]
"""Strategy → contract id → figure."""


@dataclass(frozen=True, slots=True)
class Balance:
    """A foreign cash balance. `set_aside` is what strategies hold on purpose as forex, `converted` what of the rest
    an order turns into base currency (signed, in `currency`), `why` the decision in words."""

    currency: str
    balance: Decimal
    set_aside: Decimal
    converted: Decimal
    why: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What, why, and which limits were asked. Quantities are signed contracts, `net_liquidation` is base currency."""

    trading_mode: str
    as_of: datetime
    account: str
    base_currency: str
    net_liquidation: Decimal
    exposure: Mapping[str, Decimal]
    capital: Mapping[str, Decimal]
    seed: int
    strategies: tuple[str, ...]
    contract_ids: Mapping[str, int]
    prices: Mapping[int, Price]
    fx: Mapping[str, FxRate]
    signals: BySymbol
    holdings: BySymbol
    working: BySymbol
    """What live orders may still buy (+) or sell (−) for each strategy: set off against its target like a holding."""
    target_positions: BySymbol
    trades: BySymbol
    internal_crosses: tuple[InternalCross, ...]
    consolidated_trades: Mapping[str, Decimal]
    orders: tuple[DecidedOrder, ...]
    limits: tuple[Verdict, ...]
    warnings: tuple[str, ...]
    reduce_only: bool = False
    """Nothing but closing what the broker says is held: the kill switch does not stop it."""
    balances: tuple[Balance, ...] = ()
    """What a cash-balancer made of each foreign balance."""
    locks: tuple[Lock, ...] = ()
    """Locked instruments that it would trade: a plan that only reduces has left them out, any other may not be
    done."""
    contracts: BySymbol | None = field(default=None, metadata=ABSENT_WHEN_NONE)
    """What strategies want by number, signed, where they do."""
    kept: Mapping[str, tuple[str, ...]] | None = field(default=None, metadata=ABSENT_WHEN_NONE)
    """Strategy → local symbols of which it keeps what there is, where it said so."""
    notes: Mapping[str, Mapping[str, str]] | None = field(default=None, metadata=ABSENT_WHEN_NONE)
    """Strategy → what it says beside its decision; nothing was decided on it."""
    memories: Mapping[str, str] | None = field(default=None, metadata=ABSENT_WHEN_NONE)
    """Strategy → JSON that it is handed when it is next asked, once the plan has been carried out."""

    @property
    def refusals(self) -> tuple[Verdict, ...]:
        """The limits that forbid sending anything."""
        return tuple(verdict for verdict in self.limits if not verdict.passed)

    @property
    def forbidden(self) -> tuple[Lock, ...]:
        """The locks that forbid sending anything: it would trade what nobody can account for."""
        return () if self.reduce_only else self.locks

    @property
    def left_out(self) -> tuple[Lock, ...]:
        """What would be closed as well, but for these locks."""
        return self.locks if self.reduce_only else ()

    def to_json(self) -> bytes:
        return canonical_json(self)

    def members(self) -> dict[str, object]:
        """The plan's own fields by their name in a response."""
        return {camel(name): getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(frozen=True, slots=True)
class Decision:
    """A plan, and what went wrong on the way without refusing it: `failures` is strategy → why it stays at its
    holdings, of which the plan's warnings have the words."""

    plan: Plan
    failures: Mapping[str, StrategyFailed] = field(default_factory=dict)


DEFAULT_PROPERTIES = OrderProperties()


def make_plan(
    snapshot: Snapshot,
    properties: OrderProperties = DEFAULT_PROPERTIES,
) -> Plan:
    """What `decide` decides."""
    return decide(snapshot, properties).plan


def decide(
    snapshot: Snapshot,
    properties: OrderProperties = DEFAULT_PROPERTIES,
) -> Decision:
    """Strategies' answers → targets → netted orders, as far as they are worth it → verdicts. Raises StrategyFailed,
    SizingRefused or PropertiesRefused where no plan can be made."""
    signals = read_signals(snapshot)
    sizing = size(snapshot, signals)
    netting = net(
        sizing.trades,
        {con_id: price.price for con_id, price in sizing.prices.items()},
        {con_id: instrument.increment for con_id, instrument in snapshot.instruments.items()},
    )
    priority = snapshot.config.adaptive_priority
    orders = tuple(
        planned_order(
            trade,
            snapshot.instruments[trade.con_id],
            properties,
            priority,
            sizing.prices[trade.con_id].price,
        )
        for trade in netting.trades
    )
    proposal = Proposal(snapshot, sizing.prices, orders, netting.crosses)
    made = worthwhile(proposal, netting.trades, signals, sizing)
    closed = nothing_trades(snapshot, made.proposal.orders)
    plan = written_out(
        replace(made.proposal, orders=(), crosses=()) if closed else made.proposal,
        tuple(sorted(snapshot.answers)),
        signals=signals.weights,
        targets=sizing.targets,
        trades=made.trades,
        warnings=(
            *(
                f"{lock.local_symbol}: left out, the broker knows no such contract and {lock.reason}"
                for lock in snapshot.locks
                if lock.con_id not in snapshot.instruments
                and not snapshot.positions.get(lock.con_id)
                and lock.con_id not in snapshot.others.names
            ),
            *([snapshot.others.said] if snapshot.others.said else []),
            *(f"{reason}; it stays at its holdings" for reason in signals.failed.values()),
            *sizing.notes,
            *made.notes,
            *([closed] if closed else []),
        ),
    )
    plan = _with_words(plan, snapshot, signals)
    # What is not sent today is decided again on the next trading day, on the memory of before.
    return Decision(replace(plan, memories=None) if closed else plan, signals.failed)


def _with_words(plan: Plan, snapshot: Snapshot, signals: Signals) -> Plan:
    """`plan` with what strategies said beside weights, where they did."""
    names = _symbols(snapshot.instruments)
    answers = {name: snapshot.answers[name] for name in signals.weights}
    told = {name: answer for name, answer in answers.items() if isinstance(answer, Answer)}
    return replace(
        plan,
        contracts=_by_symbol(signals.contracts, names) or None,
        kept={
            name: tuple(sorted(names.get(con_id, str(con_id)) for con_id in kept))
            for name, kept in signals.kept.items()
        }
        or None,
        notes={name: answer.notes for name, answer in told.items() if answer.notes} or None,
        memories={name: answer.memory for name, answer in told.items() if answer.memory is not None} or None,
    )


def written_out(
    proposal: Proposal,
    strategies: tuple[str, ...],
    *,
    signals: ById,
    targets: ById,
    trades: ById,
    warnings: tuple[str, ...],
    balances: tuple[Balance, ...] = (),
    left_out: tuple[Lock, ...] = (),
) -> Plan:
    """The plan that `proposal` is, judged by every limit, for people and for sending. `left_out` is what a plan that
    only reduces does not touch because it is locked."""
    snapshot = proposal.snapshot
    instruments = snapshot.instruments
    names = _symbols(instruments)
    exposure = snapshot.config.exposure
    return Plan(
        trading_mode=snapshot.mode.value,
        as_of=snapshot.at,
        account=snapshot.account,
        base_currency=snapshot.base_currency,
        net_liquidation=snapshot.net_liquidation,
        exposure={"overall": exposure.overall} | {name: exposure.share(name) for name in strategies},
        capital={name: capital(snapshot, name) for name in strategies},
        seed=snapshot.seed,
        strategies=strategies,
        contract_ids={symbol: con_id for con_id, symbol in names.items()},
        prices=proposal.prices,
        fx=dict(snapshot.fx),
        signals=_by_symbol(signals, names),
        holdings=_by_symbol({name: snapshot.holdings.get(name, {}) for name in strategies}, names),
        working=_by_symbol({name: snapshot.working.get(name, {}) for name in strategies}, names),
        target_positions=_by_symbol(targets, names),
        trades=_by_symbol(trades, names),
        internal_crosses=proposal.crosses,
        consolidated_trades={names[order.con_id]: order.signed for order in proposal.orders},
        orders=proposal.orders,
        limits=judge(proposal),
        warnings=(*_retired(snapshot, strategies), *warnings),
        reduce_only=proposal.reduce_only,
        balances=balances,
        locks=left_out if proposal.reduce_only else _touched(proposal),
    )


def _retired(snapshot: Snapshot, strategies: tuple[str, ...]) -> Iterator[str]:
    """What is said of retired names, but for those that this plan is about."""
    for name, sentence in retired(snapshot.config, snapshot.holdings, snapshot.working).items():
        if name not in strategies:
            yield sentence


def _touched(proposal: Proposal) -> tuple[Lock, ...]:
    traded = {order.con_id for order in proposal.orders} | {cross.con_id for cross in proposal.crosses}
    return tuple(lock for lock in proposal.snapshot.locks if lock.con_id in traded)


def _symbols(instruments: Mapping[int, Instrument]) -> dict[int, str]:
    """Contract id → local symbol, made unique by the contract id where two contracts share one."""
    seen: dict[str, int] = {}
    for instrument in instruments.values():
        seen[instrument.local_symbol] = seen.get(instrument.local_symbol, 0) + 1
    return {
        con_id: instrument.local_symbol
        if seen[instrument.local_symbol] == 1
        else f"{instrument.local_symbol}@{con_id}"
        for con_id, instrument in sorted(instruments.items())
    }


def _by_symbol(figures: Mapping[str, Mapping[int, Decimal]], names: Mapping[int, str]) -> BySymbol:
    return {
        strategy: {names.get(con_id, str(con_id)): figure for con_id, figure in by_id.items()}
        for strategy, by_id in figures.items()
    }

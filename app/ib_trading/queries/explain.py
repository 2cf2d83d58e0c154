"""explain: why an order was sent. Inputs → signal → target → netting → limits → fills → attribution, strategy by
strategy, from the plan as it was stored and the ledger's bookings. Recomputes nothing: it shows what was decided."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ib_trading.core.attribution import Booking
from ib_trading.core.booked_fills import booked_fills
from ib_trading.core.canonical import plain
from ib_trading.core.former_names import FormerNames
from ib_trading.core.order import Order
from ib_trading.core.refusals import NotKnown, Refusal, StoreUnavailable
from ib_trading.intents.intent import Answer, Call, Result, common
from ib_trading.intents.services import Services
from ib_trading.intents.trading_result import OrderShown, order_shown
from ib_trading.queries.run import stored
from ib_trading.queries.runs import RunShown, run_shown
from ib_trading.schema.requests import Request


BY_STRATEGY = (
    "capital",
    "signals",
    "contracts",
    "kept",
    "targetPositions",
    "holdings",
    "working",
    "trades",
    "notes",
)
"""What of a plan is by strategy."""


class ExplainRequest(Request, frozen=True, kw_only=True):
    """`order_ref` as a run's result, the broker's records or the journal have it."""

    order_ref: str


@dataclass(frozen=True, slots=True)
class StrategyPart:
    """One strategy's way to this order. `signal` is a fraction of its `capital` (base currency), `contracts` the number
    that it asked for instead; the quantities are signed contracts: `target` − `holding` − `working` = `trade` =
    `crossed` + `ordered`, where `working` is what other orders of ours could still bring it; `attributed` is what this
    order's fills have brought it so far. None: the plan does not say. `notes` is what it said beside its decision."""

    strategy: str
    capital: Decimal | None
    signal: Decimal | None
    contracts: Decimal | None
    holding: Decimal
    working: Decimal
    target: Decimal | None
    trade: Decimal
    crossed: Decimal
    ordered: Decimal
    attributed: Decimal
    why: str
    notes: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainResult(Result):
    """`price`, `fx` and `limits` are the plan's own members for this contract; `fills` the ledger's bookings."""

    run: RunShown
    order: OrderShown
    as_of: str | None
    price: dict[str, Any] | None
    fx: dict[str, Any]
    strategies: tuple[StrategyPart, ...]
    limits: tuple[dict[str, Any], ...]
    fills: tuple[Booking, ...]


@dataclass(frozen=True, slots=True)
class Explain:
    services: Services
    name: str = "explain"
    request_type: type[ExplainRequest] = ExplainRequest
    result_type: type[ExplainResult] = ExplainResult
    refusals: tuple[type[Refusal], ...] = (NotKnown, StoreUnavailable)

    def answer(self, call: Call[ExplainRequest]) -> Answer:
        ledger = self.services.ledger
        order = ledger.order(call.request.order_ref)
        run = ledger.run(order.run_id) if order else None
        if order is None or run is None:
            raise NotKnown(
                f"no order of ours is called {call.request.order_ref!r}; GET /runs/{{runId}} lists a run's orders"
            )
        plan = plan_now(stored(run.plan) or {}, ledger.former_names())
        fills = ledger.bookings_of(order.order_ref)
        return Answer.of(
            ExplainResult(
                **common(self.services, self.name, call.run_id),
                run=run_shown(run),
                order=order_shown(order, booked_fills(fills)),
                as_of=plan.get("asOf"),
                price=plan.get("prices", {}).get(str(order.con_id)),
                fx=plan.get("fx", {}),
                strategies=parts_of(order, plan, fills),
                limits=tuple(
                    verdict
                    for verdict in plan.get("limits", ())
                    if verdict["subject"] in {"", order.local_symbol}
                ),
                fills=fills,
            )
        )


def plan_now(plan: dict[str, Any], former: FormerNames) -> dict[str, Any]:
    """`plan` under the names that its strategies have today, as order and fills are; of two that have become one each
    keeps its own."""
    told = plan.get("strategies", ())
    names = {name: former.get(name, name) for name in told}
    names = {name: now for name, now in names.items() if list(names.values()).count(now) == 1}
    renamed = {
        member: {names.get(name, name): figures for name, figures in plan[member].items()}
        for member in BY_STRATEGY
        if member in plan
    }
    crosses = [
        cross | {"quantities": {names.get(name, name): part for name, part in cross["quantities"].items()}}
        for cross in plan.get("internalCrosses", ())
    ]
    return plan | renamed | {"internalCrosses": crosses}


def parts_of(order: Order, plan: Mapping[str, Any], fills: Iterable[Booking]) -> tuple[StrategyPart, ...]:
    """Every strategy that wanted a trade in the order's contract, or got something of it."""
    names = {con_id: symbol for symbol, con_id in plan.get("contractIds", {}).items()}
    symbol = names.get(order.con_id, order.local_symbol)
    crossed: dict[str, Any] = {}
    for cross in plan.get("internalCrosses", ()):
        if cross["conId"] == order.con_id:
            crossed |= cross["quantities"]
    got: dict[str, Decimal] = {}
    for booking in fills:
        for name, share in booking.shares.items():
            got[name] = got.get(name, Decimal(0)) + share
    trades = {name: wanted[symbol] for name, wanted in plan.get("trades", {}).items() if wanted.get(symbol)}
    return tuple(
        _part(name, symbol, plan, order, _exact(crossed.get(name, 0)), got.get(name, Decimal(0)))
        for name in sorted({*trades, *order.source, *got})
    )


def _part(
    name: str, symbol: str, plan: Mapping[str, Any], order: Order, crossed: Decimal, got: Decimal
) -> StrategyPart:
    def told(member: str) -> Decimal | None:
        figure = plan.get(member, {}).get(name, {}).get(symbol)
        return None if figure is None else _exact(figure)

    capital = plan.get("capital", {}).get(name)
    signal, number, target = told("signals"), told("contracts"), told("targetPositions")
    holding, working, trade = (told(name) or Decimal(0) for name in ("holdings", "working", "trades"))
    ordered = order.source.get(name, Decimal(0))
    wants = None
    if number is not None:
        wants = f"{plain(number)} {symbol}"
    elif signal is not None and capital is not None:
        wants = f"{plain(signal)} of {plain(_exact(capital))} {plan.get('baseCurrency', '')} in {symbol}"
    parted = f"{plain(trade)}, {plain(crossed)} of that with other strategies and {plain(ordered)} by this order"
    if wants is not None:
        at_work = f" and had {plain(working)} at work" if working else ""
        why = (
            f"{name} wants {wants}: {plain(target or Decimal(0))}; it held {plain(holding)}{at_work},"
            f" so it trades {parted}"
        )
    elif trade or ordered:
        why = f"closes what {name} held, {plain(holding)}: {parted}"
    else:
        why = f"{name} ordered none of it"
    return StrategyPart(
        strategy=name,
        capital=None if capital is None else _exact(capital),
        signal=signal,
        contracts=number,
        holding=holding,
        working=working,
        target=target,
        trade=trade,
        crossed=crossed,
        ordered=ordered,
        attributed=got,
        why=why,
        notes=plan.get("notes", {}).get(name, {}),
    )


def _exact(figure: int | Decimal) -> Decimal:
    return Decimal(figure)

"""summary: account, positions (per strategy too), open orders, today's fills, profit. Reads only.

It shows the ledger's invariant: strategies + unassigned + fills not yet applied = broker, per contract.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from ib_trading.core.account import BrokerPosition, OrderReport
from ib_trading.core.attribution import Execution
from ib_trading.core.instruments import symbol_of
from ib_trading.core.market import Price
from ib_trading.core.positions import UNASSIGNED, unassigned
from ib_trading.core.profit import StrategyResult
from ib_trading.core.refusals import PlanRefused, Refusal
from ib_trading.intents.intent import READING_REFUSALS, Answer, Call, Result, common
from ib_trading.intents.services import Services
from ib_trading.queries.valued_account import ValuedAccount, valued_account
from ib_trading.schema.requests import Request


class SummaryRequest(Request, frozen=True, kw_only=True):
    """Takes nothing."""


@dataclass(frozen=True, slots=True)
class PositionShown:
    """A broker's position with what it is worth in base currency: at `price`, or, of what no strategy holds and where
    there is none, by the broker's own figure. None what the broker does not tell: of a contract that it knows no more,
    gives no price of, or no rate of its currency."""

    con_id: int
    local_symbol: str
    quantity: Decimal
    average_cost: Decimal
    currency: str
    price: Price | None
    market_value: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryResult(Result):
    """`holdings` is strategy (or unassigned) → local symbol → signed quantity; `values` the broker's own figures by
    its tag names, in base currency; `fills_not_yet_applied` local symbol → signed quantity; `not_valued` the contracts
    that the broker knows no more, or gives no rate of a currency that they are paid in, or no price of though they are
    held: their trades are no part of `profit`."""

    broker_time: datetime
    account: str
    base_currency: str
    net_liquidation: Decimal
    cash: Mapping[str, Decimal]
    values: Mapping[str, Decimal]
    positions: tuple[PositionShown, ...]
    holdings: Mapping[str, Mapping[str, Decimal]]
    fills_not_yet_applied: Mapping[str, Decimal]
    not_valued: tuple[str, ...]
    profit: Mapping[str, StrategyResult]
    open_orders: tuple[OrderReport, ...]
    fills: tuple[Execution, ...]


@dataclass(frozen=True, slots=True)
class Summary:
    services: Services
    name: str = "summary"
    request_type: type[SummaryRequest] = SummaryRequest
    result_type: type[SummaryResult] = SummaryResult
    refusals: tuple[type[Refusal], ...] = (PlanRefused, *READING_REFUSALS)

    def answer(self, call: Call[SummaryRequest]) -> Answer:
        services = self.services
        config = services.config.read()
        with services.gateway.session() as broker:
            told = valued_account(services, broker, config)
        holdings = dict(told.holdings) | {UNASSIGNED: unassigned(told.holdings, told.applied_positions)}
        return Answer.of(
            SummaryResult(
                **common(services, self.name, call.run_id),
                broker_time=told.at,
                account=told.state.account,
                base_currency=told.state.base_currency,
                net_liquidation=told.state.net_liquidation,
                cash=told.state.told_cash(),
                values=told.state.values,
                positions=tuple(_position(position, told) for position in told.positions),
                holdings={name: _by_symbol(held, told) for name, held in holdings.items()},
                fills_not_yet_applied=_by_symbol(told.fills_not_yet_applied, told),
                not_valued=tuple(_symbol(con_id, told) for con_id in sorted(told.not_valued)),
                profit=told.profit,
                open_orders=tuple(report for report in told.reports if not report.state.final),
                fills=told.executions,
            )
        )


def _by_symbol(quantities: Mapping[int, Decimal], told: ValuedAccount) -> dict[str, Decimal]:
    return {_symbol(con_id, told): quantity for con_id, quantity in quantities.items()}


def _symbol(con_id: int, told: ValuedAccount) -> str:
    return told.names.get(con_id) or symbol_of(con_id, told.instruments)


def _position(position: BrokerPosition, told: ValuedAccount) -> PositionShown:
    instrument, price = told.instruments.get(position.con_id), told.prices.get(position.con_id)
    rate, worth = told.rates.get(position.currency), told.told_values.get(position.con_id)
    if instrument and price:
        worth = position.quantity * instrument.value(price.price)
    return PositionShown(
        con_id=position.con_id,
        local_symbol=position.local_symbol,
        quantity=position.quantity,
        average_cost=position.average_cost,
        currency=position.currency,
        price=price,
        market_value=None if worth is None or rate is None else worth * rate,
    )

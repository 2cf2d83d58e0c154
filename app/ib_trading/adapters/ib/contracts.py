"""Which contract a description or an id means, and its terms: increments, ticks, order types, hours.

Decides that a description must mean exactly one contract, and how long details may be used again: for the broker's
day, because a details message costs a request each and tells the hours of the next days only.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from ib_trading.adapters.ib import error_codes, translate
from ib_trading.adapters.ib.connection import Connection, broker_fault
from ib_trading.adapters.ib.library import library
from ib_trading.adapters.ib.replies import CURRENT_TIME, market_rule
from ib_trading.adapters.ib.trading_hours import closed_days, openings
from ib_trading.adapters.ib.wire_time import zone
from ib_trading.core.calendar import zone_of
from ib_trading.core.instruments import ContractSpec, Instrument, PriceStep
from ib_trading.core.markets import market_of
from ib_trading.core.refusals import BrokerFault, ContractsUnknown, QuestionRefused, RequestError
from ib_trading.schema.strict import FieldError

if TYPE_CHECKING:
    from ib_insync import Contract, ContractDetails

# The broker's day turns over at midnight there.
_BROKER_ZONE = ZoneInfo("America/New_York")


class KnownContracts:
    """What was learnt in this process: instruments for the broker's day, market rules for good.

    Shared by sessions that follow each other, and by threads.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._day: date | None = None
        self._instruments: dict[Hashable, Instrument] = {}
        self._rules: dict[int, tuple[PriceStep, ...]] = {}

    def instruments(self, day: date) -> dict[Hashable, Instrument]:
        """Those learnt on that day, to read and to add to, by ContractSpec or contract id."""
        with self._lock:
            if day != self._day:
                self._day, self._instruments = day, {}
            return self._instruments

    @property
    def rules(self) -> dict[int, tuple[PriceStep, ...]]:
        return self._rules


async def current_time(connection: Connection) -> datetime:
    """The broker's clock, to the second."""
    (seconds,) = await connection.ask_unnumbered(CURRENT_TIME, connection.client.reqCurrentTime)
    return datetime.fromtimestamp(seconds, UTC)


async def by_spec(
    connection: Connection, known: KnownContracts, specs: Iterable[ContractSpec]
) -> Mapping[ContractSpec, Instrument]:
    """RequestError naming every spec that means no contract or several."""
    wanted = tuple(dict.fromkeys(specs))
    if not wanted:
        return {}
    today = known.instruments((await current_time(connection)).astimezone(_BROKER_ZONE).date())
    missing = [spec for spec in wanted if spec not in today]
    found = await asyncio.gather(*(_details(connection, str(spec), _described(spec)) for spec in missing))
    wrong = tuple(
        FieldError(str(spec), _not_one(details))
        for spec, details in zip(missing, found, strict=True)
        if len(details) != 1
    )
    if wrong:
        raise RequestError(
            "the broker does not know exactly one contract for " + "; ".join(map(str, wrong)), errors=wrong
        )
    terms = await _instruments(connection, known, [details[0] for details in found])
    today.update(zip(missing, terms, strict=True))
    return {spec: today[spec] for spec in wanted}


async def by_id(
    connection: Connection, known: KnownContracts, con_ids: Iterable[int]
) -> Mapping[int, Instrument]:
    """ContractsUnknown naming every id that the broker no longer knows."""
    wanted = tuple(dict.fromkeys(con_ids))
    if not wanted:
        return {}
    today = known.instruments((await current_time(connection)).astimezone(_BROKER_ZONE).date())
    missing = [con_id for con_id in wanted if con_id not in today]
    found = await asyncio.gather(
        *(_details(connection, f"contract {con_id}", library().Contract(conId=con_id)) for con_id in missing)
    )
    unknown = [con_id for con_id, details in zip(missing, found, strict=True) if not details]
    if unknown:
        raise ContractsUnknown(unknown)
    terms = await _instruments(connection, known, [_preferred(details) for details in found])
    today.update(zip(missing, terms, strict=True))
    return {con_id: today[con_id] for con_id in wanted}


async def _details(connection: Connection, what: str, contract: Contract) -> list[ContractDetails]:
    try:
        return await connection.ask(
            f"the details of {what}", lambda req_id: connection.client.reqContractDetails(req_id, contract)
        )
    except QuestionRefused as refused:
        wrong_type = refused.code == error_codes.INVALID and error_codes.NO_SUCH_TYPE in refused.text.lower()
        if wrong_type or refused.code == error_codes.NO_SUCH_CONTRACT:
            return []
        raise broker_fault(f"the details of {what}", refused) from None


def _described(spec: ContractSpec) -> Contract:
    return library().Contract(
        symbol=spec.symbol,
        secType=spec.sec_type,
        exchange=spec.exchange,
        currency=spec.currency,
        primaryExchange=spec.primary_exchange,
    )


def _not_one(details: list[ContractDetails]) -> str:
    if not details:
        return "there is none"
    venues = ", ".join(sorted({str(one.contract.primaryExchange) for one in details if one.contract}))
    return f"there are {len(details)}; name its primaryExchange ({venues})"


def _preferred(details: list[ContractDetails]) -> ContractDetails:
    """Of one contract on several exchanges, the one that is routed."""
    return next((one for one in details if one.contract and one.contract.exchange == "SMART"), details[0])


async def _instruments(
    connection: Connection, known: KnownContracts, found: Sequence[ContractDetails]
) -> list[Instrument]:
    """Each market rule is asked for once: most contracts share one, and every question counts against the 45 messages
    a second."""
    ruled = {rule for details in found if (rule := market_rule_id(details)) is not None}
    await asyncio.gather(*(_learn_rule(connection, known, rule) for rule in sorted(ruled - set(known.rules))))
    return [instrument_of(known, details) for details in found]


def instrument_of(known: KnownContracts, details: ContractDetails) -> Instrument:
    """Its terms; BrokerFault where its hours cannot be read."""
    contract = details.contract
    assert contract is not None  # The library's decoder always sets it.
    instrument = Instrument(
        con_id=contract.conId,
        # A bond's details have no local symbol; its positions show the CUSIP in that place.
        local_symbol=contract.localSymbol or details.cusip or contract.symbol,
        symbol=contract.symbol,
        sec_type=contract.secType,
        exchange=contract.exchange,
        primary_exchange=contract.primaryExchange,
        currency=contract.currency,
        multiplier=translate.amount(contract.multiplier) or Decimal(1),
        price_magnifier=_magnifier(details),
        size_increment=translate.amount(details.sizeIncrement) or Decimal(1),
        price_steps=price_steps(known, details),
        order_types=frozenset(filter(None, details.orderTypes.split(","))),
        liquid_hours=(),
        time_zone="UTC",
        closed_days=frozenset(),
    )
    try:
        local = _zone(details.timeZoneId, instrument)
        return replace(
            instrument,
            liquid_hours=openings(details.liquidHours, local),
            time_zone=local,
            closed_days=closed_days(details.liquidHours),
        )
    except ValueError as error:
        raise BrokerFault(f"the trading hours of {contract.localSymbol} cannot be read: {error}") from None


def _zone(name: str, instrument: Instrument) -> str:
    """Of an exchange's clock: where nobody knows the name, that of the market's calendar."""
    if not name:
        return "UTC"
    try:
        return zone(name).key
    except ValueError:
        return zone_of(market_of(instrument)).key


async def _learn_rule(connection: Connection, known: KnownContracts, rule_id: int) -> None:
    increments = await connection.ask_unnumbered(
        market_rule(rule_id), lambda: connection.client.reqMarketRule(rule_id)
    )
    known.rules[rule_id] = tuple(
        PriceStep(translate.quantity(one.lowEdge), translate.quantity(one.increment)) for one in increments
    )


def price_steps(known: KnownContracts, details: ContractDetails) -> tuple[PriceStep, ...]:
    """By the market rule of the contract's own exchange; the smallest tick where it has no rule.

    Both tell the exchange's price, in money: in London, where orders are priced in pence, a step of 0.0002 pounds is
    one of 0.02 (github.com/mattsta/icli, instrumentdb: "minTick is the EXCHANGE tick size, but the IBKR tick size is
    (.minTick * .priceMagnifier)"; it does the same to a market rule's increments). Where a rule's line begins is taken
    to be told in the same unit as its increment.
    """
    rule_id, magnifier = market_rule_id(details), _magnifier(details)
    smallest = PriceStep(Decimal(0), translate.amount(details.minTick) or Decimal(0))
    told = (smallest,) if rule_id is None else known.rules[rule_id]
    return tuple(PriceStep(one.low_edge * magnifier, one.increment * magnifier) for one in told)


def _magnifier(details: ContractDetails) -> Decimal:
    return translate.amount(details.priceMagnifier) or Decimal(1)


def market_rule_id(details: ContractDetails) -> int | None:
    """The rules are listed in the order of the exchanges."""
    rules = [rule for rule in details.marketRuleIds.split(",") if rule]
    exchanges = details.validExchanges.split(",")
    exchange = details.contract.exchange if details.contract else ""
    if not rules:
        return None
    if exchange in exchanges and exchanges.index(exchange) < len(rules):
        return int(rules[exchanges.index(exchange)])
    return int(rules[0])

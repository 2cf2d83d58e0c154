"""Answers about contracts: details and price increments.

Both tell the exchange's tick in money; quotes and orders are on that times priceMagnifier (comment in
github.com/mattsta/icli, instrumentdb: "minTick is the EXCHANGE tick size, but the IBKR tick size is (.minTick *
.priceMagnifier)"). In London that makes 0.0002 of a pound a step of 0.02 pence.
"""

from __future__ import annotations

from ib_trading_simulator.brokerage.foreign import Foreign
from ib_trading_simulator.brokerage.refusal import invalid
from ib_trading_simulator.gateway.client import Client
from ib_trading_simulator.gateway.gateway import Gateway
from ib_trading_simulator.gateway.reports import contract_fields
from ib_trading_simulator.gateway.request import Request
from ib_trading_simulator.market.contracts import Contract
from ib_trading_simulator.market.sessions import hours_text
from ib_trading_simulator.messages import outgoing


def details(gateway: Gateway, client: Client, request: Request) -> None:
    if "conId" in request.fields and (one := gateway.foreign(request.integer("conId"))):
        _send_foreign(client, request.request_id, one)
        client.send(outgoing.CONTRACT_DETAILS_END, reqId=request.request_id)
        return
    for contract in request.contracts(gateway.broker.market.book):
        _send_details(gateway, client, request.request_id, contract)
    client.send(outgoing.CONTRACT_DETAILS_END, reqId=request.request_id)


def _send_details(gateway: Gateway, client: Client, request_id: int, contract: Contract) -> None:
    trading_hours, liquid_hours = hours_text(contract.calendar, contract.time_zone_id, gateway.broker.now)
    client.send(
        outgoing.CONTRACT_DETAILS,
        reqId=request_id,
        symbol=contract.symbol,
        secType=contract.sec_type,
        lastTradeDateOrContractMonth=contract.last_trade_date,
        strike=contract.strike,
        right=contract.right,
        exchange=contract.exchange,
        currency=contract.currency,
        localSymbol=contract.local_symbol,
        marketName=contract.market_name,
        tradingClass=contract.trading_class,
        conId=contract.con_id,
        minTick=contract.money(contract.min_tick),
        multiplier=contract.multiplier,
        orderTypes=",".join(contract.order_types),
        validExchanges=",".join(contract.valid_exchanges),
        priceMagnifier=contract.price_magnifier,
        underConId=contract.under_con_id,
        longName=contract.long_name,
        primaryExchange=contract.primary_exchange,
        contractMonth=contract.contract_month,
        industry=contract.industry,
        category=contract.category,
        subcategory=contract.subcategory,
        timeZoneId=contract.time_zone_id,
        tradingHours=trading_hours,
        liquidHours=liquid_hours,
        aggGroup=contract.agg_group,
        underSymbol=contract.under_symbol,
        underSecType=contract.under_sec_type,
        marketRuleIds=",".join(map(str, contract.market_rule_ids)),
        realExpirationDate=contract.real_expiration_date,
        stockType=contract.stock_type,
        minSize=contract.min_size,
        sizeIncrement=contract.size_increment,
        suggestedSizeIncrement=contract.suggested_size_increment,
    )


def _send_foreign(client: Client, request_id: int, one: Foreign) -> None:
    """Of a bond in a message of its own."""
    client.send(
        outgoing.BOND_CONTRACT_DETAILS if one.cusip else outgoing.CONTRACT_DETAILS,
        **contract_fields(one),
        reqId=request_id,
        exchange=one.exchange,
        marketName=one.symbol,
        minTick=one.min_tick,
        orderTypes="ACTIVETIM,AD,DAY,LMT,MKT",
        validExchanges=one.exchange,
        longName=one.symbol,
        timeZoneId="US/Eastern",
        cusip=one.cusip,
        coupon=one.coupon,
    )


def market_rule(gateway: Gateway, client: Client, request: Request) -> None:
    """A contract has one increment at every price here: its minimum tick."""
    rule = request.integer("marketRuleId")
    ticks = (c.money(c.min_tick) for c in gateway.broker.market.book.all() if rule in c.market_rule_ids)
    increment = next(ticks, None)
    if increment is None:
        raise invalid(f"Invalid market rule id {rule}")
    increments = ({"lowEdge": "0", "increment": increment},)
    client.send(outgoing.MARKET_RULE, marketRuleId=rule, increments=increments)


ANSWERS = {"reqContractDetails": details, "reqMarketRule": market_rule}

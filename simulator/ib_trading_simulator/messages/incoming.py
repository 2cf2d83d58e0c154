"""What a client sends, one table a message. Field names are those of the broker's EClient.

`TABLES` are the requests that the simulator reads; `NOT_BUILT` those of the protocol that it knows by name
only and refuses. A number in neither is no request of this protocol.
"""

from __future__ import annotations

from ib_trading_simulator.messages.elements import Element, Given, Repeat, fields
from ib_trading_simulator.messages.order_fields import CONTRACT, IS_BAG, IS_TRUE, PLACE_ORDER
from ib_trading_simulator.messages.table import Table

_LEGS = Given("secType", IS_BAG, (Repeat("comboLegs", fields("conId ratio action exchange")),))
_DELTA_NEUTRAL = Given("deltaNeutralContract", IS_TRUE, fields("dncConId dncDelta dncPrice"))

_MARKET_DATA: tuple[Element, ...] = (
    *fields("version reqId"),
    *CONTRACT,
    _LEGS,
    *fields("deltaNeutralContract"),
    _DELTA_NEUTRAL,
    *fields("genericTickList snapshot regulatorySnapshot mktDataOptions"),
)
_HISTORY: tuple[Element, ...] = (
    *fields("reqId"),
    *CONTRACT,
    *fields("includeExpired endDateTime barSizeSetting durationStr useRTH whatToShow formatDate"),
    _LEGS,
    *fields("keepUpToDate chartOptions"),
)
_EXECUTIONS = fields("version reqId clientId acctCode time symbol secType exchange side")

TABLES = {
    table.number: table
    for table in (
        Table(1, "reqMktData", _MARKET_DATA),
        Table(2, "cancelMktData", fields("version reqId")),
        Table(3, "placeOrder", PLACE_ORDER),
        Table(4, "cancelOrder", fields("version orderId") + fields("manualOrderCancelTime", since=169)),
        Table(5, "reqOpenOrders", fields("version")),
        Table(6, "reqAccountUpdates", fields("version subscribe acctCode")),
        Table(7, "reqExecutions", _EXECUTIONS),
        Table(8, "reqIds", fields("version numIds")),
        Table(
            9,
            "reqContractDetails",
            (
                *fields("version reqId"),
                *CONTRACT,
                *fields("includeExpired secIdType secId"),
                *fields("issuerId", since=176),
            ),
        ),
        Table(14, "setServerLogLevel", fields("version logLevel")),
        Table(15, "reqAutoOpenOrders", fields("version autoBind")),
        Table(16, "reqAllOpenOrders", fields("version")),
        Table(17, "reqManagedAccts", fields("version")),
        Table(20, "reqHistoricalData", _HISTORY),
        Table(25, "cancelHistoricalData", fields("version reqId")),
        Table(49, "reqCurrentTime", fields("version")),
        Table(58, "reqGlobalCancel", fields("version")),
        Table(59, "reqMarketDataType", fields("version marketDataType")),
        Table(61, "reqPositions", fields("version")),
        Table(62, "reqAccountSummary", fields("version reqId groupName tags")),
        Table(63, "cancelAccountSummary", fields("version reqId")),
        Table(64, "cancelPositions", fields("version")),
        Table(71, "startApi", fields("version clientId optionalCapabilities")),
        Table(76, "reqAccountUpdatesMulti", fields("version reqId account modelCode ledgerAndNLV")),
        Table(77, "cancelAccountUpdatesMulti", fields("version reqId")),
        Table(
            87,
            "reqHeadTimeStamp",
            (*fields("reqId"), *CONTRACT, *fields("includeExpired useRTH whatToShow formatDate")),
        ),
        Table(90, "cancelHeadTimeStamp", fields("reqId")),
        Table(91, "reqMarketRule", fields("marketRuleId")),
        Table(92, "reqPnL", fields("reqId account modelCode")),
        Table(93, "cancelPnL", fields("reqId")),
        Table(99, "reqCompletedOrders", fields("apiOnly")),
    )
}

# By number: the request, and which field after the number is its request id (None: it has none).
NOT_BUILT: dict[int, tuple[str, int | None]] = {
    10: ("reqMktDepth", 1),
    11: ("cancelMktDepth", 1),
    12: ("reqNewsBulletins", None),
    13: ("cancelNewsBulletins", None),
    18: ("requestFA", None),
    19: ("replaceFA", None),
    21: ("exerciseOptions", 1),
    22: ("reqScannerSubscription", 0),
    23: ("cancelScannerSubscription", 1),
    24: ("reqScannerParameters", None),
    50: ("reqRealTimeBars", 1),
    51: ("cancelRealTimeBars", 1),
    52: ("reqFundamentalData", 1),
    53: ("cancelFundamentalData", 1),
    54: ("calculateImpliedVolatility", 1),
    55: ("calculateOptionPrice", 1),
    56: ("cancelCalculateImpliedVolatility", 1),
    57: ("cancelCalculateOptionPrice", 1),
    65: ("verifyRequest", None),
    66: ("verifyMessage", None),
    67: ("queryDisplayGroups", 1),
    68: ("subscribeToGroupEvents", 1),
    69: ("updateDisplayGroup", 1),
    70: ("unsubscribeFromGroupEvents", 1),
    72: ("verifyAndAuthRequest", None),
    73: ("verifyAndAuthMessage", None),
    74: ("reqPositionsMulti", 1),
    75: ("cancelPositionsMulti", 1),
    78: ("reqSecDefOptParams", 0),
    79: ("reqSoftDollarTiers", 0),
    80: ("reqFamilyCodes", None),
    81: ("reqMatchingSymbols", 0),
    82: ("reqMktDepthExchanges", None),
    83: ("reqSmartComponents", 0),
    84: ("reqNewsArticle", 0),
    85: ("reqNewsProviders", None),
    86: ("reqHistoricalNews", 0),
    88: ("reqHistogramData", 0),
    89: ("cancelHistogramData", 0),
    94: ("reqPnLSingle", 0),
    95: ("cancelPnLSingle", 0),
    96: ("reqHistoricalTicks", 0),
    97: ("reqTickByTickData", 0),
    98: ("cancelTickByTickData", 0),
    100: ("reqWshMetaData", 0),
    101: ("cancelWshMetaData", 0),
    102: ("reqWshEventData", 0),
    103: ("cancelWshEventData", 0),
    104: ("reqUserInfo", 0),
}

"""What the gateway sends, one table a message. Field names are those of the broker's EWrapper."""

from __future__ import annotations

from ib_trading_simulator.messages.elements import Repeat, fields
from ib_trading_simulator.messages.order_fields import COMPLETED_ORDER as COMPLETED_ORDER_FIELDS
from ib_trading_simulator.messages.order_fields import EXECUTION as EXECUTION_FIELDS
from ib_trading_simulator.messages.order_fields import OPEN_ORDER as OPEN_ORDER_FIELDS
from ib_trading_simulator.messages.table import Table

TICK_PRICE = Table(1, "tickPrice", fields("version=6 reqId tickType price size=0 attrMask=0"))
TICK_SIZE = Table(2, "tickSize", fields("version=6 reqId tickType size=0"))
ORDER_STATUS = Table(
    3,
    "orderStatus",
    fields(
        "orderId status filled=0 remaining=0 avgFillPrice=0 permId=0 parentId=0 lastFillPrice=0 clientId=0"
    )
    + fields("whyHeld mktCapPrice=0"),
)
ERROR = Table(
    4, "error", fields("version=2 id=-1 errorCode errorString") + fields("advancedOrderRejectJson", since=166)
)
OPEN_ORDER = Table(5, "openOrder", OPEN_ORDER_FIELDS)
ACCOUNT_VALUE = Table(6, "updateAccountValue", fields("version=2 key value currency account"))
PORTFOLIO = Table(
    7,
    "updatePortfolio",
    fields(
        "version=8 conId symbol secType lastTradeDateOrContractMonth strike=0 right=0 multiplier primaryExchange"
    )
    + fields(
        "currency localSymbol tradingClass position=0 marketPrice=0 marketValue=0 averageCost=0 unrealizedPNL=0"
    )
    + fields("realizedPNL=0 account"),
)
ACCOUNT_TIME = Table(8, "updateAccountTime", fields("version=1 timestamp"))
NEXT_VALID_ID = Table(9, "nextValidId", fields("version=1 orderId"))
CONTRACT_DETAILS = Table(
    10,
    "contractDetails",
    fields("version=8", until=164)
    + fields("reqId symbol secType lastTradeDateOrContractMonth strike=0 right exchange currency localSymbol")
    + fields("marketName tradingClass conId minTick")
    # Sizes are in shares at every version, so that this obsolete multiplier of sizes is 1.
    + fields("mdSizeMultiplier=1", until=164)
    + fields("multiplier orderTypes validExchanges priceMagnifier=1 underConId=0 longName primaryExchange")
    + fields(
        "contractMonth industry category subcategory timeZoneId tradingHours liquidHours evRule evMultiplier=0"
    )
    + (Repeat("secIdList", fields("tag value")),)
    + fields("aggGroup=1 underSymbol underSecType marketRuleIds realExpirationDate stockType")
    + fields("sizeMinTick=1", since=163, until=164)
    + fields("minSize=1 sizeIncrement=1 suggestedSizeIncrement=1", since=164),
)
EXECUTION = Table(11, "execDetails", EXECUTION_FIELDS)
MANAGED_ACCOUNTS = Table(15, "managedAccounts", fields("version=1 accountsList"))
HISTORICAL_BARS = Table(
    17,
    "historicalData",
    (*fields("reqId start end"), Repeat("bars", fields("date open high low close volume wap count"))),
)
BOND_CONTRACT_DETAILS = Table(
    18,
    "bondContractDetails",
    fields("version=6", until=164)
    + fields(
        "reqId symbol secType cusip coupon=0 maturity issueDate ratings bondType couponType convertible=0 callable=0"
    )
    + fields("putable=0 descAppend exchange currency marketName tradingClass conId minTick")
    + fields("mdSizeMultiplier=1", until=164)
    + fields(
        "orderTypes validExchanges nextOptionDate nextOptionType nextOptionPartial=0 notes longName evRule"
    )
    + fields("evMultiplier=0")
    + (Repeat("secIdList", fields("tag value")),)
    + fields("aggGroup=2147483647 marketRuleIds")
    + fields("sizeMinTick=1", since=163, until=164)
    + fields("minSize=1 sizeIncrement=1 suggestedSizeIncrement=1", since=164),
)
TICK_STRING = Table(46, "tickString", fields("version=6 reqId tickType value"))
CURRENT_TIME = Table(49, "currentTime", fields("version=1 time"))
CONTRACT_DETAILS_END = Table(52, "contractDetailsEnd", fields("version=1 reqId"))
OPEN_ORDER_END = Table(53, "openOrderEnd", fields("version=1"))
ACCOUNT_DOWNLOAD_END = Table(54, "accountDownloadEnd", fields("version=1 account"))
EXECUTIONS_END = Table(55, "execDetailsEnd", fields("version=1 reqId"))
SNAPSHOT_END = Table(57, "tickSnapshotEnd", fields("version=1 reqId"))
MARKET_DATA_TYPE = Table(58, "marketDataType", fields("version=1 reqId marketDataType"))
COMMISSION_REPORT = Table(
    59,
    "commissionReport",
    fields(
        "version=1 execId commission currency realizedPNL yield=1.7976931348623157E308 yieldRedemptionDate"
    ),
)
POSITION = Table(
    61,
    "position",
    fields(
        "version=3 account conId symbol secType lastTradeDateOrContractMonth strike=0.0 right multiplier exchange"
    )
    + fields("currency localSymbol tradingClass position=0 avgCost=0"),
)
POSITION_END = Table(62, "positionEnd", fields("version=1"))
ACCOUNT_SUMMARY = Table(63, "accountSummary", fields("version=1 reqId account tag value currency"))
ACCOUNT_SUMMARY_END = Table(64, "accountSummaryEnd", fields("version=1 reqId"))
ACCOUNT_UPDATE_MULTI = Table(
    73, "accountUpdateMulti", fields("version=1 reqId account modelCode key value currency")
)
ACCOUNT_UPDATE_MULTI_END = Table(74, "accountUpdateMultiEnd", fields("version=1 reqId"))
TICK_REQUEST_PARAMETERS = Table(
    81, "tickReqParams", fields("reqId minTick bboExchange snapshotPermissions=3")
)
HEAD_TIMESTAMP = Table(88, "headTimestamp", fields("reqId headTimestamp"))
MARKET_RULE = Table(
    93, "marketRule", (*fields("marketRuleId"), Repeat("increments", fields("lowEdge increment")))
)
PNL = Table(94, "pnl", fields("reqId dailyPnL unrealizedPnL realizedPnL"))
ORDER_BOUND = Table(100, "orderBound", fields("reqId apiClientId apiOrderId"))
COMPLETED_ORDER = Table(101, "completedOrder", COMPLETED_ORDER_FIELDS)
COMPLETED_ORDERS_END = Table(102, "completedOrdersEnd")

BY_NUMBER = {
    table.number: table
    for table in (
        TICK_PRICE, TICK_SIZE, ORDER_STATUS, ERROR, OPEN_ORDER, ACCOUNT_VALUE, PORTFOLIO, ACCOUNT_TIME,
        NEXT_VALID_ID, CONTRACT_DETAILS, EXECUTION, MANAGED_ACCOUNTS, HISTORICAL_BARS, BOND_CONTRACT_DETAILS,
        TICK_STRING, CURRENT_TIME,
        CONTRACT_DETAILS_END, OPEN_ORDER_END, ACCOUNT_DOWNLOAD_END, EXECUTIONS_END, SNAPSHOT_END, MARKET_DATA_TYPE,
        COMMISSION_REPORT, POSITION, POSITION_END, ACCOUNT_SUMMARY, ACCOUNT_SUMMARY_END, ACCOUNT_UPDATE_MULTI,
        ACCOUNT_UPDATE_MULTI_END, TICK_REQUEST_PARAMETERS, HEAD_TIMESTAMP, MARKET_RULE, PNL, ORDER_BOUND,
        COMPLETED_ORDER, COMPLETED_ORDERS_END,
    )
}  # fmt: skip

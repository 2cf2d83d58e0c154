"""The long layouts: placeOrder as a client sends it, openOrder and completedOrder as the gateway echoes it.

Field names are those of the broker's Order and OrderState, so that what came in with placeOrder goes out
again under the same name. Sources: the official Python client's client.py (placeOrder) and orderdecoder.py,
at the server versions 157 to 176. Defaults of openOrder are what a real gateway sends for a plain stock
order.
"""

from __future__ import annotations

from ib_trading_simulator.messages.elements import Element, Field, Given, Repeat, Variants, fields
from ib_trading_simulator.messages.wire import UNSET_DOUBLE, UNSET_INTEGER

CONTRACT = fields(
    "conId symbol secType lastTradeDateOrContractMonth strike right multiplier exchange primaryExchange currency "
    "localSymbol tradingClass"
)


def _filled(field: str) -> bool:
    return field != ""


def _positive(field: str) -> bool:
    return field not in {"", "0", "0.0", UNSET_DOUBLE, "1.7976931348623157e+308"}


def _is(*choices: str) -> frozenset[str]:
    return frozenset(choices)


IS_BAG = _is("BAG").__contains__
IS_TRUE = _is("1").__contains__

_LEG = fields("conId ratio action exchange openClose shortSaleSlot designatedLocation exemptCode")
_TAG = fields("tag value")
_DELTA_NEUTRAL_CONTRACT = fields(
    "deltaNeutralContractConId deltaNeutralContractDelta deltaNeutralContractPrice"
)
_SCALE = fields(
    "scalePriceAdjustValue scalePriceAdjustInterval scaleProfitOffset scaleAutoReset scaleInitPosition "
    "scaleInitFillQty scaleRandomPercent"
)
_BENCHMARK = fields(
    "referenceContractId isPeggedChangeAmountDecrease peggedChangeAmount referenceChangeAmount referenceExchangeId"
)
_MID_OFFSETS = fields("midOffsetAtWhole midOffsetAtHalf")

# Which fields follow a condition's type number (order_condition.py of the official client).
_CONDITIONS = Variants(
    "conditions",
    "condType",
    {
        "1": ("conjunction", "isMore", "price", "conId", "exch", "triggerMethod"),
        "3": ("conjunction", "isMore", "time"),
        "4": ("conjunction", "isMore", "percent"),
        "5": ("conjunction", "secType", "exch", "symbol"),
        "6": ("conjunction", "isMore", "volume", "conId", "exch"),
        "7": ("conjunction", "isMore", "changePercent", "conId", "exch"),
    },
)
_AFTER_CONDITIONS = Given("conditions", _positive, fields("conditionsIgnoreRth conditionsCancelOrder"))

PLACE_ORDER: tuple[Element, ...] = (
    *fields("orderId"),
    *CONTRACT,
    *fields("secIdType secId action totalQuantity orderType lmtPrice auxPrice"),
    *fields(
        "tif ocaGroup account openClose origin orderRef transmit parentId blockOrder sweepToFill displaySize"
    ),
    *fields("triggerMethod outsideRth hidden"),
    Given(
        "secType",
        IS_BAG,
        (
            Repeat("comboLegs", _LEG),
            Repeat("orderComboLegs", fields("price")),
            Repeat("smartComboRoutingParams", _TAG),
        ),
    ),
    *fields(
        "sharesAllocation discretionaryAmt goodAfterTime goodTillDate faGroup faMethod faPercentage faProfile"
    ),
    *fields(
        "modelCode shortSaleSlot designatedLocation exemptCode ocaType rule80A settlingFirm allOrNone minQty"
    ),
    *fields(
        "percentOffset eTradeOnly firmQuoteOnly nbboPriceCap auctionStrategy startingPrice stockRefPrice delta"
    ),
    *fields("stockRangeLower stockRangeUpper overridePercentageConstraints volatility volatilityType"),
    *fields("deltaNeutralOrderType deltaNeutralAuxPrice"),
    Given(
        "deltaNeutralOrderType",
        _filled,
        fields(
            "deltaNeutralConId deltaNeutralSettlingFirm deltaNeutralClearingAccount deltaNeutralClearingIntent "
            "deltaNeutralOpenClose deltaNeutralShortSale deltaNeutralShortSaleSlot deltaNeutralDesignatedLocation"
        ),
    ),
    *fields("continuousUpdate referencePriceType trailStopPrice trailingPercent"),
    *fields("scaleInitLevelSize scaleSubsLevelSize scalePriceIncrement"),
    Given("scalePriceIncrement", _positive, _SCALE),
    *fields("scaleTable activeStartTime activeStopTime hedgeType"),
    Given("hedgeType", _filled, fields("hedgeParam")),
    *fields("optOutSmartRouting clearingAccount clearingIntent notHeld deltaNeutralContract"),
    Given("deltaNeutralContract", IS_TRUE, _DELTA_NEUTRAL_CONTRACT),
    *fields("algoStrategy"),
    Given("algoStrategy", _filled, (Repeat("algoParams", _TAG),)),
    *fields("algoId whatIf orderMiscOptions solicited randomizeSize randomizePrice"),
    Given("orderType", _is("PEG BENCH", "PEGBENCH").__contains__, _BENCHMARK),
    _CONDITIONS,
    _AFTER_CONDITIONS,
    *fields("adjustedOrderType triggerPrice lmtPriceOffset adjustedStopPrice adjustedStopLimitPrice"),
    *fields(
        "adjustedTrailingAmount adjustableTrailingUnit extOperator softDollarTierName softDollarTierValue"
    ),
    *fields("cashQty mifid2DecisionMaker mifid2DecisionAlgo mifid2ExecutionTrader mifid2ExecutionAlgo"),
    *fields("dontUseAutoPriceForHedge isOmsContainer discretionaryUpToLimitPrice usePriceMgmtAlgo"),
    *fields("duration", since=158),
    *fields("postToAts", since=160),
    *fields("autoCancelParent", since=162),
    *fields("advancedErrorOverride", since=166),
    *fields("manualOrderTime", since=169),
    Given("exchange", _is("IBKRATS").__contains__, fields("minTradeQty"), since=170),
    Given(
        "orderType",
        _is("PEG BEST", "PEGBEST").__contains__,
        (
            *fields("minCompeteSize competeAgainstBestOffset"),
            Given("competeAgainstBestOffset", _is("Infinite").__contains__, _MID_OFFSETS),
        ),
        since=170,
    ),
    Given("orderType", _is("PEG MID", "PEGMID").__contains__, _MID_OFFSETS, since=170),
)

# What the gateway says about a contract inside an order; note that the primary exchange is not among it.
_ORDER_CONTRACT = fields(
    "conId symbol secType lastTradeDateOrContractMonth strike=0 right=? multiplier exchange currency localSymbol "
    "tradingClass"
)
_PEGGED = (
    *fields(f"minTradeQty={UNSET_INTEGER} minCompeteSize={UNSET_INTEGER}", since=170),
    *fields(f"competeAgainstBestOffset={UNSET_DOUBLE}", since=170),
    *fields(f"midOffsetAtWhole={UNSET_DOUBLE} midOffsetAtHalf={UNSET_DOUBLE}", since=170),
)
_COMBO_AND_SCALE: tuple[Element, ...] = (
    *fields("comboLegsDescrip"),
    Repeat("comboLegs", _LEG),
    Repeat("orderComboLegs", fields("price")),
    Repeat("smartComboRoutingParams", _TAG),
    *fields(f"scaleInitLevelSize={UNSET_INTEGER} scaleSubsLevelSize={UNSET_INTEGER} scalePriceIncrement"),
    Given("scalePriceIncrement", _positive, _SCALE),
    *fields("hedgeType"),
    Given("hedgeType", _filled, fields("hedgeParam")),
)
_NOT_HELD_AND_ALGO: tuple[Element, ...] = (
    *fields("clearingAccount clearingIntent=IB notHeld=0 deltaNeutralContract=0"),
    Given("deltaNeutralContract", IS_TRUE, _DELTA_NEUTRAL_CONTRACT),
    *fields("algoStrategy"),
    Given("algoStrategy", _filled, (Repeat("algoParams", _TAG),)),
)

OPEN_ORDER: tuple[Element, ...] = (
    *fields("orderId=0"),
    *_ORDER_CONTRACT,
    *fields(
        "action totalQuantity orderType lmtPrice=0.0 auxPrice=0.0 tif ocaGroup account openClose origin=0"
    ),
    *fields(
        "orderRef clientId=0 permId=0 outsideRth=0 hidden=0 discretionaryAmt=0 goodAfterTime sharesAllocation"
    ),
    *fields(
        "faGroup faMethod faPercentage faProfile modelCode goodTillDate rule80A percentOffset settlingFirm"
    ),
    *fields(
        "shortSaleSlot=0 designatedLocation exemptCode=-1 auctionStrategy=0 startingPrice stockRefPrice delta"
    ),
    *fields(
        f"stockRangeLower stockRangeUpper displaySize={UNSET_INTEGER} blockOrder=0 sweepToFill=0 allOrNone=0"
    ),
    *fields(
        "minQty ocaType=3 eTradeOnly=0 firmQuoteOnly=0 nbboPriceCap parentId=0 triggerMethod=0 volatility"
    ),
    *fields("volatilityType=0 deltaNeutralOrderType=None deltaNeutralAuxPrice"),
    # The gateway sends the literal "None" as order type, so that this block is always there.
    *fields(
        "deltaNeutralConId=0 deltaNeutralSettlingFirm deltaNeutralClearingAccount deltaNeutralClearingIntent"
    ),
    *fields("deltaNeutralOpenClose=? deltaNeutralShortSale=0 deltaNeutralShortSaleSlot=0"),
    *fields(
        "deltaNeutralDesignatedLocation continuousUpdate=0 referencePriceType=0 trailStopPrice trailingPercent"
    ),
    *fields("basisPoints basisPointsType"),
    *_COMBO_AND_SCALE,
    *fields("optOutSmartRouting=0"),
    *_NOT_HELD_AND_ALGO,
    *fields("solicited=0 whatIf=0 status"),
    *fields(f"initMarginBefore={UNSET_DOUBLE} maintMarginBefore={UNSET_DOUBLE}"),
    *fields(f"equityWithLoanBefore={UNSET_DOUBLE} initMarginChange={UNSET_DOUBLE}"),
    *fields(f"maintMarginChange={UNSET_DOUBLE} equityWithLoanChange={UNSET_DOUBLE}"),
    *fields(f"initMarginAfter={UNSET_DOUBLE} maintMarginAfter={UNSET_DOUBLE}"),
    *fields(f"equityWithLoanAfter={UNSET_DOUBLE} commission minCommission maxCommission commissionCurrency"),
    *fields("warningText randomizeSize=0 randomizePrice=0"),
    Given("orderType", _is("PEG BENCH", "PEGBENCH").__contains__, _BENCHMARK),
    _CONDITIONS,
    *fields(f"adjustedOrderType=None triggerPrice={UNSET_DOUBLE} adjustedTrailStopPrice={UNSET_DOUBLE}"),
    *fields(f"lmtPriceOffset={UNSET_DOUBLE} adjustedStopPrice={UNSET_DOUBLE}"),
    *fields(f"adjustedStopLimitPrice={UNSET_DOUBLE} adjustedTrailingAmount={UNSET_DOUBLE}"),
    *fields(
        "adjustableTrailingUnit=0 softDollarTierName softDollarTierValue softDollarTierDisplayName cashQty=0"
    ),
    *fields("dontUseAutoPriceForHedge=1 isOmsContainer=0 discretionaryUpToLimitPrice=0 usePriceMgmtAlgo=0"),
    *fields(f"duration={UNSET_INTEGER}", since=159),
    *fields(f"postToAts={UNSET_INTEGER}", since=160),
    *fields("autoCancelParent=0", since=162),
    *_PEGGED,
)

COMPLETED_ORDER: tuple[Element, ...] = (
    *_ORDER_CONTRACT,
    *fields(
        "action totalQuantity orderType lmtPrice=0.0 auxPrice=0.0 tif ocaGroup account openClose origin=0"
    ),
    *fields(
        "orderRef permId=0 outsideRth=0 hidden=0 discretionaryAmt=0 goodAfterTime faGroup faMethod faPercentage"
    ),
    *fields("faProfile modelCode goodTillDate rule80A percentOffset settlingFirm shortSaleSlot=0"),
    *fields(
        "designatedLocation exemptCode=-1 startingPrice stockRefPrice delta stockRangeLower stockRangeUpper"
    ),
    *fields(
        f"displaySize={UNSET_INTEGER} sweepToFill=0 allOrNone=0 minQty ocaType=3 triggerMethod=0 volatility"
    ),
    *fields("volatilityType=0 deltaNeutralOrderType=None deltaNeutralAuxPrice deltaNeutralConId=0"),
    *fields("deltaNeutralShortSale=0 deltaNeutralShortSaleSlot=0 deltaNeutralDesignatedLocation"),
    *fields("continuousUpdate=0 referencePriceType=0 trailStopPrice trailingPercent"),
    *_COMBO_AND_SCALE,
    *_NOT_HELD_AND_ALGO,
    *fields("solicited=0 status randomizeSize=0 randomizePrice=0"),
    Given("orderType", _is("PEG BENCH", "PEGBENCH").__contains__, _BENCHMARK),
    _CONDITIONS,
    *fields(f"adjustedTrailStopPrice={UNSET_DOUBLE} lmtPriceOffset={UNSET_DOUBLE} cashQty=0"),
    *fields("dontUseAutoPriceForHedge=1 isOmsContainer=0 autoCancelDate filledQuantity=0"),
    *fields(f"refFuturesConId={UNSET_INTEGER} autoCancelParent=0 shareholder imbalanceOnly=0"),
    *fields("routeMarketableToBbo=0 parentPermId=0 completedTime completedStatus"),
    *_PEGGED,
)

EXECUTION: tuple[Element, ...] = (
    *fields(
        "reqId=-1 orderId=0 conId symbol secType lastTradeDateOrContractMonth strike=0.0 right multiplier"
    ),
    *fields(
        "contractExchange currency localSymbol tradingClass execId time acctNumber exchange side shares price"
    ),
    *fields("permId clientId=0 liquidation=0 cumQty avgPrice orderRef evRule evMultiplier modelCode"),
    Field("lastLiquidity", "0"),
)

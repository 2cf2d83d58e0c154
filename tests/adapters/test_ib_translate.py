"""Numbers, states and accounts as the core gets them from the broker's words."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_trading.adapters.ib import translate
from ib_trading.adapters.ib.error_codes import Ending
from ib_trading.adapters.ib.library import library
from ib_trading.adapters.ib.translate import AccountValue
from ib_trading.core.attribution import Execution
from ib_trading.core.order_kind import OrderType, TimeInForce
from ib_trading.core.order_state import OrderState
from ib_trading.core.refusals import BrokerFault
from tests.contracts.samples import an_order

AT = datetime(2019, 1, 2, 15, tzinfo=UTC)


def _executed(side: str) -> Execution:
    """An execution of 5 AAPL as the library decodes it, translated."""
    contract = library().Contract(conId=265598, symbol="AAPL", localSymbol="AAPL")
    told = library().Execution(execId="1.1", time=AT, side=side, shares=5.0, price=38.7)
    return translate.execution(contract, told)


@pytest.mark.parametrize("unset", [None, "", math.nan, math.inf, 1.7976931348623157e308, 2147483647, "n/a"])
def test_a_number_that_is_not_there_is_none(unset: object) -> None:
    assert translate.amount(unset) is None


@pytest.mark.parametrize(
    ("wire", "exact"), [(0.1, "0.1"), (100.0, "100"), ("12.50", "12.50"), (1e-05, "0.00001")]
)
def test_a_number_is_the_one_that_was_written(wire: object, exact: str) -> None:
    assert translate.amount(wire) == Decimal(exact)


@given(st.decimals(min_value=-(10**7), max_value=10**7, places=4))
def test_a_price_survives_the_librarys_floats(price: Decimal) -> None:
    """Up to eleven digits: more than any price or size on the wire has."""
    assert translate.amount(float(price)) == price


@pytest.mark.parametrize(
    ("status", "filled", "ending", "acknowledged", "state"),
    [
        ("", 0, None, False, OrderState.SENDING),
        ("PendingSubmit", 0, None, False, OrderState.SENDING),
        ("PreSubmitted", 0, None, True, OrderState.WORKING),
        ("Submitted", 0, None, True, OrderState.WORKING),
        ("Submitted", 40, None, True, OrderState.WORKING),
        ("PendingCancel", 0, None, True, OrderState.WORKING),
        ("SomethingNew", 0, None, True, OrderState.ACKNOWLEDGED),
        ("Filled", 0, None, True, OrderState.FILLED),
        ("Submitted", 100, None, True, OrderState.FILLED),
        ("Cancelled", 0, None, True, OrderState.CANCELLED),
        ("ApiCancelled", 0, None, True, OrderState.CANCELLED),
        ("Cancelled", 40, None, True, OrderState.PARTLY_FILLED),
        ("Cancelled", 100, None, True, OrderState.FILLED),
        ("Inactive", 0, None, True, OrderState.INACTIVE),
        ("Inactive", 0, Ending.REJECTED, True, OrderState.REJECTED),
        ("Submitted", 40, Ending.REJECTED, True, OrderState.PARTLY_FILLED),
        ("", 0, Ending.REJECTED, False, OrderState.REJECTED),
        ("", 0, Ending.REFUSED, False, OrderState.REJECTED),
        ("Submitted", 0, Ending.REFUSED, True, OrderState.WORKING),
        ("", 0, Ending.CANCELLED, False, OrderState.CANCELLED),
        ("Submitted", 100, Ending.CANCELLED, True, OrderState.FILLED),
    ],
)
def test_status_fills_and_messages_add_up_to_one_state(
    status: str, filled: int, ending: Ending | None, acknowledged: bool, state: OrderState
) -> None:
    told = translate.order_state(status, Decimal(100), Decimal(filled), ending, acknowledged=acknowledged)
    assert told is state


@pytest.mark.parametrize(("side", "signed"), [("BOT", 5), ("SLD", -5)])
def test_the_side_of_an_execution_is_its_sign(side: str, signed: int) -> None:
    execution = _executed(side)
    assert (execution.quantity, execution.price, execution.at) == (signed, Decimal("38.7"), AT)
    assert execution.commission is None


def test_an_execution_without_a_side_is_a_fault() -> None:
    with pytest.raises(BrokerFault, match="neither BOT nor SLD"):
        _executed("")


def test_corrections_share_the_id_of_what_they_correct() -> None:
    corrected = translate.base_exec_id("0001f4e8.67a1b2c3.01.02")
    assert corrected == translate.base_exec_id("0001f4e8.67a1b2c3.01.01")
    assert corrected != translate.base_exec_id("0001f4e8.67a1b2c3.02.01")


ACCOUNT = (
    AccountValue("DU1", "AccountType", "INDIVIDUAL", ""),
    AccountValue("DU1", "NetLiquidation", "100250.00", "CHF"),
    AccountValue("DU1", "CashBalance", "5000.00", "CHF"),
    AccountValue("DU1", "CashBalance", "-200.50", "USD"),
    AccountValue("DU1", "CashBalance", "4820.00", "BASE"),
    AccountValue("DU1", "ExchangeRate", "1.00", "CHF"),
    AccountValue("DU1", "ExchangeRate", "0.90", "USD"),
    AccountValue("DU1", "UnrealizedPnL", "10.00", "CHF"),
    AccountValue("DU1", "UnrealizedPnL", "55.00", "USD"),
    AccountValue("DU1", "UnrealizedPnL", "59.50", "BASE"),
    AccountValue("DU2", "NetLiquidation", "7.00", "USD"),
)


def test_the_currency_of_net_liquidation_is_the_base_currency() -> None:
    state = translate.account_state("DU1", ACCOUNT)
    assert (state.base_currency, state.net_liquidation) == ("CHF", Decimal("100250.00"))


def test_cash_and_rates_are_told_by_currency_without_the_brokers_sum() -> None:
    state = translate.account_state("DU1", ACCOUNT)
    assert state.cash == {"CHF": Decimal(5000), "USD": Decimal("-200.50")}
    assert state.rates == {"CHF": Decimal(1), "USD": Decimal("0.90")}


def test_a_figure_told_by_currency_counts_as_its_sum_in_base_currency() -> None:
    assert translate.account_state("DU1", ACCOUNT).values["UnrealizedPnL"] == Decimal("59.50")


def test_an_account_without_net_liquidation_is_a_fault() -> None:
    with pytest.raises(BrokerFault, match="no NetLiquidation for account DU3"):
        translate.account_state("DU3", ACCOUNT)


ORDER = an_order("ib-pabc", "run-1", quantity=Decimal("1E+2"), adaptive_priority="Patient")


def leaving(**changes: Any) -> Any:
    """ORDER with `changes`, as the library's own order."""
    return translate.ib_order(replace(ORDER, **changes), "DU1", ORDER.order_ref)


def test_an_order_leaves_with_its_reference_its_account_and_a_plain_quantity() -> None:
    order = leaving()
    assert (order.orderRef, order.account, order.totalQuantity, order.tif) == ("ib-pabc", "DU1", "100", "DAY")


def test_the_adaptive_algo_is_named_with_its_priority_and_only_if_there_is_one() -> None:
    adaptive, plain = leaving(), leaving(adaptive_priority=None)
    assert adaptive.algoStrategy == "Adaptive"
    assert [(param.tag, param.value) for param in adaptive.algoParams] == [("adaptivePriority", "Patient")]
    assert (plain.algoStrategy, plain.algoParams) == ("", [])


@pytest.mark.parametrize(
    "changes", [{"order_type": OrderType.LIMIT}, {"limit_price": Decimal(1)}, {"order_type": OrderType.STOP}]
)
def test_an_order_whose_type_and_price_do_not_fit_is_refused_before_it_is_sent(
    changes: dict[str, Any],
) -> None:
    with pytest.raises(ValueError, match=r"cannot have the (limit|stop) price"):
        leaving(**changes)


def test_a_limit_order_leaves_with_its_exact_price_and_its_start_in_utc() -> None:
    """With a blank instead of the dash the gateway would read its own time zone."""
    start = datetime(2024, 6, 3, 15, 45, tzinfo=ZoneInfo("America/New_York"))
    order = leaving(
        order_type=OrderType.LIMIT,
        limit_price=Decimal("1E+2"),
        good_after=start,
        outside_rth=True,
        tif=TimeInForce.GTC,
    )
    assert (order.lmtPrice, order.goodAfterTime, order.outsideRth, order.tif) == (
        "100",
        "20240603-19:45:00",
        True,
        "GTC",
    )


PRICED: dict[OrderType, dict[str, Any]] = {
    OrderType.LIMIT: {"limit_price": Decimal("99.50")},
    OrderType.STOP: {"stop_price": Decimal("1E+2")},
    OrderType.STOP_LIMIT: {"stop_price": Decimal("1E+2"), "limit_price": Decimal("99.50")},
    OrderType.TRAIL: {"stop_price": Decimal(98), "trailing_percent": Decimal("1.5")},
    OrderType.TRAIL_LIMIT: {
        "stop_price": Decimal(98),
        "trailing_percent": Decimal("1.5"),
        "limit_offset": Decimal("0.50"),
    },
}


@pytest.mark.parametrize(
    ("kind", "figures"),
    [
        (OrderType.MARKET, {}),
        (OrderType.LIMIT, {"lmtPrice": "99.50"}),
        (OrderType.STOP, {"auxPrice": "100"}),
        (OrderType.STOP_LIMIT, {"lmtPrice": "99.50", "auxPrice": "100"}),
        (OrderType.TRAIL, {"trailStopPrice": "98", "trailingPercent": "1.5"}),
        (
            OrderType.TRAIL_LIMIT,
            {"trailStopPrice": "98", "trailingPercent": "1.5", "lmtPriceOffset": "0.50"},
        ),
    ],
)
def test_every_type_leaves_with_its_own_figures_and_no_others(
    kind: OrderType, figures: dict[str, str]
) -> None:
    """As the library itself puts them on the wire: what it leaves unset is empty there."""
    order = leaving(order_type=kind, adaptive_priority=None, **PRICED.get(kind, {}))
    unset = library().Order()
    names = ("lmtPrice", "auxPrice", "trailStopPrice", "trailingPercent", "lmtPriceOffset")
    told = {name: value for name in names if (value := getattr(order, name)) != getattr(unset, name)}
    assert (order.orderType, told) == (str(kind), figures)
    sent = _sent(order)
    assert (sent[0], sent[1]) == ("3", "7")
    assert [word for word in sent if word in {str(kind), *figures.values()}].count(str(kind)) == 1
    assert set(figures.values()) <= set(sent)


def test_the_library_s_own_stop_orders_are_the_same() -> None:
    """ib_insync.StopOrder and StopLimitOrder."""
    stop = library().StopOrder("BUY", 100, 100)
    stop_limit = library().StopLimitOrder("BUY", 100, 99.5, 100)
    for theirs, kind in ((stop, OrderType.STOP), (stop_limit, OrderType.STOP_LIMIT)):
        ours = leaving(order_type=kind, adaptive_priority=None, **PRICED[kind])
        assert ours.orderType == theirs.orderType
        for name in ("lmtPrice", "auxPrice"):
            assert translate.amount(getattr(ours, name)) == translate.amount(getattr(theirs, name))


@pytest.mark.parametrize("kind", list(PRICED))
def test_an_order_that_lacks_a_price_of_its_type_does_not_leave(kind: OrderType) -> None:
    for name in PRICED[kind]:
        with pytest.raises(ValueError, match="cannot have"):
            leaving(
                order_type=kind, **{other: price for other, price in PRICED[kind].items() if other != name}
            )


def _sent(order: Any) -> list[str]:
    """The words of the message with which the library places it as number 7."""
    client, words = library().Client(None), []
    client.isConnected, client.serverVersion = lambda: True, lambda: 176
    client.sendMsg = lambda message: words.extend(message.split("\0"))
    client.placeOrder(7, library().Contract(conId=265598), order)
    return words

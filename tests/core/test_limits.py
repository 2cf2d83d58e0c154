"""Each limit lets through what it should and refuses what it should; every verdict says what to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from ib_trading.core.instruments import TradingHours
from ib_trading.core.last_worth import Worth
from ib_trading.core.limits import RULES, Proposal, Verdict, judge, said_together
from ib_trading.core.limits.proposal import nearer_to_nothing
from ib_trading.core.limits.session import fills_until
from ib_trading.core.market import DailyClose
from ib_trading.core.mode import TradingMode
from ib_trading.core.netting import InternalCross
from ib_trading.core.order_kind import OrderType, Side, TimeInForce
from ib_trading.core.positions import under_way
from ib_trading.core.snapshot import Margin, TradingSwitch
from tests.core.builders import (
    AAA,
    AFTER_HOURS,
    BBB,
    CCC,
    HOURS,
    NOW,
    closes,
    config,
    order,
    price,
    proposal,
    snapshot,
    stock,
)

ENOUGH = Margin(Decimal(0), Decimal(500), Decimal(100_000))
CROSS = InternalCross(1, Decimal(100), {"alpha": Decimal(5), "beta": Decimal(-5)})


def verdicts(asked: Proposal, rule: str) -> list[Verdict]:
    return [verdict for verdict in judge(asked) if verdict.rule == rule]


def verdict(asked: Proposal, rule: str) -> Verdict:
    (only,) = verdicts(asked, rule)
    return only


def limited(**limits: Any) -> dict[str, Any]:
    """The snapshot's change that sets `limits`."""
    return {"config": config(limits=limits)}


def held(**by_contract: str) -> dict[str, Any]:
    """Positions, as the snapshot's change: `held(c1="10")`."""
    return {"positions": {int(name[1:]): Decimal(quantity) for name, quantity in by_contract.items()}}


def test_an_ordinary_proposal_passes_every_limit_and_each_gives_its_verdict() -> None:
    asked = proposal(
        order(1, "10"),
        closes={1: closes("99")},
        daily_profit=Decimal(-100),
        margins={1: ENOUGH},
        config=config(
            what_if=True,
            limits={
                "allowed_instruments": ("AAA",),
                "max_notional_per_order": Decimal(5000),
                "max_daily_loss_percent": Decimal(3),
            },
        ),
    )
    given = judge(asked)
    assert all(each.passed for each in given)
    # Leverage gives two, gross and net; only orders that outlive their request are asked about a reconciliation.
    assert len({each.rule for each in given}) == len(RULES)


def test_a_run_without_orders_is_refused_by_nothing() -> None:
    assert all(each.passed for each in judge(proposal(switch=TradingSwitch(enabled=False), at=AFTER_HOURS)))


@pytest.mark.parametrize(("reason", "shown"), [("holiday", "disabled: holiday"), ("", "disabled")])
def test_while_trading_is_disabled_orders_are_refused(reason: str, shown: str) -> None:
    asked = proposal(order(1, "10"), switch=TradingSwitch(enabled=False, reason=reason))
    assert (verdict(asked, "trading enabled").passed, verdict(asked, "trading enabled").value) == (
        False,
        shown,
    )


@pytest.mark.parametrize(
    ("mode", "accounts", "passed"),
    [
        (TradingMode.PAPER, ("DU1", "DU2"), [True, True]),
        (TradingMode.PAPER, ("DU1", "U2"), [True, False]),
        (TradingMode.LIVE, ("U1",), [True]),
        (TradingMode.LIVE, ("DU1",), [False]),
    ],
)
def test_every_managed_account_must_fit_the_mode(
    mode: TradingMode, accounts: tuple[str, ...], passed: list[bool]
) -> None:
    asked = proposal(mode=mode, managed_accounts=accounts)
    given = verdicts(asked, "account fits the trading mode")
    assert [(each.subject, each.passed) for each in given] == list(zip(accounts, passed, strict=True))


@pytest.mark.parametrize(("enabled", "passed"), [(True, True), (False, False)])
def test_the_kill_switch_stops_internal_crosses_too(enabled: bool, passed: bool) -> None:
    """They change who holds what, even where the broker sees nothing."""
    asked = replace(proposal(switch=TradingSwitch(enabled=enabled)), crosses=(CROSS,))
    assert verdict(asked, "trading enabled").passed is passed


def test_while_trading_is_disabled_a_reduce_only_run_passes() -> None:
    """The kill switch never traps a position."""
    asked = proposal(order(1, "-10"), switch=TradingSwitch(enabled=False, reason="audit"), **held(c1="10"))
    assert not verdict(asked, "trading enabled").passed
    only = verdict(replace(asked, reduce_only=True), "trading enabled")
    assert (only.passed, only.value) == (True, "disabled: audit, reduce-only passes")


@pytest.mark.parametrize(
    ("changes", "passed"),
    [
        ({}, False),
        ({"good_after": AFTER_HOURS}, True),
        ({"tif": TimeInForce.OPG}, True),
        ({"order_type": OrderType.LIMIT, "limit_price": Decimal(100)}, True),
        ({"order_type": OrderType.STOP, "stop_price": Decimal(102)}, True),
        ({"order_type": OrderType.TRAIL, "stop_price": Decimal(102)}, True),
        ({"order_type": OrderType.MARKET_ON_CLOSE}, False),
        ({"tif": TimeInForce.GTC}, False),
    ],
)
def test_while_the_exchange_is_closed_only_an_order_that_says_that_it_waits_passes(
    changes: dict[str, Any], passed: bool
) -> None:
    asked = proposal(order(1, "10", **changes), at=AFTER_HOURS)
    assert verdict(asked, "exchange open for a market order").passed is passed


@pytest.mark.parametrize(
    ("at", "changes", "shown"),
    [
        (NOW, {}, "open"),
        (AFTER_HOURS, {}, "closed"),
        (AFTER_HOURS, {"good_after": AFTER_HOURS}, "closed, the order waits"),
    ],
)
def test_the_plan_says_whether_the_exchange_is_open(
    at: datetime, changes: dict[str, Any], shown: str
) -> None:
    asked = proposal(order(1, "10", **changes), at=at)
    assert verdict(asked, "exchange open for a market order").value == shown


OUTLIVES = "reconciliation after an order that outlives its request"


@pytest.mark.parametrize(
    "changes",
    [
        {"good_after": NOW},
        {"order_type": OrderType.MARKET_ON_CLOSE},
        {"order_type": OrderType.STOP},
        {"order_type": OrderType.TRAIL_LIMIT},
        {"tif": TimeInForce.GTC},
        {"tif": TimeInForce.OPG},
    ],
)
def test_an_order_that_outlives_its_request_is_refused_without_a_reconciliation_that_day(
    changes: dict[str, Any],
) -> None:
    """The gateway serves executions of the current day only: nobody would book its fills."""
    given = verdict(proposal(order(1, "10", **changes)), OUTLIVES)
    assert (given.passed, given.remedy.startswith("schedule trade-reconciliation")) == (False, True)


def test_an_order_for_now_hides_none_that_outlives_its_request() -> None:
    (given,) = verdicts(
        proposal(order(1, "10"), order(2, "10", order_type=OrderType.MARKET_ON_CLOSE)), OUTLIVES
    )
    assert (given.passed, given.subject) == (False, "BBB")


def test_an_order_for_now_needs_no_reconciliation() -> None:
    assert verdicts(proposal(order(1, "10")), OUTLIVES) == []


@pytest.mark.parametrize(
    ("changes", "until"),
    [
        ({"order_type": OrderType.MARKET_ON_CLOSE}, HOURS.close),
        ({"order_type": OrderType.STOP_LIMIT}, HOURS.close),
        ({"good_after": NOW}, HOURS.close),
        ({"good_after": HOURS.close}, HOURS.close),
        ({"good_after": AFTER_HOURS}, AFTER_HOURS),
        ({"tif": TimeInForce.OPG}, NOW),
    ],
)
def test_an_order_can_fill_until_the_close_of_the_session_it_starts_in(
    changes: dict[str, Any], until: datetime
) -> None:
    assert fills_until(order(1, "10", **changes), AAA, NOW) == until


def test_a_market_order_while_the_exchange_is_closed_is_refused() -> None:
    rule = "exchange open for a market order"
    assert verdict(proposal(order(1, "10")), rule).passed
    assert not verdict(proposal(order(1, "10"), at=AFTER_HOURS), rule).passed


@pytest.mark.parametrize(("limit", "passed"), [(1, False), (2, True)])
def test_orders_per_run(limit: int, passed: bool) -> None:
    asked = proposal(order(1, "10"), order(2, "-10"), **limited(max_orders_per_run=limit))
    assert verdict(asked, "orders per run").passed is passed


@pytest.mark.parametrize("quantity", ["10", "-10"])
@pytest.mark.parametrize(("limit", "passed"), [("999.99", False), ("1000", True)])
def test_notional_per_order_in_base_currency(limit: str, passed: bool, quantity: str) -> None:
    asked = proposal(order(1, quantity), **limited(max_notional_per_order=Decimal(limit)))
    assert verdict(asked, "notional per order").passed is passed


def test_a_position_that_has_outgrown_the_notional_may_be_sold_in_one_order() -> None:
    state = held(c1="500") | limited(max_notional_per_order=Decimal(1000))
    assert verdict(proposal(order(1, "-500"), **state), "notional per order").value == "50000, being reduced"
    assert verdict(proposal(order(1, "-500"), **state), "notional per order").passed
    assert not verdict(proposal(order(1, "-501"), **state), "notional per order").passed


def test_without_a_limit_on_notional_none_is_asked() -> None:
    assert verdicts(proposal(order(1, "10")), "notional per order") == []


@pytest.mark.parametrize(("limit", "passed"), [("0.8", True), ("0.7999", False)])
def test_gross_leverage_counts_what_is_held_and_what_is_ordered_long_and_short(
    limit: str, passed: bool
) -> None:
    """600 BBB short are 30,000; 500 AAA are 50,000: together 0.8 of 100,000."""
    asked = proposal(order(1, "500"), **held(c2="-600"), **limited(max_gross_leverage=Decimal(limit)))
    given = verdict(asked, "gross leverage after the run")
    assert (given.passed, given.value) == (passed, "0.8")


@pytest.mark.parametrize(("limit", "passed"), [("0.2", True), ("0.1999", False)])
@pytest.mark.parametrize("sign", [1, -1])
def test_net_leverage_is_long_less_short_whichever_is_larger(limit: str, passed: bool, sign: int) -> None:
    orders = (order(1, str(sign * 500)), order(2, str(sign * -600)))
    asked = proposal(*orders, **limited(max_net_leverage=Decimal(limit)))
    given = verdict(asked, "net leverage after the run")
    assert (given.passed, given.value) == (passed, "0.2")


@pytest.mark.parametrize(
    ("working", "gross", "net"),
    [
        ({"alpha": {2: "900"}}, "0.9", "0.9"),
        ({"alpha": {2: "-900"}}, "0.9", "0.45"),
        ({"alpha": {2: "900", 3: "-500"}}, "1", "0.9"),
        ({"alpha": {2: "900"}, "beta": {2: "-400"}}, "0.9", "0.9"),
        ({"unassigned": {9: "100000"}}, "0.45", "0.45"),
    ],
)
def test_leverage_counts_what_live_orders_may_still_bring_by_its_worst_case(
    working: dict[str, dict[int, str]], gross: str, net: str
) -> None:
    """Any of them may fill or not. Alpha's purchase of 0.45 waited at its limit while beta's 0.45 passed a limit of
    0.5: 0.9 were on their way. Conversions of cash leave no position behind."""
    live = {
        name: {con_id: Decimal(each) for con_id, each in parts.items()} for name, parts in working.items()
    }
    euro = stock(9, "EUR.USD", sec_type="CASH")
    known = {1: AAA, 2: BBB, 3: CCC, 9: euro}
    made = proposal(order(1, "450"), working=live)
    asked = replace(made, snapshot=replace(made.snapshot, instruments=known))
    shown = [verdict(asked, f"{kind} leverage after the run").value for kind in ("gross", "net")]
    assert [Decimal(value) for value in shown] == [Decimal(gross), Decimal(net)]


def test_net_leverage_is_the_side_that_live_orders_may_bring_furthest() -> None:
    """10,000 long, and a sale of 45,000 that may fill: 0.1 long or 0.35 short."""
    asked = proposal(order(1, "100"), working={"alpha": {2: Decimal(-900)}})
    assert verdict(asked, "net leverage after the run").value == "0.35"


def test_live_orders_that_alone_break_a_limit_do_not_forbid_the_way_back() -> None:
    """They are there before the run as they are after it."""
    state = (
        held(c1="1200") | limited(max_gross_leverage=Decimal(1)) | {"working": {"beta": {2: Decimal(500)}}}
    )
    assert verdict(proposal(order(1, "-1"), **state), "gross leverage after the run").passed
    assert not verdict(proposal(order(1, "1"), **state), "gross leverage after the run").passed


@pytest.mark.parametrize(("working", "weight"), [("300", "0.4"), ("-300", "0.2"), ("-50", "0.1")])
def test_a_weight_counts_what_live_orders_may_still_bring(working: str, weight: str) -> None:
    asked = proposal(order(1, "100"), working={"beta": {1: Decimal(working)}})
    assert Decimal(verdict(asked, "weight per instrument").value) == Decimal(weight)


@pytest.mark.parametrize("rule", ["gross leverage after the run", "net leverage after the run"])
def test_an_account_beyond_its_leverage_may_go_back_or_stay_but_no_further(rule: str) -> None:
    """Prices alone may carry it there: 1,200 AAA are 1.2 of the account."""
    beyond = held(c1="1200") | limited(max_gross_leverage=Decimal(1), max_net_leverage=Decimal(1))
    assert verdict(proposal(order(1, "-50"), **beyond), rule).value == "1.15, not raised"
    assert verdict(proposal(order(1, "-50"), **beyond), rule).passed
    assert verdict(proposal(**beyond), rule).passed
    assert not verdict(proposal(order(1, "1"), **beyond), rule).passed


def test_leverage_that_moves_from_one_side_to_the_other_is_judged_like_any_other() -> None:
    beyond = held(c1="1200") | limited(max_gross_leverage=Decimal(1))
    assert not verdict(proposal(order(1, "-2500"), **beyond), "gross leverage after the run").passed


@pytest.mark.parametrize(
    "rule", ["gross leverage after the run", "net leverage after the run", "weight per instrument"]
)
@pytest.mark.parametrize("worth", ["0", "-100000"])
def test_an_account_that_is_worth_nothing_may_not_buy_but_may_close(rule: str, worth: str) -> None:
    """A negative net liquidation must not turn leverage into a small, negative number that passes."""
    state = held(c1="10") | {"net_liquidation": Decimal(worth)}
    buys = verdict(proposal(order(1, "1"), **state), rule)
    assert (buys.passed, buys.value) == (False, "net liquidation is not above 0")
    assert verdict(proposal(order(1, "-10"), **state), rule).passed


def test_a_position_that_the_broker_shows_at_zero_needs_no_price() -> None:
    asked = proposal(order(1, "10"), **held(c99="0"))
    assert all(each.passed for each in judge(asked))


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(("limit", "passed"), [("0.3", True), ("0.2999", False)])
def test_weight_per_instrument_counts_what_is_held_already(limit: str, passed: bool, sign: int) -> None:
    asked = proposal(
        order(1, str(100 * sign)),
        **held(c1=str(200 * sign)),
        **limited(max_weight_per_instrument=Decimal(limit)),
    )
    assert verdict(asked, "weight per instrument").passed is passed


@pytest.mark.parametrize("sign", [1, -1])
def test_a_position_that_has_outgrown_its_weight_may_be_reduced_and_not_added_to(sign: int) -> None:
    outgrown = held(c1=str(500 * sign)) | limited(max_weight_per_instrument=Decimal("0.25"))
    reducing = verdict(proposal(order(1, str(-10 * sign)), **outgrown), "weight per instrument")
    assert (reducing.passed, reducing.value) == (True, "0.49, being reduced")
    assert not verdict(proposal(order(1, str(sign)), **outgrown), "weight per instrument").passed


@pytest.mark.parametrize("sign", [1, -1])
def test_turning_a_position_over_to_the_other_side_is_not_reducing_it(sign: int) -> None:
    """From 500 long to 490 short is a new position, beyond its weight."""
    outgrown = held(c1=str(500 * sign)) | limited(max_weight_per_instrument=Decimal("0.25"))
    assert not verdict(proposal(order(1, str(-990 * sign)), **outgrown), "weight per instrument").passed


def test_what_has_outgrown_its_weight_and_is_not_traded_refuses_nothing() -> None:
    asked = proposal(order(2, "1"), **held(c1="500"), **limited(max_weight_per_instrument=Decimal("0.25")))
    assert verdict(asked, "weight per instrument").subject == "BBB"
    assert verdict(asked, "weight per instrument").passed


def test_only_allowed_instruments_are_traded() -> None:
    asked = proposal(order(1, "10"), order(2, "10"), **limited(allowed_instruments=("AAA", "CCC")))
    assert [(each.subject, each.passed) for each in verdicts(asked, "allowed instruments")] == [
        ("AAA", True),
        ("BBB", False),
    ]


def test_what_was_taken_off_the_list_may_be_sold_and_not_bought() -> None:
    """A position must not be trapped by the list that was to end it."""
    state = held(c1="10") | limited(allowed_instruments=("BBB",))
    sale = verdict(proposal(order(1, "-10"), **state), "allowed instruments")
    assert (sale.passed, sale.value) == (True, "AAA, being reduced")
    assert not verdict(proposal(order(1, "1"), **state), "allowed instruments").passed
    assert not verdict(proposal(order(1, "-11"), **state), "allowed instruments").passed


@pytest.mark.parametrize(
    ("alpha", "beta", "passed"), [("-5", "5", True), ("-5", "4", False), ("0", "5", False), ("5", "5", False)]
)
def test_a_cross_in_what_is_not_allowed_passes_only_if_it_reduces_everyone(
    alpha: str, beta: str, passed: bool
) -> None:
    """The cross brings alpha 5 AAA and takes 5 from beta."""
    holdings = {"alpha": {1: Decimal(alpha)}, "beta": {1: Decimal(beta)}}
    asked = proposal(holdings=holdings, **limited(allowed_instruments=("BBB",)))
    assert verdict(replace(asked, crosses=(CROSS,)), "allowed instruments").passed is passed


def test_a_cross_that_opens_a_position_in_what_is_not_allowed_is_refused() -> None:
    """Alpha's short of 5 is bought back from beta, who would hold one from then on."""
    cross = InternalCross(1, Decimal(100), {"alpha": Decimal(1), "beta": Decimal(-1)})
    asked = proposal(holdings={"alpha": {1: Decimal(-5)}}, **limited(allowed_instruments=("BBB",)))
    assert not verdict(replace(asked, crosses=(cross,)), "allowed instruments").passed


def test_live_orders_of_two_strategies_against_each_other_are_two_live_orders() -> None:
    working = {"alpha": {1: Decimal(5)}, "beta": {1: Decimal(-5)}}
    given = verdict(proposal(order(1, "10"), working=working), "no live order of ours on the contract")
    assert (given.passed, given.value) == (False, "10")


def test_an_empty_list_allows_every_instrument() -> None:
    assert verdicts(proposal(order(1, "10")), "allowed instruments") == []


@pytest.mark.parametrize(
    ("close", "passed"), [("125", True), ("125.01", False), ("83.34", True), ("83.3", False)]
)
def test_a_price_too_far_from_the_last_stored_close_is_refused_up_and_down(close: str, passed: bool) -> None:
    """20 % is allowed: the price of 100 is 20 % below 125 and just under 20 % above 83.34."""
    asked = proposal(order(1, "10"), closes={1: closes("1", close)})
    assert verdict(asked, "price move in % since the stored close").passed is passed


def test_a_wrong_price_does_not_keep_a_position_from_being_closed_but_from_being_changed() -> None:
    """A price ten times too high would sell nine tenths of a position; a position closed whole owes it nothing."""
    rule, state = "price move in % since the stored close", held(c1="10") | {"closes": {1: closes("10")}}
    assert verdict(proposal(order(1, "-10"), **state), rule).value == "900, being closed"
    assert verdict(proposal(order(1, "-10"), **state), rule).passed
    assert not verdict(proposal(order(1, "-9"), **state), rule).passed
    limit = order(1, "-10", order_type=OrderType.LIMIT, limit_price=Decimal(100))
    stop = order(1, "-10", order_type=OrderType.STOP, stop_price=Decimal(98))
    assert not any(verdict(proposal(one, **state), rule).passed for one in (limit, stop))


LOSS = "daily loss in %"


def losing(
    profit: str | None = "-1", *, before: str | None = "100000", worth: str = "100000"
) -> dict[str, Any]:
    """An account that may lose 3 % a day: what the day earned, its worth at the last run of yesterday and now."""
    return limited(max_daily_loss_percent=Decimal(3)) | {
        "last_worth": None if before is None else Worth(date(2019, 6, 2), Decimal(before)),
        "daily_profit": None if profit is None else Decimal(profit),
        "net_liquidation": Decimal(worth),
    }


@pytest.mark.parametrize(("profit", "passed"), [("-3000", True), ("-3000.01", False), ("10000", True)])
def test_beyond_the_daily_loss_nothing_but_reducing_orders_passes(profit: str, passed: bool) -> None:
    """The limit itself may be lost, a cent more may not."""
    assert verdict(proposal(order(1, "10"), **losing(profit)), LOSS).passed is passed
    reducing = proposal(order(1, "-10"), **losing(profit), **held(c1="10"))
    assert verdict(reducing, LOSS).passed
    mixed = proposal(order(1, "-10"), order(2, "1"), **losing(profit), **held(c1="10"))
    assert verdict(mixed, LOSS).passed is passed


def test_a_deposit_does_not_hide_a_loss_and_a_withdrawal_is_none() -> None:
    """The loss is what the broker says the day lost, not how much less the account is worth."""
    deposit = losing("-4000", worth="101000")
    assert not verdict(proposal(order(1, "10"), **deposit), LOSS).passed
    withdrawal = losing("0", worth="95000")
    assert verdict(proposal(order(1, "10"), **withdrawal), LOSS).value.startswith("0 of ")


@pytest.mark.parametrize(
    ("before", "profit", "worth", "said"),
    [
        (None, "-3000", "97000", "3 of 100000, the account's worth without today's profit"),
        # As recorded, where the securities segment's equity was taken for the whole: 1.4 % read as 3.17 %.
        (None, "-12158.58", "856311.13", "1.4 of 868469.71, the account's worth without today's profit"),
        # A deposit of today is in what the account is worth, not in what it was worth yesterday.
        ("100000", "-3000", "147000", "3 of 100000, the account's worth at the last run of 2019-06-02"),
        # A withdrawal since yesterday leaves less to lose.
        ("100000", "-3000", "47000", "6 of 50000, the account's worth without today's profit"),
    ],
)
def test_a_loss_is_a_part_of_the_lesser_worth_before_the_day_and_says_which(
    before: str | None, profit: str, worth: str, said: str
) -> None:
    given = verdict(proposal(order(1, "10"), **losing(profit, before=before, worth=worth)), LOSS)
    assert given.value == said


def test_of_an_account_that_was_worth_nothing_everything_was_lost() -> None:
    """A percentage of nothing is no figure."""
    given = verdict(proposal(order(1, "10"), **losing("-1", before=None, worth="-1")), LOSS)
    assert not given.passed


def test_without_the_daily_profit_only_reducing_orders_pass() -> None:
    """A loss that nobody knows is not a loss of zero."""
    given = verdict(proposal(order(1, "10"), **losing(None)), LOSS)
    assert (given.passed, given.value) == (False, "the broker told no profit or loss of today")
    assert verdict(proposal(order(1, "-10"), **losing(None), **held(c1="10")), LOSS).passed


MARGIN = "margin by the broker's what-if"


@pytest.mark.parametrize(("equity", "passed"), [("5000", True), ("4999", False)])
def test_all_orders_together_must_leave_the_account_its_margin(equity: str, passed: bool) -> None:
    """1,000 are needed before, 1,500 and 3,500 more for the two orders, each asked about alone."""
    one, other = (
        Margin(Decimal(1000), Decimal(2500), Decimal(9000)),
        Margin(Decimal(1000), Decimal(3500), Decimal(equity)),
    )
    asked = proposal(order(1, "10"), order(2, "10"), margins={1: one, 2: other}, config=config(what_if=True))
    assert verdict(asked, MARGIN).passed is passed


@pytest.mark.parametrize(("equity", "passed"), [("5200", True), ("5199", False)])
def test_the_margin_that_is_needed_begins_from_the_largest_that_was_told(equity: str, passed: bool) -> None:
    """The account was asked twice, and needed 1,000 and then 1,200 before the order: 1,200, 1,500 and 2,500 more."""
    one = Margin(Decimal(1000), Decimal(2500), Decimal(equity))
    other = Margin(Decimal(1200), Decimal(3700), Decimal(9000))
    for margins in ({1: one, 2: other}, {1: other, 2: one}):
        asked = proposal(order(1, "10"), order(2, "10"), margins=margins, config=config(what_if=True))
        assert verdict(asked, MARGIN).passed is passed


def test_no_what_if_answer_is_a_refusal_except_for_the_way_out() -> None:
    """A margin that nobody knows is not a margin of zero."""
    state: dict[str, Any] = {"margins": {1: ENOUGH}, "config": config(what_if=True)}
    asked = proposal(order(1, "10"), order(2, "10"), **state)
    assert (verdict(asked, MARGIN).passed, verdict(asked, MARGIN).value) == (False, "none for BBB")
    assert verdict(proposal(order(2, "-10"), **state, **held(c2="10")), MARGIN).passed


def test_a_conversion_of_cash_is_no_position() -> None:
    """It is judged neither as weight nor as leverage, and needs no place on the list of instruments."""
    asked = proposal(order(1, "900", source={}), **limited(allowed_instruments=("BBB",)))
    assert asked.positions_after() == {}
    assert {each.rule for each in judge(asked)} & {"weight per instrument", "allowed instruments"} == set()


@pytest.mark.parametrize("stored", [(), (DailyClose(closes("1")[0].day, Decimal(0)),)])
def test_without_a_stored_close_the_price_is_not_compared(stored: tuple[DailyClose, ...]) -> None:
    assert (
        verdicts(proposal(order(1, "10"), closes={1: stored}), "price move in % since the stored close") == []
    )


@pytest.mark.parametrize(
    ("working", "passed"), [({2: "5"}, True), ({1: "0"}, True), ({1: "5"}, False), ({1: "-5"}, False)]
)
def test_a_live_order_of_ours_on_the_contract_refuses_another_one(
    working: dict[int, str], passed: bool
) -> None:
    live = {"beta": {con_id: Decimal(quantity) for con_id, quantity in working.items()}}
    assert (
        verdict(proposal(order(1, "10"), working=live), "no live order of ours on the contract").passed
        is passed
    )


def test_live_orders_on_both_sides_do_not_cancel_out() -> None:
    live = {"alpha": {1: Decimal(5)}, "beta": {1: Decimal(-5)}}
    assert not verdict(proposal(order(1, "10"), working=live), "no live order of ours on the contract").passed


def test_contracts_are_valued_in_base_currency_with_their_multiplier() -> None:
    asked = proposal(order(1, "10"))
    future = replace(asked.snapshot.instruments[1], sec_type="FUT", multiplier=Decimal(50))
    valued = Proposal(replace(asked.snapshot, instruments={1: future}), {1: price("20")}, ())
    assert valued.value(1, Decimal(-3)) == -3000


REFUSED: dict[str, Callable[[], Proposal]] = {
    "trading enabled": lambda: proposal(order(1, "1"), switch=TradingSwitch(enabled=False)),
    "account fits the trading mode": lambda: proposal(managed_accounts=("U1",)),
    "exchange open for a market order": lambda: proposal(order(1, "1"), at=AFTER_HOURS),
    "orders per run": lambda: proposal(order(1, "1"), order(2, "1"), **limited(max_orders_per_run=1)),
    "notional per order": lambda: proposal(order(1, "1"), **limited(max_notional_per_order=Decimal(1))),
    "gross leverage after the run": lambda: proposal(
        order(1, "1"), **limited(max_gross_leverage=Decimal("0.0001"))
    ),
    "net leverage after the run": lambda: proposal(
        order(1, "1"), **limited(max_net_leverage=Decimal("0.0001"))
    ),
    "weight per instrument": lambda: proposal(
        order(1, "1"), **limited(max_weight_per_instrument=Decimal("0.0001"))
    ),
    "allowed instruments": lambda: proposal(order(1, "1"), **limited(allowed_instruments=("BBB",))),
    OUTLIVES: lambda: proposal(order(1, "1", tif=TimeInForce.GTC)),
    LOSS: lambda: proposal(order(1, "1"), **losing("-4000")),
    MARGIN: lambda: proposal(order(1, "1"), config=config(what_if=True)),
    "price move in % since the stored close": lambda: proposal(order(1, "1"), closes={1: closes("1")}),
    "no live order of ours on the contract": lambda: proposal(
        order(1, "1"), working={"beta": {1: Decimal(1)}}
    ),
}


@pytest.mark.parametrize("rule", REFUSED)
def test_a_refusal_is_the_only_one_and_names_its_remedy(rule: str) -> None:
    refused = [each for each in judge(REFUSED[rule]()) if not each.passed]
    assert [each.rule for each in refused] == [rule]
    assert refused[0].remedy
    assert refused[0].limit
    assert refused[0].value


CONVERSION = order(1, "900", source={})


def test_a_conversion_beside_an_order_hides_none_of_its_limits() -> None:
    both = proposal(CONVERSION, order(2, "10"))
    assert [each.subject for each in verdicts(both, "weight per instrument")] == ["BBB"]
    assert (both.converts_cash, both.may_add_exposure) == (False, True)
    assert proposal(CONVERSION).converts_cash
    assert not proposal().converts_cash


def test_a_conversion_brings_a_balance_home_and_closes_no_position() -> None:
    home = replace(CONVERSION, action=Side.SELL, quantity=Decimal(1))
    asked = proposal(home)
    assert (asked.reduces(home), asked.closes(home)) == (True, False)


def test_a_contract_without_a_stored_close_hides_no_other_s_price_move() -> None:
    asked = proposal(order(1, "10"), order(2, "10"), closes={2: closes("1", "49")})
    assert [each.subject for each in verdicts(asked, "price move in % since the stored close")] == ["BBB"]


@pytest.mark.parametrize(
    ("before", "after", "nearer"),
    [("5", "4", True), ("5", "0", True), ("-5", "-1", True), ("5", "5", False), ("5", "-1", False)],
)
def test_nearer_to_nothing_is_less_and_on_the_same_side(before: str, after: str, nearer: bool) -> None:
    assert nearer_to_nothing(Decimal(before), Decimal(after)) is nearer


def test_an_order_for_the_open_that_comes_at_the_open_waits_for_the_next() -> None:
    first, second = HOURS, TradingHours(HOURS.open + timedelta(days=1), HOURS.close + timedelta(days=1))
    instrument = replace(AAA, liquid_hours=(first, second))
    assert fills_until(order(1, "10", tif=TimeInForce.OPG), instrument, first.open) == second.open
    assert fills_until(order(1, "10"), instrument, first.close) == second.close
    assert instrument.is_open(second.open)


def test_a_live_order_for_nothing_hides_no_other() -> None:
    state = snapshot(working={"alpha": {1: Decimal(0), 2: Decimal(5)}})
    assert under_way(state) == {2: (Decimal(0), Decimal(5))}


def test_of_two_orders_that_lack_margin_one_that_reduces_does_not_excuse_the_other() -> None:
    """The sale alone would pass."""
    poor = Margin(Decimal(1000), Decimal(2000), Decimal(500))
    state: dict[str, Any] = {"margins": {1: poor, 2: poor}, "config": config(what_if=True), **held(c1="10")}
    assert verdict(proposal(order(1, "-10"), **state), MARGIN).passed
    assert not verdict(proposal(order(1, "-10"), order(2, "10"), **state), MARGIN).passed


def test_margin_is_asked_about_where_it_is_configured_there_are_orders_and_they_add_something() -> None:
    asking = {"config": config(what_if=True)}
    assert len(verdicts(proposal(order(1, "10"), **asking), MARGIN)) == 1
    assert verdicts(proposal(order(1, "10"), config=config(what_if=False)), MARGIN) == []
    assert verdicts(proposal(**asking), MARGIN) == []
    closing = replace(proposal(order(1, "-10"), **asking, **held(c1="10")), reduce_only=True)
    assert verdicts(closing, MARGIN) == []


OF_THE_RUN = {
    "trading enabled",
    "orders per run",
    "gross leverage after the run",
    "net leverage after the run",
    LOSS,
    MARGIN,
}


@pytest.mark.parametrize("rule", REFUSED)
def test_a_refusal_names_what_was_refused_and_nothing_where_it_is_the_whole_run(rule: str) -> None:
    [refused] = [each for each in judge(REFUSED[rule]()) if not each.passed]
    whose = "U1" if rule == "account fits the trading mode" else "AAA"
    assert refused.subject == ("" if rule in OF_THE_RUN else whose)


def test_a_loss_that_nobody_can_tell_is_the_whole_run_s_matter() -> None:
    given = verdict(proposal(order(1, "10"), **losing(None)), LOSS)
    assert (given.subject, given.remedy.partition(":")[0]) == ("", "call again")


def test_a_margin_that_is_not_answered_can_be_asked_for_again() -> None:
    given = verdict(proposal(order(1, "10"), config=config(what_if=True)), MARGIN)
    assert (given.subject, given.limit, given.remedy) == ("", "an answer for every order", "ask again later")


def test_what_passes_needs_no_remedy() -> None:
    assert {each.remedy for each in judge(proposal(order(1, "10"))) if each.passed} == {""}


def test_refusals_of_one_rule_are_one_sentence_with_its_remedy_once() -> None:
    asked = proposal(
        order(1, "10"), order(2, "10"), **limited(allowed_instruments=("CCC",), max_orders_per_run=1)
    )
    assert said_together(each for each in judge(asked) if not each.passed) == (
        "orders per run: 2 (limit: 1): raise limits.maxOrdersPerRun;"
        " allowed instruments: AAA AAA, BBB BBB (limit: CCC):"
        " add it to limits.allowedInstruments, or take it out of the strategy"
    )


def test_the_instruments_that_are_allowed_are_listed_by_name() -> None:
    asked = proposal(order(1, "10"), **limited(allowed_instruments=("CCC", "BBB")))
    assert verdict(asked, "allowed instruments").limit == "BBB, CCC"


@pytest.mark.parametrize(
    ("working", "net"),
    [({}, "0.45"), ({2: "-900"}, "0.9"), ({2: "400"}, "0.45"), ({2: "1900"}, "0.5")],
)
def test_of_a_short_account_the_worst_is_what_more_could_be_sold_or_so_much_bought_that_it_turns(
    working: dict[int, str], net: str
) -> None:
    """45,000 short. Live orders may sell 45,000 more, buy back 20,000, or buy 95,000."""
    live = {"beta": {con_id: Decimal(quantity) for con_id, quantity in working.items()}}
    asked = proposal(order(1, "-450"), working=live)
    assert Decimal(verdict(asked, "net leverage after the run").value) == Decimal(net)


@pytest.mark.parametrize(("working", "gross"), [("300", "0.2"), ("-300", "0.5"), ("1000", "0.8")])
def test_of_a_short_position_the_worst_is_its_larger_end(working: str, gross: str) -> None:
    """200 short; 300 may be bought back or sold more, or 1,000 bought."""
    asked = proposal(order(1, "-200"), working={"beta": {1: Decimal(working)}})
    assert Decimal(verdict(asked, "gross leverage after the run").value) == Decimal(gross)


def test_an_account_that_is_worth_less_than_one_still_has_a_leverage() -> None:
    """A share of 100 in an account of 50 cents."""
    poor = proposal(order(1, "1"), net_liquidation=Decimal("0.5"))
    assert verdict(poor, "gross leverage after the run").value == "200"
    assert verdict(
        proposal(order(1, "1"), net_liquidation=Decimal(0)), "gross leverage after the run"
    ).value == ("net liquidation is not above 0")


@pytest.mark.parametrize(
    ("held_now", "quantity", "reduces", "closes"),
    [
        (None, "-1", False, False),
        (None, "1", False, False),
        ("0", "-1", False, False),
        ("0", "1", False, False),
        ("1", "-1", True, True),
        ("2", "-1", True, False),
        ("1", "-2", False, False),
        ("-1", "1", True, True),
        ("-2", "1", True, False),
    ],
)
def test_a_sale_of_what_is_not_held_reduces_and_closes_nothing(
    held_now: str | None, quantity: str, reduces: bool, closes: bool
) -> None:
    one = order(1, quantity)
    asked = proposal(one, **({} if held_now is None else held(c1=held_now)))
    assert (asked.reduces(one), asked.closes(one)) == (reduces, closes)


def test_a_run_may_add_to_what_is_at_stake_unless_it_closes_converts_or_does_nothing() -> None:
    bought = proposal(order(1, "10"))
    assert bought.may_add_exposure
    assert not replace(bought, reduce_only=True).may_add_exposure
    assert not proposal(CONVERSION).may_add_exposure
    assert not replace(bought, orders=(), prices={}).may_add_exposure
    # Crosses alone have prices, and what they leave is judged.
    assert replace(bought, orders=()).may_add_exposure


def test_a_loss_is_a_part_of_however_little_the_account_was_worth() -> None:
    """A cent of 50 is 2 %, two are 4 %."""
    assert verdict(proposal(order(1, "10"), **losing("-0.01", before="0.5")), LOSS).value.startswith(
        "2 of 0.5,"
    )
    assert not verdict(proposal(order(1, "10"), **losing("-0.02", before="0.5")), LOSS).passed


@pytest.mark.parametrize("worth", ["100000", "0"])
def test_where_nothing_is_left_the_leverage_is_nothing(worth: str) -> None:
    """Whatever the account is worth."""
    asked = proposal(order(1, "-10"), net_liquidation=Decimal(worth), **held(c1="10"))
    for rule in ("gross leverage after the run", "net leverage after the run", "weight per instrument"):
        assert (verdict(asked, rule).passed, verdict(asked, rule).value) == (True, "0")

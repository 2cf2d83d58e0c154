"""What is in the account and not the run's matter: left alone, and counted at the broker's own figures."""

from __future__ import annotations

from decimal import Decimal

import pytest

from ib_trading.core.limits import Proposal, Verdict, judge
from ib_trading.core.others import Others, others
from tests.core.builders import order
from tests.core.test_limits import held, limited, proposal

VALUES = {"GrossPositionValue": Decimal(60_000), "TotalCashValue": Decimal(45_000)}
"""Of an account worth 100,000: 60,000 in positions, of which 2,500 are short."""


def of_others(names: dict[int, str], values: dict[str, Decimal] = VALUES) -> Others:
    return others(names, frozenset(), values, Decimal(100_000))


def verdicts(of: Proposal) -> dict[str, Verdict]:
    return {one.rule: one for one in judge(of)}


def leverage(of: Proposal) -> tuple[str, str]:
    told = verdicts(of)
    return told["gross leverage after the run"].value, told["net leverage after the run"].value


def test_limits_on_leverage_take_the_rest_of_the_account_at_the_brokers_figures() -> None:
    """AAA at 100: 100 are held, 100 are bought; 50,000 are the others', 45,000 on balance."""
    asked = proposal(order(1, "100"), others=of_others({77: "912810TL8"}), **held(c1="100"))
    assert leverage(asked) == ("0.7", "0.65")


def test_where_nobody_else_has_anything_the_brokers_figures_are_not_looked_at() -> None:
    asked = proposal(order(1, "100"), others=of_others({}, {}), **held(c1="100"))
    assert leverage(asked) == ("0.2", "0.2")


@pytest.mark.parametrize("missing", ["GrossPositionValue", "TotalCashValue"])
def test_without_a_figure_only_reducing_orders_pass(missing: str) -> None:
    values = {name: figure for name, figure in VALUES.items() if name != missing}
    unknown = {"others": of_others({77: "XYZ RT"}, values)} | held(c1="100")
    adding = verdicts(proposal(order(1, "100"), **unknown))["gross leverage after the run"]
    assert (adding.passed, adding.remedy) == (False, "call again")
    reducing = verdicts(proposal(order(1, "-100"), **unknown))["gross leverage after the run"]
    assert reducing.passed


def test_too_much_of_others_stops_what_adds_to_it() -> None:
    much = of_others({77: "QQQ"}, VALUES | {"GrossPositionValue": Decimal(150_000)})
    told = verdicts(proposal(order(1, "10"), others=much, **limited(max_gross_leverage=Decimal("1.1"))))
    assert not told["gross leverage after the run"].passed


def test_it_is_said_by_name_but_for_what_a_strategy_holds() -> None:
    told = others({1: "AAA", 77: "XYZ RT", 78: "BTC.USD"}, frozenset({1}), VALUES, Decimal(1))
    assert told.said.startswith("left alone, for no strategy holds it: BTC.USD, XYZ RT;")
    assert others({1: "AAA"}, frozenset({1}), VALUES, Decimal(1)).said == ""

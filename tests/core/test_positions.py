"""Strategies and unassigned together are what the broker shows, contract by contract."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from ib_trading.core.positions import UNASSIGNED, total, unassigned, with_changes

QUANTITIES = st.dictionaries(st.integers(1, 4), st.integers(-9, 9).map(Decimal))
HOLDINGS = st.dictionaries(st.sampled_from(["alpha", "beta", UNASSIGNED]), QUANTITIES)


@given(HOLDINGS, QUANTITIES)
def test_strategies_and_unassigned_are_the_broker_s_position(
    holdings: dict[str, dict[int, Decimal]], broker: dict[int, Decimal]
) -> None:
    strategies = {name: held for name, held in holdings.items() if name != UNASSIGNED}
    assert total(strategies | {UNASSIGNED: unassigned(holdings, broker)}) == total({"broker": broker})


def test_unassigned_is_negative_where_the_broker_shows_less() -> None:
    assert unassigned({"alpha": {1: Decimal(10)}}, {1: Decimal(7)}) == {1: Decimal(-3)}


def test_contracts_at_zero_are_left_out() -> None:
    holdings = {"alpha": {1: Decimal(5)}, "beta": {1: Decimal(-5), 2: Decimal(1)}}
    assert total(holdings) == {2: Decimal(1)}
    assert with_changes(holdings, [("alpha", 1, Decimal(-5))])["alpha"] == {}


@given(
    HOLDINGS, st.lists(st.tuples(st.sampled_from(["alpha", "new"]), st.integers(1, 4), st.integers(-9, 9)))
)
def test_changes_add_up(holdings: dict[str, dict[int, Decimal]], changes: list[tuple[str, int, int]]) -> None:
    after = with_changes(holdings, [(name, con_id, Decimal(q)) for name, con_id, q in changes])
    for con_id in range(1, 5):
        moved = sum(quantity for _, changed, quantity in changes if changed == con_id)
        assert total(after).get(con_id, 0) == total(holdings).get(con_id, 0) + moved


def test_changes_leave_the_holdings_they_were_made_from_alone() -> None:
    before = {"alpha": {1: Decimal(5)}}
    with_changes(before, [("alpha", 1, Decimal(-5)), ("beta", 2, Decimal(1))])
    assert before == {"alpha": {1: Decimal(5)}}

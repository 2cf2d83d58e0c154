"""A whole that is divided stays whole, at once and bit by bit."""

from __future__ import annotations

import time
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_trading.core.apportion import largest_remainder, parts_of_progress

NAMES = st.sampled_from(["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta"])
STEPS = st.sampled_from([Decimal(1), Decimal("0.01"), Decimal(100)])


def weights(most: int = 8) -> st.SearchStrategy[dict[str, Decimal]]:
    return st.dictionaries(NAMES, st.integers(1, 400).map(Decimal), min_size=1, max_size=most)


@given(steps=st.integers(-10_000, 10_000), shares=weights(), step=STEPS)
def test_the_parts_add_up_to_the_whole_and_each_is_whole_steps_within_one_of_its_proportion(
    steps: int, shares: dict[str, Decimal], step: Decimal
) -> None:
    whole = steps * step
    parts = largest_remainder(whole, shares, step)
    assert sum(parts.values()) == whole
    total = sum(map(Fraction, shares.values()))
    for name, part in parts.items():
        assert part % step == 0
        assert abs(Fraction(part) - Fraction(whole) * Fraction(shares[name]) / total) < step


def test_what_is_left_over_goes_to_the_largest_remainders() -> None:
    """10 by 5 : 3 : 1 is 5.56, 3.33 and 1.11: the one step that is left goes to the first."""
    shares = {"alpha": Decimal(5), "beta": Decimal(3), "gamma": Decimal(1)}
    parts = largest_remainder(Decimal(10), shares, Decimal(1))
    assert parts == {"alpha": Decimal(6), "beta": Decimal(3), "gamma": Decimal(1)}


def test_equal_remainders_go_by_name_whatever_the_order_they_are_written_in() -> None:
    written = {"zeta": Decimal(1), "alpha": Decimal(1), "mu": Decimal(1)}
    assert largest_remainder(Decimal(2), written, Decimal(1)) == {"zeta": 0, "alpha": 1, "mu": 1}


def test_a_negative_whole_is_divided_like_a_positive_one() -> None:
    """Brokers pay rebates: a commission below zero is shared as exactly as one above."""
    thirds = dict.fromkeys(("alpha", "beta", "gamma"), Decimal(1))
    parts = largest_remainder(Decimal("-1.0000"), thirds, Decimal("0.0001"))
    assert parts == {"alpha": Decimal("-0.3334"), "beta": Decimal("-0.3333"), "gamma": Decimal("-0.3333")}


def test_a_whole_that_is_no_multiple_of_the_step_is_refused_rather_than_lost_in_part() -> None:
    with pytest.raises(ValueError, match=r"2\.5 is not a multiple of 1"):
        largest_remainder(Decimal("2.5"), {"alpha": Decimal(2), "beta": Decimal(1)}, Decimal(1))


@given(shares=weights(), step=STEPS)
def test_everyone_has_nothing_at_the_start_and_its_whole_part_at_the_end(
    shares: dict[str, Decimal], step: Decimal
) -> None:
    parts = {name: share * step for name, share in shares.items()}
    whole = sum(parts.values(), Decimal(0))
    assert parts_of_progress(parts, whole, step) == parts
    assert set(parts_of_progress(parts, Decimal(0), step).values()) == {0}


@given(shares=weights())
def test_progress_takes_nothing_back_and_adds_up_at_every_step(shares: dict[str, Decimal]) -> None:
    before = dict.fromkeys(shares, Decimal(0))
    for done in range(int(sum(shares.values())) + 1):
        now = parts_of_progress(shares, Decimal(done), Decimal(1))
        assert sum(now.values()) == done
        assert all(now[name] >= before[name] for name in shares)
        before = now


@given(shares=weights(4), data=st.data())
def test_up_to_four_parts_are_each_less_than_a_step_from_their_proportion(
    shares: dict[str, Decimal], data: st.DataObject
) -> None:
    whole = int(sum(shares.values()))
    done = data.draw(st.integers(0, whole))
    for name, part in parts_of_progress(shares, Decimal(done), Decimal(1)).items():
        assert abs(Fraction(part) - Fraction(done * int(shares[name]), whole)) < 1


@given(shares=weights(8), data=st.data())
def test_up_to_eight_parts_are_each_less_than_a_step_and_a_half_from_their_proportion(
    shares: dict[str, Decimal], data: st.DataObject
) -> None:
    whole = int(sum(shares.values()))
    done = data.draw(st.integers(0, whole))
    for name, part in parts_of_progress(shares, Decimal(done), Decimal(1)).items():
        assert abs(Fraction(part) - Fraction(done * int(shares[name]), whole)) < Fraction(3, 2)


@given(shares=weights(), data=st.data())
def test_progress_does_not_depend_on_the_order_in_which_the_parts_are_written(
    shares: dict[str, Decimal], data: st.DataObject
) -> None:
    done = Decimal(data.draw(st.integers(0, int(sum(shares.values())))))
    shuffled = {name: shares[name] for name in data.draw(st.permutations(sorted(shares)))}
    assert parts_of_progress(shuffled, done, Decimal(1)) == parts_of_progress(shares, done, Decimal(1))


@given(shares=weights(), data=st.data())
def test_a_piece_of_a_step_goes_to_whom_the_step_will_belong(
    shares: dict[str, Decimal], data: st.DataObject
) -> None:
    steps = data.draw(st.integers(0, int(sum(shares.values())) - 1))
    below, above = (parts_of_progress(shares, Decimal(steps + more), Decimal(1)) for more in (0, 1))
    between = parts_of_progress(shares, steps + Decimal("0.25"), Decimal(1))
    gained = {name: between[name] - below[name] for name in shares}
    assert gained == {name: (above[name] - below[name]) / 4 for name in shares}


@pytest.mark.parametrize("done", ["-1", "11", "10.5"])
def test_progress_outside_the_whole_is_refused(done: str) -> None:
    with pytest.raises(ValueError, match="not between nothing and the whole of 10"):
        parts_of_progress({"alpha": Decimal(6), "beta": Decimal(4)}, Decimal(done), Decimal(1))


def test_a_forex_order_of_a_hundred_million_steps_is_shared_at_once() -> None:
    """Its cost must not grow with the size of the order, or a run would hang between filling and booking."""
    parts = {"alpha": Decimal("333333.33"), "beta": Decimal("333333.34"), "gamma": Decimal("333333.33")}
    start = time.process_time()
    shared = parts_of_progress(parts, Decimal("999999.99"), Decimal("0.01"))
    assert time.process_time() - start < 0.1
    assert sum(shared.values()) == Decimal("999999.99")


def test_who_has_no_part_gets_none_beside_others_who_have() -> None:
    parts = {"alpha": Decimal(0), "beta": Decimal(0), "gamma": Decimal(4), "zeta": Decimal(4)}
    assert parts_of_progress(parts, Decimal(8), Decimal(1)) == parts
    assert parts_of_progress(parts, Decimal(2), Decimal(1)) == {
        "alpha": Decimal(0), "beta": Decimal(0), "gamma": Decimal(1), "zeta": Decimal(1),
    }  # fmt: skip


@pytest.mark.parametrize(("names", "sequence"), [("ab", "ab"), ("abc", "acb"), ("abcde", "adceb")])
def test_who_gets_the_next_step_is_the_same_from_one_release_to_the_next(names: str, sequence: str) -> None:
    """An order that one release began to book, the next one goes on with: the halves are those of the names, the first
    the larger."""
    parts = {name: Decimal(1) for name in names}
    before, served = dict.fromkeys(names, Decimal(0)), ""
    for done in range(1, len(names) + 1):
        now = parts_of_progress(parts, Decimal(done), Decimal(1))
        served += "".join(name for name in names if now[name] != before[name])
        before = now
    assert served == sequence

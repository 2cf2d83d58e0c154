"""What every JournalStore owes the trading lease: one holder at a time, and a fence that only rises."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ib_trading.core.journal import Lease
from ib_trading.errors import StaleFence
from tests.contracts.places import StorePlace, Stores
from tests.contracts.rivals import race, take_leases
from tests.contracts.samples import NOON, a_lease, after


def test_a_free_lease_goes_to_whoever_asks(stores: Stores) -> None:
    lease = stores.trading_lease.acquire("run-1", NOON, after(60))
    assert lease is not None
    assert (lease.holder, lease.expires_at) == ("run-1", after(60))


def test_a_held_lease_is_refused_to_others_until_it_expires(stores: Stores) -> None:
    a_lease(stores.trading_lease, "run-1", seconds=60)
    assert stores.trading_lease.acquire("run-2", after(59.999999), after(120)) is None
    assert stores.trading_lease.acquire("run-2", after(60), after(120)) is not None


def test_a_lease_taken_over_has_a_higher_fence(stores: Stores) -> None:
    first = a_lease(stores.trading_lease, "run-1", seconds=60)
    second = stores.trading_lease.acquire("run-2", after(60), after(120))
    assert second is not None
    assert second.fence > first.fence


def test_a_lease_taken_again_by_its_holder_makes_the_former_one_stale(stores: Stores) -> None:
    first = a_lease(stores.trading_lease, "run-1")
    second = a_lease(stores.trading_lease, "run-1")
    stores.trading_lease.check(second)
    with pytest.raises(StaleFence):
        stores.trading_lease.check(first)


def test_a_released_lease_is_free_and_the_fence_goes_on_rising(stores: Stores) -> None:
    first = a_lease(stores.trading_lease, "run-1")
    stores.trading_lease.release(first)
    second = a_lease(stores.trading_lease, "run-2")
    assert second.fence > first.fence


def test_the_fence_survives_release_and_restart(place: StorePlace) -> None:
    with place.opened() as stores:
        first = a_lease(stores.trading_lease)
        stores.trading_lease.release(first)
    with place.opened() as stores:
        assert a_lease(stores.trading_lease, "run-2").fence > first.fence


def test_releasing_a_lease_that_another_has_taken_leaves_it_to_him(stores: Stores) -> None:
    first = a_lease(stores.trading_lease, "run-1", seconds=10)
    second = stores.trading_lease.acquire("run-2", after(11), after(70))
    assert second is not None
    stores.trading_lease.release(first)
    stores.trading_lease.check(second)
    assert stores.trading_lease.acquire("run-3", after(12), after(70)) is None


def test_a_renewed_lease_keeps_its_fence_and_holds_longer(stores: Stores) -> None:
    lease = a_lease(stores.trading_lease, "run-1", seconds=10)
    renewed = stores.trading_lease.renew(lease, after(60))
    assert renewed == Lease("run-1", lease.fence, after(60))
    assert stores.trading_lease.acquire("run-2", after(30), after(90)) is None


def test_a_lease_that_expired_may_be_renewed_while_nobody_has_taken_it(stores: Stores) -> None:
    lease = a_lease(stores.trading_lease, "run-1", seconds=10)
    stores.trading_lease.renew(lease, after(60))
    stores.trading_lease.check(lease)


def test_a_lease_that_another_has_taken_cannot_be_renewed(stores: Stores) -> None:
    lease = a_lease(stores.trading_lease, "run-1", seconds=10)
    stores.trading_lease.acquire("run-2", after(11), after(20))
    with pytest.raises(StaleFence):
        stores.trading_lease.renew(lease, after(60))
    assert stores.trading_lease.acquire("run-3", after(21), after(60)) is not None


def test_a_lease_that_was_given_back_cannot_be_renewed(stores: Stores) -> None:
    """A late renewal must not keep the next run waiting for a run that has ended."""
    lease = a_lease(stores.trading_lease, "run-1")
    stores.trading_lease.release(lease)
    with pytest.raises(StaleFence):
        stores.trading_lease.renew(lease, after(120))
    assert stores.trading_lease.acquire("run-2", after(1), after(60)) is not None


def test_a_lease_that_was_never_given_is_stale(stores: Stores) -> None:
    with pytest.raises(StaleFence, match="run-1"):
        stores.trading_lease.check(Lease("run-1", 1, after(60)))


def test_two_processes_never_hold_it_at_once(place: StorePlace) -> None:
    """Each finds its lease the newest between taking and giving back, and no fence is given twice."""
    one, other = race((take_leases, (place, "one", 40)), (take_leases, (place, "other", 40)))
    assert sorted(one + other) == list(range(1, 81))
    assert (one, other) == (sorted(one), sorted(other))


@settings(max_examples=40, deadline=None)
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["acquire", "renew", "release"]),
            st.sampled_from(["one", "other"]),
            st.integers(0, 30),
        ),
        max_size=15,
    )
)
def test_whatever_happens_only_the_newest_lease_is_good(
    new_place: Callable[[], StorePlace], steps: list[tuple[str, str, int]]
) -> None:
    """After any sequence of takings, renewals, returns and waiting, every lease but the last one given is stale."""
    given_leases: list[Lease] = []
    seconds = 0.0
    with new_place().opened() as stores:
        for step, holder, wait in steps:
            seconds += wait
            mine = [lease for lease in given_leases if lease.holder == holder]
            if step == "acquire":
                lease = stores.trading_lease.acquire(holder, after(seconds), after(seconds + 20))
                given_leases += [lease] if lease else []
            elif mine and step == "release":
                stores.trading_lease.release(mine[-1])
            elif mine and mine[-1] is not given_leases[-1]:
                with pytest.raises(StaleFence):
                    stores.trading_lease.renew(mine[-1], after(seconds + 20))
        for stale in given_leases[:-1]:
            with pytest.raises(StaleFence):
                stores.trading_lease.check(stale)
        for newest in given_leases[-1:]:
            stores.trading_lease.check(newest)
    assert [lease.fence for lease in given_leases] == list(range(1, len(given_leases) + 1))

"""What every store owes a lease, the trading lease as that of the gateway's session: one holder at a time, and a fence
that only rises.

Two runs that traded at once would order the same twice. The broker lets a user be logged in once; two instances that
both start a gateway throw each other out.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ib_trading.core.lease import Lease
from ib_trading.core.refusals import StaleFence
from ib_trading.ports.lease import LeaseStore
from tests.contracts.places import StorePlace, Stores
from tests.contracts.rivals import race, take_leases
from tests.contracts.samples import NOON, a_lease, after

Which = Callable[[Stores], LeaseStore]


@pytest.fixture(scope="module", params=["trading_lease", "gateway_lease"])
def which(request: pytest.FixtureRequest) -> Which:
    return lambda stores: getattr(stores, request.param)


@pytest.fixture
def store(stores: Stores, which: Which) -> LeaseStore:
    return which(stores)


def test_a_free_lease_goes_to_whoever_asks(store: LeaseStore) -> None:
    lease = store.acquire("run-1", NOON, after(60))
    assert lease is not None
    assert (lease.holder, lease.expires_at) == ("run-1", after(60))


def test_a_held_lease_is_refused_to_others_until_it_expires(store: LeaseStore) -> None:
    a_lease(store, "run-1", seconds=60)
    assert store.acquire("run-2", after(59.999999), after(120)) is None
    assert store.acquire("run-2", after(60), after(120)) is not None


def test_a_lease_taken_over_has_a_higher_fence(store: LeaseStore) -> None:
    first = a_lease(store, "run-1", seconds=60)
    second = store.acquire("run-2", after(60), after(120))
    assert second is not None
    assert second.fence > first.fence


def test_a_lease_taken_again_by_its_holder_makes_the_former_one_stale(store: LeaseStore) -> None:
    first = a_lease(store, "run-1")
    second = a_lease(store, "run-1")
    store.check(second)
    with pytest.raises(StaleFence):
        store.check(first)


def test_a_lease_given_back_is_free_at_once_and_the_fence_goes_on_rising(store: LeaseStore) -> None:
    first = a_lease(store, "run-1")
    store.release(first)
    second = a_lease(store, "run-2")
    assert second.fence > first.fence


def test_the_fence_survives_release_and_restart(place: StorePlace, which: Which) -> None:
    with place.opened() as stores:
        first = a_lease(which(stores))
        which(stores).release(first)
    with place.opened() as stores:
        assert a_lease(which(stores), "run-2").fence > first.fence


def test_giving_back_a_lease_that_another_has_taken_leaves_it_to_him(store: LeaseStore) -> None:
    first = a_lease(store, "run-1", seconds=10)
    second = store.acquire("run-2", after(11), after(70))
    assert second is not None
    store.release(first)
    store.check(second)
    assert store.acquire("run-3", after(12), after(70)) is None


def test_a_renewed_lease_keeps_its_fence_and_holds_longer(store: LeaseStore) -> None:
    lease = a_lease(store, "run-1", seconds=10)
    renewed = store.renew(lease, after(60))
    assert renewed == Lease("run-1", lease.fence, after(60))
    assert store.acquire("run-2", after(30), after(90)) is None


def test_a_lease_that_expired_may_be_renewed_while_nobody_has_taken_it(store: LeaseStore) -> None:
    lease = a_lease(store, "run-1", seconds=10)
    store.renew(lease, after(60))
    store.check(lease)


def test_a_lease_that_another_has_taken_can_neither_be_renewed_nor_pass_a_check(store: LeaseStore) -> None:
    lease = a_lease(store, "run-1", seconds=10)
    store.acquire("run-2", after(11), after(20))
    with pytest.raises(StaleFence):
        store.renew(lease, after(60))
    with pytest.raises(StaleFence):
        store.check(lease)
    assert store.acquire("run-3", after(21), after(60)) is not None


@pytest.mark.parametrize(
    ("lease", "name"), [("trading_lease", "trading lease"), ("gateway_lease", "gateway session")]
)
def test_a_stale_lease_is_told_by_its_name_and_holder(stores: Stores, lease: str, name: str) -> None:
    store: LeaseStore = getattr(stores, lease)
    old = a_lease(store, "old", seconds=10)
    store.acquire("new", after(11), after(20))
    with pytest.raises(StaleFence, match=f"the {name} 1 of old is not the newest"):
        store.check(old)


def test_a_lease_that_was_given_back_cannot_be_renewed(store: LeaseStore) -> None:
    """A late renewal must not keep the next run waiting for a run that has ended."""
    lease = a_lease(store, "run-1")
    store.release(lease)
    with pytest.raises(StaleFence, match="has been given back"):
        store.renew(lease, after(120))
    assert store.acquire("run-2", after(1), after(60)) is not None


def test_a_lease_that_was_never_given_is_stale(store: LeaseStore) -> None:
    with pytest.raises(StaleFence, match="run-1"):
        store.check(Lease("run-1", 1, after(60)))


def test_the_two_leases_are_held_apart(stores: Stores) -> None:
    """The run that trades and the instance that runs the gateway come and go separately."""
    trading = a_lease(stores.trading_lease, "run-1")
    gateway = a_lease(stores.gateway_lease, "instance-1")
    stores.trading_lease.release(trading)
    stores.gateway_lease.check(gateway)
    stores.gateway_lease.release(gateway)
    assert a_lease(stores.trading_lease, "run-2").fence == trading.fence + 1


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
    new_place: Callable[[], StorePlace], which: Which, steps: list[tuple[str, str, int]]
) -> None:
    """After any sequence of takings, renewals, returns and waiting, every lease but the last one given is stale."""
    given_leases: list[Lease] = []
    seconds = 0.0
    with new_place().opened() as stores:
        store = which(stores)
        for step, holder, wait in steps:
            seconds += wait
            mine = [lease for lease in given_leases if lease.holder == holder]
            if step == "acquire":
                lease = store.acquire(holder, after(seconds), after(seconds + 20))
                given_leases += [lease] if lease else []
            elif mine and step == "release":
                store.release(mine[-1])
            elif mine and mine[-1] is not given_leases[-1]:
                with pytest.raises(StaleFence):
                    store.renew(mine[-1], after(seconds + 20))
        for stale in given_leases[:-1]:
            with pytest.raises(StaleFence):
                store.check(stale)
        for newest in given_leases[-1:]:
            store.check(newest)
    assert [lease.fence for lease in given_leases] == list(range(1, len(given_leases) + 1))

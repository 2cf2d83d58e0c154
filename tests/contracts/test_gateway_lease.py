"""What every store owes the lease of the gateway's session: one instance at a time, whoever trades meanwhile.

The broker lets a user be logged in once; two instances that both start a gateway throw each other out.
"""

from __future__ import annotations

import pytest

from ib_trading.core.journal import Lease
from ib_trading.errors import StaleFence
from tests.contracts.places import StorePlace, Stores
from tests.contracts.samples import NOON, a_lease, after


def taken(stores: Stores, holder: str, seconds: float = 0, length: float = 60) -> Lease:
    lease = stores.gateway_lease.acquire(holder, after(seconds), after(seconds + length))
    assert lease is not None
    return lease


def test_one_instance_runs_the_gateway_until_its_lease_expires(stores: Stores) -> None:
    taken(stores, "old")
    assert stores.gateway_lease.acquire("new", after(59.999999), after(120)) is None
    assert stores.gateway_lease.acquire("new", after(60), after(120)) is not None


def test_it_is_another_lease_than_the_one_for_trading(stores: Stores) -> None:
    """The run that trades and the instance that runs the gateway come and go separately."""
    trading = a_lease(stores.trading_lease, "run-1")
    gateway = taken(stores, "instance-1")
    stores.trading_lease.release(trading)
    stores.gateway_lease.check(gateway)
    stores.gateway_lease.release(gateway)
    assert a_lease(stores.trading_lease, "run-2").fence == trading.fence + 1


def test_an_instance_whose_lease_was_taken_over_can_neither_renew_nor_pass_a_check(stores: Stores) -> None:
    old = taken(stores, "old", length=10)
    taken(stores, "new", seconds=10)
    with pytest.raises(StaleFence, match="gateway session 1 of old is not the newest"):
        stores.gateway_lease.check(old)
    with pytest.raises(StaleFence):
        stores.gateway_lease.renew(old, after(120))


def test_a_renewed_lease_keeps_its_fence_and_holds_longer(stores: Stores) -> None:
    lease = taken(stores, "old", length=10)
    assert stores.gateway_lease.renew(lease, after(60)) == Lease("old", lease.fence, after(60))
    assert stores.gateway_lease.acquire("new", after(30), after(90)) is None


def test_a_lease_given_back_is_free_at_once_and_cannot_be_renewed(stores: Stores) -> None:
    lease = taken(stores, "old")
    stores.gateway_lease.release(lease)
    with pytest.raises(StaleFence, match="has been given back"):
        stores.gateway_lease.renew(lease, after(120))
    assert taken(stores, "new", seconds=1).fence > lease.fence


def test_giving_back_a_lease_that_another_has_taken_leaves_it_to_him(stores: Stores) -> None:
    old = taken(stores, "old", length=10)
    new = taken(stores, "new", seconds=10)
    stores.gateway_lease.release(old)
    stores.gateway_lease.check(new)


def test_the_fence_survives_release_and_restart(place: StorePlace) -> None:
    with place.opened() as stores:
        first = taken(stores, "old")
        stores.gateway_lease.release(first)
    with place.opened() as stores:
        assert taken(stores, "new").fence > first.fence


def test_a_lease_that_was_never_given_is_stale(stores: Stores) -> None:
    with pytest.raises(StaleFence, match="old"):
        stores.gateway_lease.check(Lease("old", 1, NOON))

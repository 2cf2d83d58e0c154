"""What every JournalStore owes the trading runs: claims, the states of runs and orders, the kill switch."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta, timezone
from decimal import Decimal

import pytest

from ib_trading.core.journal import RunState, StoredResponse
from ib_trading.core.memory import Memory
from ib_trading.core.order_state import OrderState
from ib_trading.core.refusals import StaleFence
from ib_trading.core.snapshot import TradingSwitch
from tests.contracts.places import StorePlace, Stores
from tests.contracts.rivals import claim_all, race
from tests.contracts.samples import NOON, a_lease, a_run, after, an_order


class TestClaim:
    def test_a_new_key_is_claimed(self, stores: Stores) -> None:
        run = a_run("run-1", "monday")
        assert stores.journal.claim(run, None) is None
        assert stores.journal.run("run-1") == run

    def test_a_used_key_answers_the_run_that_has_it_and_creates_none(self, stores: Stores) -> None:
        first = a_run("run-1", "monday")
        stores.journal.claim(first, None)
        assert stores.journal.claim(a_run("run-2", "monday"), None) == first
        assert stores.journal.run("run-2") is None

    def test_a_used_key_answers_the_run_as_it_stands_now(self, stores: Stores) -> None:
        run = a_run("run-1", "monday")
        stores.journal.claim(run, None)
        settled = replace(run, state=RunState.SETTLED, response=StoredResponse(200, b"{}"))
        stores.journal.save_run(settled, a_lease(stores.trading_lease))
        assert stores.journal.claim(a_run("run-2", "monday"), None) == settled

    def test_a_signature_that_has_expired_may_be_used_again(self, stores: Stores) -> None:
        stores.journal.claim(a_run("run-1", "same"), None)
        later = a_run("run-2", "same", claimed_at=after(601))
        assert stores.journal.claim(later, not_before=after(1)) is None

    def test_a_signature_counts_until_the_instant_it_expires(self, stores: Stores) -> None:
        first = a_run("run-1", "same")
        stores.journal.claim(first, None)
        assert stores.journal.claim(a_run("run-2", "same", claimed_at=after(600)), not_before=NOON) == first

    def test_a_signature_that_was_used_again_answers_its_newest_run(self, stores: Stores) -> None:
        newest = a_run("run-2", "same", claimed_at=after(601))
        stores.journal.claim(a_run("run-1", "same"), None)
        stores.journal.claim(newest, not_before=after(1))
        third = a_run("run-3", "same", claimed_at=after(602))
        assert stores.journal.claim(third, not_before=NOON) == newest

    def test_expiry_is_told_to_the_microsecond(self, stores: Stores) -> None:
        """A whole second and a fraction of it are compared as instants, not as texts of different length."""
        stores.journal.claim(a_run("run-1", "same", claimed_at=NOON), None)
        assert (
            stores.journal.claim(a_run("run-2", "same", claimed_at=after(1)), not_before=after(0.000001))
            is None
        )

    def test_expiry_does_not_depend_on_the_zone_a_time_is_told_in(self, stores: Stores) -> None:
        """Half past twelve in Zurich is before noon in UTC."""
        early = after(-1800).astimezone(timezone(timedelta(hours=1)))
        stores.journal.claim(a_run("run-1", "same", claimed_at=early), None)
        assert stores.journal.claim(a_run("run-2", "same"), not_before=NOON) is None

    def test_a_withdrawn_claim_leaves_its_key_free(self, stores: Stores) -> None:
        stores.journal.claim(a_run("run-1", "monday"), None)
        stores.journal.withdraw("run-1")
        assert stores.journal.run("run-1") is None
        assert stores.journal.claim(a_run("run-2", "monday"), None) is None

    def test_withdrawing_twice_changes_nothing(self, stores: Stores) -> None:
        stores.journal.claim(a_run("run-1", "monday"), None)
        stores.journal.withdraw("run-1")
        stores.journal.claim(a_run("run-2", "monday"), None)
        stores.journal.withdraw("run-1")
        assert stores.journal.run("run-2") is not None

    def test_a_run_with_orders_is_never_forgotten(self, stores: Stores) -> None:
        stores.journal.claim(a_run("run-1"), None)
        stores.journal.save_orders([an_order("ref-1", "run-1")], a_lease(stores.trading_lease))
        with pytest.raises(ValueError, match="run-1"):
            stores.journal.withdraw("run-1")
        assert stores.journal.orders("run-1") == (an_order("ref-1", "run-1"),)
        assert stores.journal.run("run-1") == a_run("run-1")

    def test_of_many_threads_with_one_key_one_gets_the_run(self, stores: Stores) -> None:
        runs = [a_run(f"run-{number}", "monday") for number in range(8)]
        with ThreadPoolExecutor(len(runs)) as threads:
            answers = list(threads.map(lambda run: stores.journal.claim(run, None), runs))
        [winner] = [run for run, answer in zip(runs, answers, strict=True) if answer is None]
        assert [answer for answer in answers if answer is not None] == [winner] * 7

    def test_of_two_processes_with_the_same_keys_each_key_goes_to_one(self, place: StorePlace) -> None:
        keys = [f"key-{number}" for number in range(24)]
        one, other = race((claim_all, (place, keys, "one")), (claim_all, (place, keys, "other")))
        assert one == other
        assert set(one) == set(keys)


class TestRuns:
    def test_a_run_comes_back_as_it_was_saved(self, stores: Stores) -> None:
        """Bytes of plan and response as they are, instants to the microsecond."""
        stores.journal.claim(a_run("run-1"), None)
        run = a_run(
            "run-1",
            state=RunState.SETTLED,
            business_at=after(0.123456),
            plan=b'{"plan":"\xc3\xa9"}',
            response=StoredResponse(200, b"\x00\xff"),
        )
        stores.journal.save_run(run, a_lease(stores.trading_lease))
        assert stores.journal.run("run-1") == run

    def test_saving_a_run_changes_no_other(self, stores: Stores) -> None:
        for run_id in ("run-1", "run-2"):
            stores.journal.claim(a_run(run_id), None)
        stores.journal.save_run(a_run("run-1", state=RunState.FAILED), a_lease(stores.trading_lease))
        assert stores.journal.run("run-2") == a_run("run-2")

    def test_saving_a_run_that_was_never_claimed_is_an_error(self, stores: Stores) -> None:
        with pytest.raises(LookupError, match="run-1"):
            stores.journal.save_run(a_run("run-1"), a_lease(stores.trading_lease))

    def test_an_instant_of_another_zone_is_the_same_instant(self, stores: Stores) -> None:
        zurich = timezone(timedelta(hours=1))
        stores.journal.claim(a_run("run-1", claimed_at=NOON.astimezone(zurich)), None)
        assert [run.claimed_at for run in stores.journal.runs(1)] == [NOON]

    def test_a_time_without_a_zone_is_refused(self, stores: Stores) -> None:
        with pytest.raises(ValueError, match="no time zone"):
            stores.journal.claim(a_run("run-1", claimed_at=NOON.replace(tzinfo=None)), None)

    def test_runs_are_listed_newest_first_up_to_the_limit(self, stores: Stores) -> None:
        for number in (2, 1, 3):
            stores.journal.claim(a_run(f"run-{number}", claimed_at=after(number)), None)
        assert [run.run_id for run in stores.journal.runs(2)] == ["run-3", "run-2"]

    def test_an_unknown_run_is_none(self, stores: Stores) -> None:
        assert stores.journal.run("run-1") is None
        assert stores.journal.orders("run-1") == ()


class TestMemories:
    """What strategies want to remember is written with their run, or not at all."""

    @pytest.fixture
    def claimed(self, stores: Stores) -> Stores:
        for run_id in ("run-1", "run-2"):
            stores.journal.claim(a_run(run_id), None)
        return stores

    def test_at_first_nobody_remembers_anything(self, stores: Stores) -> None:
        assert stores.journal.memories() == {}

    def test_a_memory_comes_back_as_it_was_told(self, claimed: Stores) -> None:
        told = {
            "trend": Memory('{"regime":"bullish — 強気","count":3}', after(0.123456)),
            "a/b .c": Memory("null", NOON),
            "__large__": Memory(f'"{"ü" * 32_000}"', NOON),
        }
        claimed.journal.save_run(a_run("run-1"), a_lease(claimed.trading_lease), told)
        assert claimed.journal.memories() == told

    def test_the_later_decided_one_stays_whichever_is_written_last(self, claimed: Stores) -> None:
        """A run that was interrupted is ended by the next one, which has decided later."""
        lease = a_lease(claimed.trading_lease)
        later, earlier = Memory("2", after(0.000002)), Memory("1", after(0.000001))
        claimed.journal.save_run(a_run("run-2"), lease, {"trend": later})
        claimed.journal.save_run(a_run("run-1"), lease, {"trend": earlier, "dummy": earlier})
        assert claimed.journal.memories() == {"trend": later, "dummy": earlier}

    def test_a_later_one_takes_the_place_of_an_earlier_one(self, claimed: Stores) -> None:
        lease = a_lease(claimed.trading_lease)
        for second in (1, 9, 10):
            memory = Memory(str(second), after(second))
            claimed.journal.save_run(a_run("run-1"), lease, {"trend": memory})
            assert claimed.journal.memories() == {"trend": memory}

    def test_the_same_run_saved_again_changes_nothing(self, claimed: Stores) -> None:
        lease, told = a_lease(claimed.trading_lease), {"trend": Memory("1", NOON)}
        claimed.journal.save_run(a_run("run-1"), lease, told)
        claimed.journal.save_run(a_run("run-1"), lease, told)
        claimed.journal.save_run(a_run("run-1"), lease)
        assert claimed.journal.memories() == told

    def test_under_a_lease_that_is_lost_neither_run_nor_memory_is_written(self, claimed: Stores) -> None:
        old = a_lease(claimed.trading_lease)
        claimed.trading_lease.acquire("run-2", after(61), after(120))
        ended = a_run("run-1", state=RunState.SETTLED)
        with pytest.raises(StaleFence):
            claimed.journal.save_run(ended, old, {"trend": Memory("1", NOON)})
        assert claimed.journal.memories() == {}
        assert claimed.journal.run("run-1") == a_run("run-1")

    def test_a_run_that_was_withdrawn_leaves_no_memory(self, claimed: Stores) -> None:
        claimed.journal.withdraw("run-1")
        lease = a_lease(claimed.trading_lease)
        with pytest.raises(LookupError):
            claimed.journal.save_run(a_run("run-1"), lease, {"trend": Memory("1", NOON)})
        assert claimed.journal.memories() == {}

    def test_another_process_reads_it(self, place: StorePlace) -> None:
        told = {"trend": Memory("1", NOON)}
        with place.opened() as stores:
            stores.journal.claim(a_run("run-1"), None)
            stores.journal.save_run(a_run("run-1"), a_lease(stores.trading_lease), told)
        with place.opened() as stores:
            assert stores.journal.memories() == told


class TestOrders:
    def test_an_order_comes_back_as_it_was_saved(self, stores: Stores) -> None:
        """Decimals digit for digit, texts of any language, what is not known as None."""
        order = an_order(
            "ref-1",
            "run-1",
            OrderState.PARTLY_FILLED,
            quantity=Decimal("10.50"),
            source={"trend": Decimal("10.00"), "dümmy": Decimal("0.50")},
            order_id=17,
            perm_id=1_234_567_890_123,
            filled=Decimal("0.30"),
            average_price=Decimal("157.920000001"),
            messages=("399: warning", "202: “cancelled”"),
        )
        unheard = an_order("ref-2", "run-1")
        stores.journal.claim(a_run("run-1"), None)
        stores.journal.save_orders([order, unheard], a_lease(stores.trading_lease))
        assert stores.journal.orders("run-1") == (order, unheard)
        assert str(stores.journal.orders("run-1")[0].quantity) == "10.50"

    def test_saving_again_replaces_by_order_ref_and_keeps_the_sequence(self, stores: Stores) -> None:
        stores.journal.claim(a_run("run-1"), None)
        lease = a_lease(stores.trading_lease)
        stores.journal.save_orders([an_order("ref-1", "run-1"), an_order("ref-2", "run-1")], lease)
        sent = an_order("ref-1", "run-1", OrderState.SENDING, order_id=5)
        stores.journal.save_orders([sent], lease)
        assert stores.journal.orders("run-1") == (sent, an_order("ref-2", "run-1"))

    def test_of_orders_that_cannot_all_be_saved_none_is(self, stores: Stores) -> None:
        stores.journal.claim(a_run("run-1"), None)
        impossible = an_order("ref-2", "run-1", messages=(object(),))
        with pytest.raises(TypeError):
            stores.journal.save_orders(
                [an_order("ref-1", "run-1"), impossible], a_lease(stores.trading_lease)
            )
        assert stores.journal.orders("run-1") == ()

    def test_an_order_is_found_by_its_reference_alone(self, stores: Stores) -> None:
        stores.journal.claim(a_run("run-1"), None)
        order = an_order("ref-2", "run-1", perm_id=7)
        stores.journal.save_orders([an_order("ref-1", "run-1"), order], a_lease(stores.trading_lease))
        assert stores.journal.order("ref-2") == order
        assert stores.journal.order("ref-3") is None

    @pytest.mark.parametrize("state", OrderState)
    def test_an_order_of_an_ended_run_is_unsettled_until_it_is_final(
        self, stores: Stores, state: OrderState
    ) -> None:
        stores.journal.claim(a_run("run-1", state=RunState.SETTLED), None)
        order = an_order("ref-1", "run-1", state)
        stores.journal.save_orders([order], a_lease(stores.trading_lease))
        assert stores.journal.unsettled_orders() == (() if state.final else (order,))

    @pytest.mark.parametrize("state", RunState)
    def test_a_final_order_is_unsettled_until_its_run_has_ended(
        self, stores: Stores, state: RunState
    ) -> None:
        stores.journal.claim(a_run("run-1", state=state), None)
        order = an_order("ref-1", "run-1", OrderState.FILLED)
        stores.journal.save_orders([order], a_lease(stores.trading_lease))
        assert stores.journal.unsettled_orders() == (() if state.ended else (order,))

    def test_everything_is_there_after_a_restart(self, place: StorePlace) -> None:
        with place.opened() as stores:
            stores.journal.claim(a_run("run-1"), None)
            stores.journal.save_orders([an_order("ref-1", "run-1")], a_lease(stores.trading_lease))
            stores.journal.set_trading_switch(TradingSwitch(False, "holiday"), NOON)
        with place.opened() as stores:
            assert stores.journal.run("run-1") == a_run("run-1")
            assert stores.journal.unsettled_orders() == (an_order("ref-1", "run-1"),)
            assert stores.journal.trading_switch() == TradingSwitch(False, "holiday")
            assert stores.trading_lease.acquire("another run", NOON, after(60)) is None


class TestTradingSwitch:
    def test_trading_is_enabled_where_nobody_has_ever_disabled_it(self, stores: Stores) -> None:
        assert stores.journal.trading_switch() == TradingSwitch(enabled=True)

    def test_another_process_sees_the_switch_at_once(self, place: StorePlace, stores: Stores) -> None:
        stores.journal.trading_switch()
        with place.opened() as operator:
            operator.journal.set_trading_switch(TradingSwitch(False, "margin call"), NOON)
        assert stores.journal.trading_switch() == TradingSwitch(False, "margin call")

    def test_the_last_word_counts(self, stores: Stores) -> None:
        stores.journal.set_trading_switch(TradingSwitch(False, "a test"), NOON)
        stores.journal.set_trading_switch(TradingSwitch(True), after(1))
        assert stores.journal.trading_switch() == TradingSwitch(True)

    def test_it_needs_no_lease(self, stores: Stores) -> None:
        """The kill switch works while a run trades."""
        lease = a_lease(stores.trading_lease)
        stores.journal.set_trading_switch(TradingSwitch(False, "stop"), NOON)
        stores.trading_lease.check(lease)
        assert not stores.journal.trading_switch().enabled


def test_an_old_lease_saves_nothing(stores: Stores) -> None:
    stores.journal.claim(a_run("run-1"), None)
    stores.journal.save_orders([an_order("ref-1", "run-1")], old := a_lease(stores.trading_lease, seconds=10))
    stores.trading_lease.acquire("run-2", after(11), after(70))
    with pytest.raises(StaleFence):
        stores.journal.save_run(a_run("run-1", state=RunState.SETTLED), old)
    with pytest.raises(StaleFence):
        stores.journal.save_orders(
            [an_order("ref-1", "run-1", OrderState.SENDING), an_order("ref-2", "run-1")], old
        )
    assert stores.journal.run("run-1") == a_run("run-1")
    assert stores.journal.orders("run-1") == (an_order("ref-1", "run-1"),)

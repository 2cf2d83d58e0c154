"""What the trading lease guards is written in one file, and that this law can be broken."""

from __future__ import annotations

import pytest

from tests.architecture.tree import assert_obeyed, modules, text_of
from tests.architecture.writing import (
    LEASED_LEDGER,
    WRITING_PORTS,
    methods_of,
    only_holders_know_the_lease,
    writes_through_the_leased_ledger,
)

WRITING = {name for path, port in WRITING_PORTS.items() for name in methods_of(text_of(path), port)}


def test_the_ports_that_write_are_found() -> None:
    assert {"save_run", "save_plan", "save_orders", "apply", "save_renames"} == WRITING


def test_only_the_leased_ledger_writes_the_stores() -> None:
    assert_obeyed(
        lambda path, source: writes_through_the_leased_ledger(path, source, WRITING),
        modules("app", "bench", "demo"),
    )


def test_only_who_holds_a_lease_knows_its_port() -> None:
    assert_obeyed(only_holders_know_the_lease, modules("app"))


@pytest.mark.parametrize(
    "source",
    [
        "services.books._journal.save_run(run, lease)",
        "def settle(journal):\n    journal.save_orders(orders, lease)",
        "write = self.positions.apply",
    ],
)
def test_a_write_past_the_leased_ledger_is_found(source: str) -> None:
    (violation,) = writes_through_the_leased_ledger("app/ib_trading/intents/settle.py", source, WRITING)
    assert str(violation).startswith(f"app/ib_trading/intents/settle.py:{source.count(chr(10)) + 1}: ")


def test_the_leased_ledger_itself_writes_and_leases() -> None:
    source = "from ib_trading.ports.lease import LeaseStore\nself._journal.save_run(run, lease)"
    assert writes_through_the_leased_ledger(LEASED_LEDGER, source, WRITING) == []
    assert only_holders_know_the_lease(LEASED_LEDGER, source) == []


def test_an_intent_that_leases_by_itself_is_found() -> None:
    assert only_holders_know_the_lease(
        "app/ib_trading/intents/settle.py", "from ib_trading.ports.lease import LeaseStore"
    )

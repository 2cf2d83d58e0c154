"""What survives a restart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from ib_trading_simulator.brokerage import manual
from ib_trading_simulator.brokerage.account import Holdings
from ib_trading_simulator.brokerage.accounts import Accounts
from ib_trading_simulator.brokerage.broker import Broker
from ib_trading_simulator.brokerage.orders import Ticket
from ib_trading_simulator.brokerage.store import Store, StoreError
from ib_trading_simulator.market.market import Market

NOW = datetime(2019, 1, 2, 15, 0, tzinfo=UTC)
TICKET = Ticket(
    con_id=265598,
    account="DU1",
    action="BUY",
    quantity=Decimal(3000),
    order_type="MKT",
    limit=None,
    tif="DAY",
    order_ref="ib-abc",
    algo="Adaptive",
    algo_params=(("adaptivePriority", "Normal"),),
    echo=(("openClose", "O"),),
)
LIMIT = Ticket(
    265598, "DU1", "BUY", Decimal(5), "LMT", Decimal("1.25"), "GTC", good_after=NOW + timedelta(days=9)
)


def broker(now: datetime, account: str = "DU1") -> Broker:
    market = Market.load("us-stocks")
    return Broker(market, now, Accounts(market, "USD", {account: Holdings({"USD": Decimal(1_000_000)})}))


def test_everything_that_was_kept_comes_back_equal(tmp_path: Path) -> None:
    before = broker(NOW)
    store = Store(tmp_path / "state.db")
    before.place(1, 7, TICKET)
    before.place(1, 8, LIMIT)
    before.catch_up(NOW + timedelta(days=1))
    store.keep(before)
    manual.transfer(before, "DU1", "CHF", Decimal("0.5"))
    store.keep(before)
    store.close()

    again = Store(tmp_path / "state.db")
    now = again.now()
    assert now is not None
    assert now == NOW + timedelta(days=1)
    after = broker(now)
    again.restore(after)
    again.close()
    assert after.orders.orders == before.orders.orders
    assert after.executions == before.executions
    assert after.accounts.holdings == before.accounts.holdings
    assert after.accounts.openings == before.accounts.openings
    assert after.orders.highest_id(1) == 8
    assert after.orders.live() == before.orders.live()
    assert after.orders.new_perm_id() == before.orders.new_perm_id()


def test_a_state_file_of_another_account_is_refused_by_name(tmp_path: Path) -> None:
    store = Store(tmp_path / "state.db")
    store.keep(broker(NOW, "DU1"))
    with pytest.raises(StoreError, match=r"DU1.*DU2"):
        store.restore(broker(NOW, "DU2"))
    store.close()


def test_a_file_that_is_no_state_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "state.db").write_text("not a database, but long enough to be taken for one " * 50)
    with pytest.raises(StoreError, match="state file"):
        Store(tmp_path / "state.db")

"""What strategies hold as forex, over the real wire: the broker shows cash and no position of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ib_trading.core.instruments import ContractSpec
from ib_trading.core.order_state import OrderState
from ib_trading.host.in_process import InProcess
from ib_trading.strategies import Strategy, StrategyView
from ib_trading_simulator.launch import Launched
from tests.service import START, Reply, ServiceUnderTest

EURO = ContractSpec("EUR", "CASH", "IDEALPRO", "USD")
COLA = ContractSpec("KO")

STACK = """\
config:
  ib-trading:trading:
    exposure:
      overall: "0.9"
      strategies: {alpha: "0.5", beta: "0.5"}
    minTradePercent: "0"
    maxCommissionPercent: null
    fillSeconds: "2"
    limits: {maxGrossLeverage: "0.5", maxWeightPerInstrument: "5", maxNetLeverage: "5"}
"""

FAR_BELOW = {"orderType": "LMT", "limitOffsetBps": "-500"}
"""A limit order that fills only once the price has come down to it."""


@dataclass
class Wants(Strategy):
    """A strategy that wants one instrument, at a weight that the test changes."""

    instruments: tuple[ContractSpec, ...]
    weight: str = "1"
    history_days: int = 0

    def weights(self, view: StrategyView) -> Mapping[ContractSpec, Any]:
        return dict.fromkeys(self.instruments, self.weight)


@dataclass(slots=True)
class Account:
    """A service whose strategy alpha wants euros and whose beta wants KO, at half of 0.9 of the account each."""

    service: ServiceUnderTest
    simulator: Launched
    alpha: Wants = field(default_factory=lambda: Wants((EURO,)))
    beta: Wants = field(default_factory=lambda: Wants((COLA,)))

    def __post_init__(self) -> None:
        self.service = self.service.having(strategies=InProcess({"alpha": self.alpha, "beta": self.beta}))

    def allocate(self, *strategies: str, key: str, **body: Any) -> Reply:
        return self.service.post("/allocation", {"strategies": list(strategies)} | body, Idempotency_Key=key)

    def reconcile(self, *accept: str) -> Reply:
        return self.service.post("/trade-reconciliation", {"accept": list(accept)})

    def held(self, strategy: str = "alpha") -> Decimal:
        """All that the strategy holds; it wants one instrument only."""
        holdings = self.service.services.ledger.holdings()
        return sum(holdings.get(strategy, {}).values(), Decimal(0))

    def euros(self) -> Decimal:
        return Decimal(self.simulator.state(messages=False)["cash"].get("EUR", "0"))

    def state_of(self, order_ref: str) -> OrderState:
        order = self.service.services.ledger.order(order_ref)
        assert order is not None
        return order.state


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Account]:
    with Launched.start("--clock", "virtual", "--start", START, "--cash", "USD=1000000") as simulator:
        yield Account(ServiceUnderTest.over(tmp_path, simulator.port, stack_file=STACK), simulator)


@pytest.fixture
def unseen(account: Account) -> str:
    """The orderRef of Monday's order for euros, which filled after its run; it is Tuesday."""
    reply = account.allocate("alpha", key="monday", orderProperties=FAR_BELOW)
    (order,) = reply.body["orders"]
    assert (reply.status, order["status"], account.euros()) == (200, "working", 0)
    account.simulator.set_price("EUR.USD", "1.05")
    account.simulator.advance(by=60)
    assert account.euros() == order["quantity"]
    account.simulator.advance(by="1 day")
    return order["orderRef"]


def test_a_fill_of_forex_that_nobody_saw_is_not_bought_again(account: Account, unseen: str) -> None:
    """Its DAY order was taken as ended without a fill, for neither ledger nor broker showed a position: the day after
    196,635 EUR were in the account, the order was "cancelled", and another 200,517 EUR were bought."""
    bought = account.euros()
    reply = account.allocate("alpha", key="tuesday")
    assert (reply.status, account.euros()) == (423, bought)
    assert account.state_of(unseen) is OrderState.UNKNOWN
    assert {one["kind"] for one in reply.body["repairs"]} == {"bookAsFill", "closeOrder"}


def test_accepting_the_unseen_fill_of_forex_books_it_and_closes_its_order(
    account: Account, unseen: str
) -> None:
    """closeOrder alone used to be proposed, and lost the fill: a person who has seen the euros says so."""
    repairs = {one["kind"]: one["id"] for one in account.reconcile().body["repairs"]}
    done = account.reconcile(repairs["bookAsFill"])
    assert (done.status, done.body["repairs"], account.held()) == (200, [], account.euros())
    assert account.state_of(unseen) is OrderState.FILLED
    assert account.reconcile(repairs["closeOrder"]).status == 422


def test_an_order_for_forex_that_never_filled_is_closed_by_the_other_proposal(
    account: Account, unseen: str
) -> None:
    """Then its fill cannot be accepted any more."""
    repairs = {one["kind"]: one["id"] for one in account.reconcile().body["repairs"]}
    done = account.reconcile(repairs["closeOrder"])
    assert (done.status, done.body["repairs"], account.held()) == (200, [], 0)
    assert account.state_of(unseen) is OrderState.CANCELLED
    assert account.reconcile(repairs["bookAsFill"]).status == 422


@pytest.mark.parametrize("dry_run", [True, False])
def test_an_order_cannot_both_have_filled_and_not(account: Account, unseen: str, dry_run: bool) -> None:
    """Whoever accepts all that is proposed has not decided anything."""
    both = [one["id"] for one in account.reconcile().body["repairs"]]
    reply = account.service.post("/trade-reconciliation", {"accept": both, "dryRun": dry_run})
    assert (reply.status, account.held()) == (422, 0)
    assert "exclude each other" in reply.body["detail"]
    assert account.state_of(unseen) is OrderState.UNKNOWN


@pytest.fixture
def euros(account: Account) -> Decimal:
    """What alpha has bought and holds: 0.45 of the account."""
    assert account.allocate("alpha", key="buys").status == 200
    assert account.held() == account.euros() > 0
    return account.held()


def test_forex_that_a_strategy_holds_is_closed(account: Account, euros: Decimal) -> None:
    """close-all cut it to the broker's position, which is always zero, and answered 200 without an order while alpha
    kept 196,635 EUR; the cash-balancer set them aside."""
    reply = account.service.post("/close-all")
    assert (reply.status, account.held(), account.euros()) == (200, 0, 0)
    (order,) = reply.body["orders"]
    assert (order["action"], order["quantity"]) == ("SELL", euros)


@pytest.mark.usefixtures("euros")
def test_the_kill_switch_does_not_trap_forex(account: Account) -> None:
    """With trading disabled there was no way out of it."""
    account.service.put("/trading-enabled", {"enabled": False, "reason": "storm"})
    reply = account.service.post("/close-all", {"strategies": ["alpha"]})
    assert (reply.status, account.held(), account.euros()) == (200, 0, 0)


@pytest.mark.usefixtures("euros")
def test_another_strategy_s_forex_counts_in_the_leverage_of_the_account(account: Account) -> None:
    """With 0.45 of the account in alpha's euros, another 0.45 in beta's KO passed a limit of 0.5."""
    reply = account.allocate("beta", key="shares")
    assert (reply.status, account.held("beta")) == (422, 0)
    assert "gross leverage after the run" in reply.body["detail"]


def test_forex_may_be_reduced(account: Account, euros: Decimal) -> None:
    """Selling half of it counted as a new short position, and was refused beyond the limit."""
    tight = STACK.replace('maxGrossLeverage: "0.5"', 'maxGrossLeverage: "0.1"')
    (account.service.folder / "Pulumi.paper.yaml").write_text(tight)
    account.alpha.weight = "0.5"
    reply = account.allocate("alpha", key="halves")
    assert reply.status == 200, reply.text
    assert 0 < account.held() < euros

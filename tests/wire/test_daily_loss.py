"""The limit on a day's loss, from the account's own profit and loss to the answer of an allocation."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ib_trading_simulator.launch import Launched
from tests.service import STACK_FILE, START, Reply, ServiceUnderTest

LIMITED = STACK_FILE + '    limits: {maxDailyLossPercent: "2"}\n'
ONLY_DUMMY = {"strategies": ["dummy"], "dryRun": True}


SIMULATED = ("--start", START, "--cash", "USD=100000")


@pytest.fixture
def simulated() -> tuple[str, ...]:
    return SIMULATED


@pytest.fixture
def service(simulator: Launched, tmp_path: Path) -> ServiceUnderTest:
    return ServiceUnderTest.over(tmp_path, simulator.port, stack_file=LIMITED)


def loss(reply: Reply) -> dict[str, str]:
    """The verdict of the limit."""
    (verdict,) = [one for one in reply.body["limits"] if one["rule"] == "daily loss in %"]
    return verdict


def percent(verdict: dict[str, str]) -> float:
    """Beside of what."""
    return round(float(verdict["value"].split()[0]), 1)


def lose_three_percent(simulator: Launched) -> None:
    simulator.trade("KO", "BUY", 1500)
    price = float(simulator.state(messages=False)["executions"][0]["price"])
    simulator.set_price("KO", f"{price - 2:.2f}")


def test_a_deposit_does_not_hide_a_loss(simulator: Launched, service: ServiceUnderTest) -> None:
    """The account is worth more than yesterday, and has lost 3 % all the same."""
    lose_three_percent(simulator)
    simulator.transfer(5000)
    assert float(simulator.state(messages=False)["accounts"][simulator.account]["netLiquidation"]) > 100_000
    verdict = loss(service.post("/allocation", ONLY_DUMMY))
    assert (verdict["verdict"], percent(verdict)) == ("refused", 2.9)
    assert service.post("/allocation", {"strategies": ["dummy"]}).status == 422


def test_a_withdrawal_is_no_loss(simulator: Launched, service: ServiceUnderTest) -> None:
    """5 % less in the account, nothing lost."""
    simulator.transfer(-5000)
    verdict = loss(service.post("/allocation", ONLY_DUMMY))
    assert (verdict["verdict"], percent(verdict)) == ("passed", 0)


@pytest.mark.parametrize(
    "simulated", [(*SIMULATED, "--profile", "eu-margin"), (*SIMULATED, "--profile", "segments")]
)
def test_no_account_is_without_a_limit_or_stopped_by_it(
    simulator: Launched, service: ServiceUnderTest, simulated: tuple[str, ...]
) -> None:
    """One whose broker tells no equity of the previous day was refused for ever; one of which it tells the securities
    segment's alone was judged to have lost twice as much."""
    del simulated
    simulator.trade("BAC", "BUY", 700)
    price = float(simulator.state(messages=False)["executions"][0]["price"])
    simulator.set_price("BAC", f"{price - 2:.2f}")
    verdict = loss(service.post("/allocation", ONLY_DUMMY))
    assert (verdict["verdict"], percent(verdict)) == ("passed", 1.4)
    assert verdict["value"].endswith("the account's worth without today's profit")
    assert service.post("/allocation", {"strategies": ["dummy"]}).status == 200


def test_a_deposit_since_yesterdays_run_does_not_hide_a_loss(
    simulator: Launched, service: ServiceUnderTest
) -> None:
    """What the service wrote down yesterday counts, where it is less."""
    assert service.post("/allocation", {"strategies": ["dummy"]}, Idempotency_Key="monday").status == 200
    simulator.advance(to=datetime(2019, 6, 4, 15, tzinfo=UTC))
    simulator.transfer(100_000)
    verdict = loss(service.post("/allocation", ONLY_DUMMY))
    assert verdict["value"].endswith("of 100000, the account's worth at the last run of 2019-06-03")


def test_an_account_without_profit_and_loss_only_reduces(
    simulator: Launched, service: ServiceUnderTest
) -> None:
    """The gateway does not say what was lost: nobody takes that for nothing."""
    simulator.trade("KO", "BUY", 100)
    simulator.fault({"do": "refuse", "code": 321}, message="reqPnL", times="always")
    reply = service.post("/allocation", {"strategies": ["dummy"]})
    assert (reply.status, "told no profit or loss of today" in reply.body["detail"]) == (422, True)
    assert service.post("/close-all").status == 200


def test_the_profit_is_asked_for_only_where_a_limit_rests_on_it_and_its_subscription_ends(
    simulator: Launched, service: ServiceUnderTest, tmp_path: Path
) -> None:
    """Close-all asks nothing that it could not do without."""
    assert service.post("/allocation", ONLY_DUMMY).status == 200
    assert _asked(simulator) == ["reqPnL", "cancelPnL"]
    unlimited = ServiceUnderTest.over(tmp_path / "unlimited", simulator.port)
    assert (unlimited.post("/allocation", ONLY_DUMMY).status, service.post("/close-all").status) == (200, 200)
    assert _asked(simulator) == ["reqPnL", "cancelPnL"]


def _asked(simulator: Launched) -> list[str]:
    messages = simulator.state()["messages"]
    return [one["name"] for one in messages if one["direction"] == "in" and one["name"].endswith("PnL")]

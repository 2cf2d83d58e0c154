"""What a strategy remembers over the real wire: only what was done, so that what could not be done is decided again."""

from __future__ import annotations

from pathlib import Path

import pytest

from ib_trading.host.in_process import InProcess
from ib_trading.strategies import KEEP, Decision, Strategy, StrategyView, stocks
from ib_trading_simulator.launch import Launched
from tests.scripted_strategies import STACK, holdings
from tests.service import ServiceUnderTest


class Once(Strategy):
    """Buys at its first decision, and keeps what it believes to have."""

    def decide(self, view: StrategyView) -> Decision:
        wanted = KEEP if view.memory == "bought" else dict.fromkeys(self.instruments, 0.2)
        return Decision(wanted, memory="bought")


class Alpha(Once):
    name = "alpha"
    instruments = stocks("KO")


class Beta(Once):
    name = "beta"
    instruments = stocks("JNJ")


@pytest.fixture
def service(tmp_path: Path, simulator: Launched) -> ServiceUnderTest:
    plain = ServiceUnderTest.over(tmp_path, simulator.port, stack_file=STACK % "5")
    return plain.having(strategies=InProcess({"alpha": Alpha, "beta": Beta}))


def run(service: ServiceUnderTest, key: str, status: int = 200) -> dict[str, int]:
    """What was ordered, by symbol, and how much of it filled."""
    reply = service.post("/allocation", Idempotency_Key=key)
    assert reply.status == status, reply.text
    return {order["localSymbol"]: order["filled"] for order in reply.body["orders"]}


@pytest.mark.parametrize(
    ("closed", "open_again"),
    [("2019-06-08", "2019-06-10"), ("2019-07-04", "2019-07-05"), ("2019-09-02", "2019-09-03")],
    ids=["Saturday", "Independence Day", "Labor Day"],
)
def test_what_is_decided_on_a_day_without_trading_is_decided_again(
    simulator: Launched, service: ServiceUnderTest, closed: str, open_again: str
) -> None:
    """Nothing is sent then, and nothing is wrong. A cross that was remembered all the same was lost."""
    simulator.advance(to=f"{closed}T15:00:00Z")
    assert run(service, "closed") == {}
    assert service.services.ledger.memories() == {}
    simulator.advance(to=f"{open_again}T15:00:00Z")
    assert run(service, "open").keys() == {"KO", "JNJ"}
    assert service.services.ledger.memories() == {"alpha": '"bought"', "beta": '"bought"'}
    assert run(service, "kept") == {}


def test_what_the_broker_rejects_is_wanted_again_by_who_wanted_it(
    simulator: Launched, service: ServiceUnderTest
) -> None:
    simulator.fault({"do": "reject", "reason": "no shares"}, symbol="KO")
    filled = run(service, "rejected", status=502)
    assert (filled["KO"], filled["JNJ"] > 0) == (0, True)
    assert service.services.ledger.memories() == {"beta": '"bought"'}
    again = run(service, "again")
    assert again.keys() == {"KO"}
    assert holdings(service).keys() == {"alpha", "beta"}
    assert run(service, "kept") == {}

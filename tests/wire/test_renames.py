"""A strategy gets another name, or none any more, over the real wire: nothing is sold for it, and nothing forgotten."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from ib_trading.host.in_process import InProcess
from ib_trading_simulator.launch import Launched
from tests.scripted_strategies import STACK, WAITS, Says, holdings, told
from tests.service import Reply, ServiceUnderTest

FILE = STACK % "5"
RENAMED = 'gamma: {share: "0.5", strategy: alpha, renamedFrom: [alpha]}'


def deployed(service: ServiceUnderTest, strategies: str) -> None:
    """The stack file of `service` says this of its strategies from now on."""
    text = FILE.replace('alpha: "0.5", beta: "0.5"', strategies)
    (service.folder / "Pulumi.paper.yaml").write_text(text)


def restarted(service: ServiceUnderTest, *strategies: Says) -> ServiceUnderTest:
    return service.having(strategies=InProcess({one.name: one for one in strategies}))


def detail_of(reply: Reply, name: str) -> str:
    [one] = [one for one in reply.body["dependencies"] if one["name"] == name]
    return str(one["detail"])


def sent(simulator: Launched) -> int:
    return len(simulator.state(messages=False)["orders"])


def test_a_strategy_goes_on_under_its_new_name_with_what_it_held(tmp_path: Path, simulator: Launched) -> None:
    """Its old name had sold everything, and its new one bought it back."""
    service, alpha, beta = told(tmp_path, simulator)
    alpha.says, beta.says = {"KO": 0.5}, {"KO": -0.2}
    service.post("/allocation")
    before = holdings(service)
    deployed(service, f'{RENAMED}, beta: "0.5"')
    ready = detail_of(service.get("/ready"), "positions")
    assert ready == "2 strategies hold something", "it is not retired: the next run gives it its new name"
    dry = service.post("/allocation", {"dryRun": True})
    assert (dry.status, dry.body["trades"]["gamma"], holdings(service)) == (200, {"JNJ": 0, "KO": 0}, before)
    run = service.post("/allocation", Idempotency_Key="2")
    assert (run.status, run.body["orders"], run.body["plan"]) == (200, [], dry.body["plan"])
    assert holdings(service) == {"gamma": before["alpha"], "beta": before["beta"]}
    assert run.body["warnings"] == []
    again = service.post("/allocation", Idempotency_Key="3")
    assert (again.status, again.body["orders"]) == (200, [])
    summary = service.get("/summary").body
    assert set(summary["profit"]) == set(summary["holdings"]) - {"unassigned"} == {"gamma", "beta"}


def test_an_order_that_works_while_its_strategy_is_renamed_fills_for_the_new_name(
    tmp_path: Path, simulator: Launched
) -> None:
    service, alpha, _ = told(tmp_path, simulator)
    alpha.says = {"KO": 0.5}
    first = service.post("/allocation", {"strategies": ["alpha"], "orderProperties": WAITS})
    [order] = first.body["orders"]
    deployed(service, f'{RENAMED}, beta: "0.5"')
    second = service.post("/allocation", {"strategies": ["gamma"]}, Idempotency_Key="2")
    assert (second.status, second.body["orders"]) == (200, []), "what it ordered before counts as its own"
    assert second.body["working"]["gamma"]["KO"] == order["quantity"]
    simulator.set_price("KO", 38)
    simulator.advance(by=60)
    service.post("/allocation", {"strategies": ["beta"]}, Idempotency_Key="3")
    assert list(holdings(service)) == ["gamma"]
    explained = service.get(f"/explain/{order['orderRef']}").body
    [part] = explained["strategies"]
    assert (part["strategy"], part["signal"]) == ("gamma", 0.5)
    assert part["trade"] == part["ordered"] == part["attributed"] == order["quantity"]


def test_the_new_name_closes_what_the_old_one_had_ordered(tmp_path: Path, simulator: Launched) -> None:
    service, alpha, _ = told(tmp_path, simulator)
    alpha.says = {"KO": 0.5}
    service.post("/allocation", {"strategies": ["alpha"]})
    alpha.says = {"KO": 0.5, "JNJ": 0.3}
    service.post("/allocation", {"strategies": ["alpha"], "orderProperties": WAITS}, Idempotency_Key="2")
    deployed(service, f'{RENAMED}, beta: "0.5"')
    unknown = service.post("/close-all", {"strategies": ["alpha"]})
    assert unknown.status == 400
    assert unknown.body["errors"] == [{"path": "strategies[0]", "message": "alpha is called gamma now"}]
    dry = service.post("/close-all", {"strategies": ["gamma"], "dryRun": True})
    closed = service.post("/close-all", {"strategies": ["gamma"]}, Idempotency_Key="3")
    assert (closed.status, closed.body["plan"]["orders"]) == (200, dry.body["plan"]["orders"]), closed.text
    assert holdings(service) == {}
    rows = simulator.state(messages=False)["orders"]
    assert {row["status"] for row in rows} == {"Filled", "Cancelled"}


def test_a_strategy_may_have_its_old_name_back(tmp_path: Path, simulator: Launched) -> None:
    service, alpha, _ = told(tmp_path, simulator)
    alpha.says = {"KO": 0.5}
    service.post("/allocation", {"strategies": ["alpha"]})
    before = holdings(service)
    deployed(service, RENAMED)
    service.post("/allocation", Idempotency_Key="2")
    deployed(service, 'alpha: {share: "0.5", renamedFrom: [gamma]}')
    reply = service.post("/allocation", Idempotency_Key="3")
    assert (reply.status, reply.body["orders"], holdings(service)) == (200, [], before)


def test_another_strategy_under_a_former_name_is_refused_before_anything_is_decided(
    tmp_path: Path, simulator: Launched
) -> None:
    service, alpha, _ = told(tmp_path, simulator)
    alpha.says = {"KO": 0.5}
    service.post("/allocation", {"strategies": ["alpha"]})
    deployed(service, RENAMED)
    service.post("/allocation", Idempotency_Key="2")
    before, orders = holdings(service), sent(simulator)
    deployed(service, 'gamma: {share: "0.5", strategy: alpha}, alpha: {share: "0.5", strategy: beta}')
    for body in ({"dryRun": True}, {}):
        refused = service.post("/allocation", body, Idempotency_Key="3")
        assert refused.status == 503
        assert (
            "alpha is a former name of gamma in the ledger; give this strategy another name"
            in (refused.body["detail"])
        )
    assert detail_of(service.get("/ready"), "positions") == refused.body["detail"]
    assert (holdings(service), sent(simulator)) == (before, orders)
    deployed(service, 'gamma: {share: "0.5", strategy: alpha}, delta: {share: "0.5", strategy: beta}')
    assert service.post("/allocation", Idempotency_Key="3").status == 200, "the key was given back"


class TestRetired:
    def retire(self, tmp_path: Path, simulator: Launched) -> ServiceUnderTest:
        """Alpha holds KO, and neither its configuration nor its class is there any more."""
        service, alpha, beta = told(tmp_path, simulator)
        alpha.says = {"KO": 0.5}
        service.post("/allocation", {"strategies": ["alpha"]})
        deployed(service, 'beta: "0.5"')
        return restarted(service, beta)

    def test_each_run_and_ready_say_that_it_holds_something_with_the_two_ways_out(
        self, tmp_path: Path, simulator: Launched
    ) -> None:
        service = self.retire(tmp_path, simulator)
        said = (
            "alpha holds 1 instrument, and is configured no more: close it (POST /close-all with"
            ' {"strategies": ["alpha"]}), or give it to another strategy (renamedFrom: [alpha])'
        )
        before = holdings(service)
        for path in ("/allocation", "/cash-balancer"):
            for body in ({"dryRun": True}, {}):
                reply = service.post(path, body)
                assert (reply.status, said in reply.body["warnings"]) == (200, True)
        assert holdings(service) == before, "it is left as it is"
        ready = service.get("/ready")
        assert (ready.status, detail_of(ready, "positions")) == (200, f"1 strategies hold something; {said}")

    def test_it_is_closed_by_its_name(self, tmp_path: Path, simulator: Launched) -> None:
        service = self.retire(tmp_path, simulator)
        closed = service.post("/close-all", {"strategies": ["alpha"]})
        assert (closed.status, closed.body["warnings"], holdings(service)) == (200, [], {})
        assert service.post("/allocation").body["warnings"] == []

    def test_or_it_is_given_to_another(self, tmp_path: Path, simulator: Launched) -> None:
        service = self.retire(tmp_path, simulator)
        [held] = holdings(service).values()
        deployed(service, 'beta: {share: "0.5", renamedFrom: [alpha]}')
        dry = service.post("/allocation", {"dryRun": True})
        assert dry.body["holdings"]["beta"]["KO"] == Decimal(next(iter(held.values())))
        run = service.post("/allocation")
        assert (run.status, run.body["warnings"]) == (200, [])
        assert holdings(service) == {}, "beta wants none of it, and has sold it"

    def test_orders_that_still_work_for_it_are_cancelled_by_its_name(
        self, tmp_path: Path, simulator: Launched
    ) -> None:
        service, alpha, beta = told(tmp_path, simulator)
        alpha.says = {"KO": 0.5}
        service.post("/allocation", {"strategies": ["alpha"], "orderProperties": WAITS})
        deployed(service, 'beta: "0.5"')
        service = restarted(service, beta)
        [warning] = service.post("/allocation").body["warnings"]
        assert warning.startswith("alpha has orders in 1 instrument, and is configured no more")
        assert service.post("/close-all", {"strategies": ["alpha"]}).status == 200
        assert {row["status"] for row in simulator.state(messages=False)["orders"]} == {"Cancelled"}

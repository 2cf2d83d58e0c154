"""A run's story, from its log lines alone: what was planned, what became of each order and for whom, and why not."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from ib_trading.adapters.ib.replies import say_uncertain
from ib_trading.adapters.local.strategy_host import StrategyHost
from ib_trading.composition import create
from ib_trading.core.strategy import Answer, Instance, Question
from ib_trading.intents.story import LedgerStory, calendars_compared, topped_up, without_executions
from ib_trading.schema.log_events import GATEWAY_NOT_READY, NEEDS_REVIEW, RunEvent
from ib_trading_simulator.launch import Launched
from tests.captured import named, said
from tests.contracts.samples import NOON, a_booking
from tests.core.builders import MONDAY, STOCK
from tests.scripted_strategies import told as telling
from tests.service import ServiceUnderTest, closed_port
from tests.stories import MOMENTARY, Line, told
from tests.web.test_log_context import Unforeseen

STEPS = {RunEvent.STEP}


def outline(lines: Sequence[Line]) -> list[tuple[str, str]]:
    """Message and severity of each line, but for steps and for states that not every run sees."""
    return [
        (line["message"], line["severity"])
        for line in lines
        if line["message"] not in STEPS and line.get("to") not in MOMENTARY
    ]


def of(lines: Sequence[Line], event: str) -> list[Line]:
    return [line for line in lines if line["message"] == event]


def test_an_allocation_tells_what_was_bought_for_whom_and_what_it_cost(tmp_path: Path) -> None:
    lines = told(tmp_path, "an allocation")
    run = [line for line in lines if line["runId"] == lines[0]["runId"]]
    fills = of(run, "fill")
    assert outline(run) == [
        ("claimed", "INFO"),
        ("plan", "INFO"),
        *[("order", "INFO")] * 3,
        *[("fill", "INFO")] * len(fills),
        ("run_ended", "INFO"),
        ("request", "INFO"),
    ]
    (planned,) = of(run, "plan")[0]["orders"]
    filled = of(run, "order")[-1]
    assert planned["quantity"] == filled["filled"] == sum(fill["quantity"] for fill in fills)
    assert all(fill["shares"] == {"alpha": fill["quantity"]} for fill in fills)
    assert {fill["orderRef"] for fill in fills} == {filled["orderRef"]}
    assert [line["phase"] for line in of(run, "step")] == ["read", "decide", "submit", "submit", "book"]
    again = [line for line in lines if line["runId"] != lines[0]["runId"]]
    assert outline(again) == [("replayed", "INFO"), ("request", "INFO")]
    assert (again[0]["answeredBy"], again[1]["replayed"]) == (run[0]["runId"], True)


def test_a_refusal_tells_the_limit_and_the_value(tmp_path: Path) -> None:
    lines = told(tmp_path, "a refusal")
    assert outline(lines) == [
        ("claimed", "INFO"),
        ("plan", "WARNING"),
        ("run_ended", "INFO"),
        ("refused", "WARNING"),
        ("request", "WARNING"),
    ]
    first = of(lines, "plan")[0]["refused"][0]
    assert (first["rule"], first["limit"]) == ("gross leverage after the run", "1")
    assert float(first["value"]) > 1
    assert (of(lines, "refused")[0]["kind"], of(lines, "run_ended")[0]["state"]) == (
        "LimitsRefused",
        "refused",
    )


@pytest.mark.parametrize(
    ("name", "level", "refused"),
    [("a strategy that fails", "ERROR", True), ("a strategy that is left alone", "WARNING", False)],
)
def test_a_strategy_that_fails_tells_where(name: str, level: str, refused: bool, tmp_path: Path) -> None:
    """Who looks next morning wants the strategy's own line, not the sentence that it failed."""
    lines = told(tmp_path, name)
    (failed,) = of(lines, "strategy_failed")
    assert (failed["severity"], failed["strategy"], failed["refused"]) == (level, "alpha", refused)
    assert "scripted_strategies.py" in failed["trace"] and "raise self.says" in failed["trace"]
    assert bool(of(lines, "fill")) is not refused
    kinds = [(line["kind"], line["severity"]) for line in of(lines, "refused")]
    assert kinds == ([("StrategyFailed", "ERROR")] if refused else [])


def test_a_run_that_was_interrupted_is_told_to_its_end_by_the_next(tmp_path: Path) -> None:
    lines = told(tmp_path, "an interrupted run")
    lost = [line for line in lines if line["runId"] == lines[0]["runId"]]
    assert outline(lost) == [
        ("claimed", "INFO"),
        ("plan", "INFO"),
        *[("order", "INFO")] * 2,
        ("refused", "ERROR"),
        ("request", "ERROR"),
        ("order", "INFO"),
        ("fill", "INFO"),
        ("run_ended", "INFO"),
    ]
    own, settled = lost[:-3], lost[-3:]
    next_run = next(line["runId"] for line in lines if line["runId"] != lost[0]["runId"])
    assert {line.get("settledBy") for line in settled} == {next_run}
    assert not any("settledBy" in line for line in own)
    assert (settled[0]["from"], settled[0]["to"]) == ("sending", "filled")
    assert (settled[-1]["state"], settled[-1]["key"]) == ("settled", "key:thursday")


def test_a_cross_is_told_without_an_order(tmp_path: Path, simulator: Launched) -> None:
    service, alpha, beta = telling(tmp_path, simulator)
    alpha.says = {"KO": 0.5}
    service.post("/allocation", Idempotency_Key="first")
    alpha.says, beta.says = {}, {"KO": 0.5}
    with said() as lines:
        reply = service.post("/allocation", Idempotency_Key="second")
    (cross,) = named(lines, RunEvent.CROSS)
    assert cross["runId"] == reply.body["runId"] and set(cross["shares"]) == {"alpha", "beta"}
    assert named(lines, RunEvent.ORDER) == []


def test_an_order_that_is_rejected_is_told_with_the_brokers_words(
    tmp_path: Path, simulator: Launched
) -> None:
    service, alpha, _ = telling(tmp_path, simulator)
    alpha.says = {"KO": 0.5}
    simulator.fault(
        {"do": "refuse", "code": 201, "text": "Order rejected - reason: none"}, message="placeOrder"
    )
    with said() as lines:
        service.post("/allocation")
    rejected = named(lines, RunEvent.ORDER)[-1]
    assert (rejected["to"], rejected["log_level"]) == ("rejected", "warning")
    assert "Order rejected" in rejected["messages"][0]
    (refused,) = named(lines, RunEvent.REFUSED)
    assert (refused["kind"], refused["log_level"]) == ("OrdersNotDone", "error")


def test_an_order_that_nobody_explains_calls_a_person_in_the_runs_name(
    tmp_path: Path, simulator: Launched
) -> None:
    service, alpha, _ = telling(tmp_path, simulator)
    alpha.says = {"KO": 0.5}
    simulator.fault({"do": "drop"}, message="placeOrder")
    with said() as lines:
        reply = service.post("/allocation", Idempotency_Key="lost")
    unknown = named(lines, RunEvent.ORDER)[-1]
    assert (unknown["to"], unknown["log_level"]) == ("unknown", "error")
    (called,) = named(lines, NEEDS_REVIEW)
    assert (called["log_level"], called["runId"], called["key"]) == ("error", reply.body["runId"], "key:lost")


def test_what_only_asks_tells_its_plan_and_claims_nothing(tmp_path: Path, simulator: Launched) -> None:
    service, alpha, _ = telling(tmp_path, simulator)
    alpha.says = {"KO": 0.5}
    with said() as lines:
        service.post("/allocation", {"dryRun": True})
    assert [line["event"] for line in lines if line["event"] != RunEvent.STEP] == ["plan", "request"]
    assert all(line["dryRun"] for line in lines)


def test_no_gateway_is_told_before_anything_is_planned(tmp_path: Path) -> None:
    with said() as lines:
        ServiceUnderTest.over(tmp_path, closed_port()).post("/allocation", {"dryRun": True})
    assert [line["event"] for line in lines] == ["gateway_not_ready", "request"]


TALKS = """
from ib_trading.strategies import Strategy

class Talks(Strategy):
    name = "talks"
    instruments = ()

    def decide(self, view):
        print("I think")
        return {}
"""


def test_every_event_of_the_vocabulary_is_said(tmp_path: Path) -> None:
    """A name that nothing says any more would be a query that finds nothing."""
    stories = ("an allocation", "a refusal", "a strategy that fails")
    heard = {line["message"] for name in stories for line in told(tmp_path / name, name)}
    without = ServiceUnderTest.over(tmp_path, closed_port()).services
    broken = create(replace(without, gateway=Unforeseen())).test_client()
    with said() as lines:
        create(without).test_client().post("/allocation")
        broken.get("/current-time")
        without_executions("did not come")
        say_uncertain("in the zone of Middle/Earth")
        topped_up({"KO": 20}, {"JNJ": "did not come"})
        kinds = ("reversal:1.1.01.02", "commission:1:1.1.01.01", "cross:run-0:1", "repair:abc")
        calendars_compared([replace(STOCK, liquid_hours=(), closed_days=frozenset({MONDAY}))])
        LedgerStory(NOON).booked(a_booking(booking_id, {"trend": "1"}) for booking_id in kinds)
        LedgerStory(NOON).renamed({"spymacdvixy": "macd"})
        ask_a_talkative_strategy_beside_a_broken_one(tmp_path / "site")
    assert heard | {line["event"] for line in lines} == {*RunEvent, GATEWAY_NOT_READY}


def ask_a_talkative_strategy_beside_a_broken_one(site: Path) -> None:
    """Two packages in the process in which strategies run."""
    for name, source in {"talks": TALKS, "broken": "import not_there_any_more\n"}.items():
        info = site / f"{name}-1.dist-info"
        info.mkdir(parents=True)
        (site / f"{name}.py").write_text(source)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
        (info / "entry_points.txt").write_text(f"[ib_trading.strategies]\n{name} = {name}:Talks\n")
    host = StrategyHost(Path(sys.executable), {"PYTHONPATH": str(site)})
    asked = Question(Instance("talks", "talks"), NOON, 1, "USD", Decimal(1), ())
    answer = host.answer(asked, 30, 1024)
    host.close()
    assert isinstance(answer, Answer)

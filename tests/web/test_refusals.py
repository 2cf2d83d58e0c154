"""Whatever is refused, and whichever intent lets it escape, is told as what it is: no intent has to translate it."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from ib_trading.core import refusals
from ib_trading.core.canonical import camel
from ib_trading.core.journal import Run, StoredResponse
from ib_trading.core.refusals import (
    ContractsUnknown,
    GatewayNotReady,
    PropertiesRefused,
    QuestionRefused,
    Refusal,
    RunInProgress,
    SizingRefused,
    StaleFence,
    kinds,
)
from ib_trading.intents.intent import Answer, Call, Result
from ib_trading.intents.keyed_run import KeyedRun
from ib_trading.intents.services import Services
from ib_trading.schema.log_events import RunEvent
from ib_trading.schema.requests import Request
from ib_trading.web import problems
from ib_trading.web.endpoint import Endpoint
from ib_trading.web.problems import PROBLEMS, Bug, OtherHttpError, problem_of
from ib_trading.web.routes import create_app
from tests import captured
from tests.service import ServiceUnderTest, closed_port

KINDS = sorted({*kinds(Refusal)} - {Refusal}, key=lambda kind: kind.__name__)
BRANCH = re.compile(r"^    (?P<depth>(?:│   |    )*)[├└]── (?P<name>\w+)", re.MULTILINE)
OWN_WORDS: dict[type[Refusal], Callable[[], Refusal]] = {
    PropertiesRefused: lambda: PropertiesRefused("tif", "MOC goes with DAY, not GTC"),
    RunInProgress: lambda: RunInProgress("another run is under way", "run-1"),
    SizingRefused: lambda: SizingRefused(("AAA: the broker gave no quote", "BBB: it gave none either")),
    ContractsUnknown: lambda: ContractsUnknown([4, 5]),
    QuestionRefused: lambda: QuestionRefused(200, "No security definition has been found"),
    GatewayNotReady: lambda: GatewayNotReady("approve the login on your phone", retry_after=None),
    OtherHttpError: lambda: OtherHttpError("I'm a teapot", 418),
}


def refusal(kind: type[Refusal]) -> Refusal:
    return OWN_WORDS.get(kind, lambda: kind("this happened; do that", members={"order_refs": ["ib-p1"]}))()


class RefusingRequest(Request, frozen=True, kw_only=True):
    """Takes nothing."""


@dataclass(frozen=True)
class Refusing:
    """An intent that somebody has just written: it does its work, and knows nothing of what others refuse."""

    services: Services
    said: Refusal
    keyed: bool = False
    name: str = "refusing"
    request_type: type[RefusingRequest] = RefusingRequest
    result_type: type[Result] = Result
    refusals: tuple[type[Refusal], ...] = ()

    def answer(self, call: Call[RefusingRequest]) -> Answer:
        if not self.keyed:
            raise self.said
        keyed = KeyedRun(self.services, self.name, call, self.services.config.read())

        def work(_: object, run: Run, held: Any) -> Answer:
            with keyed.refusing(run, held):
                raise self.said

        return keyed.answer(work)


class OpenGateway:
    """A gateway that gives out sessions of which nothing is asked."""

    @contextmanager
    def session(self) -> Generator[None]:
        yield None


def serving(folder: Path, said: Refusal, *, keyed: bool = False) -> ServiceUnderTest:
    service = ServiceUnderTest.over(folder, closed_port())
    services = replace(service.services, gateway=OpenGateway())
    intent = Refusing(services, said, keyed)
    app = create_app(services, (Endpoint("POST", "/refusing", intent, recorded=True, keyed=keyed),))
    return replace(service, services=services, client=app.test_client())


def drawn(docstring: str | None) -> dict[str, str]:
    """Kind → the one above it, as a module's drawing has them."""
    above, found = ["Refusal"], {}
    for branch in BRANCH.finditer(docstring or ""):
        depth = len(branch["depth"]) // 4
        found[branch["name"]] = above[depth]
        above[depth + 1 :] = [branch["name"]]
    return found


def test_the_trees_are_drawn_as_they_are() -> None:
    for module in (refusals, problems):
        there = {
            kind.__name__: kind.mro()[1].__name__ for kind in KINDS if kind.__module__ == module.__name__
        }
        assert drawn(module.__doc__) == there


def test_every_kind_has_a_row_and_every_row_a_kind() -> None:
    assert set(PROBLEMS) == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_what_escapes_a_new_intent_is_told_as_what_it_is(kind: type[Refusal], tmp_path: Path) -> None:
    """Seven of core's refusals were translated by allocation alone: any other intent answered "this is a bug"."""
    said = refusal(kind)
    service = serving(tmp_path, said)
    with captured.said() as lines:
        reply = service.post("/refusing")
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert (reply.status, reply.body["status"]) == (problem_of(said).status, problem_of(said).status)
    assert (reply.status == 500) is (kind is Bug)
    assert (reply.body["title"], reply.body["detail"]) == (problem_of(said).title, said.detail)
    assert reply.body.get("errors", []) == [vars_of(field) for field in said.errors]
    members = {camel(name): value for name, value in said.members.items()}
    assert reply.body | members == reply.body
    retry_after = None if said.retry_after is None else str(said.retry_after)
    assert reply.headers.get("Retry-After") == retry_after
    [line, request] = lines
    assert (line["kind"], line["detail"], line.get("exc_info")) == (kind.__name__, said.detail, None)
    assert line["event"] == problem_of(said).event
    level = logging.getLevelName(problem_of(said).level).lower()
    assert (line["log_level"], request["event"], request["log_level"]) == (level, RunEvent.REQUEST, level)
    [activity] = service.services.activity.latest(10)
    assert (activity.outcome, activity.facts["detail"]) == (reply.status, said.detail)


def vars_of(field: Any) -> dict[str, str]:
    return {"path": field.path, "message": field.message}


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.__module__ == refusals.__name__])
def test_a_refusal_is_the_keys_answer_or_gives_the_key_back(kind: type[Refusal], tmp_path: Path) -> None:
    said = refusal(kind)
    service = serving(tmp_path, said, keyed=True)
    first, again = (service.post("/refusing", Idempotency_Key="monday") for _ in range(2))
    # Whoever lost the lease before anything was sent may call again: another run is under way.
    expected = RunInProgress if kind is StaleFence else kind
    assert first.body["title"] == again.body["title"] == PROBLEMS[expected].title
    kept = not expected.withdraws_claim
    assert ("Idempotency-Replayed" in again.headers) is kept
    assert again.text == first.text or not kept
    assert len(service.services.ledger.runs(10)) == (1 if kept else 0)


def test_what_an_earlier_version_has_answered_is_repeated_byte_for_byte(tmp_path: Path) -> None:
    service = serving(tmp_path, refusal(refusals.LimitsRefused), keyed=True)
    service.post("/refusing", Idempotency_Key="monday")
    told = StoredResponse(418, b'{"title":"as it was said then", "status": 418}')
    (run,) = service.services.ledger.runs(1)
    with service.services.leased("an earlier version") as ledger:
        ledger.record_run(replace(run, response=told))
    again = service.post("/refusing", Idempotency_Key="monday")
    assert (again.status, again.text) == (418, told.body.decode())
    assert again.headers["Content-Type"] == "application/problem+json"

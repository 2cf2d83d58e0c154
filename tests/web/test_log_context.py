"""Every line of a call says whose it is, and no line of another does: threads, libraries, answers in lines."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import structlog

from ib_trading.adapters.ib.loop_thread import LoopThread
from ib_trading.composition import build_services
from ib_trading.core.refusals import OrdersNotDone
from ib_trading.intents.intent import Answer, Call, Result
from ib_trading.intents.services import Services
from ib_trading.intents.story import KEY_LENGTH
from ib_trading.schema.requests import AllocationRequest
from ib_trading.web.cloud_trace import trace_members
from ib_trading.web.endpoint import Endpoint
from ib_trading.web.routes import create_app
from tests.captured import named, read, said, written
from tests.service import ServiceUnderTest, closed_port, settings

NDJSON = "application/x-ndjson"
TRACE = "105445aa7843bc8bf206b12000100000"
ITS = {
    "logging.googleapis.com/trace": f"projects/my-project/traces/{TRACE}",
    "logging.googleapis.com/spanId": "0000000000000001",
    "logging.googleapis.com/trace_sampled": True,
}
log = structlog.stdlib.get_logger("tests")


@dataclass(frozen=True)
class Talks:
    """An intent that says something, itself and through a library, and waits until all callers are there."""

    services: Services
    together: threading.Barrier = field(default_factory=lambda: threading.Barrier(1))
    name: str = "talks"
    request_type: type[AllocationRequest] = AllocationRequest
    result_type: type[Result] = Result
    refusals: tuple[type[OrdersNotDone], ...] = ()

    def answer(self, call: Call[AllocationRequest]) -> Answer:
        self.together.wait(60)
        log.info("own", own=call.key)
        logging.getLogger("library").warning("of a library")
        if call.lines:
            return Answer({}, lines=self.lines())
        return Answer(
            {"done": True}, OrdersNotDone("not done: KO rejected") if call.key == "key:half" else None
        )

    def lines(self) -> Iterator[Answer]:
        log.info("line")
        yield Answer({"line": 1})
        log.info("line")
        yield Answer({}, OrdersNotDone("not done: KO rejected"))


def talking(folder: Path, callers: int = 1) -> ServiceUnderTest:
    services = replace(build_services(settings(folder, closed_port())), project_id="my-project")
    talks = Talks(services, threading.Barrier(callers))
    app = create_app(services, (Endpoint("POST", "/talks", talks, recorded=True, keyed=True),))
    return ServiceUnderTest(services, app.test_client(), folder)


def test_every_line_of_a_call_has_its_run_intent_key_and_trace(tmp_path: Path) -> None:
    """A library's too, which knows of none of them."""
    with written() as stream:
        talking(tmp_path).post(
            "/talks", {"dryRun": True}, Idempotency_Key="monday", X_Cloud_Trace_Context=f"{TRACE}/1;o=1"
        )
    lines = read(stream)
    assert [line["message"] for line in lines] == ["own", "of a library", "request"]
    expected = {"tradingMode": "paper", "intent": "talks", "key": "key:monday", "dryRun": True, **ITS}
    assert all(line | expected == line for line in lines)
    assert len({line["runId"] for line in lines}) == 1


def test_after_a_call_its_thread_says_nothing_of_it(tmp_path: Path) -> None:
    service = talking(tmp_path)
    service.post("/talks")
    with said() as lines:
        log.info("something else")
    assert lines == [{"event": "something else", "log_level": "info"}]


def test_calls_at_the_same_time_do_not_mix_their_lines(tmp_path: Path) -> None:
    """Eight threads in one process serve: a line under another run's id would tell of a trade that was none."""
    service = talking(tmp_path, callers=8)

    def call(number: int) -> str:
        client = service.client.application.test_client()
        headers = {"Idempotency-Key": str(number), "Content-Type": "application/json"}
        client.post("/talks", headers=headers)
        return str(number)

    with said() as lines, ThreadPoolExecutor(8) as threads:
        list(threads.map(call, range(8)))
    own = {line["runId"]: line["own"] for line in named(lines, "own")}
    assert sorted(own.values()) == [f"key:{number}" for number in range(8)]
    assert all(line["key"] == own[line["runId"]] for line in lines)
    assert len(named(lines, "request")) == 8


def test_an_answer_in_lines_is_told_under_its_own_call_whoever_was_served_meanwhile(tmp_path: Path) -> None:
    """It is made after the request has ended for the framework, and another one may have begun on the thread."""
    service = talking(tmp_path)
    with said() as lines:
        response = service.client.post("/talks", headers={"Accept": NDJSON, "Idempotency-Key": "lines"})
        service.post("/talks", Idempotency_Key="other")
        told = list(response.iter_encoded())
    assert [json.loads(line).get("detail") for line in told] == [None, "not done: KO rejected"]
    of_lines = [line for line in lines if line["key"] == "key:lines"]
    assert [line["event"] for line in of_lines] == ["own", "request", "line", "line", "refused"]
    assert len({line["runId"] for line in of_lines}) == 1
    assert (of_lines[-1]["kind"], of_lines[-1]["log_level"]) == ("OrdersNotDone", "error")


def test_what_a_result_says_was_not_done_is_said_in_the_log_too(tmp_path: Path) -> None:
    with said() as lines:
        talking(tmp_path).post("/talks", Idempotency_Key="half")
    told = [(line["event"], line["log_level"], line.get("kind")) for line in lines if line["event"] != "own"]
    assert told == [("refused", "error", "OrdersNotDone"), ("request", "error", None)]


def test_the_loop_of_a_connection_works_in_the_callers_name() -> None:
    """asyncio takes the context along to the loop's thread (Loop.call_soon_threadsafe)."""

    async def says() -> None:
        log.info("from the loop")

    loop = LoopThread("test")
    try:
        with said() as lines, structlog.contextvars.bound_contextvars(runId="run-1"):
            loop.run(says())
            loop.hand_over(log.info, "handed over")
            loop.run(says())
    finally:
        loop.end()
    assert [line["runId"] for line in lines] == ["run-1"] * 3


def test_a_secret_that_is_bound_is_masked_in_every_line() -> None:
    with (
        written() as stream,
        structlog.contextvars.bound_contextvars(runId="r", apiKey="s3cret", of={"password": "s3cret"}),
    ):
        log.info("own")
        logging.getLogger("library").warning("of a library", extra={"sessionToken": "s3cret"})
    assert "s3cret" not in stream.getvalue()
    assert [line["apiKey"] for line in read(stream)] == ["[masked]"] * 2


def test_a_key_is_said_to_a_bound(tmp_path: Path) -> None:
    """What Cloud Scheduler's headers say is as long as its caller likes."""
    with said() as lines:
        talking(tmp_path).post(
            "/talks",
            X_CloudScheduler_JobName="j" * 5000,
            X_CloudScheduler_ScheduleTime="2024-01-02T12:00:00Z",
        )
    assert {len(line["key"]) for line in lines if line["event"] == "request"} == {KEY_LENGTH}


@pytest.mark.parametrize(
    "headers",
    [
        {"traceparent": f"00-{TRACE}-0000000000000001-01"},
        {"X-Cloud-Trace-Context": f"{TRACE}/1;o=1"},
        {"X-Cloud-Trace-Context": f"{TRACE.upper()}/1;o=1"},
        {"traceparent": f"00-{TRACE}-0000000000000001-01", "X-Cloud-Trace-Context": "0" * 32 + "/7;o=0"},
    ],
)
def test_a_requests_trace_is_named_as_cloud_logging_reads_it(headers: dict[str, str]) -> None:
    assert trace_members(headers, "my-project") == ITS


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"X-Cloud-Trace-Context": TRACE}, (None, False)),
        ({"X-Cloud-Trace-Context": f"{TRACE}/18446744073709551616"}, (None, False)),
        ({"X-Cloud-Trace-Context": f"{TRACE}/18446744073709551615"}, ("f" * 16, False)),
        ({"traceparent": f"00-{TRACE}-00000000000000ff-00"}, ("00000000000000ff", False)),
    ],
)
def test_a_trace_may_have_no_span_and_not_be_kept(
    headers: dict[str, str], expected: tuple[str | None, bool]
) -> None:
    members = trace_members(headers, "my-project")
    span = members.get("logging.googleapis.com/spanId")
    assert (span, members["logging.googleapis.com/trace_sampled"]) == expected


@pytest.mark.parametrize(
    ("headers", "project"),
    [
        ({}, "my-project"),
        ({"X-Cloud-Trace-Context": f"{TRACE}/1;o=1"}, ""),
        ({"X-Cloud-Trace-Context": 'x"/1'}, "my-project"),
        ({"traceparent": "00-short-1-01"}, "my-project"),
    ],
)
def test_what_names_no_trace_binds_none(headers: dict[str, str], project: str) -> None:
    assert trace_members(headers, project) == {}


class Unforeseen:
    """A gateway whose client raises what nobody has foreseen."""

    @contextmanager
    def session(self) -> Generator[Any]:
        raise RuntimeError("Stream removed")
        yield


def test_a_bug_leaves_its_trace_under_its_run(tmp_path: Path) -> None:
    service = ServiceUnderTest.over(tmp_path, closed_port()).having(gateway=Unforeseen())
    with written() as stream:
        reply = service.get("/current-time")
    bug, request = read(stream)
    assert (bug["message"], bug["severity"], bug["runId"]) == ("bug", "ERROR", reply.body["runId"])
    assert bug["trace"].endswith("RuntimeError: Stream removed")
    assert (request["severity"], request["status"]) == ("ERROR", 500)


def test_a_run_that_came_to_nothing_says_that_its_key_is_free(tmp_path: Path) -> None:
    service = ServiceUnderTest.over(tmp_path, closed_port())
    with said() as lines:
        reply = service.post("/allocation", Idempotency_Key="monday")
    assert [line["event"] for line in lines] == ["claimed", "key_given_back", "gateway_not_ready", "request"]
    assert {(line["runId"], line["key"]) for line in lines} == {(reply.body["runId"], "key:monday")}

"""`./nox -s call`: what is sent, how a person reads the answer, and how a call that was cut off is repeated.

The service is the real one, trading at the simulator.
"""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Callable, Generator, Iterable
from pathlib import Path
from typing import Any

import pytest

from delivery.console.refusal import Refusal
from delivery.service.questions import question
from tests.delivery.workstation import HOST, OPERATOR, Workstation, deployed, workstation

PAPER = "paper"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Generator[Workstation]:
    """With history, and one allocation that has traded under the key `monday`."""
    with deployed(tmp_path_factory.mktemp("deployed")) as one:
        yield one


@pytest.fixture
def alone(tmp_path: Path) -> Generator[Workstation]:
    with workstation(tmp_path) as one:
        yield one


def _said(
    status: str, body: bytes, *headers: tuple[str, str], kind: str = "application/json"
) -> Callable[..., Iterable[bytes]]:
    def application(environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
        start(status, [("Content-Type", kind), *headers])
        return [body]

    return application


def test_a_plan_and_its_trades_are_read_in_eighty_columns(service: Workstation) -> None:
    """History, a dry-run, the trades, the same key again, the account afterwards: what docs/deploying.md does."""
    with service.sit_down("call", PAPER, "collect-market-data") as one:
        assert one.end() == 0, one.shown.decode()
    assert b"20/20  XOM" in one.shown
    with service.sit_down("call", PAPER, "allocation", '{"dryRun": true}') as one:
        assert one.end() == 0, one.shown.decode()
    text = one.shown.decode().replace("\r\n", "\n")
    assert "Planned only, nothing was sent." in text and "Limits: all" in text
    assert "Idempotency-Key" not in text
    assert max(map(len, text.split("Planned only")[1].splitlines())) <= 80
    traded = service.run("call", PAPER, "allocation", "--key", "monday")
    assert traded.returncode == 0, traded.stderr
    assert "Planned and sent." in traded.stdout and " filled " in traded.stdout
    again = service.run("call", PAPER, "allocation", "--key", "monday")
    assert "this is the outcome of that run; nothing was done now" in again.stdout
    with service.sit_down("call", PAPER, "summary") as one:
        assert one.end() == 0
    assert b"Who holds them" in one.shown


def test_the_answer_as_it_came_is_all_that_a_program_reads(service: Workstation) -> None:
    """Progress and words go to standard error."""
    done = service.run("call", PAPER, "summary", "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["intent"] == "summary"


def test_a_misspelt_key_is_refused_here_as_the_service_would(service: Workstation) -> None:
    """It would have traded; it is not even sent."""
    before = len(service.front.asked)
    done = service.run("call", PAPER, "allocation", '{"dryrun": true}')
    assert done.returncode == 1
    assert "dryrun: unknown key; did you mean 'dryRun'?; nothing was sent" in done.stderr
    assert len(service.front.asked) == before


def test_a_refusal_of_the_service_is_a_sentence_with_its_remedy(service: Workstation) -> None:
    """The kill switch, which is turned off and on by the same session."""
    assert (
        service.run("call", PAPER, "trading-enabled", '{"enabled": false, "reason": "away"}').returncode == 0
    )
    refused = service.run("call", PAPER, "close-all", '{"strategies": ["trned"]}')
    assert refused.returncode == 1
    assert "did you mean 'trend'" in refused.stderr and "Traceback" not in refused.stderr
    assert service.run("call", PAPER, "trading-enabled", '{"enabled": true}').returncode == 0


def test_live_trades_are_asked_about_first(alone: Workstation) -> None:
    """With nobody there to be asked, nothing is sent; a plan, a look and the kill switch need no leave."""
    alone.outputs({"tradingMode": "live"}, "live")
    alone.front.services[HOST] = _said("200 OK", b"{}")
    assert alone.run("call", "live", "allocation").returncode == 1
    assert alone.run("call", "live", "trading-enabled", '{"enabled": true}').returncode == 1
    assert alone.front.asked == []
    assert alone.run("call", "live", "allocation", '{"dryRun": true}').returncode == 0
    assert alone.run("call", "live", "trading-enabled", '{"enabled": false}').returncode == 0
    assert alone.run("call", "live", "allocation", "--yes").returncode == 0
    assert [asked.path for asked in alone.front.asked] == ["/allocation", "/trading-enabled", "/allocation"]


def test_an_interrupted_call_says_how_to_get_its_outcome(alone: Workstation) -> None:
    """With the key that was sent, in a command that can be pasted."""
    asked, ended = threading.Event(), threading.Event()

    def application(environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
        asked.set()
        ended.wait(30)
        start("200 OK", [("Content-Type", "application/json")])
        return [b"{}"]

    alone.front.services[HOST] = application
    with alone.sit_down("call", PAPER, "allocation", '{"strategies": ["trend"]}') as one:
        assert asked.wait(30)
        one.process.send_signal(signal.SIGINT)
        assert one.end() == 130
    ended.set()
    key = alone.front.asked[0].headers["Idempotency-Key"]
    text = one.shown.decode().replace("\r\n", "\n")
    assert f"""./nox -s call -- paper allocation '{{"strategies": ["trend"]}}' --key {key}""" in text


def test_an_answer_that_never_came_leaves_the_key_too(alone: Workstation) -> None:
    """Whether it was done is not known here."""

    def application(environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
        # What is not read here, the server would wait for more of.
        environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        start("200 OK", [("Content-Type", "application/json"), ("Content-Length", "100")])
        return [b"{"]

    alone.front.services[HOST] = application
    done = alone.run("call", PAPER, "allocation")
    assert done.returncode == 1
    assert alone.front.asked[0].headers["Idempotency-Key"] in done.stderr.split("--key ")[1]


def test_a_busy_service_says_when_to_come_again(alone: Workstation) -> None:
    """Retry-After."""
    problem = {"title": "Another run is under way", "status": 409, "detail": "run 1 trades", "runId": "2"}
    alone.front.services[HOST] = _said("409 Conflict", json.dumps(problem).encode(), ("Retry-After", "30"))
    done = alone.run("call", PAPER, "allocation")
    assert done.returncode == 1
    assert "409 Another run is under way" in done.stderr and "It may go in 30 s." in done.stderr


def test_cloud_runs_own_refusal_is_explained(alone: Workstation) -> None:
    """It has no JSON, and means that the grant is missing."""
    alone.front.invoker = "somebody-else@my-project.iam.gserviceaccount.com"
    alone.front.services[HOST] = _said("200 OK", b"{}")
    done = alone.run("call", PAPER, "summary")
    assert done.returncode == 1
    assert (
        f"Cloud Run does not let {OPERATOR} in" in done.stderr and "<html>" not in done.stdout + done.stderr
    )


def test_a_stack_without_service_says_what_deploys_it(alone: Workstation) -> None:
    """The output is empty until the first image."""
    alone.outputs({"serviceUrl": ""})
    done = alone.run("call", PAPER, "ready")
    assert done.returncode == 1 and "./nox -s deploy -- paper" in done.stderr


def test_lines_that_break_off_are_no_success(alone: Workstation) -> None:
    """The last line tells the outcome; here it is missing."""
    line = {"localSymbol": "SPY", "barSize": "1 day", "done": 1, "of": 2, "stored": 5, "error": None}
    body = json.dumps(line).encode() + b"\n"
    alone.front.services[HOST] = _said("200 OK", body, kind="application/x-ndjson")
    done = alone.run("call", PAPER, "collect-market-data")
    assert done.returncode == 1 and "broke off" in done.stderr and "1/2  SPY" in done.stdout


def test_a_service_that_is_not_ready_shows_why(alone: Workstation) -> None:
    """/ready answers 503 with its dependencies, which is no problem document."""
    body = {"ready": False, "tradingMode": "paper", "dependencies": [{"name": "gateway", "state": "down"}]}
    alone.front.services[HOST] = _said("503 Service Unavailable", json.dumps(body).encode())
    done = alone.run("call", PAPER, "ready")
    assert done.returncode == 1 and "gateway  down" in done.stdout


@pytest.mark.parametrize(
    ("asked", "method", "trades"),
    [
        ("allocation", "POST", True),
        ("/cash-balancer/", "POST", True),
        ("collect-market-data", "POST", False),
        ("summary", "GET", False),
        ("runs", "GET", False),
        ("runs/4edb51f2ad654ebaa2ecd38d2fb6ab2f", "GET", False),
        ("explain/ib-pnrkzm63ynmeifqob", "GET", False),
        ("ready", "GET", False),
    ],
)
def test_the_intent_decides_how_it_is_asked(asked: str, method: str, trades: bool) -> None:
    """app/ib_trading/schema/intents.py."""
    found = question(asked, "")
    assert (found.method, found.trades) == (method, trades)


@pytest.mark.parametrize(
    ("asked", "text", "said"),
    [
        ("alocation", "", "did you mean 'allocation'"),
        ("runs/../allocation", "", "nothing called"),
        ("explain/a?b", "", "nothing called"),
        ("summary", "{}", "takes no body"),
        ("allocation", '{"dryRun": true, "dryRun": false}', "is there twice"),
        ("allocation", "[]", "a JSON array"),
        ("allocation", "{", "not JSON"),
        ("trading-enabled", "", "enabled"),
    ],
)
def test_what_the_service_would_not_take_is_not_sent(asked: str, text: str, said: str) -> None:
    """With the words of the service."""
    with pytest.raises(Refusal, match=said):
        question(asked, text)

"""Whether a deployed service works, as its operator finds it: it is ready to trade, and a summary comes back.

Decides what is asked, what is waited for and how long, and what an answer that is not good means in a sentence. Nothing
that is asked trades.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from delivery.console.refusal import Refusal
from delivery.google.errors import refused, sentence
from delivery.service.service_call import ServiceAnswer, ServiceHangs

READY_SECONDS = 600.0
"""A gateway that logs in takes minutes, so does a right that was just given (cloud.google.com/iam/docs/
access-change-propagation: "typically 2 minutes, potentially 7 minutes or longer")."""
INTERVAL_SECONDS = 5.0
OK = 200
UNAVAILABLE = 503
NOT_LET_IN = (401, 403)
"""What Cloud Run says itself, without asking the service, to whom it does not let in."""


class NotWorking(Refusal):
    """The service does not do what it should; the text has its last answer."""


class Unreachable(Refusal):
    """The service could not be asked, so that nothing is known of it; the text says why."""


class Asks(Protocol):
    """The service as ServiceCall reaches it."""

    def ask(self, path: str, *, seconds: float) -> ServiceAnswer: ...


@dataclass(frozen=True, slots=True)
class Polling:
    """How long is waited for a good answer in all, and between two questions; seconds."""

    timeout: float = READY_SECONDS
    interval: float = INTERVAL_SECONDS


def wait_until_ready(service: Asks, mode: str, polling: Polling) -> None:
    """Until GET /ready says 200 and the right mode. NotWorking with the last answer when the timeout is over, at once
    where waiting cannot help: a service of the other mode. Unreachable where it never came to an answer."""
    _ask_until_good(service, "/ready", mode, polling, retried=_any_status)


def smoke(service: Asks, mode: str, polling: Polling) -> None:
    """GET /summary, which starts the gateway and reads the account. NotWorking, at once where the answer names nothing
    to wait for; Unreachable."""
    _ask_until_good(service, "/summary", mode, polling, retried=_worth_waiting)


def _ask_until_good(
    service: Asks, path: str, mode: str, polling: Polling, *, retried: Callable[[ServiceAnswer], bool]
) -> None:
    clock = threading.Event()
    deadline = time.monotonic() + polling.timeout
    bad, again = "", True
    while True:
        left = deadline - time.monotonic()
        unreachable = ""
        try:
            answer = service.ask(path, seconds=max(left, 1.0))
        except ServiceHangs as hangs:
            bad = str(hangs)
        except (Refusal, *refused()) as error:
            # No answer, or no right yet to ask: both come with time, after a deployment.
            unreachable = str(error) if isinstance(error, Refusal) else sentence(error)
        else:
            if answer.status == OK:
                _check_mode(answer, mode)
                return
            if answer.status in NOT_LET_IN and answer.body is None:
                unreachable = said(path, answer)
            else:
                bad, again = said(path, answer), retried(answer)
        if not again or time.monotonic() + polling.interval > deadline:
            raise NotWorking(bad) if bad else Unreachable(unreachable)
        clock.wait(polling.interval)


def _check_mode(answer: ServiceAnswer, mode: str) -> None:
    said_mode = answer.body.get("tradingMode") if isinstance(answer.body, dict) else None
    if said_mode != mode:
        raise NotWorking(f"a service of the {mode} stack answered, and says its mode is {said_mode!r}")


def _any_status(_: ServiceAnswer) -> bool:
    return True


def _worth_waiting(answer: ServiceAnswer) -> bool:
    return answer.status == UNAVAILABLE and "Retry-After" in answer.headers


def said(path: str, answer: ServiceAnswer) -> str:
    """What an answer other than 200 says, in one line."""
    body = answer.body if isinstance(answer.body, dict) else {}
    down = [
        f"{each['name']}: {each['detail']}"
        for each in body.get("dependencies") or ()
        if each.get("state") == "down"
    ]
    words = "; ".join(down) or body.get("detail") or body.get("title") or " ".join(answer.text.split())[:200]
    return f"GET {path} answers {answer.status}: {words or 'nothing'}"

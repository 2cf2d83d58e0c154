"""Whether a deployed service works: what its answers mean, which are waited for, and how long."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from google.api_core.exceptions import PermissionDenied, RetryError

from delivery.service.readiness import NotWorking, Polling, Unreachable, smoke, wait_until_ready
from delivery.service.service_call import ServiceAnswer, ServiceHangs, ServiceSilent

GOOD = {"ready": True, "tradingMode": "paper"}


def answer(status: int, body: Any, headers: Mapping[str, str] | None = None, text: str = "") -> ServiceAnswer:
    return ServiceAnswer(status, headers or {}, text, body)


class Answers:
    """A service that says these in turn, and the last one for ever."""

    def __init__(self, *said: ServiceAnswer | Exception) -> None:
        self._said = list(said)
        self.asked: list[str] = []

    def ask(self, path: str, *, seconds: float) -> ServiceAnswer:
        self.asked.append(path)
        said = self._said.pop(0) if len(self._said) > 1 else self._said[0]
        if isinstance(said, Exception):
            raise said
        return said


SOON = Polling(timeout=5, interval=0.001)
SHORT = Polling(timeout=0.02, interval=0.005)


def test_readiness_is_waited_for() -> None:
    """Silence, a right that does not count yet, Cloud Run's own pages and a gateway that logs in all pass with time."""
    service = Answers(
        ServiceSilent("the connection failed"),
        PermissionDenied("Permission 'iam.serviceAccounts.getOpenIdToken' denied"),
        answer(403, None, text="<title>403 Forbidden</title>"),
        answer(503, {"ready": False, "dependencies": []}),
        answer(200, GOOD),
    )
    wait_until_ready(service, "paper", SOON)
    assert service.asked == ["/ready"] * 5


@pytest.mark.parametrize(
    "never",
    [
        ServiceSilent("the connection failed"),
        PermissionDenied("no right"),
        RetryError("Timeout of 60.0s exceeded", PermissionDenied("no right")),
        answer(403, None, text="<title>403 Forbidden</title>"),
    ],
    ids=["no network", "no right", "Google is away", "not let in"],
)
def test_who_never_gets_an_answer_says_nothing_of_the_service(never: ServiceAnswer | Exception) -> None:
    """It is the observer's trouble. One answer in between is the service's, and so is that it hangs."""
    with pytest.raises(Unreachable):
        wait_until_ready(Answers(never), "paper", SHORT)
    down = answer(503, {"detail": "no gateway"})
    with pytest.raises(NotWorking, match="no gateway"):
        wait_until_ready(Answers(down, never), "paper", SHORT)
    with pytest.raises(NotWorking, match="it was silent"):
        wait_until_ready(Answers(ServiceHangs("it was silent for too long")), "paper", SHORT)


def test_what_is_down_is_in_the_sentence() -> None:
    """The dependency and what to do about it, as the service says it."""
    down = {"name": "gateway", "state": "down", "detail": "the password is wrong", "seconds": 0}
    fine = {"name": "journal", "state": "ok", "detail": "trading is enabled", "seconds": 0}
    service = Answers(answer(503, {"ready": False, "dependencies": [fine, down]}))
    with pytest.raises(NotWorking, match=r"^GET /ready answers 503: gateway: the password is wrong$"):
        wait_until_ready(service, "paper", SHORT)
    assert len(service.asked) > 1


def test_a_service_of_the_other_mode_is_never_good() -> None:
    """Waiting does not make it the right one."""
    service = Answers(answer(200, {"ready": True, "tradingMode": "live"}))
    with pytest.raises(NotWorking, match="says its mode is 'live'"):
        wait_until_ready(service, "paper", SOON)
    assert service.asked == ["/ready"]


def test_a_summary_is_waited_for_only_where_the_service_says_that_it_helps() -> None:
    """A gateway that starts says Retry-After; a wrong password does not."""
    starting = answer(503, {"detail": "logging in"}, {"Retry-After": "60"})
    service = Answers(starting, answer(200, GOOD))
    smoke(service, "paper", SOON)
    assert service.asked == ["/summary", "/summary"]
    refused = Answers(answer(503, {"detail": "the password is wrong"}))
    with pytest.raises(NotWorking, match="the password is wrong"):
        smoke(refused, "paper", SOON)
    assert refused.asked == ["/summary"]

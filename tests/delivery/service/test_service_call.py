"""A deployed service is asked as its operator: whose token, for whom, how long, and where it goes."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.api_core.exceptions import PermissionDenied
from google.rpc.error_details_pb2 import ErrorInfo

from delivery.console.refusal import Refusal
from delivery.google.clients import GoogleClients
from delivery.google.endpoints import Endpoints
from delivery.google.errors import may_not_count, sentence
from delivery.google.operator import NotOperator, identity_token
from delivery.service.service_call import RENEW_SECONDS, ServiceCall, ServiceSilent, lines_of
from tests.control_plane.iam_credentials import IamCredentials
from tests.control_plane.server import ControlPlane, control_plane
from tests.delivery.front import Front, served

HOST = "ib-paper-abc-oa.a.run.app"
URL = f"https://{HOST}"
OPERATOR = "ib-operator@my-project.iam.gserviceaccount.com"


class World:
    """A control plane that makes tokens, and a front with one service whose application a test sets."""

    def __init__(self, plane: ControlPlane, front: Front, identities: IamCredentials) -> None:
        self.plane, self.front, self.identities = plane, front, identities
        self.clients = GoogleClients(
            "my-project", Endpoints(control_plane=plane.address, front=front.address)
        )

    def call(self, **changes: Any) -> ServiceCall:
        return ServiceCall(self.clients, URL, OPERATOR, **changes)

    def answers(self, application: Callable[..., Iterable[bytes]]) -> None:
        self.front.services[HOST] = application


@pytest.fixture
def world() -> Generator[World]:
    identities = IamCredentials()
    with control_plane() as plane, served(Front(OPERATOR)) as front:
        identities.serve(plane)
        world = World(plane, front, identities)
        world.answers(_said(b'{"ready": true, "cash": 1.10}'))
        yield world


def _said(body: bytes, status: str = "200 OK", *headers: tuple[str, str]) -> Callable[..., Iterable[bytes]]:
    def application(environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        start(status, [("Content-Type", "application/json"), *headers])
        return [body]

    return application


def test_who_may_not_count_calls_in_the_project_is_told_that(world: World) -> None:
    """An operator already: to be made one would help nobody."""
    said = (
        "Caller does not have required permission to use project my-project. Grant the caller the"
        " roles/serviceusage.serviceUsageConsumer role, or a custom role with the serviceusage.services.use permission,"
        " by visiting https://console.developers.google.com/iam-admin/iam/project?project=my-project and then retry."
    )
    world.plane.fail("GenerateIdToken", grpc.StatusCode.PERMISSION_DENIED, said)
    with pytest.raises(PermissionDenied) as refused:
        identity_token(world.clients, OPERATOR, URL)
    told = sentence(refused.value)
    assert said.rstrip(".") in told and "may not act" not in told
    assert "ib-trading:operators" in told and "--role=roles/serviceusage.serviceUsageConsumer" in told


def test_google_says_by_a_reason_that_a_project_may_not_be_used() -> None:
    """Whatever its text is."""
    reason = ErrorInfo(reason="USER_PROJECT_DENIED", domain="googleapis.com")
    assert may_not_count(PermissionDenied("denied", error_info=reason))
    assert not may_not_count(PermissionDenied("denied"))


def test_the_service_is_asked_under_its_own_name_with_a_token_for_it_alone(world: World) -> None:
    """The stand-in gets the bytes; Host, audience and account are the service's."""
    answer = world.call().ask("/ready")
    assert (answer.status, answer.body["ready"]) == (200, True)
    (asked,) = world.front.asked
    assert (asked.host, asked.path) == (HOST, "/ready")
    assert asked.claims is not None
    assert (asked.claims["aud"], asked.claims["email"]) == (URL, OPERATOR)


def test_a_figure_is_shown_with_the_digits_it_came_with(world: World) -> None:
    """1.10 stays 1.10."""
    assert str(world.call().ask("ready").body["cash"]) == "1.10"


def test_one_token_serves_many_questions_and_is_renewed_before_it_ends(world: World) -> None:
    """A question that waits for an instance must not arrive with a token that has run out."""
    now = [1_000_000.0]
    world.identities.clock = lambda: now[0]
    call = world.call(clock=lambda: now[0])
    call.ask("ready")
    now[0] += 3600 - RENEW_SECONDS - 1
    call.ask("ready")
    assert len(world.identities.issued) == 1
    now[0] += 2
    call.ask("ready")
    assert len(world.identities.issued) == 2


def test_who_may_not_impersonate_the_operator_is_told_what_to_change() -> None:
    """Google names a permission; the remedy is a key of the stack's file."""
    with control_plane() as plane:
        IamCredentials(impersonable=set()).serve(plane)
        clients = GoogleClients("my-project", Endpoints(control_plane=plane.address))
        with pytest.raises(NotOperator, match=r"getOpenIdToken.*ib-trading:operators"):
            identity_token(clients, OPERATOR, URL)


def test_an_outage_of_google_is_not_taken_for_a_missing_right(world: World) -> None:
    """Only a 403 says something about rights. (Outages that pass are asked again by Google's own library.)"""
    world.plane.fail("GenerateIdToken", grpc.StatusCode.INTERNAL, "internal error")
    with pytest.raises(Exception, match="internal error") as caught:
        world.call().ask("ready")
    assert not isinstance(caught.value, Refusal)


def test_no_redirect_takes_the_token_elsewhere(world: World) -> None:
    """It is an answer like any other."""
    world.answers(_said(b"", "302 Inventory", ("Location", f"http://{world.front.address}/elsewhere")))
    assert world.call().ask("ready").status == 302
    assert len(world.front.asked) == 1


def test_a_netrc_does_not_take_the_tokens_place(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """requests reads ~/.netrc by itself, and would send its password to the service."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login ann password hunter2\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    assert world.call().ask("ready").status == 200


def test_an_address_that_is_no_services_gets_no_token(world: World) -> None:
    """Without TLS anybody on the way could take it."""
    call = ServiceCall(world.clients, f"http://{HOST}", OPERATOR)
    with pytest.raises(Refusal, match="no service's address"):
        call.ask("ready")
    assert world.front.asked == []


def test_the_token_is_not_shown_with_the_call(world: World) -> None:
    """A traceback with values prints it."""
    call = world.call()
    assert call.token() not in repr(call)


def test_lines_come_as_they_are_said(world: World) -> None:
    """The second line waits until the first was read."""
    read = threading.Event()

    def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterator[bytes]:
        start("200 OK", [("Content-Type", "application/x-ndjson")])
        yield '{"instrument": "SPY\u2028"}\n'.encode()
        assert read.wait(10)
        yield b'{"done": true}\n'

    world.answers(application)
    seen = []
    with world.call().opened("collect-market-data", "POST") as response:
        for line in lines_of(response):
            seen.append(line)
            read.set()
    assert seen == [{"instrument": "SPY\u2028"}, {"done": True}]


def test_an_answer_that_is_cut_off_is_no_answer(world: World) -> None:
    """Half a document must not be taken for a whole one."""

    def application(environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
        start("200 OK", [("Content-Type", "application/json"), ("Content-Length", "100")])
        return [b'{"ready": true']

    world.answers(application)
    with pytest.raises(ServiceSilent, match="gave no whole answer"):
        world.call().ask("ready")


def test_a_service_that_stays_silent_is_given_up(world: World) -> None:
    """In the time that the caller says."""
    ended = threading.Event()

    def application(environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
        ended.wait(10)
        start("200 OK", [])
        return []

    world.answers(application)
    with pytest.raises(ServiceSilent, match="silent for too long"):
        world.call().ask("ready", seconds=0.2)
    ended.set()


def test_nobody_there_is_said_in_a_sentence(world: World) -> None:
    """With the service's own address, not the stand-in's."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        nowhere = Endpoints(control_plane=world.plane.address, front=f"127.0.0.1:{probe.getsockname()[1]}")
        call = ServiceCall(GoogleClients("my-project", nowhere), URL, OPERATOR)
        with pytest.raises(ServiceSilent, match=rf"{URL}/ready .*is the network there"):
            call.ask("ready")

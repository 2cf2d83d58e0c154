"""`./nox -s dashboard`: the page, in a real browser, and everybody who must not see it."""

from __future__ import annotations

import http.client
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from delivery.console.refusal import Refusal
from delivery.google.clients import GoogleClients
from delivery.google.endpoints import Endpoints
from delivery.service.loopback_page import LoopbackPage
from delivery.service.service_call import ServiceCall
from tests.delivery.terminal import terminal
from tests.delivery.workstation import HOST, OPERATOR, URL, Workstation, deployed, workstation
from tests.required import tool

BROWSER_ALONE = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""Without a screen, as root too, and asking nothing of the internet, which may not be there."""


@pytest.fixture
def alone(tmp_path: Path) -> Generator[Workstation]:
    with workstation(tmp_path) as one:

        def application(environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
            start("200 OK", [("Content-Type", "text/html"), ("Set-Cookie", "a=b")])
            return [environ["PATH_INFO"].encode()]

        one.front.services[HOST] = application
        yield one


@pytest.fixture
def page(alone: Workstation) -> Generator[LoopbackPage]:
    clients = GoogleClients(
        "my-project", Endpoints(control_plane=alone.plane.address, front=alone.front.address)
    )
    with LoopbackPage(ServiceCall(clients, URL, OPERATOR), 0) as page:
        thread = threading.Thread(target=page.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield page
        page.shutdown()
        thread.join()


def ask(
    page: LoopbackPage, path: str, method: str = "GET", **headers: str
) -> tuple[int, http.client.HTTPMessage, str]:
    connection = http.client.HTTPConnection("127.0.0.1", page.server_port, timeout=120)
    try:
        connection.request(
            method, path, headers={key.replace("_", "-"): text for key, text in headers.items()}
        )
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode()
    finally:
        connection.close()


def test_a_browser_shows_the_real_service_and_its_answers(tmp_path: Path) -> None:
    """The link leads to the page, whose own links work behind the secret path; Ctrl-C closes it without a trace."""
    browser = tool("chromium", "chromium-browser")
    with deployed(tmp_path) as one, one.sit_down("dashboard", "paper", "--no-browser", columns=200) as shown:
        shown.wait_for("Ctrl-C ends it.")
        link = re.search(r"http://127\.0\.0\.1:\d+/open-\S+", shown.shown.decode())
        assert link is not None
        dumped = subprocess.run(
            [
                *(browser, *BROWSER_ALONE, f"--user-data-dir={tmp_path / 'browser'}"),
                *("--dump-dom", link[0]),
            ],
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        assert "<h1>ib-trading, paper</h1>" in dumped.stdout
        assert 'href="ready"' in dumped.stdout
        assert {asked.claims["email"] for asked in one.front.asked if asked.claims} == {OPERATOR}
        shown.process.send_signal(signal.SIGINT)
        assert shown.end() == 0
    assert b"The page is closed." in shown.shown and b"Traceback" not in shown.shown


WAITING_BROWSER = """\
#!{python}
import sys, urllib.request
try:
    print("seen:", urllib.request.urlopen(sys.argv[1], timeout=10).read().decode())
except OSError as error:
    print("no page:", error)
"""
"""A browser in the terminal, as `BROWSER=w3m` is one: `webbrowser` waits until it ends, and it waits for the page."""


def test_a_browser_that_is_waited_for_gets_the_page(alone: Workstation) -> None:
    """It was started before anything was served: both waited for the other for ever."""
    browser = alone.folder / "bin" / "waiting-browser"
    browser.write_text(WAITING_BROWSER.format(python=sys.executable))
    browser.chmod(0o755)
    environment = alone.environment | {"BROWSER": f"{browser} %s"}
    with terminal(alone.command("dashboard", "paper"), alone.folder, environment) as shown:
        shown.wait_for("Ctrl-C ends it.")
        shown.wait_for("seen: /")
        shown.process.send_signal(signal.SIGINT)
        assert shown.end() == 0


def test_the_link_opens_once_and_the_page_stays(page: LoopbackPage) -> None:
    """Another user of the machine reads the link in a browser's arguments: it is worth nothing then."""
    status, headers, _ = ask(page, page.one_time_link.once)
    assert (status, headers["Location"]) == (303, page.one_time_link.path)
    assert ask(page, page.one_time_link.once)[0] == 404
    assert ask(page, page.one_time_link.path + "summary")[::2] == (200, "/summary")
    assert ask(page, page.one_time_link.path + "summary")[0] == 200


def test_what_the_service_sets_in_a_browser_is_not_passed_on(page: LoopbackPage) -> None:
    """No cookie, and nothing is kept; no other page may frame it or learn its address."""
    _, headers, _ = ask(page, page.one_time_link.path)
    assert "Set-Cookie" not in headers
    assert (headers["Cache-Control"], headers["Referrer-Policy"]) == ("no-store", "no-referrer")


@pytest.mark.parametrize("path", ["/", "/summary", "/open-", "/open-x", "//", "/../summary", "/%2e%2e/ready"])
def test_who_does_not_know_the_path_sees_nothing(page: LoopbackPage, alone: Workstation, path: str) -> None:
    """And the service is not asked."""
    assert ask(page, path)[0] == 404
    assert alone.front.asked == []


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "CONNECT"])
def test_the_page_only_looks(page: LoopbackPage, alone: Workstation, method: str) -> None:
    """Even with the secret path nothing can be done."""
    assert ask(page, page.one_time_link.path + "allocation", method)[0] == 405
    assert alone.front.asked == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1:1"},
        {"Host": "127.0.0.1"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
def test_another_page_that_knows_the_path_sees_nothing(
    page: LoopbackPage, alone: Workstation, headers: dict[str, str]
) -> None:
    """A name that was bound to this machine later (DNS rebinding), a page on another port, a page elsewhere."""
    assert ask(page, page.one_time_link.path + "summary", **headers)[0] == 403
    assert alone.front.asked == []


@pytest.mark.parametrize("path", ["//evil.example/x", "http://evil.example/x", "@evil.example/"])
def test_the_token_goes_to_the_service_alone(page: LoopbackPage, alone: Workstation, path: str) -> None:
    """Whatever comes after the secret path is a path of the service, or nothing."""
    ask(page, page.one_time_link.path + path)
    assert {asked.host for asked in alone.front.asked} <= {HOST}


def test_an_answer_streams_through(page: LoopbackPage, alone: Workstation) -> None:
    """The second piece waits until the first has arrived."""
    arrived = threading.Event()

    def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterator[bytes]:
        start("200 OK", [("Content-Type", "text/event-stream")])
        yield b"first"
        assert arrived.wait(10)
        yield b"second"

    alone.front.services[HOST] = application
    connection = http.client.HTTPConnection("127.0.0.1", page.server_port, timeout=120)
    connection.request("GET", page.one_time_link.path)
    answer = connection.getresponse()
    assert answer.read(5) == b"first"
    arrived.set()
    assert answer.read() == b"second"
    connection.close()


def test_a_service_that_cannot_be_asked_is_said_on_the_page(page: LoopbackPage, alone: Workstation) -> None:
    """In the sentence of the terminal."""
    alone.identities.impersonable = set()
    status, _, text = ask(page, page.one_time_link.path)
    assert status == 502 and "ib-trading:operators" in text


def test_a_port_that_is_taken_is_refused_in_a_sentence(page: LoopbackPage) -> None:
    """With the remedy."""
    with pytest.raises(Refusal, match="leave --port out"):
        LoopbackPage(page.service, page.server_port)


def test_the_page_is_for_this_machine_alone(page: LoopbackPage) -> None:
    """It listens on loopback."""
    assert page.server_address[0] == "127.0.0.1"
    assert urlsplit(page.link).hostname == "127.0.0.1"

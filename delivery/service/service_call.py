"""Asks a deployed service something, as its operator: one request, one answer, or its lines as they come.

Decides what is sent beside the question: the operator's token, made for this service alone and renewed before it runs
out; never to another address, so no redirect is followed. What is asked, and what an answer means, the sessions decide.
"""

from __future__ import annotations

import base64
import json
import socket
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from delivery.console.refusal import Refusal
from delivery.google.clients import STAND_IN_TOKEN, GoogleClients
from delivery.google.operator import identity_token

CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 1_830.0
"""Cloud Run ends a request after 1,800 s (infra/components/trading_service.py); so much it may be silent."""
RENEW_SECONDS = 300.0
"""So long before its end a token is not used any more: a request may wait for an instance first."""
ALIVE_SECONDS = 60
"""How often a silent connection shows that it lives; a router at home forgets one after some minutes."""


class ServiceSilent(Refusal):
    """No answer, or half of one. What was asked may have been done or not."""


class ServiceHangs(ServiceSilent):
    """It was reached, and said nothing for as long as was waited."""


@dataclass(frozen=True, slots=True)
class ServiceAnswer:
    """`body` is the parsed JSON, None where it is none (Cloud Run itself answers HTML); `headers` by any case."""

    status: int
    headers: Mapping[str, str]
    text: str
    body: Any

    @property
    def good(self) -> bool:
        return 200 <= self.status < 300


@dataclass(slots=True)
class ServiceCall:
    """The service at `url` (https://…, no path), asked as `account`. May be used by several threads."""

    clients: GoogleClients
    url: str
    account: str
    clock: Callable[[], float] = time.time
    _token: str = field(default="", repr=False)
    _token_ends: float = 0.0

    def ask(
        self,
        path: str,
        method: str = "GET",
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        seconds: float = ANSWER_SECONDS,
    ) -> ServiceAnswer:
        """`body` is JSON as it is sent. Any status is an answer. ServiceSilent after `seconds` of silence."""
        with self.opened(path, method, body=body, headers=headers, seconds=seconds) as response:
            text = response.text
        return answer_of(response, text)

    @contextmanager
    def opened(
        self,
        path: str,
        method: str = "GET",
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        seconds: float = ANSWER_SECONDS,
    ) -> Generator[requests.Response]:
        """The answer once its head is there; what is inside reads its content. ServiceSilent for what breaks there
        too."""
        address, host = self._address(path)
        kind = {} if body is None else {"Content-Type": "application/json"}
        sent = {"Accept": "application/json", **kind, **host, **(headers or {})}
        try:
            with (
                _connection(direct=bool(self.clients.endpoints.front)) as connection,
                connection.request(
                    method,
                    address,
                    data=body,
                    headers=sent,
                    auth=_Bearer(self.token()),
                    timeout=(CONNECT_SECONDS, seconds),
                    allow_redirects=False,
                    stream=True,
                ) as response,
            ):
                # Flask's JSON is UTF-8, which its content type does not say.
                response.encoding = "utf-8"
                yield response
        except requests.exceptions.RequestException as error:
            hangs = isinstance(error, requests.exceptions.ReadTimeout)
            raise (ServiceHangs if hangs else ServiceSilent)(
                f"{self.url}/{path.lstrip('/')} gave no whole answer: {_cause(error)}"
            ) from None

    def token(self) -> str:
        """Google's for the operator; a stand-in's where the service is one."""
        endpoints = self.clients.endpoints
        if endpoints.front and not endpoints.control_plane:
            return STAND_IN_TOKEN
        if self.clock() > self._token_ends - RENEW_SECONDS:
            token = identity_token(self.clients, self.account, self.url)
            self._token, self._token_ends = token, _end(token)
        return self._token

    def _address(self, path: str) -> tuple[str, dict[str, str]]:
        parts = urlsplit(self.url)
        if parts.scheme != "https" or not parts.netloc or parts.path.strip("/"):
            raise Refusal(f"{self.url!r} is no service's address; `pulumi stack output serviceUrl` shows it")
        front = self.clients.endpoints.front
        origin = f"http://{front}" if front else f"https://{parts.netloc}"
        return f"{origin}/{path.lstrip('/')}", {"Host": parts.netloc} if front else {}


def answer_of(response: requests.Response, text: str) -> ServiceAnswer:
    try:
        # A figure with a point is shown with the digits that it came with.
        body = (
            json.loads(text, parse_float=Decimal)
            if "json" in response.headers.get("Content-Type", "")
            else None
        )
    except ValueError:
        body = None
    return ServiceAnswer(response.status_code, response.headers, text, body)


def lines_of(response: requests.Response) -> Iterator[Any]:
    """Each line of an NDJSON answer, parsed, as soon as it is there (requests gives each of HTTP's chunks at once, and
    bytes end a line at a line feed alone). ServiceSilent for one that is cut off."""
    for line in response.iter_lines():
        if line.strip():
            try:
                yield json.loads(line, parse_float=Decimal)
            except ValueError:
                raise ServiceSilent("the answer ended within a line") from None


class _Bearer(AuthBase):
    """Sets the header itself: requests would put a ~/.netrc's password in its place."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        r.headers["Authorization"] = f"Bearer {self._token}"
        return r


class _LivelyConnection(HTTPAdapter):
    """Sends TCP's signs of life while an answer takes its time."""

    def init_poolmanager(self, *args: Any, **named: Any) -> None:
        options = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1), (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)]
        # macOS spells it otherwise before Python 3.13's own constants.
        idle = getattr(socket, "TCP_KEEPIDLE", getattr(socket, "TCP_KEEPALIVE", None))
        if idle is not None:
            options.append((socket.IPPROTO_TCP, idle, ALIVE_SECONDS))
        super().init_poolmanager(*args, **named, socket_options=options)


@contextmanager
def _connection(*, direct: bool) -> Generator[requests.Session]:
    """`direct`: not through a proxy that the environment names."""
    with requests.Session() as session:
        session.trust_env = not direct
        for scheme in ("http://", "https://"):
            session.mount(scheme, _LivelyConnection())
        yield session


def _end(token: str) -> float:
    """When it runs out, in seconds of the epoch; 0 for one that does not say, which is then used once."""
    try:
        claims = token.split(".")[1]
        return float(json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["exp"])
    except (IndexError, KeyError, TypeError, ValueError):
        return 0.0


def _cause(error: requests.exceptions.RequestException) -> str:
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate is not accepted"
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return f"nobody answered within {CONNECT_SECONDS:g} s; is the network there?"
    if isinstance(error, requests.exceptions.Timeout):
        return "it was silent for too long"
    if isinstance(error, requests.exceptions.ConnectionError):
        return "the connection failed or was cut; is the network there?"
    return type(error).__name__

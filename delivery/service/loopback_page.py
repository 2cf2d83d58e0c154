"""A page of a deployed service, shown on this machine: answers GET alone, with what the service answers its operator.

Decides who may look. The address has a secret path, which nobody learns: what is opened is a link that works once, for
a browser's own arguments can be read by every user of the machine. Host must be this machine's (DNS rebinding), and a
browser must say that the page itself asks, not another one. No cookie is used: a browser shares them among the ports of
one host (RFC 6265, 8.5), and so with whatever another user serves here.
"""

from __future__ import annotations

import hmac
import secrets
import sys
import threading
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import urlsplit

from delivery.console.refusal import Refusal
from delivery.google.errors import refused, sentence
from delivery.service.service_call import ServiceCall

HERE = "127.0.0.1"
NAMES = (HERE, "localhost")
ASKED_BY_ITSELF = ("none", "same-origin")
"""Sec-Fetch-Site of what a person opens, and of what the page asks for; browsers set it, no page can
(https://www.w3.org/TR/fetch-metadata/)."""
KEPT_APART = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(slots=True)
class OneTimeLink:
    """`path` is the page's folder, `once` the link's; the link is worth nothing after its first use."""

    path: str = field(default_factory=lambda: f"/{secrets.token_urlsafe(32)}/")
    once: str = field(default_factory=lambda: f"/open-{secrets.token_urlsafe(32)}")
    _used: bool = False
    _turn: Any = field(default_factory=threading.Lock)

    def opens(self, path: str) -> bool:
        """Whether `path` is the link, used for the first time."""
        if not _same(path, self.once):
            return False
        with self._turn:
            first, self._used = not self._used, True
        if not first:
            print(
                "The link was opened a second time. If no page of yours shows: Ctrl-C, and start again.",
                file=sys.stderr,
            )
        return first

    def inside(self, path: str) -> str | None:
        """What is asked of the service, None for whoever does not know the secret path."""
        return path[len(self.path) :] if _same(path[: len(self.path)], self.path) else None


class LoopbackPage(ThreadingHTTPServer):
    """Serves on `port` of this machine, 0 for a free one. Refusal where it is taken."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, service: ServiceCall, port: int) -> None:
        self.service = service
        self.one_time_link = OneTimeLink()
        try:
            super().__init__((HERE, port), _Request)
        except OSError as error:
            raise Refusal(
                f"port {port} cannot be used ({error.strerror}); leave --port out for a free one"
            ) from None

    @property
    def link(self) -> str:
        return f"http://{HERE}:{self.server_port}{self.one_time_link.once}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that goes away needs no words; a bug shows its trace."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Request(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60

    def do_GET(self) -> None:
        if wrong := self._forbidden():
            self._say(HTTPStatus.FORBIDDEN, wrong)
        elif self._page.one_time_link.opens(self.path):
            self._say(HTTPStatus.SEE_OTHER, "", Location=self._page.one_time_link.path)
        elif (path := self._page.one_time_link.inside(self.path)) is not None:
            self._pass_on(path)
        else:
            self._say(HTTPStatus.NOT_FOUND, "open the link that the terminal shows; it works once")

    @property
    def _page(self) -> LoopbackPage:
        return cast("LoopbackPage", self.server)

    def _forbidden(self) -> str:
        """Why this is not what the person at this machine opened; "" if it may be."""
        addresses = {f"{name}:{self._page.server_port}" for name in NAMES}
        if self.headers.get_all("Host") is None or set(self.headers.get_all("Host", [])) - addresses:
            return "this page has another address"
        if self.headers.get("Sec-Fetch-Site", "none") not in ASKED_BY_ITSELF:
            return "another page asks for this one"
        origin = self.headers.get("Origin")
        if origin is not None and origin not in {f"http://{address}" for address in addresses}:
            return "another page asks for this one"
        return ""

    def _pass_on(self, path: str) -> None:
        """The head is sent once the service's is there; after that an error can only cut the answer off."""
        if urlsplit(path).netloc or urlsplit(path).scheme:
            return self._say(HTTPStatus.NOT_FOUND, "this is no path of the service")
        begun = False
        try:
            with self._page.service.opened(
                path, headers={"Accept": self.headers.get("Accept", "*/*")}
            ) as answer:
                kind = answer.headers.get("Content-Type", "application/octet-stream")
                self._head(answer.status_code, {"Content-Type": kind, "Transfer-Encoding": "chunked"})
                begun = True
                for piece in answer.iter_content(chunk_size=None):
                    if piece:
                        self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                self.wfile.write(b"0\r\n\r\n")
        except (Refusal, *refused()) as error:
            said = str(error) if isinstance(error, Refusal) else sentence(error)
            print(f"dashboard: {said}", file=sys.stderr)
            self.close_connection = True
            if not begun:
                self._say(HTTPStatus.BAD_GATEWAY, said)
        return None

    def _say(self, status: HTTPStatus, text: str, **headers: str) -> None:
        body = f"{text}\n".encode()
        sized = {"Content-Type": "text/plain; charset=utf-8", "Content-Length": str(len(body)), **headers}
        self._head(status, sized)
        self.wfile.write(body)

    def _head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, text in (KEPT_APART | headers).items():
            self.send_header(name, text)
        self.end_headers()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002  the library's name
        """What the library refuses by itself, other methods too."""
        self.close_connection = True
        known = code == HTTPStatus.NOT_IMPLEMENTED
        status = HTTPStatus.METHOD_NOT_ALLOWED if known else HTTPStatus(code)
        said = "this page only looks; ./nox -s call does things" if known else message or status.phrase
        self._say(status, said, **({"Allow": "GET"} if known else {}), Connection="close")

    def version_string(self) -> str:
        return "ib-trading"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the library's name
        """Nothing: its lines would show the secret path."""


def _same(path: str, secret: str) -> bool:
    """In a time that tells nothing."""
    return hmac.compare_digest(path.encode(errors="replace"), secret.encode())

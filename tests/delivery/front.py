"""What is behind the services' own addresses: a server on this machine that looks at Host and token as Cloud Run does,
and hands the request on to an application, or answers from a table.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from werkzeug.serving import WSGIRequestHandler, make_server

from tests.control_plane.iam_credentials import claims_of

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

FORBIDDEN = (
    b"<html><head><title>403 Forbidden</title></head><body>Your client does not have permission to get"
    b" the URL from this server.</body></html>"
)


@dataclass(frozen=True, slots=True)
class Asked:
    method: str
    path: str
    host: str
    headers: Mapping[str, str]
    claims: Mapping[str, Any] | None


@dataclass(slots=True)
class Front:
    """`services`: host → application; who calls one needs a token of `invoker` for that very host, or of whom
    `invokers` names for it."""

    invoker: str
    invokers: dict[str, str] = field(default_factory=dict)
    services: dict[str, Application] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    address: str = ""

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        host = environ.get("HTTP_HOST", "")
        claims = claims_of(environ.get("HTTP_AUTHORIZATION"))
        names = {
            key[5:].replace("_", "-").title(): text for key, text in environ.items() if key[:5] == "HTTP_"
        }
        query = f"?{environ['QUERY_STRING']}" if environ.get("QUERY_STRING") else ""
        self.asked.append(Asked(environ["REQUEST_METHOD"], environ["PATH_INFO"] + query, host, names, claims))
        if host not in self.services:
            start("404 Not Inventory", [("Content-Type", "text/html; charset=UTF-8")])
            return [b"<html><title>404 Page not found</title></html>"]
        if (
            claims is None
            or claims.get("email") != self.invokers.get(host, self.invoker)
            or claims["aud"] != f"https://{host}"
            or claims["exp"] < claims["iat"]
        ):
            start("403 Forbidden", [("Content-Type", "text/html; charset=UTF-8")])
            return [FORBIDDEN]
        return self.services[host](environ, start)


class _Http11(WSGIRequestHandler):
    """Sends each piece as a chunk as soon as it is there, as Cloud Run's front does."""

    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002  the library's name
        return


@contextmanager
def served(front: Front) -> Generator[Front]:
    """Serves on a free port of this machine."""
    server = make_server("127.0.0.1", 0, front, threaded=True, request_handler=_Http11)
    front.address = f"127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield front
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

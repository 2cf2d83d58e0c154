"""What is behind the services' own addresses: lets in whom Cloud Run would, and runs what the stack deployed.

An instance starts with the first request that needs it. When another revision serves, its instance starts and answers
before the one before it is asked to end, as Cloud Run does it; a request that comes meanwhile waits.
"""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.control_plane.iam_credentials import claims_of
from tests.engine.cloud.world import World
from tests.images.container import Container, ContainerEnded
from tests.lifecycle.instance import Host
from tests.lifecycle.serving import Serving, serving_at

REQUEST_SECONDS = 120.0

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding"}


class NotLetIn(Exception):
    """Answered by the front itself, as Google's does."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


@dataclass(frozen=True, slots=True)
class _Instance:
    revision: str
    container: Container
    life: ExitStack

    def end(self) -> None:
        """SIGTERM, and what is left after its grace is killed."""
        with self.life:
            if self.container.runtime.poll() is None:
                self.container.stop()


@dataclass(slots=True)
class Front:
    """`address` is host:port."""

    world: World
    host: Host
    address: str = ""
    _instances: dict[str, _Instance] = field(default_factory=dict)
    _turns: dict[str, threading.Lock] = field(default_factory=dict)

    def let_in(self, host: str, authorization: str | None) -> Container:
        """The instance that a request for `host` goes to. NotLetIn."""
        serving = serving_at(self.world, host)
        if serving is None:
            raise NotLetIn(404, "The requested URL was not found on this server.")
        self._judge(serving, authorization)
        if not serving.revision:
            raise NotLetIn(503, "Service Unavailable")
        try:
            return self.instance(serving)
        except ContainerEnded as ended:
            raise NotLetIn(503, "Service Unavailable") from ended

    def _judge(self, serving: Serving, authorization: str | None) -> None:
        """NotLetIn for whoever may not call the service. Cloud Run answers 403 to who says nothing and to who may not
        invoke it (cloud.google.com/run/docs/troubleshooting#unauthorized-client), 401 to a token that was made for
        somebody else (github.com/GoogleCloudPlatform/cloud-run-proxy/issues/10)."""
        if authorization is None:
            raise NotLetIn(403, "Your client does not have permission to get URL from this server.")
        claims = claims_of(authorization)
        if claims is None or claims["aud"] != serving.uri or claims["exp"] <= time.time():
            raise NotLetIn(401, "Your client does not have permission to the requested URL.")
        if f"serviceAccount:{claims.get('email')}" not in serving.invokers:
            raise NotLetIn(403, "Your client does not have permission to get URL from this server.")

    def instance(self, serving: Serving) -> Container:
        """The instance that requests go to. ContainerEnded where it does not start: the one before it, if there is one,
        goes on."""
        with self._turns.setdefault(serving.service, threading.Lock()):
            present = self._instances.get(serving.service)
            if present and present.revision == serving.revision and present.container.runtime.poll() is None:
                return present.container
            with ExitStack() as life:
                container = life.enter_context(self.host.running(serving))
                self._instances[serving.service] = _Instance(serving.revision, container, life.pop_all())
            if present:
                present.end()
            return container

    def close(self) -> None:
        for instance in self._instances.values():
            instance.end()


@contextmanager
def front(world: World, host: Host) -> Generator[Front]:
    """Serves on a free port of this machine."""
    made = Front(world, host)
    server = _Server(made)
    made.address = f"127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        made.close()
        server.server_close()


class _Server(ThreadingHTTPServer):
    def __init__(self, front: Front) -> None:
        super().__init__(("127.0.0.1", 0), _Request)
        self.front = front


class _Request(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, _Server)
        try:
            container = self.server.front.let_in(
                self.headers.get("Host", ""), self.headers.get("Authorization")
            )
        except NotLetIn as refused:
            self._say(refused.status, str(refused))
        else:
            self._forward(container)

    def do_POST(self) -> None:
        self.do_GET()

    def do_PUT(self) -> None:
        self.do_GET()

    def _forward(self, container: Container) -> None:
        connection = http.client.HTTPConnection(self.headers["Host"], timeout=REQUEST_SECONDS)
        connection.sock = container.connected()
        try:
            headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
            # The service learns who called, and gets nothing that it could call others with
            # (cloud.google.com/run/docs/troubleshooting#signature-removed).
            signed = headers["Authorization"].rpartition(".")[0]
            headers["Authorization"] = f"{signed}.SIGNATURE_REMOVED_BY_GOOGLE"
            content = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            connection.request(self.command, self.path, content or None, headers)
            self._hand_on(connection.getresponse())
        finally:
            connection.close()

    def _hand_on(self, response: http.client.HTTPResponse) -> None:
        """As it comes: some answers have a line for each thing that is done."""
        self.send_response_only(response.status, response.reason)
        for name, value in response.getheaders():
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("Connection", "close")
        self.end_headers()
        while part := response.read1(65536):
            self.wfile.write(part)
            self.wfile.flush()

    def _say(self, status: int, text: str) -> None:
        content = f"<html><body><h1>Error: {text}</h1></body></html>".encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=UTF-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - as its base names it
        """Says nothing: pytest shows what matters."""

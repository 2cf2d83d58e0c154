"""A gRPC service that fails on command: passes every call on to the emulator, and answers the ones it is told to with
an error, late, or not at all, before they reached it or after they counted there. Keeps what it was asked.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event
from typing import Any, NoReturn

import grpc

from tests.emulators.relay import relay

_STREAMS = {"BatchGetDocuments", "RunQuery"}


@dataclass(slots=True)
class Fault:
    """Strikes calls of `method` whose request contains `said`; without a `code` the connection is cut. `after`: the
    call counts, and only its answer is lost."""

    method: str
    code: grpc.StatusCode | None
    said: str = ""
    times: int = 1
    after: bool = False
    struck: int = 0

    def strikes(self, method: str, request: bytes, after: bool) -> bool:
        if (self.method, self.after) != (method, after) or self.struck == self.times:
            return False
        if self.said.encode() not in request:
            return False
        self.struck += 1
        return True


@dataclass(slots=True)
class FaultyGrpc:
    """`address` is host:port; `calls` are (method, request as it came)."""

    address: str
    cut: Callable[[], None]
    delay: float = 0.0
    """Seconds before each call is passed on."""
    calls: list[tuple[str, bytes]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    stopping: Event = field(default_factory=Event)

    def fail(
        self,
        method: str,
        code: grpc.StatusCode | None,
        *,
        said: str = "",
        times: int = 1,
        after: bool = False,
    ) -> Fault:
        self.faults.append(Fault(method, code, said, times, after))
        return self.faults[-1]

    def arrive(self, method: str, request: bytes, context: grpc.ServicerContext) -> None:
        self.calls.append((method, request))
        if self.delay:
            self.stopping.wait(self.delay)
        self.strike(method, request, context, after=False)

    def strike(self, method: str, request: bytes, context: grpc.ServicerContext, *, after: bool) -> None:
        for fault in self.faults:
            if fault.strikes(method, request, after):
                if fault.code is None:
                    self.cut()
                _abort(context, fault.code or grpc.StatusCode.UNAVAILABLE)


def _abort(context: grpc.ServicerContext, code: grpc.StatusCode) -> NoReturn:
    context.abort(code, f"{code.name} on command")
    raise AssertionError("unreachable")


class _Passing(grpc.GenericRpcHandler):
    def __init__(self, faulty: FaultyGrpc, channel: grpc.Channel) -> None:
        self._faulty = faulty
        self._channel = channel

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        path = handler_call_details.method
        method = path.rpartition("/")[2]
        # What the transport itself says is not the caller's to pass on.
        metadata = [
            (key, value)
            for key, value in handler_call_details.invocation_metadata
            if key not in {"user-agent", "grpc-accept-encoding"}
        ]

        def unary(request: bytes, context: grpc.ServicerContext) -> bytes:
            self._faulty.arrive(method, request, context)
            try:
                answer = self._channel.unary_unary(path)(request, metadata=metadata)
            except grpc.RpcError as error:
                _pass_on(error, context)
            self._faulty.strike(method, request, context, after=True)
            return answer

        def stream(request: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
            self._faulty.arrive(method, request, context)
            try:
                yield from self._channel.unary_stream(path)(request, metadata=metadata)
            except grpc.RpcError as error:
                _pass_on(error, context)

        if method in _STREAMS:
            return grpc.unary_stream_rpc_method_handler(stream)
        return grpc.unary_unary_rpc_method_handler(unary)


def _pass_on(error: Any, context: grpc.ServicerContext) -> NoReturn:
    context.abort(error.code(), error.details())
    raise AssertionError("unreachable")


@contextmanager
def faulty_grpc(emulator: str) -> Generator[FaultyGrpc]:
    """In front of the emulator at host:port `emulator`."""
    with ThreadPoolExecutor(8) as threads, grpc.insecure_channel(emulator) as channel:
        server = grpc.server(threads)
        with relay(f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}") as connections:
            faulty = FaultyGrpc(connections.address, connections.cut)
            server.add_generic_rpc_handlers((_Passing(faulty, channel),))
            server.start()
            try:
                yield faulty
            finally:
                faulty.stopping.set()
                server.stop(None).wait()

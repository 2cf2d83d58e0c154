"""A Firestore that fails on command: passes every call on to the emulator, and answers the ones it is told to with an
error, before they reached it or after they counted there. Keeps what it was asked.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NoReturn

import grpc

_STREAMS = {"BatchGetDocuments", "RunQuery"}


@dataclass(slots=True)
class Fault:
    """`after`: the call counts, and only its answer is lost."""

    method: str
    code: grpc.StatusCode
    times: int = 1
    after: bool = False

    def strikes(self, method: str, after: bool) -> bool:
        if (self.method, self.after) != (method, after) or not self.times:
            return False
        self.times -= 1
        return True


@dataclass(slots=True)
class FaultyFirestore:
    """`address` is host:port; `calls` are (method, request as it came)."""

    address: str
    calls: list[tuple[str, bytes]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def fail(self, method: str, code: grpc.StatusCode, *, times: int = 1, after: bool = False) -> None:
        self.faults.append(Fault(method, code, times, after))

    def strike(self, method: str, context: grpc.ServicerContext, *, after: bool) -> None:
        for fault in self.faults:
            if fault.strikes(method, after):
                _abort(context, fault.code)


def _abort(context: grpc.ServicerContext, code: grpc.StatusCode) -> NoReturn:
    context.abort(code, f"{code.name} on command")
    raise AssertionError("unreachable")


class _Passing(grpc.GenericRpcHandler):
    def __init__(self, faulty: FaultyFirestore, channel: grpc.Channel) -> None:
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
            self._faulty.calls.append((method, request))
            self._faulty.strike(method, context, after=False)
            try:
                answer = self._channel.unary_unary(path)(request, metadata=metadata)
            except grpc.RpcError as error:
                _pass_on(error, context)
            self._faulty.strike(method, context, after=True)
            return answer

        def stream(request: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
            self._faulty.calls.append((method, request))
            self._faulty.strike(method, context, after=False)
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
def faulty_firestore(emulator: str) -> Generator[FaultyFirestore]:
    """In front of the emulator at host:port `emulator`."""
    with ThreadPoolExecutor(8) as threads, grpc.insecure_channel(emulator) as channel:
        server = grpc.server(threads)
        faulty = FaultyFirestore(f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}")
        server.add_generic_rpc_handlers((_Passing(faulty, channel),))
        server.start()
        try:
            yield faulty
        finally:
            server.stop(None).wait()

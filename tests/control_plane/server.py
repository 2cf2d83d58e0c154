"""One gRPC server on this machine for all of Google's services that a session asks: what serves them registers here.

Decides what they share: long-running operations, that take as many looks as they are told to; failures that are planned
for one call; and a log of every call.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NoReturn

import grpc
from google.longrunning import operations_pb2

OPERATIONS = "google.longrunning.Operations"


@dataclass(frozen=True, slots=True)
class Method:
    """How one call is answered. `request` and `response` are message types of a client library or of protobuf."""

    request: Any
    response: Any
    answer: Callable[[Any, grpc.ServicerContext], Any]


@dataclass(slots=True)
class ControlPlane:
    """`address` is host:port; `calls` has (method, request) of all that was asked."""

    address: str = ""
    calls: list[tuple[str, Any]] = field(default_factory=list)
    looks: int = 1
    """How often an operation is looked at before it is done."""
    _failures: dict[str, list[tuple[grpc.StatusCode, str] | None]] = field(default_factory=dict)
    _pending: dict[str, tuple[int, Callable[[], operations_pb2.Operation]]] = field(default_factory=dict)
    _server: Any = None
    _turn: threading.RLock = field(default_factory=threading.RLock)

    def serve(self, service: str, methods: Mapping[str, Method]) -> None:
        """`service` with its package, as `google.cloud.run.v2.Services`."""
        handlers = {name: self._handler(name, method) for name, method in methods.items()}
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))

    def fail(self, method: str, code: grpc.StatusCode, text: str, *, after: int = 0, times: int = 1) -> None:
        """The next `times` calls of `method` get that instead of an answer, once `after` calls had one."""
        planned = self._failures.setdefault(method, [])
        planned += [None] * after + [(code, text)] * times

    def forget_failures(self) -> None:
        self._failures.clear()

    def operation(self, done: Callable[[], Any]) -> operations_pb2.Operation:
        """An operation that is not done yet. `done` does it, at the last look, and answers the result (a message of
        protobuf); an `Impossible` that it raises is the operation's error."""
        with self._turn:
            name = f"operations/{len(self._pending) + 1}"
            self._pending[name] = (self.looks, lambda: _finished(name, done))
        return operations_pb2.Operation(name=name)

    def _look(
        self, request: operations_pb2.GetOperationRequest, context: grpc.ServicerContext
    ) -> operations_pb2.Operation:
        with self._turn:
            if request.name not in self._pending:
                refuse(context, grpc.StatusCode.NOT_FOUND, f"operation {request.name} not found")
            looks, finish = self._pending[request.name]
            if looks > 1:
                self._pending[request.name] = (looks - 1, finish)
                return operations_pb2.Operation(name=request.name)
            finished = finish()
            self._pending[request.name] = (0, lambda: finished)
            return finished

    def _handler(self, name: str, method: Method) -> grpc.RpcMethodHandler:
        def answer(request: Any, context: grpc.ServicerContext) -> Any:
            with self._turn:
                self.calls.append((name, request))
                if (planned := self._failures.get(name)) and (failure := planned.pop(0)):
                    refuse(context, *failure)
                return method.answer(request, context)

        return grpc.unary_unary_rpc_method_handler(
            answer,
            request_deserializer=_reader(method.request),
            response_serializer=_writer(method.response),
        )


class Impossible(Exception):
    """What an operation ends with that cannot be done: a code of google.rpc.Code and a text."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


def refuse(context: grpc.ServicerContext, code: grpc.StatusCode, text: str) -> NoReturn:
    context.abort(code, text)
    raise AssertionError("abort raises")


@contextmanager
def control_plane() -> Generator[ControlPlane]:
    """Serves on a free port of this machine, at first operations alone."""
    plane = ControlPlane()
    server = grpc.server(ThreadPoolExecutor(8))
    plane._server = server
    plane.address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    get = Method(operations_pb2.GetOperationRequest, operations_pb2.Operation, plane._look)
    plane.serve(OPERATIONS, {"GetOperation": get})
    server.start()
    try:
        yield plane
    finally:
        server.stop(grace=None).wait()


def _finished(name: str, done: Callable[[], Any]) -> operations_pb2.Operation:
    operation = operations_pb2.Operation(name=name, done=True)
    try:
        operation.response.Pack(done())
    except Impossible as impossible:
        operation.error.code, operation.error.message = impossible.code, str(impossible)
    return operation


def _reader(kind: Any) -> Callable[[bytes], Any]:
    """The libraries' own messages and those of protobuf spell it differently."""
    return kind.FromString if hasattr(kind, "FromString") else kind.deserialize


def _writer(kind: Any) -> Callable[[Any], bytes]:
    return kind.SerializeToString if hasattr(kind, "SerializeToString") else kind.serialize

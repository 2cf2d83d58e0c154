"""Makes a type known to msgspec, whole, before two threads can ask for it at once.

msgspec takes a type apart when it is first used, and up to 0.22 puts the result where every thread finds it before the
fields are filled in: a second thread that comes meanwhile follows a null pointer, and the process is gone
(docs/decisions/0053-types-are-made-ready.md). So whatever takes types apart is called here, by one thread at a time,
and a type is handed out for use only when it is complete. What is parsed into it decides schema/strict.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from threading import Lock
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

T = TypeVar("T")

_TURN = Lock()
_DESCRIBED: dict[Any, inspect.Type] = {}


def ready(kind: T) -> T:
    """`kind` itself, when msgspec knows it and everything that it is made of. TypeError where it has a member that
    msgspec cannot read, or one that it cannot tell from another."""
    described(kind)
    return kind


def described(kind: Any) -> inspect.Type:
    """What `kind` is made of; the same object each time, for taking it apart costs more than parsing into it."""
    known = _DESCRIBED.get(kind)
    if known is not None:
        return known
    with _TURN:
        # Whoever waited for its turn may find it done.
        if kind not in _DESCRIBED:
            _DESCRIBED[kind] = inspect.type_info(kind)
        return _DESCRIBED[kind]


def json_schemas(kinds: Iterable[Any], ref_template: str) -> dict[str, dict[str, Any]]:
    """The JSON schemas of `kinds` and of what they are made of, by name; `ref_template` is how one refers to another,
    with {name} in it."""
    with _TURN:
        _, components = msgspec.json.schema_components(kinds, ref_template=ref_template)
    return components

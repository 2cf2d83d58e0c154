"""Dataclasses as JSON documents and back, losing nothing: decimals and moments are kept as text.

Decides the spelling by the fields' annotations alone; which documents there are is store.py.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields, is_dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import TYPE_CHECKING, TypeVar, cast, get_args, get_origin, get_type_hints

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_T = TypeVar("_T")


def document(record: DataclassInstance) -> str:
    return json.dumps(asdict(record), default=_text)


def record_of(kind: type[_T], spelled: str) -> _T:
    """The dataclass that `document` spelled."""
    return cast("_T", _value(kind, json.loads(spelled)))


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


@cache
def _annotations(kind: type) -> Mapping[str, object]:
    return get_type_hints(kind)


def _value(annotation: object, value: object) -> object:
    """A JSON value as what a field's annotation says it is."""
    if value is None:
        return None
    if get_origin(annotation) is UnionType:
        annotation = next(one for one in get_args(annotation) if one is not NoneType)
    if isinstance(annotation, type) and is_dataclass(annotation) and isinstance(value, Mapping):
        hints = _annotations(annotation)
        return annotation(**{f.name: _value(hints[f.name], value[f.name]) for f in fields(annotation)})
    if get_origin(annotation) is dict and isinstance(value, Mapping):
        keys, values = get_args(annotation)
        return {keys(key): _value(values, one) for key, one in value.items()}
    if get_origin(annotation) is tuple and isinstance(value, list):
        each = get_args(annotation)
        kinds = [each[0]] * len(value) if each[-1] is Ellipsis else each
        return tuple(_value(kind, one) for kind, one in zip(kinds, value, strict=True))
    if annotation is datetime:
        return datetime.fromisoformat(str(value))
    if isinstance(annotation, type) and (annotation.__name__ == "Decimal" or issubclass(annotation, StrEnum)):
        return annotation(value)
    return value

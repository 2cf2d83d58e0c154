"""Which properties a resource type has and which it requires: read from pulumi_gcp's own classes, never written twice.

So a property that the library does not have, at any depth, is refused here as the real provider would refuse it.
"""

from __future__ import annotations

import importlib
import inspect
import typing
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from pulumi import _types

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What the engine writes for a value that a preview cannot know (pulumi/sdk, resource/plugin/rpc.go)."""


@dataclass(frozen=True, slots=True)
class Shape:
    """`properties`: name as on the wire → the shape of what is in it, None for anything that is no structure."""

    properties: Mapping[str, Shape | None]
    required: frozenset[str] = field(default_factory=frozenset)


def shape_of(type_: str) -> Shape:
    """Of a token: for "gcp:firestore/database:Database" what `pulumi_gcp.firestore.DatabaseArgs` takes."""
    _, module, name = type_.split(":")
    service = importlib.import_module(f"pulumi_gcp.{module.partition('/')[0]}")
    with warnings.catch_warnings():
        # The library imports all of a service when one class of it is asked for, what it deprecates too.
        warnings.simplefilter("ignore", DeprecationWarning)
        return _shape(getattr(service, f"{name}Args"))


@cache
def _shape(arguments: type) -> Shape:
    names = _types.input_type_py_to_pulumi_names(arguments)
    types = _types.input_type_types(arguments)
    parameters = inspect.signature(arguments.__init__).parameters
    return Shape(
        {wire: _within(types.get(wire)) for wire in names.values()},
        frozenset(
            wire for name, wire in names.items() if parameters[name].default is inspect.Parameter.empty
        ),
    )


def _within(annotation: Any) -> Shape | None:
    """The shape somewhere in an annotation: X, Sequence[Input[X]]. Maps have keys of their own, so none."""
    if inspect.isclass(annotation) and _types.is_input_type(annotation):
        return _shape(annotation)
    if typing.get_origin(annotation) is not None and not _is_map(annotation):
        return next(filter(None, map(_within, typing.get_args(annotation))), None)
    return None


def _is_map(annotation: Any) -> bool:
    origin = typing.get_origin(annotation)
    return inspect.isclass(origin) and issubclass(origin, Mapping)


def faults(shape: Shape, given: object, where: str = "") -> Iterator[tuple[str, str]]:
    """(property, what is wrong with it) of everything that the library would not take."""
    if isinstance(given, list):
        for index, member in enumerate(given):
            yield from faults(shape, member, f"{where}[{index}]")
    if not isinstance(given, dict):
        return
    for name in sorted(shape.required):
        if given.get(name) is None or given[name] == "":
            yield _path(where, name), "is required"
    for name, value in given.items():
        if name.startswith("__"):
            continue
        if name not in shape.properties:
            yield _path(where, name), "is no property of this type"
        elif (inner := shape.properties[name]) is not None:
            yield from faults(inner, value, _path(where, name))


def _path(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name

"""Turns untyped JSON or YAML values into msgspec types, and says precisely what is wrong with them.

Every reader of outside input (requests, stack files) parses through here, so that an unknown key is refused
everywhere and always answered with the nearest known one. Decides nothing about what the keys mean.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

from ib_trading.schema.known_types import described, ready

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with the input: `path` is dotted from the input's root ('' for the root itself)."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class StrictError(ValueError):
    """The input does not fit its type; `errors` names every unknown key, or the first wrong value."""

    def __init__(self, errors: tuple[FieldError, ...]) -> None:
        super().__init__("; ".join(map(str, errors)))
        self.errors = errors


def parse(raw: object, as_type: type[T], *, coerce_text: bool = False) -> T:
    """`raw` as `as_type`, or StrictError.

    With `coerce_text`, the text spellings that `pulumi config set` writes ("true", "5") count as the values they
    spell. Fractions must come as text ("0.25") either way where the type is Decimal: a binary float has already
    lost the figure that was written.
    """
    info = described(as_type)
    errors = [*_unknown_keys(raw, info, ""), *_inexact_numbers(raw, info, "")]
    if errors:
        raise StrictError(tuple(errors))
    try:
        return msgspec.convert(raw, ready(as_type), strict=not coerce_text)
    except msgspec.ValidationError as error:
        raise StrictError((_field_error(str(error)),)) from None


def nearest(word: str, known: tuple[str, ...]) -> str:
    """A remedy for a misspelt word: the closest known one, else all of them."""
    spelling = {_folded(name): name for name in known}
    close = difflib.get_close_matches(_folded(word), spelling, n=1, cutoff=0.6)
    if close:
        return f"did you mean {spelling[close[0]]!r}?"
    return f"known here: {', '.join(sorted(known))}" if known else "nothing is known here"


def _folded(word: str) -> str:
    return word.replace("_", "").replace("-", "").lower()


def _field_error(text: str) -> FieldError:
    """Split msgspec's 'message - at `$.a.b`' into path and message."""
    message, _, place = text.partition(" - at `")
    return FieldError(
        place.rstrip("`").removeprefix("$").removeprefix("."), message[:1].lower() + message[1:]
    )


def _unknown_keys(raw: object, info: inspect.Type, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    for child, child_info, child_path, known in _children(raw, info, path):
        if child_info is None:
            errors.append(
                FieldError(child_path, f"unknown key; {nearest(child_path.rsplit('.', 1)[-1], known)}")
            )
        else:
            errors.extend(_unknown_keys(child, child_info, child_path))
    return errors


def _inexact_numbers(raw: object, info: inspect.Type, path: str) -> list[FieldError]:
    if isinstance(raw, float) and _accepts(info, inspect.DecimalType):
        return [FieldError(path, f'write this figure in quotes, "{raw}": a binary fraction is not exact')]
    return [
        error
        for child, child_info, child_path, _ in _children(raw, info, path)
        if child_info is not None
        for error in _inexact_numbers(child, child_info, child_path)
    ]


def _children(
    raw: object, info: inspect.Type, path: str
) -> list[tuple[object, inspect.Type | None, str, tuple[str, ...]]]:
    """Each member of `raw`: (value, its declared type or None where the key is unknown, path, known keys)."""

    def below(key: object) -> str:
        return f"{path}.{key}" if path else str(key)

    if isinstance(raw, dict):
        if struct := _accepts(info, inspect.StructType):
            fields = {field.encode_name: field.type for field in struct.fields}
            return [(value, fields.get(str(key)), below(key), tuple(fields)) for key, value in raw.items()]
        if mapping := _accepts(info, inspect.DictType):
            return [(value, mapping.value_type, below(key), ()) for key, value in raw.items()]
    if isinstance(raw, list):
        item = _accepts(info, inspect.ListType) or _accepts(info, inspect.VarTupleType)
        if item:
            return [(value, item.item_type, f"{path}[{index}]", ()) for index, value in enumerate(raw)]
    return []


def _accepts(info: Any, kind: type[Any]) -> Any:
    """`info` itself, or its member if it is a union, when that is of `kind`; else None."""
    if isinstance(info, inspect.Metadata):  # a description, say, that was put on the type
        return _accepts(info.type, kind)
    if isinstance(info, inspect.UnionType):
        return next((found for option in info.types if (found := _accepts(option, kind))), None)
    return info if isinstance(info, kind) else None

"""Decides what the body of a request is: one JSON object, parsed strictly into the request's type; empty, all defaults.

The service and whoever checks a call before it is sent read it here, so that both say the same of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import TypeVar

from ib_trading.schema.requests import Request
from ib_trading.schema.strict import FieldError, StrictError, parse

KEY_PATTERN = "[!-~]([ -~]{0,253}[!-~])?"
"""What an Idempotency-Key may be: HTTP itself strips white space, so none counts."""
KEY_RULE = "Idempotency-Key must have 1 to 255 printable ASCII characters"

R = TypeVar("R", bound=Request)


class _Beyond:
    """Stands where a figure is so large or small that no arithmetic has it; found again by its path."""


class BodyError(ValueError):
    """The body does not do; the text says why, `errors` names the keys."""

    def __init__(self, message: str, errors: tuple[FieldError, ...] = ()) -> None:
        super().__init__(message)
        self.errors = errors


def parse_body(body: bytes, as_type: type[R]) -> R:
    """BodyError."""
    raw = _json(body) if body.strip() else {}
    if not isinstance(raw, dict):
        raise BodyError(f"the body is {_kind(raw)}; send a JSON object, or nothing for all defaults")
    try:
        return parse(raw, as_type)
    except StrictError as error:
        raise BodyError(str(error), error.errors) from None


def _json(body: bytes) -> object:
    try:
        raw = json.loads(
            body, object_pairs_hook=_without_repetition, parse_float=_figure, parse_constant=_no_number
        )
        # Half of a surrogate pair is no text: it could be neither stored nor answered.
        json.dumps(raw, default=str, ensure_ascii=False).encode()
        beyond = tuple(_beyond(raw, ""))
    except BodyError:
        raise
    except (ValueError, RecursionError) as error:
        raise BodyError(f"the body is not JSON: {error}") from None
    if beyond:
        raise BodyError("; ".join(map(str, beyond)), beyond)
    return raw


def _beyond(raw: object, path: str) -> Iterator[FieldError]:
    if isinstance(raw, _Beyond):
        yield FieldError(path, "this figure's exponent is beyond what can be computed with")
    elif isinstance(raw, dict):
        for name, value in raw.items():
            yield from _beyond(value, f"{path}.{name}" if path else str(name))
    elif isinstance(raw, list):
        for index, value in enumerate(raw):
            yield from _beyond(value, f"{path}[{index}]")


def _figure(text: str) -> int | Decimal | _Beyond:
    """12.0 is the integer 12, as JSON Schema has it."""
    try:
        exact = Decimal(text)
    except InvalidOperation:
        # An ArithmeticError, no ValueError: an exponent of more than 18 digits.
        return _Beyond()
    small = exact.is_finite() and exact.adjusted() < 18
    return int(exact) if small and exact == exact.to_integral_value() else exact


def _no_number(text: str) -> object:
    raise ValueError(f"{text} is not a number")


def _without_repetition(members: list[tuple[str, object]]) -> dict[str, object]:
    """A key that is said twice would count as said last: {"dryRun": true, "dryRun": false} must not trade."""
    said: dict[str, object] = {}
    for name, value in members:
        if name in said:
            message = f"{name!r} is there twice; say it once"
            raise BodyError(message, (FieldError(name, message),))
        said[name] = value
    return said


def _kind(raw: object) -> str:
    return {list: "a JSON array", str: "a JSON string", bool: "a JSON boolean", type(None): "null"}.get(
        type(raw), "a JSON number"
    )

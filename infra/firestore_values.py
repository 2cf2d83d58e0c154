"""Writes a value of the stack file in Firestore's own JSON, in which each value says its type.

https://cloud.google.com/firestore/docs/reference/rest/v1/Value. Integers are texts there; a fraction never comes here:
the stack file quotes it, schema/ refuses it otherwise.
"""

from __future__ import annotations

import json
from collections.abc import Mapping


def document_fields(fields: Mapping[str, object]) -> str:
    """The `fields` of a document, keys sorted: the same content is the same text."""
    return json.dumps({name: _value(value) for name, value in fields.items()}, sort_keys=True)


def _value(value: object) -> dict[str, object]:
    if value is None:
        return {"nullValue": None}
    if isinstance(value, bool):
        return {"booleanValue": value}
    if isinstance(value, int):
        return {"integerValue": str(value)}
    if isinstance(value, str):
        return {"stringValue": value}
    if isinstance(value, list | tuple):
        return {"arrayValue": {"values": [_value(member) for member in value]}}
    if isinstance(value, Mapping):
        return {"mapValue": {"fields": {str(name): _value(member) for name, member in value.items()}}}
    raise TypeError(f"a document has no place for {type(value).__name__}")

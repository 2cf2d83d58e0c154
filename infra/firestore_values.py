"""Writes a value of the stack file in Firestore's own JSON, in which each value says its type.

https://cloud.google.com/firestore/docs/reference/rest/v1/Value. Integers are texts there; a fraction never comes here:
the stack file quotes it, schema/ refuses it otherwise. An empty list or map has no key inside: Google answers it so,
and the provider compares the texts (resource_firestore_document.go), so that any other spelling would be an update at
every `up`.
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
        members = [_value(member) for member in value]
        return {"arrayValue": {"values": members} if members else {}}
    if isinstance(value, Mapping):
        fields = {str(name): _value(member) for name, member in value.items()}
        return {"mapValue": {"fields": fields} if fields else {}}
    raise TypeError(f"a document has no place for {type(value).__name__}")

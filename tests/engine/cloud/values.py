"""The protocol's structures as Python values and back; marks of secrets fall off on the way in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf import empty_pb2, json_format, struct_pb2

# protobuf makes these classes when it is imported, where no type checker sees them.
Struct: Any = vars(struct_pb2)["Struct"]
Empty: Any = vars(empty_pb2)["Empty"]

SECRET = "4dabf18193072939515e22adb298388d"
"""The key that marks a structure as a secret or another special value (pulumi/sdk, resource/properties.go)."""
SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"


def plain(given: Any) -> dict[str, Any]:
    """A structure of the protocol as Python values, without the marks of secrets."""
    return _unmarked(json_format.MessageToDict(given))


def structure(values: Mapping[str, Any]) -> Any:
    return json_format.ParseDict(dict(values), Struct())


def _unmarked(value: Any) -> Any:
    if isinstance(value, dict):
        if value.get(SECRET) == SECRET_SIGNATURE:
            return _unmarked(value["value"])
        return {key: _unmarked(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_unmarked(member) for member in value]
    return value

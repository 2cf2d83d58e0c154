"""The gateway's credentials, and how they are spelled where they are kept: `{"userName": "…", "password": "…"}`.

They show themselves to nobody: not in a log, not in a traceback's values, not in a pickle.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import NoReturn

_KEYS = ("userName", "password")


@dataclass(frozen=True, slots=True, repr=False)
class GatewayCredentials:
    user_name: str
    password: str

    def __repr__(self) -> str:
        return "GatewayCredentials(user_name=***, password=***)"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("the gateway's credentials are not pickled or copied")

    def spelled(self) -> bytes:
        return json.dumps({"userName": self.user_name, "password": self.password}).encode()


def read_credentials(payload: bytes) -> GatewayCredentials | str:
    """The credentials, or what is wrong with `payload`, which is not repeated."""
    # Not an exception: a decoder's carries the text that it could not read.
    try:
        found = json.loads(payload)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        return f"it is not a JSON object with {' and '.join(_KEYS)}"
    if set(found) != set(_KEYS):
        return f"it must have {' and '.join(_KEYS)}, and nothing else"
    if not all(isinstance(found[key], str) and found[key] for key in _KEYS):
        return f"{' and '.join(_KEYS)} must be texts that are not empty"
    return GatewayCredentials(found["userName"], found["password"])

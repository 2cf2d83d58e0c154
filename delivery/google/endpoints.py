"""Where Google is: its own addresses, or stand-ins on this machine that tests name in one environment variable.

Nothing but loopback is taken, and whoever is asked there gets no identity: a variable that somebody else sets cannot
turn a deployment to another place.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields

from delivery.console.refusal import Refusal

VARIABLE = "DELIVERY_STAND_INS"


@dataclass(frozen=True, slots=True)
class Endpoints:
    """host:port each, or "" for Google's own: `control_plane` serves the APIs of Cloud Run, Artifact Registry, Secret
    Manager and IAM credentials by gRPC without TLS; `registry` the images by HTTP; `front` what is behind the services'
    own addresses, by HTTP with their names as Host."""

    control_plane: str = ""
    registry: str = ""
    front: str = ""


def read_endpoints(environment: Mapping[str, str]) -> Endpoints:
    """From the variable, a JSON object. Refusal if it names anything but this machine."""
    text = environment.get(VARIABLE)
    if not text:
        return Endpoints()
    known = {field.name for field in fields(Endpoints)}
    try:
        given = json.loads(text)
    except ValueError as error:
        raise Refusal(f"{VARIABLE} is no JSON: {error}") from None
    if not isinstance(given, dict) or not set(given) <= known or not all(map(_is_here, given.values())):
        raise Refusal(
            f"{VARIABLE} must be a JSON object with some of {', '.join(sorted(known))}, each a 127.0.0.1:port"
        )
    return Endpoints(**given)


def _is_here(address: object) -> bool:
    if not isinstance(address, str):
        return False
    host, _, port = address.rpartition(":")
    try:
        return ipaddress.ip_address(host).is_loopback and port.isdigit()
    except ValueError:
        return False

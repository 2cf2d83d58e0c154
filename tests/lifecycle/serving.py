"""What Google knows of a service behind an address, read from the World: which image serves, in which environment, who
may call it, and what the stores and the secret beside it hold.

Reads alone. That an address has a service, and which of its revisions requests go to, is decided as Cloud Run does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ib_trading.schema.documents import TRADING_FIELD
from tests.engine.cloud.revisions import REVISION, SERVICE
from tests.engine.cloud.world import World

INVOKER = "roles/run.invoker"
GRANT = "gcp:cloudrunv2/serviceIamMember:ServiceIamMember"
DOCUMENT = "gcp:firestore/document:Document"


@dataclass(frozen=True, slots=True)
class Serving:
    """`service` and `revision` are full names, `revision` "" while none is ready; `image` by digest; `environment` as
    the service's definition has it; `invokers` are members such as serviceAccount:…; `trading` is the section
    ib-trading:trading as Pulumi wrote it into Firestore."""

    service: str
    uri: str
    revision: str
    image: str
    environment: Mapping[str, str]
    invokers: frozenset[str]
    trading: Mapping[str, Any]

    @property
    def name(self) -> str:
        return self.service.rpartition("/")[2]


def serving_at(world: World, host: str) -> Serving | None:
    """The service whose address has that host name."""
    known = world.resources()
    for (type_, id_), service in known.items():
        if type_ == SERVICE and service["uri"] == f"https://{host}":
            return _serving(known, id_, service)
    return None


def _serving(
    known: Mapping[tuple[str, str], dict[str, Any]], name: str, service: Mapping[str, Any]
) -> Serving:
    ready = service["latestReadyRevision"]
    template = known[REVISION, ready]["template"] if ready else service["template"]
    container = template["containers"][0]
    environment = {each["name"]: each.get("value", "") for each in container["envs"]}
    invokers = {
        grant["member"]
        for (type_, id_), grant in known.items()
        if type_ == GRANT and id_.startswith(f"{name}/") and grant["role"] == INVOKER
    }
    folder = f"projects/{environment['PROJECT_ID']}/databases/{environment['FIRESTORE_DATABASE']}/documents"
    document = known[DOCUMENT, f"{folder}/configuration/{environment['TRADING_MODE']}"]
    return Serving(
        service=name,
        uri=service["uri"],
        revision=ready,
        image=container["image"],
        environment=environment,
        invokers=frozenset(invokers),
        trading=_plain(json.loads(document["fields"])[TRADING_FIELD]),
    )


def _plain(value: Mapping[str, Any]) -> Any:
    """A value of Firestore's JSON, in which each says its type, as the stack file has it
    (cloud.google.com/firestore/docs/reference/rest/v1/Value)."""
    ((kind, given),) = value.items()
    if kind == "mapValue":
        return {name: _plain(member) for name, member in given.get("fields", {}).items()}
    if kind == "arrayValue":
        return [_plain(member) for member in given.get("values", ())]
    return int(given) if kind == "integerValue" else given

"""What Cloud Run makes of a service: a revision each time its template changes, which starts or does not.

Remembers revisions in the World beside the services, as they are seen from outside: numbered names, when each was made,
whether it became ready. A container that does not start leaves the service as Google does: its template is the new one,
its newest revision is not ready, and requests still go to the one that last was (cloud.google.com/run/docs/
troubleshooting#container-failed-to-start; the sentence is from github.com/octo-sts/app/pull/1005).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tests.engine.cloud.world import World

SERVICE = "gcp:cloudrunv2/service:Service"
REVISION = "google:run/revision"
BROKEN = "google:run/image-that-does-not-start"

LETTERS = "bcdfghjklmnpqrstvwxz0123456789"
"""Three of them end a revision's name."""

FAILURE = (
    "Error waiting for {doing} Service: Error code 9, message: Revision '{revision}' is not ready and cannot serve"
    " traffic. {reason}"
)
DOES_NOT_LISTEN = (
    "The user-provided container failed to start and listen on the port defined provided by the PORT=8080 environment"
    " variable within the allocated timeout. This can happen when the container port is misconfigured or if the timeout"
    " is too short. The health check timeout can be extended. Logs for this revision might contain more information."
)


def break_image(world: World, image: str, reason: str = DOES_NOT_LISTEN) -> None:
    """From now on a container of `image`, a full name by digest, does not start."""
    world.put(BROKEN, image, {"reason": reason})


def revisions_of(world: World, service: str) -> list[dict[str, Any]]:
    """The revisions of the service with that full name, the newest first: `name` in full, `template`, `number`,
    `createTime`, `reason` why it is not ready ("" if it is)."""
    of_service = [
        {"name": id_, **found}
        for (type_, id_), found in world.resources().items()
        if type_ == REVISION and id_.startswith(f"{service}/revisions/")
    ]
    return sorted(of_service, key=lambda revision: revision["number"], reverse=True)


def roll_out(world: World, id_: str, properties: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """Makes a revision of the service `id_` if its template is another one than before. What Google then tells of the
    service, and the provider's sentence if the newest revision is not ready ("" if it is)."""
    before = world.get(SERVICE, id_) or {}
    number = _number(before.get("latestCreatedRevision", ""))
    if number == 0 or before.get("template") != properties.get("template"):
        number += 1
        name = _name(id_, number)
        image = properties["template"]["containers"][0]["image"]
        broken = world.get(BROKEN, image) or {}
        made = {
            "template": properties["template"],
            "number": number,
            "createTime": datetime.now(UTC).isoformat(timespec="microseconds"),
            "reason": broken.get("reason", ""),
        }
        world.put(REVISION, name, made)
    else:
        name = before["latestCreatedRevision"]
    reason = (world.get(REVISION, name) or {}).get("reason", "")
    told = {
        "generation": str(int(before.get("generation", "0")) + 1),
        "latestCreatedRevision": name,
        "latestReadyRevision": before.get("latestReadyRevision", "") if reason else name,
    }
    if not reason:
        return told, ""
    doing = "Updating" if "latestCreatedRevision" in before else "Creating"
    return told, FAILURE.format(doing=doing, revision=name.rpartition("/")[2], reason=reason)


def _number(revision: str) -> int:
    """5 of ".../revisions/ib-paper-00005-gfw"; 0 of ""."""
    return int(revision.split("-")[-2]) if revision else 0


def _name(service: str, number: int) -> str:
    figures = hashlib.sha256(f"{service} {number}".encode()).digest()
    suffix = "".join(LETTERS[figure % len(LETTERS)] for figure in figures[:3])
    return f"{service}/revisions/{service.rpartition('/')[2]}-{number:05}-{suffix}"

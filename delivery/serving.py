"""What Cloud Run says of a service: which image its requests go to.

Decides when that is the one a deployment meant: the newest revision is ready, is of that digest, and gets everything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from delivery.google_clients import GoogleClients
from delivery.refusal import Refusal
from delivery.stack_file import Place

if TYPE_CHECKING:
    from google.cloud import run_v2


class NotServing(Refusal):
    """Requests do not go to the image; the text says where they go or why."""


def serving(clients: GoogleClients, place: Place, service: str) -> str:
    """The image, by digest, that all of the service's requests go to. NotServing where that is no single one, or where
    the newest revision is not it; GoogleAPICallError."""
    name = f"projects/{place.project}/locations/{place.region}/services/{service}"
    found = clients.services.get_service(name=name)
    if problem := fault(found):
        raise NotServing(problem)
    revision = clients.revisions.get_revision(name=found.latest_ready_revision)
    return revision.containers[0].image


def check_serving(clients: GoogleClients, place: Place, service: str, image: str) -> None:
    """NotServing where all requests do not go to the newest revision, and that to `image`."""
    found = serving(clients, place, service)
    if found != image:
        raise NotServing(f"Cloud Run's newest revision of {service} runs {found}, not {image}")


def fault(service: run_v2.Service) -> str:
    """Why not everything goes to the newest revision, "" if it does."""
    newest, ready = _short(service.latest_created_revision), _short(service.latest_ready_revision)
    if newest != ready:
        reason = service.terminal_condition.message or "Cloud Run gives no reason"
        return f"its newest revision {newest} is not ready: {reason}"
    if service.reconciling:
        return f"Cloud Run has not settled {newest} yet"
    elsewhere = {
        _short(status.revision): status.percent
        for status in service.traffic_statuses
        # A status without a revision is of the latest ready one.
        if status.percent and _short(status.revision) not in ("", ready)
    }
    if elsewhere:
        shares = ", ".join(f"{percent} % to {revision}" for revision, percent in elsewhere.items())
        return f"not all requests go to {ready}: {shares}; `pulumi up` sends them there"
    if sum(status.percent for status in service.traffic_statuses) != 100:
        return f"no requests go to {ready}; `pulumi up` sends them there"
    return ""


def _short(revision: str) -> str:
    return revision.rpartition("/")[2]

"""What Cloud Run says of a service: which image its requests go to.

Decides when that is the one a deployment meant: the newest revision is ready, is of that digest, and gets everything.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from delivery.console.refusal import Refusal
from delivery.google.clients import GoogleClients
from delivery.google.errors import logged_out, refused
from delivery.service.readiness import Polling
from delivery.stack.stack_file import Place

if TYPE_CHECKING:
    from google.cloud import run_v2


FAILED = 3
"""CONDITION_FAILED of google.cloud.run.v2.Condition.State; the others may still change."""


class NotServing(Refusal):
    """Requests do not go to the image; the text says where they go or why."""


class DoesNotStart(NotServing):
    """Cloud Run has given up on a container of the very image: waiting does not help."""


def check_serving(clients: GoogleClients, place: Place, service: str, image: str) -> None:
    """NotServing where all requests do not go to the newest revision, and that to `image`; what is `refused`
    (delivery/google/errors.py)."""
    name = f"projects/{place.project}/locations/{place.region}/services/{service}"
    found = clients.services.get_service(name=name)
    runs = clients.revisions.get_revision(name=found.latest_created_revision).containers[0].image
    if problem := fault(found):
        given_up = found.terminal_condition.state == FAILED and runs == image
        raise DoesNotStart(problem) if given_up else NotServing(problem)
    if runs != image:
        raise NotServing(f"Cloud Run's newest revision of {service} runs {runs}, not {image}")


def wait_until_serving(
    clients: GoogleClients, place: Place, service: str, image: str, polling: Polling, *, settled: bool
) -> None:
    """As `check_serving`, which is asked again while it is another answer, or none: the last of them when the timeout
    is over. `settled`: Cloud Run is not changing anything, so that an answer is final."""
    from google.api_core.exceptions import NotFound

    clock, deadline = threading.Event(), time.monotonic() + polling.timeout
    while True:
        try:
            return check_serving(clients, place, service, image)
        except DoesNotStart:
            raise
        except (NotServing, *refused()) as error:
            final = settled and isinstance(error, NotServing)
            if (
                final
                or isinstance(error, NotFound)
                or logged_out(error)
                or time.monotonic() + polling.interval > deadline
            ):
                raise
        clock.wait(polling.interval)


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

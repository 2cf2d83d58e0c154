"""A deployment that fails half way is finished by the next one."""

from __future__ import annotations

import re

import pytest

from tests.engine.checkout import Checkout
from tests.engine.cloud.world import Failure

DATABASE = "gcp:firestore/database:Database"
CHANNEL = "gcp:monitoring/notificationChannel:NotificationChannel"

FORBIDDEN = "Error 403: Permission 'datastore.databases.create' denied on resource, forbidden"
QUOTA = "Error 429: Quota exceeded for quota metric 'Write requests', rateLimitExceeded"


@pytest.mark.parametrize("text", [FORBIDDEN, QUOTA], ids=["403", "quota"])
def test_a_refused_creation_is_done_by_the_next_up(fresh: Checkout, text: str) -> None:
    """Google said no before it did anything: `up` fails with its sentence; once the cause is gone the next one creates
    what is missing, and nothing twice."""
    fresh.world.plan(Failure("create", DATABASE, text))
    run = fresh.pulumi("up", "--yes", "--skip-preview", "--stack", "paper")
    assert run.code != 0
    assert text in run.text
    done = {(type_, name) for _, type_, name in fresh.changes()} - {(DATABASE, "positions")}
    fresh.up("paper", "--skip-preview")
    again = {(type_, name) for _, type_, name in fresh.changes()}
    assert (DATABASE, "positions") in again
    assert not done & again
    fresh.up("paper", "--skip-preview", "--expect-no-changes")


def test_what_was_created_but_not_recorded_is_taken_in_by_refresh(fresh: Checkout) -> None:
    """The provider died after Google had created the database: the state knows only that it was begun. The next `up`
    would meet 409; the documented `pulumi refresh --import-pending-creates` takes it in, and then `up` converges."""
    fresh.world.plan(Failure("create", DATABASE, "", "after"))
    assert fresh.pulumi("up", "--yes", "--skip-preview", "--stack", "paper").code != 0
    assert (DATABASE, "projects/ib-paper-project/databases/paper") in fresh.world.resources()
    pending = [each["resource"]["urn"] for each in fresh.pending("paper")]
    urn = next(urn for urn in pending if urn.endswith("::positions"))
    pairs = _ids(fresh, pending)
    assert urn in pairs
    fresh.done("refresh", "--yes", "--skip-preview", "--stack", "paper", *_imports(pairs))
    assert fresh.pending("paper") == []
    fresh.changes()
    fresh.up("paper", "--skip-preview")
    assert (DATABASE, "positions") not in {(type_, name) for _, type_, name in fresh.changes()}
    fresh.up("paper", "--skip-preview", "--expect-no-changes")


def test_without_the_refresh_google_says_that_it_exists_already(fresh: Checkout) -> None:
    """Why the refresh is needed: Google's 409, which is not taken for a success."""
    fresh.world.plan(Failure("create", DATABASE, "", "after"))
    fresh.pulumi("up", "--yes", "--skip-preview", "--stack", "paper")
    run = fresh.pulumi("up", "--yes", "--skip-preview", "--stack", "paper")
    assert run.code != 0
    assert re.search("Error 409: .*databases/paper already exists", run.text)


def test_an_update_that_was_refused_is_done_by_the_next_up(paper: Checkout) -> None:
    """Nothing of a refused update is recorded as done."""
    paper.configure("paper", {"ib-trading:notificationAddress": "bob@example.com"})
    paper.world.plan(Failure("update", CHANNEL, QUOTA))
    assert paper.pulumi("up", "--yes", "--skip-preview", "--stack", "paper").code != 0
    paper.changes()
    paper.up("paper", "--skip-preview")
    assert paper.changes() == [("update", CHANNEL, "mail")]


def _ids(checkout: Checkout, pending: list[str]) -> dict[str, str]:
    """URN → id at Google of those that were created after all; a person finds them in the console."""
    names = {"positions": "projects/ib-paper-project/databases/paper"}
    return {urn: names[name] for urn in pending if (name := urn.rpartition("::")[2]) in names}


def _imports(pairs: dict[str, str]) -> list[str]:
    """As the option wants them: URN and id, one after the other."""
    return [f"--import-pending-creates={part}" for pair in pairs.items() for part in pair]

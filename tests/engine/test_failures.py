"""A deployment that fails half way is finished by the next one."""

from __future__ import annotations

import re

import pytest

from tests.engine.checkout import Checkout
from tests.engine.cloud.world import Failure

DATABASE = "gcp:firestore/database:Database"
DATABASE_ID = "projects/ib-paper-project/databases/paper"
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
    """The machine went down after Google had created the database: the state knows that it was begun, and is locked.
    `pulumi cancel` takes the lock off, `pulumi refresh --import-pending-creates URN ID` takes the database in, and then
    `up` converges without a second one."""
    _die_while_creating_the_database(fresh)
    locked = fresh.pulumi("up", "--yes", "--skip-preview", "--stack", "paper")
    assert locked.code != 0 and "lock" in locked.text
    fresh.done("cancel", "--yes", "paper")
    pending = [each["resource"]["urn"] for each in fresh.pending("paper")]
    assert [urn.rpartition("::")[2] for urn in pending] == ["positions"]
    imports = [f"--import-pending-creates={part}" for part in (*pending, DATABASE_ID)]
    fresh.done("refresh", "--yes", "--skip-preview", "--stack", "paper", *imports)
    assert fresh.pending("paper") == []
    fresh.changes()
    fresh.up("paper", "--skip-preview")
    assert (DATABASE, "positions") not in {(type_, name) for _, type_, name in fresh.changes()}
    fresh.up("paper", "--skip-preview", "--expect-no-changes")


def test_a_database_that_nobody_recorded_is_a_conflict_until_it_is_imported(fresh: Checkout) -> None:
    """Only the provider died: the engine takes the creation for failed and keeps no note of it, so there is nothing
    pending to refresh. The next `up` meets 409, which is never taken for a success; `pulumi import` takes it in."""
    fresh.world.plan(Failure("create", DATABASE, "", "after"))
    assert fresh.pulumi("up", "--yes", "--skip-preview", "--stack", "paper").code != 0
    assert fresh.pending("paper") == []
    run = fresh.pulumi("up", "--yes", "--skip-preview", "--stack", "paper")
    assert run.code != 0
    assert re.search("Error 409: .*databases/paper already exists", run.text)
    parent = next(urn for urn in fresh.resources("paper") if urn.endswith("::position-database"))
    resource = ("gcp:firestore/database:Database", "positions", DATABASE_ID)
    options = ("--parent", f"parent={parent}", "--generate-code=false", "--yes", "--skip-preview")
    fresh.done("import", *resource, *options, "--stack", "paper")
    fresh.changes()
    fresh.up("paper", "--skip-preview")
    assert (DATABASE, "positions") not in {(type_, name) for _, type_, name in fresh.changes()}


def test_an_update_that_was_refused_is_done_by_the_next_up(paper: Checkout) -> None:
    """Nothing of a refused update is recorded as done."""
    paper.configure("paper", {"ib-trading:notificationAddress": "bob@example.com"})
    paper.world.plan(Failure("update", CHANNEL, QUOTA))
    assert paper.pulumi("up", "--yes", "--skip-preview", "--stack", "paper").code != 0
    paper.changes()
    paper.up("paper", "--skip-preview")
    assert paper.changes() == [("update", CHANNEL, "mail")]


def _die_while_creating_the_database(checkout: Checkout) -> None:
    """One resource at a time, so that nothing else is under way."""
    checkout.world.plan(Failure("create", DATABASE, "", "machine"))
    run = checkout.pulumi("up", "--yes", "--skip-preview", "--parallel=1", "--stack", "paper")
    assert run.code != 0
    assert (DATABASE, DATABASE_ID) in checkout.world.resources()

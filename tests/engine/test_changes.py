"""What each changed setting touches at Google: what it must, and nothing else.

The table is the promise that a person relies on when they edit a stack file of money: a new label replaces nothing, a
new exposure does not restart the service.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from tests.engine.checkout import Checkout
from tests.engine.stacks import EVERY_OPTION, NEXT_IMAGE


@dataclass(frozen=True, slots=True)
class Edit:
    """`touches`: what is done at Google, as "verb type name". `trading`: changes inside `ib-trading:trading`."""

    why: str
    touches: tuple[str, ...]
    values: dict[str, Any] | None = None
    trading: dict[str, Any] | None = None


EDITS = (
    Edit(
        "a new digest updates the service alone",
        ("update Service service",),
        {"ib-trading:image": NEXT_IMAGE},
    ),
    Edit(
        "an always-on gateway is the service's scaling and CPU",
        ("update Service service",),
        {"ib-trading:gatewayLifetime": "always"},
    ),
    Edit(
        "an exposure is a document: the service reads it anew for every run",
        ("update Document trading-configuration",),
        trading={"exposure": {"overall": "0.5", "strategies": {"dummy": "0.1"}}},
    ),
    Edit(
        "a schedule that goes takes its job along",
        ("delete Job collect-market-data", "update Document trading-configuration"),
        trading={"schedules": -1},
    ),
    Edit(
        "another operator is two grants more: on the account, and to count calls in the project",
        ("create IAMMember user:bob@example.com-counts", "create IAMMember user:bob@example.com-is-operator"),
        {"ib-trading:operators": ["user:ann@example.com", "user:bob@example.com"]},
    ),
    Edit(
        "another address updates the channel, not the alarms",
        ("update NotificationChannel mail",),
        {"ib-trading:notificationAddress": "bob@example.com"},
    ),
    Edit(
        "how long credentials can be brought back is the secret's",
        ("update Secret credentials",),
        {"ib-trading:retention": {"secretVersionDays": 60}},
    ),
    Edit(
        "how long backups are kept is the backup schedule's",
        ("update BackupSchedule daily-backup",),
        {"ib-trading:retention": {"backupDays": 28}},
    ),
    Edit(
        "recovery by the minute is the database's own setting, in place",
        ("update Database positions",),
        {"ib-trading:retention": {"pointInTimeRecovery": False}},
    ),
    Edit(
        "how far back rows can be read is the dataset's own setting, in place",
        ("update Dataset history",),
        {"ib-trading:retention": {"historyUndoDays": 3}},
    ),
    Edit(
        "the age of images is the registry's policy",
        ("update Repository images",),
        {"ib-trading:retention": {"imageDays": 90}},
    ),
    Edit(
        "a static address is a network of its own, and a new revision that uses it",
        (
            "create Address egress",
            "create Network egress",
            "create Router egress",
            "create RouterNat egress",
            "create Service compute",
            "create Subnetwork egress",
            "update Service service",
        ),
        {"ib-trading:staticEgressAddress": True},
    ),
    Edit(
        "schedules that pause are their jobs' own switch",
        (
            "update Job allocation",
            "update Job collect-market-data",
            "update Job hourly-check",
            "update Job trade-reconciliation",
        ),
        {"ib-trading:schedulesPaused": True},
    ),
    Edit(
        "builds are an identity, its grants and a trigger; the service itself is not touched",
        (
            "create IAMCustomRole build-deletes-images",
            "create IAMCustomRole build-waits",
            "create IAMMember build-waits",
            "create Account build",
            "create BucketIAMMember build-writes-state",
            "create CryptoKeyIAMMember build-uses-state-key",
            "create IAMMember build-calls-as-operator",
            "create IAMMember build-deploys-as-runtime",
            "create IAMMember build-writes-logs",
            "create RepositoryIamMember build-deletes-images",
            "create RepositoryIamMember build-pushes-images",
            "create Service cloudbuild",
            "create Service cloudkms",
            "create ServiceIamMember build-deploys",
            "create Trigger push",
        ),
        {"ib-trading:build": EVERY_OPTION["ib-trading:build"]},
    ),
    Edit(
        "a budget is a budget",
        (
            "create Budget month",
            "create Service billingbudgets",
            "create ServiceIdentity secretmanager-agent",
        ),
        {
            "gcp:userProjectOverride": True,
            "gcp:billingProject": "ib-paper-project",
            "ib-trading:budget": {
                "amount": 50,
                "currency": "CHF",
                "billingAccount": "000000-AAAAAA-111111",
            },
        },
    ),
)


def touched(checkout: Checkout) -> list[str]:
    return sorted(f"{verb} {type_.rpartition(':')[2]} {name}" for verb, type_, name in checkout.changes())


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.why)
def test_a_changed_setting_touches_only_what_it_must(paper: Checkout, edit: Edit) -> None:
    """Each row of the table: one edit of the stack file, one `up`, and all that was asked of Google."""
    _apply(paper, edit)
    paper.up("paper", "--skip-preview")
    assert touched(paper) == sorted(edit.touches)


def test_a_label_is_on_everything_that_takes_labels_and_replaces_none(paper: Checkout) -> None:
    """A label is an update in place wherever it can be one."""
    labelled = [
        (type_, id_)
        for (type_, id_), found in paper.world.resources().items()
        if ("labels" in found and not type_.startswith("gcp:monitoring")) or "userLabels" in found
    ]
    paper.configure("paper", {"ib-trading:labels": {"owner": "ann"}})
    paper.up("paper", "--skip-preview")
    changes = paper.changes()
    assert {verb for verb, _, _ in changes} == {"update"}
    assert len(changes) == len(labelled)
    found = paper.world.resources()
    for key in labelled:
        assert (found[key].get("userLabels") or found[key]["labels"])["owner"] == "ann", key


def _apply(checkout: Checkout, edit: Edit) -> None:
    checkout.configure("paper", edit.values or {})
    if edit.trading is None:
        return
    key = "ib-trading:trading"
    trading = yaml.safe_load(checkout.stack_file("paper").read_text(encoding="utf-8"))["config"][key]
    changes = dict(edit.trading)
    if changes.pop("schedules", 0):
        trading["schedules"] = [
            each for each in trading["schedules"] if each["intent"] != "collect-market-data"
        ]
    checkout.configure("paper", {key: trading | changes})

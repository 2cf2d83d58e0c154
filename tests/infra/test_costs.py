"""What docs/costs.yaml counts is what the program registers for the stack files of this repository."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import yaml

from infra.settings import Retention
from tests.docs.costs import read
from tests.infra.recorded import Record, record
from tests.infra.stacks import deployed

ROOT = Path(__file__).parents[2]


def stack(name: str) -> Record:
    """As it would be deployed from its file."""
    document = yaml.safe_load((ROOT / f"Pulumi.{name}.yaml").read_text(encoding="utf-8"))
    return record(deployed(name, trading=json.loads(json.dumps(document["config"]["ib-trading:trading"]))))


def units(part: str, price: str) -> Decimal:
    return read().parts[part].uses[price]


def test_papers_jobs_are_counted() -> None:
    assert units("schedules of paper", "jobs") == len(stack("paper").of("cloudscheduler.Job"))


def test_every_condition_of_an_alert_is_counted() -> None:
    """Google charges by the condition."""
    policies = stack("paper").of("monitoring.AlertPolicy").values()
    assert units("alerts", "conditions") == sum(len(policy.inputs["conditions"]) for policy in policies)


def test_the_service_has_the_cpu_and_memory_that_are_counted() -> None:
    hours = Decimal(730) * 3600
    [service] = stack("live").of("cloudrunv2.Service").values()
    limits = service.inputs["template"]["containers"][0]["resources"]["limits"]
    assert units("always on", "always-cpu") == Decimal(limits["cpu"]) * hours
    assert units("always on", "always-memory") == Decimal(limits["memory"].removesuffix("Gi")) * hours


def test_as_many_backups_are_counted_as_are_kept() -> None:
    assert units("backups", "documents") == Retention().backup_days * units("positions", "documents")

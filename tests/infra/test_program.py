"""What a deployment makes of the configuration, and what rests on what."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from ib_trading.schema.documents import COMPOSITE_INDEXES
from ib_trading.schema.schedules import Schedule
from ib_trading.schema.tables import TABLES
from ib_trading.schema.trading_config import read_trading_config
from tests.infra.recorded import Record, record
from tests.infra.stacks import TRADING, config, deployed, everything


@pytest.fixture(scope="module")
def paper() -> Record:
    return record(deployed("paper"))


@pytest.fixture(scope="module")
def optioned() -> Record:
    return record(everything("paper"))


def service(found: Record) -> Any:
    return found.of("cloudrunv2.Service")["service"].inputs


def environment(found: Record) -> dict[str, str]:
    return {env["name"]: env["value"] for env in service(found)["template"]["containers"][0]["envs"]}


def test_before_there_is_an_image_there_is_no_service_and_nothing_that_calls_or_watches_it() -> None:
    """A placeholder would answer the schedules with 200, and nobody would be told that nothing traded."""
    before, after = record(config("paper")), record(deployed("paper"))
    missing = {one.kind for one in after.resources} - {one.kind for one in before.resources}
    assert missing == {
        "cloudrunv2.Service",
        "cloudrunv2.ServiceIamMember",
        "cloudscheduler.Job",
        "logging.Metric",
        "monitoring.AlertPolicy",
    }
    assert (before.outputs["nextCommand"], after.outputs["nextCommand"]) == (
        "./nox -s credentials -- paper",
        "",
    )


def test_there_is_one_instance_at_most_over_all_revisions(paper: Record) -> None:
    """A revision's own limit counts for that revision alone: two instances, two gateways, at every deployment."""
    assert service(paper)["scaling"]["maxInstanceCount"] == 1
    assert "scaling" not in service(paper)["template"]


@pytest.mark.parametrize(("lifetime", "least", "idle"), [("request", 0, True), ("always", 1, False)])
def test_a_gateway_that_stays_logged_in_keeps_its_instance_and_its_cpu(
    lifetime: str, least: int, idle: bool
) -> None:
    inputs = service(record(deployed("paper", gatewayLifetime=lifetime)))
    assert inputs["scaling"]["minInstanceCount"] == least
    assert inputs["template"]["containers"][0]["resources"]["cpuIdle"] is idle


def test_a_slow_start_is_waited_for_and_a_busy_run_is_not_killed(paper: Record) -> None:
    [container] = service(paper)["template"]["containers"]
    start, live = container["startupProbe"], container["livenessProbe"]
    assert start["periodSeconds"] * start["failureThreshold"] == 240
    assert (live["periodSeconds"], live["failureThreshold"]) == (30, 3)
    assert {probe["httpGet"]["path"] for probe in (start, live)} == {"/health"}


def test_the_service_is_told_where_everything_is(paper: Record) -> None:
    assert environment(paper) == {
        "PROJECT_ID": "trading-paper",
        "TRADING_MODE": "paper",
        "BACKEND": "google",
        "FIRESTORE_DATABASE": "paper",
        "BIGQUERY_DATASET": "historical_data",
        "SECRET_NAME": "ib-credentials",
        "GATEWAY_LIFETIME": "request",
    }


def test_credentials_reach_the_service_by_no_variable(paper: Record) -> None:
    """As a variable they would be fixed at the start of a revision and shown to whoever may see the service."""
    assert "secretKeyRef" not in json.dumps(service(paper))
    assert not paper.of("secretmanager.SecretVersion")


def test_a_scheduled_call_says_what_the_configuration_says() -> None:
    """The job's name is what schedule-check looks for, and a body is JSON: without its type the service answers 415."""
    morning = {"intent": "allocation", "cron": "0 9 * * mon", "timeZone": "Europe/Zurich", "name": "morning"}
    schedules = [morning | {"body": {"strategies": ["trend"]}}]
    found = record(deployed("paper", trading=TRADING | {"schedules": schedules}))
    job = found.of("cloudscheduler.Job")["morning"].inputs
    uri = found.outputs["serviceUrl"]
    assert job["name"] == Schedule(intent="allocation", cron="", time_zone="", name="morning").job("ib-paper")
    assert (job["schedule"], job["timeZone"], job["attemptDeadline"]) == (
        "0 9 * * MON",
        "Europe/Zurich",
        "1800s",
    )
    target = job["httpTarget"]
    assert (target["uri"], target["httpMethod"]) == (f"{uri}/allocation", "POST")
    assert json.loads(base64.b64decode(target["body"])) == {"strategies": ["trend"]}
    assert target["headers"] == {"Content-Type": "application/json"}
    assert target["oidcToken"] == {
        "audience": uri,
        "serviceAccountEmail": "ib-scheduler@trading-paper.iam.gserviceaccount.com",
    }
    assert job["retryConfig"]["retryCount"] > 0


def test_a_schedule_that_only_reads_is_a_get_without_a_body(paper: Record) -> None:
    target = paper.of("cloudscheduler.Job")["summary"].inputs["httpTarget"]
    assert target["httpMethod"] == "GET"
    assert not {"body", "headers"} & set(target)


def test_paused_schedules_are_there_and_call_nothing() -> None:
    for paused in (False, True):
        jobs = record(deployed("paper", schedulesPaused=paused)).of("cloudscheduler.Job")
        assert {job.inputs["paused"] for job in jobs.values()} == {paused}


def test_somebody_asks_every_hour_whether_everything_happened_and_its_silence_is_an_alarm(
    paper: Record,
) -> None:
    """A scheduler that is dead altogether, or a first check that never came, has no failure to report."""
    hourly = paper.of("cloudscheduler.Job")["hourly-check"].inputs
    assert hourly["httpTarget"]["uri"].endswith("/schedule-check")
    [metric] = paper.of("logging.Metric").values()
    assert 'jsonPayload.message="schedules_ok"' in metric.inputs["filter"]
    condition = paper.of("monitoring.AlertPolicy")["dead-man"].inputs["conditions"][0]
    asked = condition["conditionPrometheusQueryLanguage"]
    assert metric.inputs["name"].replace("-", "_") in asked["query"]
    assert "or vector(0)" in asked["query"]
    assert ("[1h]" in asked["query"], asked["duration"]) == (True, "3600s")


def test_every_other_alert_reads_this_services_lines_and_has_a_rate_limit(paper: Record) -> None:
    policies = {n: one for n, one in paper.of("monitoring.AlertPolicy").items() if n != "dead-man"}
    assert set(policies) == {
        "run-failed",
        "needs-review",
        "second-factor",
        "gateway-not-ready",
        "schedules-missing",
    }
    for policy in policies.values():
        [condition] = policy.inputs["conditions"]
        assert 'service_name="ib-paper"' in condition["conditionMatchedLog"]["filter"]
        assert policy.inputs["alertStrategy"]["notificationRateLimit"]["period"]


def test_a_refused_schedule_mails_again_every_six_hours(paper: Record) -> None:
    """A refusal (409, 422, 423) is no error of the service, and the dead-man opens one incident however long it lasts:
    a run that was refused every day would have been told once, as "not everything has happened"."""
    policy = paper.of("monitoring.AlertPolicy")["schedules-missing"].inputs
    [condition] = policy["conditions"]
    assert condition["conditionMatchedLog"]["filter"].endswith('jsonPayload.message="schedules_missing"')
    assert policy["alertStrategy"]["notificationRateLimit"]["period"] == "21600s"


def test_whom_to_tell_is_a_secret_whether_or_not_the_file_encrypts_it(optioned: Record) -> None:
    [channel] = optioned.of("monitoring.NotificationChannel").values()
    assert channel.inputs["labels"] == {"email_address": "ann@example.com"}
    assert channel.secret == {"labels"}
    for policy in optioned.of("monitoring.AlertPolicy").values():
        assert policy.inputs["notificationChannels"] == ["projects/trading-paper/notificationChannels/mail"]
    assert "ann@example.com" not in json.dumps(optioned.outputs)


def test_the_service_reads_the_configuration_that_was_deployed(paper: Record) -> None:
    """Decimals arrive as the texts that were written, so 0.10 stays 0.10."""
    document = paper.of("firestore.Document")["trading-configuration"].inputs
    assert (document["collection"], document["documentId"]) == ("configuration", "paper")
    section = _read(json.loads(document["fields"])["trading"])
    assert section == TRADING
    assert read_trading_config(section, "Firestore") == read_trading_config(TRADING, "file")


def test_a_configuration_with_an_encrypted_account_stays_secret() -> None:
    found = record(config("paper", secret={"ib-trading:trading"}))
    assert found.of("firestore.Document")["trading-configuration"].secret == {"fields"}


def _read(value: dict[str, Any]) -> Any:
    [(kind, content)] = value.items()
    match kind:
        case "mapValue":
            return {name: _read(member) for name, member in content["fields"].items()}
        case "arrayValue":
            return [_read(member) for member in content["values"]]
        case "integerValue":
            return int(content)
        case _:
            return content


def test_every_query_that_needs_an_index_has_one(paper: Record) -> None:
    made = {
        (one.inputs["collection"], tuple((f["fieldPath"], f["order"]) for f in one.inputs["fields"]))
        for one in paper.of("firestore.Index").values()
    }
    assert made == {(index.collection, index.fields) for index in COMPOSITE_INDEXES}


@pytest.mark.parametrize(("stack", "test_table"), [("paper", True), ("live", False)])
def test_the_warehouse_has_its_tables_and_paper_one_to_test_with(stack: str, test_table: bool) -> None:
    tables = record(config(stack)).of("bigquery.Table")
    assert set(tables) == {table.name for table in TABLES} | ({"test"} if test_table else set())
    for table in TABLES:
        columns = json.loads(tables[table.name].inputs["schema"])
        assert [column["name"] for column in columns] == [column.name for column in table.columns]
        assert tables[table.name].inputs["clusterings"] == list(table.clustered_by)


def test_old_images_go_but_never_one_that_is_deployed(paper: Record) -> None:
    """The registry knows nothing of Cloud Run: an instance that starts from a deleted image does not start."""
    policies = {
        p["id"]: p for p in paper.of("artifactregistry.Repository")["images"].inputs["cleanupPolicies"]
    }
    deleted, kept = policies["delete-old-untagged"], policies["keep-deployed"]
    assert (deleted["action"], deleted["condition"]["tagState"]) == ("DELETE", "UNTAGGED")
    assert (kept["action"], kept["condition"]["tagPrefixes"]) == ("KEEP", ["deployed-paper-"])


def test_with_a_static_address_everything_leaves_by_it(optioned: Record) -> None:
    access = service(optioned)["template"]["vpcAccess"]
    assert access["egress"] == "ALL_TRAFFIC"
    nat = optioned.of("compute.RouterNat")["egress"].inputs
    assert (nat["natIpAllocateOption"], len(nat["natIps"])) == ("MANUAL_ONLY", 1)
    assert optioned.of("compute.Subnetwork")["egress"].inputs["privateIpGoogleAccess"] is True
    assert optioned.outputs["egressAddress"] == "203.0.113.7"


def test_with_a_key_of_ones_own_all_that_is_stored_is_encrypted_with_it(optioned: Record) -> None:
    key = "projects/trading/locations/europe-west6/keyRings/data/cryptoKeys/paper"
    for kind in (
        "artifactregistry.Repository",
        "bigquery.Dataset",
        "cloudrunv2.Service",
        "firestore.Database",
        "secretmanager.Secret",
    ):
        [one] = optioned.of(kind).values()
        assert key in json.dumps(one.inputs), kind
        grants = {name for name in one.depends_on if name.endswith("-uses-key")}
        assert len(grants) == 1, kind


API_OF = {
    "billing": "billingbudgets",
    "cloudrunv2": "run",
    "kms": "cloudkms",
    "projects.IAMCustomRole": "iam",
    "projects": "cloudresourcemanager",
    "serviceaccount": "iam",
}
"""Module of the provider, or one kind → the API behind it, where they are called differently."""


def test_everything_waits_for_its_api_or_for_what_does(optioned: Record) -> None:
    """The first `up` in an empty project enables them in the same run."""
    waits = {one.place: one.depends_on for one in optioned.resources}
    for one in optioned.resources:
        # Agents come with the API that they belong to; buckets are the bootstrap's, made before any stack.
        if one.kind in {"projects.Service", "projects.ServiceIdentity", "storage.BucketIAMMember"}:
            continue
        seen: set[str] = set()
        todo = set(one.depends_on)
        while todo:
            seen |= todo
            todo = {further for place in todo for further in waits[place]} - seen
        module = one.kind.partition(".")[0]
        api = API_OF.get(one.kind) or API_OF.get(module, module)
        assert f"projects.Service/{api}" in seen, one.place


def test_every_resource_is_a_component_s(optioned: Record) -> None:
    components = {one.name for one in optioned.registrations if not one.type.startswith("gcp:")}
    assert {one.parent for one in optioned.resources} <= components
    for one in optioned.registrations:
        assert one.type.startswith(("gcp:", "ib-trading:index:"))

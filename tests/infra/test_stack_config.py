"""A mistake in a stack file stops before anything is registered, with a sentence that names file, key and remedy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from infra.settings import MAY_BE_SECRET, Settings
from infra.stack_config import StackConfigError, read_stack_config
from tests.infra.stacks import REGION, TRADING, config, image_of, values

ROOT = Path(__file__).parents[2]
SCHEDULE = TRADING["schedules"][0]


def trading(**changes: Any) -> dict[str, Any]:
    return {"trading": TRADING | changes}


def exposure(**changes: Any) -> dict[str, Any]:
    return trading(exposure=TRADING["exposure"] | changes)


def schedule(**changes: Any) -> dict[str, Any]:
    return trading(schedules=[SCHEDULE | changes])


BUDGET = {"amount": 50, "currency": "CHF", "billingAccount": "012345-6789AB-CDEF01"}
BUILD = {
    "repository": "projects/p/locations/l/connections/c/repositories/r",
    "stateBucket": "state",
    "stateKey": f"projects/p/locations/{REGION}/keyRings/r/cryptoKeys/k",
}


@pytest.mark.parametrize(
    ("settings", "key", "remedy"),
    [
        ({"regoin": "x"}, "regoin", "unknown key; known here"),
        ({"sharedproject": True}, "sharedproject", "did you mean 'sharedProject'?"),
        ({"retention": {"backupdays": 3}}, "retention.backupdays", "did you mean 'backupDays'?"),
        ({"trading.exposure.overall": "1"}, "trading.exposure.overall", "write it inside ib-trading:trading"),
        ({"trading": None}, "trading", "is missing"),
        ({"trading": {}}, "trading", "is missing"),
        ({"tradingMode": "demo"}, "tradingMode", "demo"),
        ({"tradingMode": "live"}, "tradingMode", "leave it out, or give the stack another name"),
        ({"gatewayLifetime": "forever"}, "gatewayLifetime", "forever"),
        ({"staticEgressAddress": "perhaps"}, "staticEgressAddress", "expected `bool`"),
        (trading(account="U1234567"), "trading.account", "set the paper one, or deploy the live stack"),
        (trading(exposures={}), "trading.exposures", "did you mean 'exposure'?"),
        (exposure(overall="1.2"), "trading.exposure.overall", "exposure.allowLeverage: true"),
        (
            exposure(strategies={"dummy": "0.6", "trend": "0.6"}),
            "trading.exposure.strategies",
            "add up to 1.2",
        ),
        (exposure(overall=0.95), "trading.exposure.overall", "in quotes"),
        (schedule(cron="30 25 * * *"), "trading.schedules[0].cron", "hour: '25' is not from 0 to 23"),
        (schedule(timeZone="America/NewYork"), "trading.schedules[0].timeZone", "America/New_York"),
        (schedule(intent="alocation"), "trading.schedules[0].intent", "did you mean 'allocation'?"),
        (schedule(name="hourly-check"), "trading.schedules[0].name", "give it another name"),
        ({"image": "registry/application:latest"}, "image", "names no digest"),
        ({"image": "registry/application@sha256:abc"}, "image", "64 hexadecimal digits"),
        ({"image": image_of("live", shared=False)}, "image", "is not in this stack's repository"),
        ({"operators": ["ann@example.com"]}, "operators[0]", "write user:ann@example.com"),
        ({"operators": ["allUsers"]}, "operators[0]", "nobody IAM knows"),
        ({"operators": ["domain:example.com"]}, "operators[0]", "nobody IAM knows"),
        ({"operators": ["user:a@b.ch", "user:a@b.ch"]}, "operators[1]", "leave one"),
        ({"notificationAddress": "ann"}, "notificationAddress", "is no mail address"),
        ({"labels": {"Team": "x"}}, "labels.Team", "small letters"),
        ({"labels": {"team": "A B"}}, "labels.team", "small letters"),
        ({"labels": {"stack": "mine"}}, "labels.stack", "drop it"),
        ({"retention": {"backupDays": 99}}, "retention.backupDays", "<= 98"),
        (
            {"budget": BUDGET | {"billingAccount": ""}},
            "budget.billingAccount",
            "gcloud billing accounts list",
        ),
        ({"budget": BUDGET | {"amount": 0}}, "budget.amount", "is missing"),
        ({"budget": BUDGET | {"currency": "francs"}}, "budget.currency", "CHF"),
        ({"customerManagedKey": "my-key"}, "customerManagedKey", "gcloud kms keys list"),
        (
            {"customerManagedKey": "projects/p/locations/us/keyRings/r/cryptoKeys/k"},
            "customerManagedKey",
            "take a key of that region",
        ),
        ({"build": BUILD | {"stateBucket": ""}}, "build.stateBucket", "./nox -s bootstrap"),
        ({"build": BUILD | {"repository": "github"}}, "build.repository", "is wrong"),
    ],
)
def test_a_mistake_is_a_sentence_with_file_key_and_remedy(
    settings: dict[str, Any], key: str, remedy: str
) -> None:
    with pytest.raises(StackConfigError) as refusal:
        config("paper", **settings)
    sentence = str(refusal.value)
    assert sentence.startswith(f"Pulumi.paper.yaml: ib-trading:{key}"), sentence
    assert remedy in sentence


COUNTED = {"gcp:userProjectOverride": "true", "gcp:billingProject": "trading-paper"}


@pytest.mark.parametrize(
    "google",
    [
        {},
        {"gcp:userProjectOverride": "true"},
        {"gcp:billingProject": "trading-paper"},
        COUNTED | {"gcp:userProjectOverride": "false"},
        COUNTED | {"gcp:billingProject": "another-project"},
    ],
)
def test_a_budget_needs_to_be_told_which_project_its_calls_count_in(google: dict[str, str]) -> None:
    """Google answers 403 to a person's own login otherwise, at the end of an `up` that has made all the rest."""
    given = {key: text for key, text in values("paper", {"budget": BUDGET}).items() if key not in COUNTED}
    with pytest.raises(StackConfigError) as refusal:
        read_stack_config(given | google, "paper")
    sentence = str(refusal.value)
    assert sentence.startswith("Pulumi.paper.yaml: ib-trading:budget: is refused by Google (403)")
    for key in (
        "gcp:userProjectOverride: true",
        "gcp:billingProject: trading-paper",
        "impersonateServiceAccount",
    ):
        assert key in sentence


@pytest.mark.parametrize(
    "google", [COUNTED, {"gcp:impersonateServiceAccount": "deployer@trading-paper.iam.gserviceaccount.com"}]
)
def test_a_budget_is_taken_from_a_login_that_says_it_and_from_an_account(google: dict[str, str]) -> None:
    given = {key: text for key, text in values("paper", {"budget": BUDGET}).items() if key not in COUNTED}
    assert read_stack_config(given | google, "paper").settings.budget.amount == 50


def test_the_build_deploys_from_a_file_that_impersonates_nobody() -> None:
    """It reads the same stack file, and may act as no other account."""
    google = {"gcp:impersonateServiceAccount": "deployer@trading-paper.iam.gserviceaccount.com"}
    with pytest.raises(StackConfigError, match=r"ib-trading:build: .*GOOGLE_IMPERSONATE_SERVICE_ACCOUNT"):
        read_stack_config(values("paper", {"build": BUILD}) | google, "paper")


def test_a_paper_account_in_the_live_stack_stops_the_deployment_without_being_quoted() -> None:
    """Paper's file copied for live: the service would refuse every run, from the first open on."""
    with pytest.raises(StackConfigError) as refusal:
        config("live", **trading(account="DU1234567"))
    assert "ib-trading:trading.account: is no live account" in str(refusal.value)
    assert "1234567" not in str(refusal.value)


def test_what_is_pushed_is_never_deployed_to_live() -> None:
    with pytest.raises(StackConfigError, match=r"Pulumi.live.yaml: ib-trading:build: .*promote"):
        config("live", build=BUILD)


@pytest.mark.parametrize(
    "stack", ["Paper", "dev", "paper_two", "a-stack-with-a-long-name", "paper-", "paper--two"]
)
def test_a_stack_whose_name_google_would_not_take_is_refused(stack: str) -> None:
    with pytest.raises(StackConfigError, match="4 to 17 small letters"):
        config(stack, tradingMode="paper")


def test_a_stack_that_is_called_neither_paper_nor_live_must_say_which_it_is() -> None:
    with pytest.raises(StackConfigError, match="tradingMode is missing"):
        config("second")
    assert config("second", tradingMode="live").mode == "live"


@pytest.mark.parametrize("name", ["project", "region"])
def test_google_needs_to_be_told_project_and_region(name: str) -> None:
    given = values("paper", {})
    del given[f"gcp:{name}"]
    with pytest.raises(StackConfigError, match=f"Pulumi.paper.yaml: gcp:{name} is missing"):
        read_stack_config(given, "paper")


@pytest.mark.parametrize(
    "key", sorted({field.encode_name for field in msgspec.structs.fields(Settings)} - MAY_BE_SECRET)
)
def test_what_is_compared_or_named_after_may_not_be_encrypted(key: str) -> None:
    given = values("paper", {key: "true"})
    with pytest.raises(StackConfigError, match=rf"ib-trading:{key}: is encrypted; write it openly"):
        read_stack_config(given, "paper", secret={f"ib-trading:{key}"})


def test_an_encrypted_address_or_account_is_accepted_and_shown_nowhere() -> None:
    given = values("paper", {"notificationAddress": "ann@example.com", **trading(account="DU1234567")})
    read = read_stack_config(given, "paper", secret={"ib-trading:notificationAddress", "ib-trading:trading"})
    assert "example.com" not in repr(read)
    assert "DU1234567" not in repr(read)
    assert read.section_is_secret


@pytest.mark.parametrize(("stack", "lifetime"), [("paper", "request"), ("live", "always")])
def test_the_gateway_lives_as_long_as_its_mode_needs_it(stack: str, lifetime: str) -> None:
    """Each login of a live account may need somebody's second factor; a paper account's needs none."""
    assert config(stack).gateway_lifetime == lifetime
    assert config(stack, gatewayLifetime="request").gateway_lifetime == "request"


def test_texts_as_pulumi_config_set_writes_them_are_understood() -> None:
    given = values("paper", {"staticEgressAddress": "true", "retention": {"backupDays": "7"}})
    settings = read_stack_config(given, "paper").settings
    assert settings.static_egress_address is True
    assert settings.retention.backup_days == 7


def declared() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "Pulumi.yaml").read_text(encoding="utf-8"))["config"]


def test_the_engine_is_told_of_every_key_and_of_no_other() -> None:
    """An undeclared key would be taken from any file without a word; a declared one that nobody reads, too."""
    keys = {f"ib-trading:{field.encode_name}" for field in msgspec.structs.fields(Settings)}
    assert set(declared()) == keys


def test_every_key_is_described_typed_and_has_the_default_that_the_program_knows() -> None:
    for field in msgspec.structs.fields(Settings):
        said = declared()[f"ib-trading:{field.encode_name}"]
        assert said["description"].endswith(".")
        if isinstance(field.default, str | bool | tuple):
            kinds = {bool: "boolean", str: "string", tuple: "array"}
            assert said["type"] == kinds[type(field.default)], field.name
            assert said["default"] == json.loads(msgspec.json.encode(field.default)), field.name
        else:  # a section, which is empty for the engine and full of defaults for us
            assert (said["type"], said["default"]) == ("object", {}), field.name


@pytest.mark.parametrize("stack", ["paper", "live"])
def test_the_stack_files_of_this_repository_can_be_deployed(stack: str) -> None:
    """Project and region are set by whoever deploys: `pulumi config set gcp:project …`."""
    document = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8"))
    assert "encryptionsalt" not in document
    given = {
        key: value if isinstance(value, str) else json.dumps(value)
        for key, value in document["config"].items()
    }
    read = read_stack_config({"gcp:project": "trading", "gcp:region": REGION} | given, stack)
    assert read.mode == stack
